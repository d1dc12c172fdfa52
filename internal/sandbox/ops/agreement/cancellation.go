package agreement

import (
	"context"
	"slices"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// cancellationRequest is a cancellation request in every answer that is about one.
type cancellationRequest struct {
	ID            string    `json:"agreementCancellationRequestId"`
	AgreementID   string    `json:"agreementId"`
	ReasonCode    string    `json:"reasonCode"`
	Description   string    `json:"description,omitempty"`
	Status        string    `json:"status"`
	StatusMessage string    `json:"statusMessage,omitempty"`
	CreatedAt     wire.Time `json:"createdAt"`
	UpdatedAt     wire.Time `json:"updatedAt"`
}

func cancellationAnswer(c *wire.Call, r world.CancellationRequest) (wire.Answer, error) {
	return wire.Encode(c, cancellationRequest{r.ID, r.AgreementID, r.ReasonCode, r.Description, string(r.Status), r.StatusMessage,
		wire.Time{Time: r.CreatedAt}, wire.Time{Time: r.UpdatedAt}})
}

// cancellationType is what errors call a cancellation request.
const cancellationType = "AgreementCancellationRequest"

// sendCancellation performs SendAgreementCancellationRequest, for the seller.
func (s *service) sendCancellation(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		AgreementID *string `json:"agreementId"`
		ReasonCode  *string `json:"reasonCode"`
		Description *string `json:"description"`
		ClientToken *string `json:"clientToken"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	a, err := s.sold(c, in.AgreementID)
	if err != nil {
		return wire.Answer{}, err
	}
	err = check(c, field{name: "reasonCode", about: "REASON_CODE", value: in.ReasonCode, needed: true, most: contract.MaxRequestDescription},
		field{name: "description", about: "DESCRIPTION", value: in.Description, least: 1, most: contract.MaxRequestDescription}, tokenField(in.ClientToken))
	if err != nil {
		return wire.Answer{}, err
	}
	if !slices.Contains(contract.CancellationReasons, *in.ReasonCode) {
		return wire.Answer{}, invalid(c, "INVALID_REASON_CODE", "reasonCode", "The reasonCode is not one of the API's.")
	}
	r, err := s.world.RequestCancellation(c.At, c.Account, world.NewCancellation{AgreementID: a.AgreementID, ReasonCode: *in.ReasonCode,
		Description: orEmpty(in.Description), ClientToken: orEmpty(in.ClientToken)})
	if fail.CodeOf(err) == "open_request" {
		for _, open := range s.world.Cancellations(world.CancellationQuery{AgreementID: a.AgreementID, Status: world.PendingApproval}) {
			return wire.Answer{}, refused(c, err, cancellationType, open.ID, "agreementId")
		}
	}
	if err != nil {
		return wire.Answer{}, refused(c, err, "Agreement", a.AgreementID, "agreementId")
	}
	return cancellationAnswer(c, r)
}

// cancellationInput names a cancellation request, and why it comes to its end.
type cancellationInput struct {
	AgreementID        *string `json:"agreementId"`
	RequestID          *string `json:"agreementCancellationRequestId"`
	RejectionReason    *string `json:"rejectionReason"`
	CancellationReason *string `json:"cancellationReason"`
}

// cancellation reads the input of an operation on a cancellation request, and finds the request for a party that find
// admits.
func (s *service) cancellation(c *wire.Call, in *cancellationInput, find func(*wire.Call, *string) (world.Agreement, error)) (world.CancellationRequest, error) {
	var none world.CancellationRequest
	if err := wire.Decode(c, in); err != nil {
		return none, err
	}
	if err := check(c, idField("agreementCancellationRequestId", "AGREEMENT_CANCELLATION_REQUEST_ID", in.RequestID, cancellationIDs)); err != nil {
		return none, err
	}
	a, err := find(c, in.AgreementID)
	if err != nil {
		return none, err
	}
	r, err := s.world.Cancellation(*in.RequestID)
	if err == nil && r.AgreementID != a.AgreementID {
		err = fail.New(fail.NotFound, "unknown_request", "The agreement %s has no cancellation request %s.", a.AgreementID, *in.RequestID)
	}
	if err != nil {
		return none, refused(c, err, cancellationType, *in.RequestID, "agreementCancellationRequestId")
	}
	return r, nil
}

// getCancellation performs GetAgreementCancellationRequest, for both parties.
func (s *service) getCancellation(_ context.Context, c *wire.Call) (wire.Answer, error) {
	r, err := s.cancellation(c, &cancellationInput{}, s.agreement)
	if err != nil {
		return wire.Answer{}, err
	}
	return cancellationAnswer(c, r)
}

// acceptCancellation performs AcceptAgreementCancellationRequest, for the buyer.
func (s *service) acceptCancellation(_ context.Context, c *wire.Call) (wire.Answer, error) {
	r, err := s.cancellation(c, &cancellationInput{}, s.bought)
	if err != nil {
		return wire.Answer{}, err
	}
	return cancellationAnswered(c, r)(s.world.AcceptCancellation(c.At, c.Account, r.ID))
}

// rejectCancellation performs RejectAgreementCancellationRequest, for the buyer.
func (s *service) rejectCancellation(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in cancellationInput
	r, err := s.cancellation(c, &in, s.bought)
	if err != nil {
		return wire.Answer{}, err
	}
	if err := check(c, field{name: "rejectionReason", about: "REJECTION_REASON", value: in.RejectionReason, needed: true, most: contract.MaxRequestDescription}); err != nil {
		return wire.Answer{}, err
	}
	return cancellationAnswered(c, r)(s.world.RejectCancellation(c.At, c.Account, r.ID, *in.RejectionReason))
}

// withdrawCancellation performs CancelAgreementCancellationRequest, for the seller.
func (s *service) withdrawCancellation(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in cancellationInput
	r, err := s.cancellation(c, &in, s.sold)
	if err != nil {
		return wire.Answer{}, err
	}
	if err := check(c, field{name: "cancellationReason", about: "REASON", value: in.CancellationReason, needed: true, most: contract.MaxRequestDescription}); err != nil {
		return wire.Answer{}, err
	}
	return cancellationAnswered(c, r)(s.world.WithdrawCancellation(c.At, c.Account, r.ID, *in.CancellationReason))
}

// cancellationAnswered answers with what became of r, or with why nothing did.
func cancellationAnswered(c *wire.Call, r world.CancellationRequest) func(world.CancellationRequest, error) (wire.Answer, error) {
	return func(next world.CancellationRequest, err error) (wire.Answer, error) {
		if err != nil {
			return wire.Answer{}, refused(c, err, cancellationType, r.ID, "agreementCancellationRequestId")
		}
		return cancellationAnswer(c, next)
	}
}

type cancellationSummary struct {
	ID            string    `json:"agreementCancellationRequestId"`
	AgreementID   string    `json:"agreementId"`
	AgreementType string    `json:"agreementType"`
	Catalog       string    `json:"catalog"`
	ReasonCode    string    `json:"reasonCode"`
	Status        string    `json:"status"`
	CreatedAt     wire.Time `json:"createdAt"`
	UpdatedAt     wire.Time `json:"updatedAt"`
}

// listCancellations performs ListAgreementCancellationRequests, for both parties: the newest first.
func (s *service) listCancellations(_ context.Context, c *wire.Call) (wire.Answer, error) {
	in, q, t, err := readRequestList(c, cancellationStatuses)
	if err != nil {
		return wire.Answer{}, err
	}
	found := s.world.Cancellations(world.CancellationQuery{AgreementID: q.agreement, SellerAccount: q.seller, BuyerAccount: q.buyer, Status: world.RequestStatus(orEmpty(in.Status))})
	part, next := page.Cut(found, func(r world.CancellationRequest) page.Key { return page.Key{N: r.CreatedAt.UnixMicro(), ID: r.ID} }, true, t)
	out := struct {
		Items []cancellationSummary `json:"items"`
		Next  *string               `json:"nextToken,omitempty"`
	}{[]cancellationSummary{}, next}
	for _, r := range part {
		out.Items = append(out.Items, cancellationSummary{r.ID, r.AgreementID, contract.PurchaseContract, catalog, r.ReasonCode, string(r.Status),
			wire.Time{Time: r.CreatedAt}, wire.Time{Time: r.UpdatedAt}})
	}
	return wire.Encode(c, out)
}

var cancellationStatuses = []string{"PENDING_APPROVAL", "APPROVED", "REJECTED", "CANCELLED", "VALIDATION_FAILED"}
