package world

import (
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
)

// NewPayment is what a seller asks the buyer to pay under an agreement with a variable payment term.
type NewPayment struct {
	AgreementID string `json:"agreementId"`
	TermID      string `json:"termId"` // of the agreement's VariablePaymentTerm
	Name        string `json:"name"`   // 5 to 64 characters
	Amount      string `json:"chargeAmount"`
	Description string `json:"description,omitempty"`
	ClientToken string `json:"clientToken,omitempty"` // the same token and content again is the same request
}

// PaymentRequest is a seller's request for a payment, which the buyer approves or denies. Its statuses are those of
// [RequestStatus]; it is [PendingApproval] at once.
type PaymentRequest struct {
	ID            string          `json:"paymentRequestId"` // pr-…
	AgreementID   string          `json:"agreementId"`
	SellerAccount string          `json:"sellerAccountId"`
	BuyerAccount  string          `json:"buyerAccountId"`
	TermID        string          `json:"termId"`
	Name          string          `json:"name"`
	Description   string          `json:"description,omitempty"`
	Amount        decimal.Decimal `json:"chargeAmount"`
	Currency      string          `json:"currencyCode"`
	Status        RequestStatus   `json:"status"`
	StatusMessage string          `json:"statusMessage,omitempty"`
	ChargeID      string          `json:"chargeId,omitempty"` // once it is approved
	PurchaseOrder string          `json:"purchaseOrderReference,omitempty"`
	CreatedAt     time.Time       `json:"createdAt"`
	UpdatedAt     time.Time       `json:"updatedAt"`
	// ApprovedBy is when silence becomes an approval, where the buyer chose that; zero where it never does.
	ApprovedBy time.Time `json:"approvedBy,omitzero"`

	token string
}

// RequestPayment sends seller's request to the buyer. What was approved, and what waits, may not exceed the term's
// maximum. The buyer may have chosen that silence approves after a time. AWS lists no event about payment requests.
// Source: Agreement API, SendAgreementPaymentRequest.
//
// Errors, with the reason of AWS's ValidationException as the code in small letters: fail.NotFound for an unknown
// agreement; fail.Denied for one that seller has not proposed; fail.Invalid for an agreement that is not active or has
// no such term, for an amount beyond the balance, and for a name or description that cannot be; fail.Conflict for a
// token used before with other content.
func (w *World) RequestPayment(now time.Time, seller string, in NewPayment) (PaymentRequest, error) {
	defer w.act()()
	a, err := w.proposedBy(seller, in.AgreementID)
	if err != nil {
		return PaymentRequest{}, err
	}
	amount, err := in.check()
	if err != nil {
		return PaymentRequest{}, err
	}
	for _, r := range w.payments.order {
		if in.ClientToken != "" && r.token == in.ClientToken && r.SellerAccount == seller {
			if r.AgreementID != in.AgreementID || r.TermID != in.TermID || r.Name != in.Name || !r.Amount.Equal(amount) || r.Description != in.Description {
				return PaymentRequest{}, otherContent(in.ClientToken)
			}
			return *r, nil
		}
	}
	if err := w.payable(a, in.TermID, amount); err != nil {
		return PaymentRequest{}, err
	}
	if err := w.record(Command{At: now, Act: actRequestPayment, Account: seller, Payment: &in}); err != nil {
		return PaymentRequest{}, err
	}
	now = now.Truncate(time.Millisecond)
	id := w.ids.paymentID()
	r := w.payments.put(id, &PaymentRequest{ID: id, AgreementID: a.AgreementID, SellerAccount: seller, BuyerAccount: a.BuyerAccount, TermID: in.TermID, Name: in.Name,
		Description: in.Description, Amount: amount, Currency: Currency, Status: PendingApproval, CreatedAt: now, UpdatedAt: now, token: in.ClientToken})
	a.note(now, "payment requested", "The seller asked for "+amount.String()+" "+Currency+": "+in.Name+".")
	if choice := a.Terms.Variable; choice != nil && choice.Strategy == AutoApprove {
		r.ApprovedBy = now.AddDate(0, 0, daily(choice.Expiration))
		w.plan(r.ApprovedBy, func(at time.Time) { w.paySilently(r, at) })
	}
	return *r, nil
}

func (in NewPayment) check() (decimal.Decimal, error) {
	if in.Amount == "" {
		return decimal.Decimal{}, fail.New(fail.Invalid, "missing_charge_amount", "A charge amount is needed.")
	}
	amount, err := parseAmount(in.Amount)
	if err != nil {
		return amount, fail.New(fail.Invalid, "invalid_charge_amount", "%s", said(err))
	}
	switch n := utf8.RuneCountInString(in.Name); {
	case n == 0:
		return amount, fail.New(fail.Invalid, "missing_name", "A name is needed.")
	case n < contract.MinPaymentName || n > contract.MaxPaymentName:
		return amount, fail.New(fail.Invalid, "invalid_name", "The name has %d characters; it must have %d to %d.", n, contract.MinPaymentName, contract.MaxPaymentName)
	case in.TermID == "":
		return amount, fail.New(fail.Invalid, "missing_term_id", "The id of the agreement's variable payment term is needed.")
	}
	return amount, checkText("description", in.Description, contract.MaxRequestDescription, false)
}

