package world

import (
	"fmt"
	"time"
	"unicode/utf8"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
)

// RequestStatus is where a seller's request to the buyer is. Source: Agreement API,
// AgreementCancellationRequestStatus and PaymentRequestStatus.
type RequestStatus string

// The statuses. All but Validating and PendingApproval are final.
const (
	Validating       RequestStatus = "VALIDATING" // of payment requests alone
	PendingApproval  RequestStatus = "PENDING_APPROVAL"
	Approved         RequestStatus = "APPROVED"          // by the buyer, or by the time that passed
	Rejected         RequestStatus = "REJECTED"          // by the buyer
	Withdrawn        RequestStatus = "CANCELLED"         // by the seller
	ValidationFailed RequestStatus = "VALIDATION_FAILED" // AWS found that it cannot be
)

// Final reports whether nothing becomes of a request any more.
func (s RequestStatus) Final() bool { return s != Validating && s != PendingApproval }

// NewCancellation is a seller's wish to end an agreement before its time.
type NewCancellation struct {
	AgreementID string `json:"agreementId"`
	ReasonCode  string `json:"reasonCode"`            // one of [contract.CancellationReasons]
	Description string `json:"description,omitempty"` // at most 2000 characters
	ClientToken string `json:"clientToken,omitempty"` // the same token and content again is the same request
}

// CancellationRequest is a seller's request to end an agreement, which the buyer approves, denies, or lets pass.
type CancellationRequest struct {
	ID            string        `json:"agreementCancellationRequestId"` // acr-…
	AgreementID   string        `json:"agreementId"`
	SellerAccount string        `json:"sellerAccountId"`
	BuyerAccount  string        `json:"buyerAccountId"`
	ReasonCode    string        `json:"reasonCode"`
	Description   string        `json:"description,omitempty"`
	Status        RequestStatus `json:"status"`
	StatusMessage string        `json:"statusMessage,omitempty"` // why it is so, in the words of who decided
	CreatedAt     time.Time     `json:"createdAt"`
	UpdatedAt     time.Time     `json:"updatedAt"`
	// RespondBy is when silence becomes an approval.
	RespondBy time.Time `json:"respondBy"`

	token    string
	received bool // it was found valid, and the seller was told that it waits
}

// How long AWS takes, in the sandbox, for what it does asynchronously: to validate a request, and to end an agreement
// whose end was approved. AWS does not say.
const (
	validatedAfter = 5 * time.Second
	cancelledAfter = 10 * time.Second
)

// RequestCancellation sends seller's request to the buyer. It waits for an answer for [contract.CancellationSilence];
// then it counts as approved. An agreement that another depends on cannot be ended so: that shows a moment later, as
// [ValidationFailed]. Source: seller guide, seller-initiated cancellations; Agreement API,
// SendAgreementCancellationRequest.
//
// Errors, with the reason of AWS's ValidationException as the code in small letters: fail.NotFound for an unknown
// agreement; fail.Denied for one that seller has not proposed; fail.Invalid for an agreement that is not active, and for
// a reason or description that cannot be; fail.Conflict when another request is open, and for a token used before with
// other content.
func (w *World) RequestCancellation(now time.Time, seller string, in NewCancellation) (CancellationRequest, error) {
	defer w.act()()
	a, err := w.proposedBy(seller, in.AgreementID)
	if err != nil {
		return CancellationRequest{}, err
	}
	if err := in.check(); err != nil {
		return CancellationRequest{}, err
	}
	for _, r := range w.cancellations.order {
		switch {
		case in.ClientToken != "" && r.token == in.ClientToken && r.SellerAccount == seller:
			if r.AgreementID != in.AgreementID || r.ReasonCode != in.ReasonCode || r.Description != in.Description {
				return CancellationRequest{}, otherContent(in.ClientToken)
			}
			return *r, nil
		case r.AgreementID == a.AgreementID && !r.Status.Final():
			return CancellationRequest{}, fail.New(fail.Conflict, "open_request", "The agreement %s has the open cancellation request %s.", a.AgreementID, r.ID)
		}
	}
	if a.Status != Active {
		return CancellationRequest{}, inactive(a)
	}
	if err := w.record(Command{At: now, Act: actRequestCancellation, Account: seller, Cancellation: &in}); err != nil {
		return CancellationRequest{}, err
	}
	now = now.Truncate(time.Millisecond)
	id := w.ids.cancellationID()
	r := w.cancellations.put(id, &CancellationRequest{ID: id, AgreementID: a.AgreementID, SellerAccount: seller, BuyerAccount: a.BuyerAccount,
		ReasonCode: in.ReasonCode, Description: in.Description, Status: PendingApproval, CreatedAt: now, UpdatedAt: now,
		RespondBy: now.Add(contract.CancellationSilence), token: in.ClientToken})
	a.note(now, "cancellation requested", "The seller asked the buyer to agree to the end: "+r.ReasonCode+".")
	w.plan(now.Add(validatedAfter), func(at time.Time) { w.validate(r, at) })
	w.plan(r.RespondBy, func(at time.Time) { w.silent(r, at) })
	return *r, nil
}

