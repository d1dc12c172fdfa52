package storefront

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

type sellerAgreementsView struct {
	Counter
	Filter     []webui.Field
	Agreements []Agreed // newest first
	All        int
	Older      string
	Nothing    webui.Empty
}

// getSellerAgreements lists what buyers have agreed to with a seller, the newest first.
func (s *Storefront) getSellerAgreements(w http.ResponseWriter, r *http.Request) error {
	in := r.URL.Query()
	v := sellerAgreementsView{Counter: s.counter(w, r), Nothing: webui.Empty{Title: "No agreements", Text: "Nobody has bought anything, or nothing like this."}}
	q := world.AgreementQuery{SellerAccount: v.Seller.AccountID, BuyerAccount: in.Get("buyer"), ProductCode: in.Get("product"), Status: world.AgreementStatus(in.Get("status"))}
	v.Filter, v.All = s.agreementFilter(q), s.opt.World.CountAgreements(q)
	before, err := pageBefore(in)
	if err != nil {
		return err
	}
	page, next := s.opt.World.NewestAgreements(q, before, agreementsOnPage)
	if v.Agreements, err = s.allAgreed(page, v.Now); err != nil {
		return err
	}
	if next > 0 {
		v.Older = older("/seller/agreements", in, strconv.Itoa(next))
	}
	return s.ui.Render(w, http.StatusOK, "seller_agreements", v)
}

// ownAgreement is the agreement that the address names, if the visitor has proposed it.
func (s *Storefront) ownAgreement(r *http.Request) (world.Agreement, error) {
	a, err := s.opt.World.Agreement(r.PathValue("agreement"))
	if seller := s.seller(r); err == nil && a.SellerAccount != seller.AccountID {
		err = fail.New(fail.NotFound, "not_yours", "%s has no agreement %q.", seller.Name, a.AgreementID)
	}
	return a, err
}

type sellerAgreementView struct {
	Counter
	Sub      Agreed
	Offer    world.Offer
	Requests []Request // newest first
	Open     bool      // one of them waits for an answer
	Money    Money
	Nonce    string
	Fields   []webui.Field
	Wrong    webui.Notice
}

// getSellerAgreement shows an agreement as its proposer sees it.
func (s *Storefront) getSellerAgreement(w http.ResponseWriter, r *http.Request) error {
	return s.showSellerAgreement(w, r, http.StatusOK, world.NewCancellation{}, webui.Notice{})
}

func (s *Storefront) showSellerAgreement(w http.ResponseWriter, r *http.Request, status int, in world.NewCancellation, wrong webui.Notice) error {
	a, err := s.ownAgreement(r)
	if err != nil {
		return err
	}
	v := sellerAgreementView{Counter: s.counter(w, r), Wrong: wrong}
	sub, err := s.subscription(a, v.Now)
	if err != nil {
		return err
	}
	if v.Sub, err = s.agreed(sub); err != nil {
		return err
	}
	if v.Offer, err = s.opt.World.Offer(a.OfferID); err != nil {
		return err
	}
	if v.Requests, err = s.requests(world.CancellationQuery{AgreementID: a.AgreementID}, v.Now); err != nil {
		return err
	}
	v.Money, v.Nonce = s.money(a), nonce()
	v.Open = len(v.Requests) > 0 && !v.Requests[0].Status.Final()
	reason := webui.Field{Name: "reason", Label: "Reason", Type: "select", Value: in.ReasonCode, Required: true}
	for _, code := range contract.CancellationReasons {
		reason.Options = append(reason.Options, webui.Choice{Value: code, Label: webui.Words(code)})
	}
	v.Fields = []webui.Field{reason, {Name: "description", Label: "What the buyer reads", Type: "textarea", Rows: 3, Value: in.Description, MaxLength: contract.MaxRequestDescription}}
	return s.ui.Render(w, status, "seller_agreement", v)
}

// postCancellation asks the buyer to agree to an agreement's end. Sent twice, it has been asked for once.
func (s *Storefront) postCancellation(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	a, err := s.ownAgreement(r)
	if err != nil {
		return err
	}
	in := world.NewCancellation{AgreementID: a.AgreementID, ReasonCode: r.PostForm.Get("reason"), Description: strings.TrimSpace(r.PostForm.Get("description"))}
	_, err = s.opt.World.RequestCancellation(s.opt.Clock.Now(), a.SellerAccount, in)
	if wrong, ok := errors.AsType[*fail.Error](err); ok && wrong.Kind == fail.Invalid {
		return s.showSellerAgreement(w, r, http.StatusUnprocessableEntity, in, webui.Notice{Tone: webui.Error, Title: "The buyer was not asked", Text: wrong.Say})
	}
	if err != nil && fail.CodeOf(err) != "open_request" {
		return err
	}
	http.Redirect(w, r, "/seller/agreements/"+a.AgreementID, http.StatusSeeOther)
	return nil
}