// payable refuses a payment that a's terms do not allow.
func (w *World) payable(a *agreement, term string, amount decimal.Decimal) error {
	switch {
	case a.Status != Active:
		return inactive(a)
	case a.Accepted.Variable == nil || term != TermID(a.OfferID, TermVariable):
		return fail.New(fail.Invalid, "invalid_term_id", "The agreement %s has no variable payment term %q.", a.AgreementID, term)
	}
	left := a.Accepted.Variable.MaxTotal
	for _, r := range w.payments.order {
		if r.AgreementID == a.AgreementID && (r.Status == Approved || r.Status == PendingApproval) {
			left = left.Sub(r.Amount)
		}
	}
	if amount.GreaterThan(left) {
		return fail.New(fail.Invalid, "invalid_charge_amount", "The charge amount %s exceeds the available balance, %s.", amount, left)
	}
	return nil
}

// paySilently approves a request that nobody has answered in time.
func (w *World) paySilently(r *PaymentRequest, at time.Time) {
	switch a := w.agreement[r.AgreementID]; {
	case r.Status.Final():
	case a.Status != Active:
		r.settle(at, ValidationFailed, "The agreement has ended meanwhile ("+string(a.Status)+").")
	default:
		w.pay(r, at, "The buyer did not respond in time.")
	}
}

// AcceptPayment is the buyer's yes: the amount is charged and invoiced. order is the buyer's own reference, or empty.
// Errors: fail.NotFound for a request that is not buyer's; fail.Conflict for one that is not PENDING_APPROVAL, and when
// the agreement has ended meanwhile.
func (w *World) AcceptPayment(now time.Time, buyer, id, order string) (PaymentRequest, error) {
	return w.answerPayment(now, Approved, buyer, id, order)
}

// RejectPayment is the buyer's no, with or without a reason. Errors: as [World.AcceptPayment], and fail.Invalid for a
// reason that is too long.
func (w *World) RejectPayment(now time.Time, buyer, id, reason string) (PaymentRequest, error) {
	return w.answerPayment(now, Rejected, buyer, id, reason)
}

// WithdrawPayment is the seller's own end of the request. Errors: as [World.AcceptPayment].
func (w *World) WithdrawPayment(now time.Time, seller, id string) (PaymentRequest, error) {
	return w.answerPayment(now, Withdrawn, seller, id, "")
}

// answerPayment brings a request to a final status, for by. text is what goes with it: a reference, or a reason.
func (w *World) answerPayment(now time.Time, to RequestStatus, by, id, text string) (PaymentRequest, error) {
	defer w.act()()
	r, ok := w.payments.byID[id]
	if !ok || (to == Withdrawn && r.SellerAccount != by) || (to != Withdrawn && r.BuyerAccount != by) {
		return PaymentRequest{}, unknownRequest("payment request", id)
	}
	if to == Rejected {
		if err := checkText("rejection_reason", text, contract.MaxPaymentRejection, false); err != nil {
			return PaymentRequest{}, err
		}
	}
	if r.Status != PendingApproval {
		return PaymentRequest{}, fail.New(fail.Conflict, "status", "The payment request %s is %s.", id, r.Status)
	}
	if a := w.agreement[r.AgreementID]; to == Approved && a.Status != Active {
		return PaymentRequest{}, hasEnded(a)
	}
	if err := w.record(Command{At: now, Act: actAnswerPayment, Account: by, ID: id, Answer: to, Why: text}); err != nil {
		return PaymentRequest{}, err
	}
	if to == Approved {
		r.PurchaseOrder = text
		w.pay(r, now, "")
		return *r, nil
	}
	r.settle(now, to, text)
	return *r, nil
}

func (r *PaymentRequest) settle(at time.Time, to RequestStatus, why string) {
	r.Status, r.StatusMessage, r.UpdatedAt = to, why, at.Truncate(time.Millisecond)
}

// pay charges and invoices an approved request.
func (w *World) pay(r *PaymentRequest, at time.Time, why string) {
	r.settle(at, Approved, why)
	a := w.agreement[r.AgreementID]
	r.ChargeID = chargeID(r.ID, 0)
	a.Charges = append(a.Charges, UpfrontCharge{ID: r.ChargeID, Revision: 1, At: r.UpdatedAt, Kind: ChargePayment, Quantity: 1, Price: r.Amount, Amount: r.Amount,
		PurchaseOrder: r.PurchaseOrder, Name: r.Name})
	a.note(at, "payment approved", "The payment request "+r.ID+" was approved.")
	w.invoiceDue(a, at)
}

// PaymentQuery chooses payment requests; what is empty chooses all.
type PaymentQuery struct {
	AgreementID   string
	SellerAccount string
	BuyerAccount  string
	Status        RequestStatus
}

// Payments lists the payment requests that q chooses, oldest first.
func (w *World) Payments(q PaymentQuery) []PaymentRequest {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.payments.list(func(r *PaymentRequest) bool {
		return wanted(q.AgreementID, r.AgreementID) && wanted(q.SellerAccount, r.SellerAccount) && wanted(q.BuyerAccount, r.BuyerAccount) && wanted(q.Status, r.Status)
	}, clone)
}

// Payment finds a payment request; otherwise fail.NotFound.
func (w *World) Payment(id string) (PaymentRequest, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	r, ok := w.payments.byID[id]
	if !ok {
		return PaymentRequest{}, unknownRequest("payment request", id)
	}
	return *r, nil
}
