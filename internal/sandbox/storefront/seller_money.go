package storefront

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

// Money is what was invoiced of an agreement, what was given back, and what its seller asks for beside.
type Money struct {
	Invoices    []world.Invoice // newest first, as are the others
	Adjustments []world.Adjustment
	Payments    []Payment
	Adjustable  []world.Invoice // of which something can be given back
	Variable    bool            // the seller may ask for payments
	Reasons     []webui.Choice
}

// Payment is a seller's request for a payment, as pages show it.
type Payment struct {
	world.PaymentRequest
	Tone  webui.Tone
	Word  string
	Waits bool
}

// Some says that there is anything to show.
func (m Money) Some() bool {
	return m.Variable || len(m.Invoices)+len(m.Adjustments)+len(m.Payments) > 0
}

func (s *Storefront) money(a world.Agreement) Money {
	m := Money{Invoices: s.opt.World.Invoices(world.InvoiceQuery{AgreementID: a.AgreementID}), Payments: s.payments(a.AgreementID),
		Adjustments: s.opt.World.Adjustments(world.AdjustmentQuery{AgreementID: a.AgreementID}), Variable: a.Accepted != nil && a.Accepted.Variable != nil && a.Status == world.Active}
	slices.Reverse(m.Invoices)
	slices.Reverse(m.Adjustments)
	for _, v := range m.Invoices {
		if v.MaxAdjustment.IsPositive() {
			m.Adjustable = append(m.Adjustable, v)
		}
	}
	for _, code := range contract.AdjustmentReasons {
		m.Reasons = append(m.Reasons, webui.Choice{Value: code, Label: webui.Words(code)})
	}
	return m
}

// payments are the requests for payments under an agreement, the newest first.
func (s *Storefront) payments(agreement string) (all []Payment) {
	words := map[world.RequestStatus]Payment{
		world.Validating: {Tone: webui.Info, Word: "Being checked"}, world.PendingApproval: {Tone: webui.Warn, Word: "Waits for the buyer", Waits: true},
		world.Approved: {Tone: webui.Success, Word: "Approved"}, world.Rejected: {Tone: webui.Neutral, Word: "Denied"},
		world.Withdrawn: {Tone: webui.Neutral, Word: "Withdrawn"}, world.ValidationFailed: {Tone: webui.Error, Word: "Could not be processed"},
	}
	for _, r := range slices.Backward(s.opt.World.Payments(world.PaymentQuery{AgreementID: agreement})) {
		p := words[r.Status]
		p.PaymentRequest = r
		all = append(all, p)
	}
	return all
}

// postAdjustment gives back a part of an invoice. The buyer has it when AWS has checked it.
func (s *Storefront) postAdjustment(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	a, err := s.ownAgreement(r)
	if err != nil {
		return err
	}
	get := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	in := world.NewAdjustment{AgreementID: a.AgreementID, InvoiceID: get("invoice"), Amount: get("amount"), Currency: world.Currency, ReasonCode: get("reason"),
		Description: get("description"), ClientToken: get("nonce")}
	_, refused, err := s.opt.World.Adjust(s.opt.Clock.Now(), a.SellerAccount, []world.NewAdjustment{in})
	switch {
	case err != nil:
		return err
	case len(refused) > 0:
		s.notes.leave(w, webui.Notice{Tone: webui.Error, Title: "Nothing is given back", Text: refused[0].Message})
	default:
		s.notes.leave(w, webui.Notice{Tone: webui.Success, Title: "It is given back once AWS has checked it", Text: "The credit will be on the buyer's bill."})
	}
	http.Redirect(w, r, "/seller/agreements/"+a.AgreementID, http.StatusSeeOther)
	return nil
}

// postPayment asks the buyer for a payment under a variable payment term.
func (s *Storefront) postPayment(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	a, err := s.ownAgreement(r)
	if err != nil {
		return err
	}
	get := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	_, err = s.opt.World.RequestPayment(s.opt.Clock.Now(), a.SellerAccount, world.NewPayment{AgreementID: a.AgreementID,
		TermID: world.TermID(a.OfferID, world.TermVariable), Name: get("name"), Amount: get("amount"), Description: get("description"), ClientToken: get("nonce")})
	if wrong, ok := errors.AsType[*fail.Error](err); ok && (wrong.Kind == fail.Invalid || wrong.Kind == fail.Conflict) {
		s.notes.leave(w, webui.Notice{Tone: webui.Error, Title: "The buyer was not asked", Text: wrong.Say})
	} else if err != nil {
		return err
	}
	http.Redirect(w, r, "/seller/agreements/"+a.AgreementID, http.StatusSeeOther)
	return nil
}

// postPaymentAnswer is the buyer's yes or no to a payment. One that is settled meanwhile stays as it is.
func (s *Storefront) postPaymentAnswer(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	a, b, err := s.mine(r)
	if err != nil {
		return err
	}
	now, id := s.opt.Clock.Now(), r.PathValue("payment")
	switch r.PathValue("act") {
	case "approve":
		_, err = s.opt.World.AcceptPayment(now, b.AccountID, id, strings.TrimSpace(r.PostForm.Get("order")))
	case "deny":
		_, err = s.opt.World.RejectPayment(now, b.AccountID, id, strings.TrimSpace(r.PostForm.Get("reason")))
	default:
		return fail.New(fail.NotFound, "unknown_act", "Nobody can %q a payment.", r.PathValue("act"))
	}
	if err != nil && !fail.Is(err, fail.Conflict) {
		return err
	}
	http.Redirect(w, r, "/subscriptions/"+a.AgreementID, http.StatusSeeOther)
	return nil
}