// Request is a seller's request to a buyer, as pages show it.
type Request struct {
	world.CancellationRequest
	BuyerName, Seller, Title string // of the product
	Tone                     webui.Tone
	Word, Why                string
	Waits                    bool // for the buyer's answer
}

// requests are those that q chooses, the newest first.
func (s *Storefront) requests(q world.CancellationQuery, now time.Time) (all []Request, err error) {
	for _, c := range slices.Backward(s.opt.World.Cancellations(q)) {
		a, err := s.opt.World.Agreement(c.AgreementID)
		if err != nil {
			return nil, err
		}
		sub, err := s.subscription(a, now)
		if err != nil {
			return nil, err
		}
		agreed, err := s.agreed(sub)
		if err != nil {
			return nil, err
		}
		r := Request{CancellationRequest: c, BuyerName: agreed.BuyerName, Seller: sub.Seller, Title: sub.Product.Title}
		r.Tone, r.Word, r.Why = requestWords(c)
		r.Waits = c.Status == world.PendingApproval
		all = append(all, r)
	}
	return all, nil
}

// requestWords puts a request's status into words, with what happens next.
func requestWords(c world.CancellationRequest) (tone webui.Tone, word, why string) {
	switch c.Status {
	case world.PendingApproval:
		return webui.Warn, "Waits for the buyer", "If the buyer says nothing until " + clockTime(c.RespondBy) + ", it counts as approved."
	case world.Approved:
		return webui.Success, "Approved", orElse(c.StatusMessage, "AWS ends the agreement.")
	case world.Rejected:
		return webui.Neutral, "Denied", orElse(c.StatusMessage, "The agreement goes on.")
	case world.Withdrawn:
		return webui.Neutral, "Withdrawn", orElse(c.StatusMessage, "The agreement goes on.")
	case world.ValidationFailed:
		return webui.Error, "Could not be processed", c.StatusMessage
	}
	return webui.Info, webui.Words(c.Status), c.StatusMessage
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

type requestsView struct {
	Counter
	Cases      []Case    // that wait for the seller
	Open, Done []Request // newest first
	Nothing    webui.Empty
}

// requestsDone is how many of the requests that are settled the page lists.
const requestsDone = 50

// getRequests lists what a seller has asked buyers for.
func (s *Storefront) getRequests(w http.ResponseWriter, r *http.Request) error {
	v := requestsView{Counter: s.counter(w, r), Nothing: webui.Empty{Title: "No requests", Text: "A contract cannot be ended by its seller alone. Ask the buyer on the agreement's page.",
		Href: "/seller/agreements", Label: "To the agreements"}}
	all, err := s.requests(world.CancellationQuery{SellerAccount: v.Seller.AccountID}, v.Now)
	if err != nil {
		return err
	}
	for _, req := range all {
		if !req.Status.Final() {
			v.Open = append(v.Open, req)
		} else if len(v.Done) < requestsDone {
			v.Done = append(v.Done, req)
		}
	}
	cases, _ := s.opt.World.NewestCases(world.CaseQuery{SellerAccount: v.Seller.AccountID, WaitsFor: world.WaitsForSeller}, 0, requestsDone)
	if v.Cases, err = s.shownCases(cases); err != nil {
		return err
	}
	return s.ui.Render(w, http.StatusOK, "seller_requests", v)
}

// postWithdraw takes a request back. One that is settled meanwhile stays as it is.
func (s *Storefront) postWithdraw(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	reason := orElse(strings.TrimSpace(r.PostForm.Get("reason")), "Withdrawn by the seller.")
	_, err := s.opt.World.WithdrawCancellation(s.opt.Clock.Now(), s.seller(r).AccountID, r.PathValue("request"), reason)
	if err != nil && !fail.Is(err, fail.Conflict) {
		return err
	}
	http.Redirect(w, r, "/seller/requests", http.StatusSeeOther)
	return nil
}
