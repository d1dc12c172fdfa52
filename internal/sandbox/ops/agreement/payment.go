package agreement

import (
	"context"
	"regexp"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

var (
	paymentIDs = regexp.MustCompile(`^pr-[a-zA-Z0-9]+$`)
	amounts    = regexp.MustCompile(`^[0-9]*(\.[0-9]{0,8})?$`)
	oneLine    = regexp.MustCompile(`^.+$`)
)

// paymentType is what errors call a payment request.
const paymentType = "PaymentRequest"

// paymentRequest is a payment request in every answer that is about one; two members are not in every answer.
type paymentRequest struct {
	ID            string    `json:"paymentRequestId"`
	AgreementID   string    `json:"agreementId"`
	Status        string    `json:"status"`
	StatusMessage string    `json:"statusMessage,omitempty"`
	Name          string    `json:"name"`
	Description   string    `json:"description,omitempty"`
	ChargeID      string    `json:"chargeId,omitempty"` // where it was approved; in GetAgreementPaymentRequest
	ChargeAmount  string    `json:"chargeAmount"`
	CurrencyCode  string    `json:"currencyCode"`
	CreatedAt     wire.Time `json:"createdAt"`
	UpdatedAt     wire.Time `json:"updatedAt,omitzero"` // not in SendAgreementPaymentRequest
}

func paymentOf(r world.PaymentRequest) paymentRequest {
	return paymentRequest{r.ID, r.AgreementID, string(r.Status), r.StatusMessage, r.Name, r.Description, "", r.Amount.String(), r.Currency,
		wire.Time{Time: r.CreatedAt}, wire.Time{Time: r.UpdatedAt}}
}

// sendPayment performs SendAgreementPaymentRequest, for the seller.
func (s *service) sendPayment(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		AgreementID  *string `json:"agreementId"`
		TermID       *string `json:"termId"`
		Name         *string `json:"name"`
		ChargeAmount *string `json:"chargeAmount"`
		Description  *string `json:"description"`
		ClientToken  *string `json:"clientToken"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	a, err := s.sold(c, in.AgreementID)
	if err != nil {
		return wire.Answer{}, err
	}
	err = check(c, field{name: "termId", about: "TERM_ID", value: in.TermID, needed: true, most: contract.MaxTermID, like: termIDs},
		field{name: "name", about: "NAME", value: in.Name, needed: true, least: contract.MinPaymentName, most: contract.MaxPaymentName, like: oneLine},
		field{name: "chargeAmount", about: "CHARGE_AMOUNT", value: in.ChargeAmount, needed: true, most: contract.MaxTermText, like: amounts},
		field{name: "description", about: "DESCRIPTION", value: in.Description, least: 1, most: contract.MaxRequestDescription}, tokenField(in.ClientToken))
	if err != nil {
		return wire.Answer{}, err
	}
	r, err := s.world.RequestPayment(c.At, c.Account, world.NewPayment{AgreementID: a.AgreementID, TermID: *in.TermID, Name: *in.Name, Amount: *in.ChargeAmount,
		Description: orEmpty(in.Description), ClientToken: orEmpty(in.ClientToken)})
	if err != nil {
		return wire.Answer{}, refused(c, err, "Agreement", a.AgreementID, "agreementId")
	}
	sent := paymentOf(r)
	sent.UpdatedAt = wire.Time{}
	return wire.Encode(c, sent)
}

// paymentInput names a payment request, and what goes with its end.
type paymentInput struct {
	AgreementID     *string `json:"agreementId"`
	RequestID       *string `json:"paymentRequestId"`
	RejectionReason *string `json:"rejectionReason"`
	Reference       *string `json:"purchaseOrderReference"`
}

// payment reads the input of an operation on a payment request, and finds the request for a party that find admits.
func (s *service) payment(c *wire.Call, in *paymentInput, find func(*wire.Call, *string) (world.Agreement, error)) (world.PaymentRequest, error) {
	var none world.PaymentRequest
	if err := wire.Decode(c, in); err != nil {
		return none, err
	}
	if err := check(c, idField("paymentRequestId", "PAYMENT_REQUEST_ID", in.RequestID, paymentIDs)); err != nil {
		return none, err
	}
	a, err := find(c, in.AgreementID)
	if err != nil {
		return none, err
	}
	r, err := s.world.Payment(*in.RequestID)
	if err == nil && r.AgreementID != a.AgreementID {
		err = fail.New(fail.NotFound, "unknown_request", "The agreement %s has no payment request %s.", a.AgreementID, *in.RequestID)
	}
	if err != nil {
		return none, refused(c, err, paymentType, *in.RequestID, "paymentRequestId")
	}
	return r, nil
}

// getPayment performs GetAgreementPaymentRequest, for both parties.
func (s *service) getPayment(_ context.Context, c *wire.Call) (wire.Answer, error) {
	r, err := s.payment(c, &paymentInput{}, s.agreement)
	if err != nil {
		return wire.Answer{}, err
	}
	got := paymentOf(r)
	got.ChargeID = r.ChargeID
	return wire.Encode(c, got)
}

// acceptPayment performs AcceptAgreementPaymentRequest, for the buyer.
func (s *service) acceptPayment(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in paymentInput
	r, err := s.payment(c, &in, s.bought)
	if err != nil {
		return wire.Answer{}, err
	}
	if err := check(c, field{name: "purchaseOrderReference", about: "PURCHASE_ORDER_REFERENCE", value: in.Reference, least: 1, most: contract.MaxPurchaseOrder}); err != nil {
		return wire.Answer{}, err
	}
	return paymentAnswered(c, r)(s.world.AcceptPayment(c.At, c.Account, r.ID, orEmpty(in.Reference)))
}

// rejectPayment performs RejectAgreementPaymentRequest, for the buyer.
func (s *service) rejectPayment(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in paymentInput
	r, err := s.payment(c, &in, s.bought)
	if err != nil {
		return wire.Answer{}, err
	}
	if err := check(c, field{name: "rejectionReason", about: "REJECTION_REASON", value: in.RejectionReason, least: 1, most: contract.MaxPaymentRejection}); err != nil {
		return wire.Answer{}, err
	}
	return paymentAnswered(c, r)(s.world.RejectPayment(c.At, c.Account, r.ID, orEmpty(in.RejectionReason)))
}

// withdrawPayment performs CancelAgreementPaymentRequest, for the seller.
func (s *service) withdrawPayment(_ context.Context, c *wire.Call) (wire.Answer, error) {
	r, err := s.payment(c, &paymentInput{}, s.sold)
	if err != nil {
		return wire.Answer{}, err
	}
	return paymentAnswered(c, r)(s.world.WithdrawPayment(c.At, c.Account, r.ID))
}

// paymentAnswered answers with what became of r, or with why nothing did.
func paymentAnswered(c *wire.Call, r world.PaymentRequest) func(world.PaymentRequest, error) (wire.Answer, error) {
	return func(next world.PaymentRequest, err error) (wire.Answer, error) {
		if err != nil {
			return wire.Answer{}, refused(c, err, paymentType, r.ID, "paymentRequestId")
		}
		return wire.Encode(c, paymentOf(next))
	}
}

type paymentSummary struct {
	ID           string    `json:"paymentRequestId"`
	AgreementID  string    `json:"agreementId"`
	Status       string    `json:"status"`
	Name         string    `json:"name"`
	ChargeID     string    `json:"chargeId,omitempty"`
	ChargeAmount string    `json:"chargeAmount"`
	CurrencyCode string    `json:"currencyCode"`
	CreatedAt    wire.Time `json:"createdAt"`
	UpdatedAt    wire.Time `json:"updatedAt"`
}

var paymentStatuses = append([]string{"VALIDATING"}, cancellationStatuses...)

// listPayments performs ListAgreementPaymentRequests, for both parties: the newest first.
func (s *service) listPayments(_ context.Context, c *wire.Call) (wire.Answer, error) {
	in, q, t, err := readRequestList(c, paymentStatuses)
	if err != nil {
		return wire.Answer{}, err
	}
	found := s.world.Payments(world.PaymentQuery{AgreementID: q.agreement, SellerAccount: q.seller, BuyerAccount: q.buyer, Status: world.RequestStatus(orEmpty(in.Status))})
	part, next := page.Cut(found, func(r world.PaymentRequest) page.Key { return page.Key{N: r.CreatedAt.UnixMicro(), ID: r.ID} }, true, t)
	out := struct {
		Items []paymentSummary `json:"items"`
		Next  *string          `json:"nextToken,omitempty"`
	}{[]paymentSummary{}, next}
	for _, r := range part {
		out.Items = append(out.Items, paymentSummary{r.ID, r.AgreementID, string(r.Status), r.Name, r.ChargeID, r.Amount.String(), r.Currency,
			wire.Time{Time: r.CreatedAt}, wire.Time{Time: r.UpdatedAt}})
	}
	return wire.Encode(c, out)
}
