package control

import (
	"net/http"

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

func (c *Control) getProfiles(w http.ResponseWriter, r *http.Request) error {
	return answerSlice(w, r, c.profiles())
}

func (c *Control) postProfiles(w http.ResponseWriter, r *http.Request) error {
	var in map[string]string
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	if err := c.opt.World.SetProfiles(c.opt.Clock.Now(), in); err != nil {
		return err
	}
	return answerSlice(w, r, c.profiles())
}
