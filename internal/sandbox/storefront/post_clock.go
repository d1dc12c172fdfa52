package storefront

import (
	"net/http"
	"strings"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/webui"
)

// inputTime is how a browser writes the value of a datetime-local field.
const inputTime = "2006-01-02T15:04"

// maxAdvance is the furthest that one press moves the clock: far enough for a contract, near enough to come to an end.
const maxAdvance = 3 * 366 * 24 * time.Hour

// rates at which the control room lets the clock run.
var rates = map[string]float64{"1": 1, "60": 60, "3600": 3600}

// postClock moves the clock (fields advance or set), stops it or lets it run (field run). It answers when all that
// was due on the way has happened.
func (s *Storefront) postClock(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	note, err := s.runClock(r.PostForm.Get("run"))
	if r.PostForm.Get("run") == "" {
		note, err = s.moveClock(r)
	}
	if err != nil {
		return err
	}
	s.notes.leave(w, note)
	http.Redirect(w, r, "/control", http.StatusSeeOther)
	return nil
}

func (s *Storefront) runClock(how string) (webui.Notice, error) {
	if how == "freeze" {
		s.opt.Time.Change(s.life, 0, true)
		return webui.Notice{Tone: webui.Success, Title: "The clock stands still"}, nil
	}
	rate, ok := rates[how]
	if !ok {
		return webui.Notice{}, fail.New(fail.Invalid, "rate", "The clock cannot run at %q; use the buttons.", how)
	}
	s.opt.Time.Change(s.life, rate, false)
	return webui.Notice{Tone: webui.Success, Title: "The clock runs"}, nil
}

func (s *Storefront) moveClock(r *http.Request) (webui.Notice, error) {
	now := s.opt.Clock.Now()
	target, err := s.target(now, r.PostForm.Get("advance"), r.PostForm.Get("set"))
	if err != nil {
		return webui.Notice{}, err
	}
	if target.Equal(now) { // and a running clock has gone past it by now
		return webui.Notice{Tone: webui.Info, Title: "Nothing is planned", Text: "The market does nothing by itself until somebody acts."}, nil
	}
	silent, err := s.opt.Time.Advance(r.Context(), target)
	if err != nil {
		return webui.Notice{}, err
	}
	if len(silent) > 0 {
		return webui.Notice{Tone: webui.Warn, Title: "Not everybody kept up",
			Text: "No answer came from " + strings.Join(silent, ", ") + "; it is followed no longer until it asks again."}, nil
	}
	return webui.Notice{Tone: webui.Success, Title: "It is " + target.UTC().Format("2 January 2006, 15:04 UTC"), Text: "Everything that was due on the way has happened."}, nil
}

// target is where the clock is to be moved: by a duration, to the next full hour ("hour"), to the next thing that is
// planned ("due"), or to an instant as a browser writes it.
func (s *Storefront) target(now time.Time, by, to string) (time.Time, error) {
	target := now
	switch by {
	case "due":
		if due, ok := s.due(); ok && due.After(now) {
			target = due
		}
	case "hour":
		target = now.Truncate(time.Hour).Add(time.Hour)
	case "":
		t, err := time.Parse(inputTime, to)
		if err != nil {
			return target, fail.New(fail.Invalid, "set", "%q is no time; write it like %s.", to, now.Format(inputTime))
		}
		if t.Before(now) {
			return target, fail.New(fail.Invalid, "back", "The clock stands at %s already and cannot go back.", now.Format(inputTime))
		}
		target = t
	default:
		d, err := time.ParseDuration(by)
		if err != nil || d < 0 {
			return target, fail.New(fail.Invalid, "advance", "%q is no time to move by; write it like 90m.", by)
		}
		target = now.Add(d)
	}
	if target.Sub(now) > maxAdvance {
		return target, fail.New(fail.Invalid, "too_far", "That is more than three years ahead; move there in several steps.")
	}
	return target, nil
}
