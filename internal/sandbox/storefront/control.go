package storefront

import (
	"net/http"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

// mountControl gives every room of the control room its pages, and a place in its navigation.
func (s *Storefront) mountControl(handle func(pattern string, f httpx.Func)) {
	room := func(path, label string) { s.rooms = append(s.rooms, webui.Link{Href: path, Label: label}) }
	room("/control", "Clock and agreements")
	handle("GET /control", s.getControl)
	handle("POST /control/clock", s.postClock)
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

// agreementsInControl is how many agreements the control room lists, the newest ones.
const agreementsInControl = 100

type controlView struct {
	Chrome
	Rate       float64
	Followers  []string
	Due        time.Time // when the market does something next by itself; zero: nothing is planned
	To         webui.Field
	Agreements []Agreed // newest first, agreementsInControl at most
	More       int      // how many there are besides
	Nothing    webui.Empty
}

// Agreed is an agreement in the control room, which sees every buyer's.
type Agreed struct {
	Subscription
	BuyerName string
}

// getControl is the control room: the clock, and what goes on in the market.
func (s *Storefront) getControl(w http.ResponseWriter, r *http.Request) error {
	v := controlView{Chrome: s.chrome(w, r), Followers: s.opt.Time.Followers(),
		Nothing: webui.Empty{Title: "No agreements yet", Text: "Subscribe to something on the marketplace.", Href: "/", Label: "To the marketplace"}}
	v.Rate, _ = s.opt.Time.Running()
	v.Due, _ = s.due()
	v.To = webui.Field{Name: "set", Label: "Move to (UTC)", Type: "datetime-local", Required: true, Value: v.Now.Add(time.Hour).Truncate(time.Hour).Format(inputTime)}
	all := s.opt.World.Agreements(world.AgreementQuery{})
	v.More = max(0, len(all)-agreementsInControl)
	for i := len(all) - 1; i >= v.More; i-- {
		sub, err := s.subscription(all[i], v.Now)
		if err != nil {
			return err
		}
		a, err := s.agreed(sub)
		if err != nil {
			return err
		}
		v.Agreements = append(v.Agreements, a)
	}
	return s.ui.Render(w, http.StatusOK, "control", v)
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

func (s *Storefront) agreed(sub Subscription) (Agreed, error) {
	b, err := s.opt.World.Buyer(sub.BuyerAccount)
	return Agreed{sub, b.Name}, err
}

type controlAgreementView struct {
	Chrome
	Sub     Agreed
	Notices bool // there is a page that lists what was told of it
}

// getControlAgreement shows all that is known of an agreement, whoever's it is.
func (s *Storefront) getControlAgreement(w http.ResponseWriter, r *http.Request) error {
	a, err := s.opt.World.Agreement(r.PathValue("agreement"))
	if err != nil {
		return err
	}
	v := controlAgreementView{Chrome: s.chrome(w, r), Notices: s.opt.Desk != nil}
	sub, err := s.subscription(a, v.Now)
	if err != nil {
		return err
	}
	if v.Sub, err = s.agreed(sub); err != nil {
		return err
	}
	return s.ui.Render(w, http.StatusOK, "control_agreement", v)
}

// postControlAgreement does to an agreement what its buyer, AWS or the calendar would.
func (s *Storefront) postControlAgreement(w http.ResponseWriter, r *http.Request) error {
	acts := map[string]func(time.Time, string) (world.Agreement, error){
		"cancel": s.opt.World.Cancel, "terminate": s.opt.World.Terminate, "expire": s.opt.World.Expire, "fail-payment": s.opt.World.FailPayment,
		"renew": s.opt.World.Renew,
	}
	act, ok := acts[r.PathValue("act")]
	if !ok {
		return fail.New(fail.NotFound, "unknown_act", "Nobody can do %q to an agreement.", r.PathValue("act"))
	}
	id := r.PathValue("agreement")
	if _, err := act(s.opt.Clock.Now(), id); err != nil {
		return err
	}
	s.notes.leave(w, webui.Notice{Tone: webui.Success, Title: "Done", Text: "What AWS Marketplace would tell of it is on its way; the history below fills as time goes on."})
	http.Redirect(w, r, "/control/agreements/"+id, http.StatusSeeOther)
	return nil
}
