package storefront

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

// mountSupport gives AWS Support's cases their pages: the buyer's, and the seller's word on them.
func (s *Storefront) mountSupport(handle func(pattern string, f httpx.Func)) {
	handle("GET /support", s.getSupport)
	handle("POST /support", s.postSupport)
	handle("GET /support/{case}", s.getCase)
	handle("POST /support/{case}/grant", s.postGrant)
	handle("POST /seller/cases/{case}", s.postDecision)
}

// Case is a support case as pages show it.
type Case struct {
	world.Case
	BuyerName, Seller string
	Tone              webui.Tone
	Why               string // with what happens next
	Next              time.Time
}

// Newest is the history, newest first.
func (c Case) Newest() []world.Happening {
	h := slices.Clone(c.History)
	slices.Reverse(h)
	return h
}

// WaitsForSeller says that the seller must authorise the refund.
func (c Case) WaitsForSeller() bool { return c.WaitsFor == world.WaitsForSeller }

// RefundComes says that a refund was granted and is on its way.
func (c Case) RefundComes() bool { return c.WaitsFor == world.WaitsForRefund }

// shownCase puts a case into words. fail.NotFound: its seller or buyer is gone.
func (s *Storefront) shownCase(c world.Case) (Case, error) {
	v := Case{Case: c}
	seller, err := s.opt.World.Seller(c.SellerAccount)
	if err != nil {
		return v, err
	}
	b, err := s.opt.World.Buyer(c.BuyerAccount)
	if err != nil {
		return v, err
	}
	v.Seller, v.BuyerName = seller.Name, b.Name
	switch {
	case c.Status == world.CaseCompleted:
		v.Tone, v.Why = webui.Success, "AWS gave back "+webui.Money(world.Currency, c.Refunded.String())+"; it is on the bill."
	case c.Status == world.CaseActionRequired:
		v.Tone, v.Why = webui.Error, c.History[len(c.History)-1].Why
	case c.WaitsFor == world.WaitsForSeller:
		v.Tone, v.Why = webui.Warn, seller.Name+" must authorise the refund: the purchase was more than 48 hours old, or the offer private."
	case c.WaitsFor == world.WaitsForBilling:
		v.Tone, v.Why = webui.Info, "AWS refunds it once the month is invoiced."
	default:
		v.Tone, v.Why, v.Next = webui.Info, "The refund is granted, and will be on the bill by "+c.RefundAt.Format("2 January 2006")+".", c.RefundAt
	}
	return v, nil
}

