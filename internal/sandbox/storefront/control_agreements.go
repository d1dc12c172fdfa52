package storefront

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

// agreementsOnPage is how many agreements the control room lists at a time.
const agreementsOnPage = 25

// Agreed is an agreement in the control room, which sees every buyer's.
type Agreed struct {
	Subscription
	BuyerName string
}

type controlAgreementsView struct {
	Chrome
	Filter     []webui.Field
	Agreements []Agreed // newest first
	All        int      // how many there are of this choice
	Older      string   // address of the next page; empty on the last
	Nothing    webui.Empty
}

// getControlAgreements lists every buyer's agreements, the newest first.
func (s *Storefront) getControlAgreements(w http.ResponseWriter, r *http.Request) error {
	in := r.URL.Query()
	q := world.AgreementQuery{BuyerAccount: in.Get("buyer"), ProductCode: in.Get("product"), Status: world.AgreementStatus(in.Get("status"))}
	v := controlAgreementsView{Chrome: s.chrome(w, r), Filter: s.agreementFilter(q), All: s.opt.World.CountAgreements(q),
		Nothing: webui.Empty{Title: "No agreements", Text: "Nobody has bought anything, or nothing like this.", Href: "/", Label: "To the marketplace"}}
	before, err := pageBefore(in)
	if err != nil {
		return err
	}
	page, next := s.opt.World.NewestAgreements(q, before, agreementsOnPage)
	if v.Agreements, err = s.allAgreed(page, v.Now); err != nil {
		return err
	}
	if next > 0 {
		v.Older = older("/control/agreements", in, strconv.Itoa(next))
	}
	return s.ui.Render(w, http.StatusOK, "control_agreements", v)
}

// agreementFilter is the form that chooses agreements, with what is chosen.
func (s *Storefront) agreementFilter(q world.AgreementQuery) []webui.Field {
	all := webui.Choice{Label: "All"}
	buyer := webui.Field{Name: "buyer", Label: "Buyer", Type: "select", Value: q.BuyerAccount, Required: true, Options: []webui.Choice{all}}
	for _, b := range s.opt.World.Buyers() {
		buyer.Options = append(buyer.Options, webui.Choice{Value: b.AccountID, Label: b.Name})
	}
	product := webui.Field{Name: "product", Label: "Product", Type: "select", Value: q.ProductCode, Required: true, Options: []webui.Choice{all}}
	for _, p := range s.opt.World.Products() {
		product.Options = append(product.Options, webui.Choice{Value: p.ProductCode, Label: p.Title})
	}
	status := webui.Field{Name: "status", Label: "Status", Type: "select", Value: string(q.Status), Required: true, Options: []webui.Choice{all}}
	for _, st := range []world.AgreementStatus{world.Active, world.Cancelled, world.Expired, world.Renewed, world.Replaced, world.Terminated} {
		status.Options = append(status.Options, webui.Choice{Value: string(st), Label: webui.Words(st)})
	}
	return []webui.Field{buyer, product, status}
}

// pageBefore is where a list's page begins, as the page before it said.
func pageBefore(in url.Values) (int, error) {
	text := in.Get("before")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fail.New(fail.Invalid, "before", "%q is no place in a list; go back to its first page.", text)
	}
	return n, nil
}

// older is the address of a list's next page, with the same choice.
func older(path string, in url.Values, before string) string {
	out := url.Values{}
	for name := range in {
		if v := in.Get(name); v != "" && name != "before" {
			out.Set(name, v)
		}
	}
	out.Set("before", before)
	return path + "?" + out.Encode()
}

func (s *Storefront) allAgreed(list []world.Agreement, now time.Time) ([]Agreed, error) {
	all := make([]Agreed, 0, len(list))
	for _, a := range list {
		sub, err := s.subscription(a, now)
		if err != nil {
			return nil, err
		}
		agreed, err := s.agreed(sub)
		if err != nil {
			return nil, err
		}
		all = append(all, agreed)
	}
	return all, nil
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
