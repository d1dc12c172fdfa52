package storefront

import (
	"net/http"
	"time"

	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/sandbox/notice"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

// mountControl gives every room of the control room its pages, and a place in its navigation.
func (s *Storefront) mountControl(handle func(pattern string, f httpx.Func)) {
	room := func(path, label string) { s.rooms = append(s.rooms, webui.Link{Href: path, Label: label}) }
	room("/control", "Overview")
	handle("GET /control", s.getControl)
	handle("POST /control/clock", s.postClock)
	if s.opt.Reset != nil {
		handle("POST /control/reset", s.postReset)
	}
	room("/control/agreements", "Agreements")
	handle("GET /control/agreements", s.getControlAgreements)
	handle("GET /control/agreements/{agreement}", s.getControlAgreement)
	handle("POST /control/agreements/{agreement}/{act}", s.postControlAgreement)
	if s.opt.Calls != nil {
		room("/control/calls", "API calls")
		handle("GET /control/calls", s.getCalls)
		handle("GET /control/calls/{call}", s.getCall)
	}
	if s.opt.Desk != nil {
		room("/control/deliveries", "Deliveries")
		handle("GET /control/deliveries", s.getDeliveries)
		handle("GET /control/deliveries/{delivery}", s.getDelivery)
		handle("POST /control/deliveries/{delivery}/redeliver", s.postRedeliver)
	}
	if s.opt.Faults != nil {
		room("/control/faults", "Faults")
		handle("GET /control/faults", s.getFaults)
		handle("POST /control/faults", s.postFault)
		handle("POST /control/faults/{fault}/off", s.postFaultOff)
	}
	room("/control/profiles", "Profiles")
	handle("GET /control/profiles", s.getProfiles)
	handle("POST /control/profiles", s.postProfiles)
}

// How much of each list the overview shows; the lists have pages of their own.
const overviewRows = 6

type controlView struct {
	Chrome
	Rate       float64
	Followers  []string
	Due        time.Time // when the market does something next by itself; zero: nothing is planned
	To         webui.Field
	Agreements []Agreed // newest first
	Calls      []Call
	Deliveries []Delivery
	Faults     []Fault
	Changed    []Choice // behaviours that are not played as by default
	Resets     bool     // the sandbox can be made as its world file says
	Snapshots  bool
	Nothing    webui.Empty
}

// getControl is the control room: the clock, and what goes on in the market.
func (s *Storefront) getControl(w http.ResponseWriter, r *http.Request) error {
	v := controlView{Chrome: s.chrome(w, r), Followers: s.opt.Time.Followers(), Resets: s.opt.Reset != nil, Snapshots: s.opt.Snapshot,
		Nothing: webui.Empty{Title: "No agreements yet", Text: "Subscribe to something on the marketplace.", Href: "/", Label: "To the marketplace"}}
	v.Rate, _ = s.opt.Time.Running()
	v.Due, _ = s.due()
	v.To = webui.Field{Name: "set", Label: "Move to (UTC)", Type: "datetime-local", Required: true, Value: v.Now.Add(time.Hour).Truncate(time.Hour).Format(inputTime)}
	newest, _ := s.opt.World.NewestAgreements(world.AgreementQuery{}, 0, overviewRows)
	var err error
	if v.Agreements, err = s.allAgreed(newest, v.Now); err != nil {
		return err
	}
	if s.opt.Calls != nil {
		v.Calls, _ = s.calls(wire.NewestQuery{Limit: overviewRows}, bodyOnList)
	}
	if s.opt.Desk != nil {
		v.Deliveries, _ = s.deliveries(notice.Query{Limit: overviewRows})
	}
	v.Faults = s.faults()
	for _, c := range s.choices() {
		if c.Field.Value != c.Default {
			v.Changed = append(v.Changed, c)
		}
	}
	return s.ui.Render(w, http.StatusOK, "control", v)
}

// postReset makes everything as the world's file says.
func (s *Storefront) postReset(w http.ResponseWriter, r *http.Request) error {
	if err := s.opt.Reset(); err != nil {
		return err
	}
	s.notes.leave(w, webui.Notice{Tone: webui.Success, Title: "Everything is as the world file says", Text: "The clock has stayed where it was, because those who follow it cannot go back."})
	http.Redirect(w, r, "/control", http.StatusSeeOther)
	return nil
}

// due is when something happens next by itself: in the market, or to a notice that a fault holds up.
func (s *Storefront) due() (at time.Time, ok bool) {
	at, ok = s.opt.World.Due()
	if s.opt.Desk != nil {
		if held, has := s.opt.Desk.Due(); has && (!ok || held.Before(at)) {
			at, ok = held, true
		}
	}
	return at, ok
}