// proposedBy finds an agreement whose proposer is seller.
func (w *World) proposedBy(seller, id string) (*agreement, error) {
	a, ok := w.agreement[id]
	switch {
	case !ok:
		return nil, unknownAgreement(id)
	case a.SellerAccount != seller:
		return nil, fail.New(fail.Denied, "not_proposer", "The agreement %s was not proposed by the account %s.", id, seller)
	}
	return a, nil
}

func inactive(a *agreement) error {
	return fail.New(fail.Invalid, "inactive_agreement", "The agreement %s is not active (%s).", a.AgreementID, a.Status)
}

func otherContent(token string) error {
	return fail.New(fail.Conflict, "client_token", "The client token %q was used before, with other content.", token)
}

func (in NewCancellation) check() error {
	if err := checkReason(in.ReasonCode, contract.CancellationReasons); err != nil {
		return err
	}
	return checkText("description", in.Description, contract.MaxRequestDescription, false)
}

// checkReason refuses a reason code that AWS does not list.
func checkReason(code string, known []string) error {
	if code == "" {
		return fail.New(fail.Invalid, "missing_reason_code", "A reason code is needed; it is one of %q.", known)
	}
	for _, k := range known {
		if k == code {
			return nil
		}
	}
	return fail.New(fail.Invalid, "invalid_reason_code", "The reason code %q is unknown; it is one of %q.", code, known)
}

// checkText refuses a text that is too long, or missing though needed. field names it, also in the error's code.
func checkText(field, text string, most int, needed bool) error {
	switch n := utf8.RuneCountInString(text); {
	case n == 0 && needed:
		return fail.New(fail.Invalid, "missing_"+field, "%s is needed.", field)
	case n > most:
		return fail.New(fail.Invalid, "invalid_"+field, "%s has %d characters; it may have %d.", field, n, most)
	}
	return nil
}

// validate is AWS's look at a new request: the buyer is asked, or the request fails.
func (w *World) validate(r *CancellationRequest, at time.Time) {
	if r.received || r.Status.Final() {
		return
	}
	a := w.agreement[r.AgreementID]
	if next := w.dependent(a); next != nil {
		w.settle(r, at, ValidationFailed, fmt.Sprintf("The agreement has a dependent agreement, %s, which must be cancelled first.", next.AgreementID))
		return
	}
	w.receive(r, at)
}

// receive tells the seller that a request waits for the buyer.
func (w *World) receive(r *CancellationRequest, at time.Time) {
	r.received = true
	w.tellCancellation(r, at)
}

// dependent is a running agreement that goes on from a; nil if there is none.
func (w *World) dependent(a *agreement) *agreement {
	for _, other := range a.product.agreements {
		if other.PreviousAgreementID == a.AgreementID && other.Status == Active {
			return other
		}
	}
	return nil
}

// silent approves a request that nobody has answered in time.
func (w *World) silent(r *CancellationRequest, at time.Time) {
	switch a := w.agreement[r.AgreementID]; {
	case r.Status.Final():
	case a.Status != Active:
		w.settle(r, at, ValidationFailed, fmt.Sprintf("The agreement has ended meanwhile (%s).", a.Status))
	default:
		w.approve(r, at, "The buyer did not respond within 7 days.")
	}
}

// AcceptCancellation is the buyer's agreement to a request: it is APPROVED, and the agreement is CANCELLED a moment
// later. It refunds nothing. Errors: fail.NotFound for a request that is not buyer's; fail.Conflict for one that is not
// PENDING_APPROVAL, and when the agreement has ended meanwhile.
func (w *World) AcceptCancellation(now time.Time, buyer, id string) (CancellationRequest, error) {
	return w.answer(now, Approved, buyer, id, "")
}

// RejectCancellation is the buyer's no, with its reason. Errors: as [World.AcceptCancellation], and fail.Invalid for a
// reason that is missing or too long.
func (w *World) RejectCancellation(now time.Time, buyer, id, reason string) (CancellationRequest, error) {
	return w.answer(now, Rejected, buyer, id, reason)
}

