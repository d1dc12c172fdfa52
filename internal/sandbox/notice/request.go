package notice

import (
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/world"
)

type (
	requestedAgreement struct {
		ID         string `json:"id"`
		AcceptorID string `json:"acceptorId"`
		ProductID  string `json:"productId"`
		OfferID    string `json:"offerId"`
	}
	cancellationRef struct {
		ID            string `json:"id"`
		ReasonCode    string `json:"reasonCode"`
		ReasonMessage string `json:"reasonMessage"`
		StatusCode    string `json:"statusCode"`
		StatusMessage string `json:"statusMessage"`
		CreatedAt     string `json:"createdAt"` // whole seconds
		UpdatedAt     string `json:"updatedAt"`
	}
)

type (
	adjustmentRef struct {
		ID         string `json:"id"`
		Amount     string `json:"adjustmentAmount"` // negative
		Currency   string `json:"currencyCode"`
		ReasonCode string `json:"adjustmentReasonCode"`
	}
	invoiceRef struct {
		OriginalID string `json:"originalInvoiceId"`
	}
)

// adjustmentDetail is the detail of the events about a billing adjustment.
type adjustmentDetail struct {
	RequestID string        `json:"requestId"`
	Catalog   string        `json:"catalog"`
	Agreement idRef         `json:"agreement"`
	Request   adjustmentRef `json:"billingAdjustmentRequest"`
	Invoice   invoiceRef    `json:"invoice"`
}

// adjustmentTypes are the detail types of the events about a billing adjustment, by its status.
var adjustmentTypes = map[world.AdjustmentStatus]string{
	world.AdjustmentCompleted: contract.AdjustmentCompleted,
	world.AdjustmentFailed:    contract.AdjustmentFailed,
}

func adjustmentOf(n world.BillingAdjusted) adjustmentDetail {
	ad := n.Adjustment
	return adjustmentDetail{RequestID: n.ID, Catalog: catalog, Agreement: idRef{n.AgreementID},
		Request: adjustmentRef{ID: ad.ID, Amount: money(ad.Amount.Neg()), Currency: ad.Currency, ReasonCode: ad.ReasonCode},
		Invoice: invoiceRef{ad.InvoiceID}}
}

// money writes an amount with its cents at least.
func money(d decimal.Decimal) string {
	return d.StringFixed(max(2, -d.Exponent()))
}

// cancellationDetail is the detail of the events about a cancellation request.
type cancellationDetail struct {
	RequestID string             `json:"requestId"`
	Catalog   string             `json:"catalog"`
	Agreement requestedAgreement `json:"agreement"`
	Request   cancellationRef    `json:"agreementCancellationRequest"`
}

// cancellationTypes are the detail types of the events about a cancellation request, by its status.
var cancellationTypes = map[world.RequestStatus]string{
	world.PendingApproval:  contract.CancellationPending,
	world.Approved:         contract.CancellationApproved,
	world.Rejected:         contract.CancellationRejected,
	world.Withdrawn:        contract.CancellationWithdrawn,
	world.ValidationFailed: contract.CancellationFailed,
}

func cancellationOf(n world.CancellationRequested) cancellationDetail {
	r := n.Request
	return cancellationDetail{RequestID: n.ID, Catalog: catalog,
		Agreement: requestedAgreement{n.AgreementID, n.BuyerAccount, n.ProductID, n.OfferID},
		Request: cancellationRef{ID: r.ID, ReasonCode: r.ReasonCode, ReasonMessage: r.Description, StatusCode: string(r.Status),
			StatusMessage: r.StatusMessage, CreatedAt: second(r.CreatedAt), UpdatedAt: second(r.UpdatedAt)}}
}

// second writes t as the events about requests do: without a fraction.
func second(t time.Time) string { return t.UTC().Format(time.RFC3339) }
