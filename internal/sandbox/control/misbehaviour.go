package control

import (
	"net/http"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/profile"
)

func (c *Control) getFaults(w http.ResponseWriter, r *http.Request) error {
	return answerSlice(w, r, c.opt.Faults.List())
}

func (c *Control) postFault(w http.ResponseWriter, r *http.Request) error {
	var in fault.Rule
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	f, err := c.opt.Faults.Add(in)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusCreated, f)
}

func (c *Control) deleteFaults(w http.ResponseWriter, _ *http.Request) error {
	c.opt.Faults.Clear()
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (c *Control) deleteFault(w http.ResponseWriter, r *http.Request) error {
	if err := c.opt.Faults.Remove(r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// profileView is a disputed behaviour and how it is played at present.
type profileView struct {
	profile.Behaviour
	Value string `json:"value"`
}

func (c *Control) profiles() []profileView {
	now := c.opt.World.Profiles()
	var views []profileView
	for _, b := range profile.Behaviours() {
		views = append(views, profileView{b, now.Get(b.Name)})
	}
	return views
}

// profilesView is all of them, with the seed that chose them; 0: none did.
type profilesView struct {
	httpx.List[profileView]
	Shuffle uint64 `json:"shuffle"`
}

func (c *Control) getProfiles(w http.ResponseWriter, r *http.Request) error {
	part, err := partOf(r, c.profiles())
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, profilesView{part, c.opt.World.Shuffle()})
}

// postProfiles chooses behaviours by name, or all of them by the seed that is called shuffle.
func (c *Control) postProfiles(w http.ResponseWriter, r *http.Request) error {
	var in map[string]any
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	choices := map[string]string{}
	for name, v := range in {
		text, ok := v.(string)
		switch {
		case name == shuffleKey:
		case !ok:
			return fail.New(fail.Invalid, "profile_value", "The profile %q must be a string such as those that GET /_sandbox/profiles lists.", name)
		default:
			choices[name] = text
		}
	}
	now, err := c.opt.Clock.Now(), error(nil)
	if seed, shuffled := in[shuffleKey]; shuffled {
		n, ok := seed.(float64)
		if !ok || n < 0 || n > maxShuffle || n != float64(uint64(n)) {
			return fail.New(fail.Invalid, "shuffle", "shuffle must be a whole number from 0, which shuffles nothing, to %d.", uint64(maxShuffle))
		}
		err = c.opt.World.ShuffleProfiles(now, uint64(n), choices)
	} else {
		err = c.opt.World.SetProfiles(now, choices)
	}
	if err != nil {
		return err
	}
	return c.getProfiles(w, r)
}

const (
	shuffleKey = "shuffle"
	maxShuffle = 1<<53 - 1 // what a JSON number holds everywhere
)