func (s *Storefront) shownCases(list []world.Case) ([]Case, error) {
	var all []Case
	for _, c := range list {
		v, err := s.shownCase(c)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// Refundable is a subscription that a case can be opened about.
type Refundable struct {
	Subscription
	Contract   bool      // cancelled and refunded; otherwise a month's usage is disputed
	InTime     bool      // AWS refunds it without asking the seller
	WindowEnds time.Time // of a public offer's contract
}

// refundablesOnPage is how many subscriptions the support page offers a refund of. That of any other is asked for on the
// subscription's own page.
const refundablesOnPage = 25

// casesOnPage is how many cases it lists at a time.
const casesOnPage = 25

type supportView struct {
	Chrome
	Cases   []Case       // newest first
	Older   string       // address of the next page of cases; empty on the last
	Open    []Refundable // newest first
	More    bool         // there are more subscriptions
	Months  []string     // whose usage can be disputed
	Wrong   webui.Notice
	Nothing webui.Empty
}

// getSupport is where a buyer writes to AWS Support.
func (s *Storefront) getSupport(w http.ResponseWriter, r *http.Request) error {
	return s.showSupport(w, r, http.StatusOK, webui.Notice{})
}

func (s *Storefront) showSupport(w http.ResponseWriter, r *http.Request, status int, wrong webui.Notice) error {
	v := supportView{Chrome: s.chrome(w, r), Wrong: wrong, Nothing: webui.Empty{Title: "No cases", Text: "What is asked of AWS Support is listed here, with what happens next."}}
	if v.Buyer == nil {
		return s.ui.Render(w, status, "support", v)
	}
	for i := range 3 {
		v.Months = append(v.Months, time.Date(v.Now.Year(), v.Now.Month()-time.Month(i), 1, 0, 0, 0, 0, time.UTC).Format(monthLayout))
	}
	before, err := pageBefore(r.URL.Query())
	if err != nil {
		return err
	}
	cases, next := s.opt.World.NewestCases(world.CaseQuery{BuyerAccount: v.Buyer.AccountID}, before, casesOnPage)
	if v.Cases, err = s.shownCases(cases); err != nil {
		return err
	}
	if next > 0 {
		v.Older = older("/support", r.URL.Query(), strconv.Itoa(next))
	}
	if v.Open, v.More, err = s.refundables(v.Buyer.AccountID, r.FormValue("agreement"), v.Now); err != nil {
		return err
	}
	return s.ui.Render(w, status, "support", v)
}

// refundables are a buyer's newest subscriptions, or the one called only if that is one, of which no case is open.
func (s *Storefront) refundables(buyer, only string, now time.Time) (all []Refundable, more bool, err error) {
	page, next := s.opt.World.NewestAgreements(world.AgreementQuery{BuyerAccount: buyer, Status: world.Active}, 0, refundablesOnPage)
	if a, err := s.opt.World.Agreement(only); err == nil && a.BuyerAccount == buyer && a.Status == world.Active {
		page, next = []world.Agreement{a}, 0
	}
	busy := map[string]bool{}
	for _, c := range s.opt.World.Cases(world.CaseQuery{BuyerAccount: buyer, Status: world.CasePending}) {
		busy[c.AgreementID] = true
	}
	for _, a := range page {
		if busy[a.AgreementID] {
			continue
		}
		sub, err := s.subscription(a, now)
		if err != nil {
			return nil, false, err
		}
		f := Refundable{Subscription: sub, Contract: sub.Product.Pricing.IsContract()}
		if o, err := s.opt.World.Offer(sub.OfferID); err == nil && f.Contract && o.Public {
			f.WindowEnds = sub.AcceptanceTime.Add(contract.RefundWindow)
			f.InTime = !now.After(f.WindowEnds)
		}
		all = append(all, f)
	}
	return all, next > 0, nil
}

// postSupport opens a case. Sent twice, the second finds the first one open.
func (s *Storefront) postSupport(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	b, err := s.mustBuyer(r)
	if err != nil {
		return err
	}
	get := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	in := world.NewCase{AgreementID: get("agreement"), Kind: world.CaseKind(get("kind")), Reason: get("reason"), Month: get("month"), Amount: get("amount")}
	if a, err := s.opt.World.Agreement(in.AgreementID); err != nil || a.BuyerAccount != b.AccountID {
		return fail.New(fail.NotFound, "not_yours", "%s has no subscription %q.", b.Name, in.AgreementID)
	}
	c, err := s.opt.World.OpenCase(s.opt.Clock.Now(), in)
	if fail.Is(err, fail.Invalid) || fail.Is(err, fail.Conflict) {
		return s.showSupport(w, r, http.StatusUnprocessableEntity, webui.Notice{Tone: webui.Error, Title: "No case was opened", Text: sayOf(err)})
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/support/"+c.CaseID, http.StatusSeeOther)
	return nil
}

type caseView struct {
	Chrome
	Case Case
}

// myCase is the case that the address names, if it is the visitor's.
func (s *Storefront) myCase(r *http.Request) (world.Case, error) {
	b, err := s.mustBuyer(r)
	if err != nil {
		return world.Case{}, err
	}
	c, err := s.opt.World.Case(r.PathValue("case"))
	if err == nil && c.BuyerAccount != b.AccountID {
		err = fail.New(fail.NotFound, "not_yours", "%s has no case %q.", b.Name, c.CaseID)
	}
	return c, err
}

// getCase shows one case with all that has happened in it.
func (s *Storefront) getCase(w http.ResponseWriter, r *http.Request) error {
	c, err := s.myCase(r)
	if err != nil {
		return err
	}
	v := caseView{Chrome: s.chrome(w, r)}
	if v.Case, err = s.shownCase(c); err != nil {
		return err
	}
	return s.ui.Render(w, http.StatusOK, "case", v)
}

// postGrant is the operator of AWS who lets a refund come now. One that has come already has come.
func (s *Storefront) postGrant(w http.ResponseWriter, r *http.Request) error {
	c, err := s.myCase(r)
	if err != nil {
		return err
	}
	if _, err := s.opt.World.GrantCase(s.opt.Clock.Now(), c.CaseID); fail.Is(err, fail.Conflict) {
		s.notes.leave(w, webui.Notice{Tone: webui.Warn, Title: "Nothing was given back now", Text: sayOf(err)})
	} else if err != nil {
		return err
	}
	http.Redirect(w, r, "/support/"+c.CaseID, http.StatusSeeOther)
	return nil
}

// postDecision is the seller's word on a case that waits for it: a full refund, a prorated one, or none.
func (s *Storefront) postDecision(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	in := world.Decision{Reason: strings.TrimSpace(r.PostForm.Get("reason"))}
	if grant := r.PostForm.Get("grant"); grant != "none" {
		if in.Grant = world.RefundKind(grant); in.Grant == "" {
			return fail.New(fail.Invalid, "refund_kind", "Say whether to refund in full, for the rest of the time, or not at all.")
		}
	}
	_, err := s.opt.World.DecideCase(s.opt.Clock.Now(), s.seller(r).AccountID, r.PathValue("case"), in)
	if err != nil && !fail.Is(err, fail.Conflict) { // in conflict, it is settled already
		return err
	}
	http.Redirect(w, r, "/seller/requests", http.StatusSeeOther)
	return nil
}