// WithdrawCancellation is the seller's own end of the request, with its reason. Errors: as [World.RejectCancellation].
func (w *World) WithdrawCancellation(now time.Time, seller, id, reason string) (CancellationRequest, error) {
	return w.answer(now, Withdrawn, seller, id, reason)
}

// answer brings a request to a final status, for by: the buyer, or the seller who withdraws it.
func (w *World) answer(now time.Time, to RequestStatus, by, id, reason string) (CancellationRequest, error) {
	defer w.act()()
	r, ok := w.cancellations.byID[id]
	if !ok || (to == Withdrawn && r.SellerAccount != by) || (to != Withdrawn && r.BuyerAccount != by) {
		return CancellationRequest{}, unknownRequest("cancellation request", id)
	}
	if to == Rejected || to == Withdrawn {
		field := map[RequestStatus]string{Rejected: "rejection_reason", Withdrawn: "reason"}[to]
		if err := checkText(field, reason, contract.MaxRequestDescription, true); err != nil {
			return CancellationRequest{}, err
		}
	}
	if r.Status != PendingApproval {
		return CancellationRequest{}, fail.New(fail.Conflict, "status", "The cancellation request %s is %s.", id, r.Status)
	}
	a := w.agreement[r.AgreementID]
	if to == Approved && a.Status != Active {
		return CancellationRequest{}, hasEnded(a)
	}
	if next := w.dependent(a); to == Approved && next != nil {
		return CancellationRequest{}, fail.New(fail.Conflict, "dependent_agreement", "The agreement %s goes on from %s and must be cancelled first.", next.AgreementID, a.AgreementID)
	}
	if err := w.record(Command{At: now, Act: actAnswerCancellation, ID: id, Account: by, Answer: to, Why: reason}); err != nil {
		return CancellationRequest{}, err
	}
	if !r.received {
		w.receive(r, now)
	}
	if to == Approved {
		w.approve(r, now, "")
	} else {
		w.settle(r, now, to, reason)
	}
	return *r, nil
}

func unknownRequest(what, id string) error {
	return fail.New(fail.NotFound, "unknown_request", "There is no %s %q.", what, id)
}

// approve settles a request and lets AWS end the agreement.
func (w *World) approve(r *CancellationRequest, at time.Time, why string) {
	w.settle(r, at, Approved, why)
	w.plan(at.Add(cancelledAfter), func(at time.Time) {
		if a := w.agreement[r.AgreementID]; a.Status == Active {
			w.ending(a, at, Cancelled, "The buyer agreed to the seller's cancellation request "+r.ID+".")
		}
	})
}

// settle gives a request its final status and tells the seller.
func (w *World) settle(r *CancellationRequest, at time.Time, to RequestStatus, why string) {
	r.Status, r.StatusMessage, r.UpdatedAt = to, why, at.Truncate(time.Millisecond)
	w.agreement[r.AgreementID].note(at, "cancellation request "+string(to), cancellationWords[to])
	w.tellCancellation(r, at)
}

var cancellationWords = map[RequestStatus]string{
	Approved:         "The cancellation was approved; AWS ends the agreement.",
	Rejected:         "The buyer denied the cancellation; the agreement goes on.",
	Withdrawn:        "The seller withdrew the cancellation request.",
	ValidationFailed: "AWS could not process the cancellation request.",
}

func (w *World) tellCancellation(r *CancellationRequest, at time.Time) {
	w.tell(CancellationRequested{About: w.about(w.agreement[r.AgreementID], at), Request: *r})
}

// CancellationQuery chooses cancellation requests; what is empty chooses all.
type CancellationQuery struct {
	AgreementID   string
	SellerAccount string
	BuyerAccount  string
	Status        RequestStatus
}

// Cancellations lists the cancellation requests that q chooses, oldest first.
func (w *World) Cancellations(q CancellationQuery) []CancellationRequest {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.cancellations.list(func(r *CancellationRequest) bool {
		return wanted(q.AgreementID, r.AgreementID) && wanted(q.SellerAccount, r.SellerAccount) && wanted(q.BuyerAccount, r.BuyerAccount) && wanted(q.Status, r.Status)
	}, clone)
}

// Cancellation finds a cancellation request; otherwise fail.NotFound.
func (w *World) Cancellation(id string) (CancellationRequest, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	r, ok := w.cancellations.byID[id]
	if !ok {
		return CancellationRequest{}, unknownRequest("cancellation request", id)
	}
	return *r, nil
}
