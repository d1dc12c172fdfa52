package agreement

import (
	"net/http"
	"regexp"
	"slices"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// Service is the Agreement API onto w.
func Service(w *world.World) wire.Service {
	s := &service{world: w}
	return wire.Service{
		Name: "AWS Marketplace Agreement Service", Target: "AWSMPCommerceService_v20200301", Scope: "aws-marketplace",
		ContentType: "application/x-amz-json-1.0", CBOR: true, Region: contract.HomeRegion, Outage: contract.InternalServer,
		Status: map[string]int{ // of the service model
			contract.ResourceNotFound: http.StatusNotFound, contract.Conflict: http.StatusConflict, contract.Throttling: http.StatusTooManyRequests,
			contract.ServiceQuotaExceeded: http.StatusPaymentRequired,
		},
		Ops: map[string]wire.Op{
			"DescribeAgreement":        s.describeAgreement,
			"SearchAgreements":         s.searchAgreements,
			"GetAgreementTerms":        s.getAgreementTerms,
			"GetAgreementEntitlements": s.getAgreementEntitlements,
			"CancelAgreement":          s.cancelAgreement,

			"CreateAgreementRequest": s.createAgreementRequest,
			"AcceptAgreementRequest": s.acceptAgreementRequest,
			"ListAgreementCharges":   s.listAgreementCharges,
			"UpdatePurchaseOrders":   s.updatePurchaseOrders,

			"SendAgreementPaymentRequest":   s.sendPayment,
			"GetAgreementPaymentRequest":    s.getPayment,
			"ListAgreementPaymentRequests":  s.listPayments,
			"AcceptAgreementPaymentRequest": s.acceptPayment,
			"RejectAgreementPaymentRequest": s.rejectPayment,
			"CancelAgreementPaymentRequest": s.withdrawPayment,

			"BatchCreateBillingAdjustmentRequest": s.createAdjustments,
			"GetBillingAdjustmentRequest":         s.getAdjustment,
			"ListBillingAdjustmentRequests":       s.listAdjustments,
			"ListAgreementInvoiceLineItems":       s.listInvoiceLineItems,

			"SendAgreementCancellationRequest":   s.sendCancellation,
			"GetAgreementCancellationRequest":    s.getCancellation,
			"ListAgreementCancellationRequests":  s.listCancellations,
			"AcceptAgreementCancellationRequest": s.acceptCancellation,
			"RejectAgreementCancellationRequest": s.rejectCancellation,
			"CancelAgreementCancellationRequest": s.withdrawCancellation,
		},
	}
}

type service struct{ world *world.World }

var resourceID = regexp.MustCompile(`^[A-Za-z0-9_/-]+$`)

// agreement finds the agreement that c is about, for one of its parties.
func (s *service) agreement(c *wire.Call, id *string) (world.Agreement, error) {
	if err := check(c, idField("agreementId", "AGREEMENT_ID", id, resourceID)); err != nil {
		return world.Agreement{}, err
	}
	a, err := s.world.Agreement(*id)
	switch {
	case fail.Is(err, fail.NotFound):
		return world.Agreement{}, failure(c, contract.ResourceNotFound, "There is no agreement "+*id+".", map[string]any{"resourceId": *id, "resourceType": "Agreement"})
	case err != nil:
		return world.Agreement{}, err
	case c.Account != a.BuyerAccount && c.Account != a.SellerAccount:
		return world.Agreement{}, denied(c, "The account "+c.Account+" is not a party of this agreement.")
	}
	return a, nil
}

// bought is [service.agreement] for what only the buyer may do.
func (s *service) bought(c *wire.Call, id *string) (world.Agreement, error) {
	a, err := s.agreement(c, id)
	if err == nil && c.Account != a.BuyerAccount {
		return world.Agreement{}, denied(c, "Only the acceptor of the agreement may call "+c.Operation+".")
	}
	return a, err
}

// sold is [service.agreement] for what only the seller may do.
func (s *service) sold(c *wire.Call, id *string) (world.Agreement, error) {
	a, err := s.agreement(c, id)
	if err == nil && c.Account != a.SellerAccount {
		return world.Agreement{}, denied(c, "Only the proposer of the agreement may call "+c.Operation+".")
	}
	return a, err
}

// failure is an error of this API: each has the request's id beside its message.
func failure(c *wire.Call, code, message string, members map[string]any) error {
	members["requestId"] = c.RequestID
	return &wire.Error{Code: code, Message: message, Members: members}
}

// invalid refuses the value of a field, for one of the model's reasons.
func invalid(c *wire.Call, reason, field, message string) error {
	if !slices.Contains(reasons, reason) {
		reason = "OTHER"
	}
	return failure(c, contract.Validation, message, map[string]any{"reason": reason, "fields": []map[string]string{{"name": field, "message": message}}})
}

func denied(c *wire.Call, message string) error {
	return failure(c, contract.AccessDenied, message, map[string]any{"reason": "INVALID_ACCESS"})
}
