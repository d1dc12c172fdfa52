package control

import (
	"net/http"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/lockstep"
)

// maxRate bounds how fast a clock may run: a year in half a minute.
const maxRate = 1_000_000

// clockView is how the clock stands.
type clockView struct {
	Now       time.Time `json:"now"`
	Rate      float64   `json:"rate"`
	Frozen    bool      `json:"frozen"`
	Followers []string  `json:"followers"`
	// Silent names the followers that did not do their part in time, and are followed no longer.
	Silent []string `json:"silent,omitempty"`
}

func (c *Control) clock(silent []string) clockView {
	v := clockView{Now: c.opt.Clock.Now(), Followers: c.opt.Time.Followers(), Silent: silent}
	v.Rate, v.Frozen = c.opt.Time.Running()
	return v
}

func (c *Control) getClock(w http.ResponseWriter, _ *http.Request) error {
	return httpx.JSON(w, http.StatusOK, c.clock(nil))
}

// clockChange is what is done to the clock: first it is moved, then it is set to run or to stand.
type clockChange struct {
	Advance *string    `json:"advance"`
	Set     *time.Time `json:"set"`
	Rate    *float64   `json:"rate"`
	Frozen  *bool      `json:"frozen"`
}

func (c *Control) postClock(w http.ResponseWriter, r *http.Request) error {
	var in clockChange
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	if in == (clockChange{}) {
		return fail.New(fail.Invalid, "clock", `Say what to do: {"advance":"90m"}, {"set":"2026-11-01T00:00:00Z"}, {"rate":3600} or {"frozen":true}.`)
	}
	if in.Rate != nil && !(*in.Rate > 0 && *in.Rate <= maxRate) {
		return fail.New(fail.Invalid, "rate", "rate must be above 0 and at most %d seconds of the sandbox's time per second.", maxRate)
	}
	silent, err := c.move(r, in)
	if err != nil {
		return err
	}
	if in.Rate != nil || in.Frozen != nil {
		rate, frozen := c.opt.Time.Running()
		if in.Rate != nil {
			rate = *in.Rate
		}
		if in.Frozen != nil {
			frozen = *in.Frozen
		}
		c.opt.Time.Change(c.life, rate, frozen)
	}
	return httpx.JSON(w, http.StatusOK, c.clock(silent))
}

// move takes time to where in says, if it says so.
func (c *Control) move(r *http.Request, in clockChange) (silent []string, err error) {
	now := c.opt.Clock.Now()
	target := now
	switch {
	case in.Advance != nil && in.Set != nil:
		return nil, fail.New(fail.Invalid, "clock", "Either advance the clock or set it, not both.")
	case in.Advance != nil:
		if target, err = later(now, *in.Advance); err != nil {
			return nil, err
		}
	case in.Set != nil:
		target = *in.Set
	default:
		return nil, nil
	}
	return c.opt.Time.Advance(r.Context(), target)
}

// postFollower serves a process that follows the clock.
func (c *Control) postFollower(w http.ResponseWriter, r *http.Request) error {
	var p lockstep.Poll
	if err := httpx.Decode(w, r, &p); err != nil {
		return err
	}
	a, err := c.opt.Time.Serve(r.Context(), r.PathValue("name"), p)
	if err != nil {
		return nil // the follower hung up; nobody is left to tell
	}
	return httpx.JSON(w, http.StatusOK, a)
}

// getFollower is the lifeline of a process that follows the clock.
func (c *Control) getFollower(w http.ResponseWriter, r *http.Request) error {
	c.opt.Time.Attend(r.Context(), r.PathValue("name"))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (c *Control) deleteFollower(w http.ResponseWriter, r *http.Request) error {
	c.opt.Time.Leave(r.PathValue("name"))
	w.WriteHeader(http.StatusNoContent)
	return nil
}
