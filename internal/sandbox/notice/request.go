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
		AcceptorID string `json:"acceptorId,omitempty"` // who the other side is: the buyer, to the seller
		ProposerID string `json:"proposerId,omitempty"` // and the seller, to the buyer
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
		Amount     string `json:"adjustmentAmount,omitempty"` // negative; not told to a product's seller whom a channel partner stands before
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
	amount := money(ad.Amount.Neg())
	if n.Manufacturer != "" {
		amount = ""
	}
	return adjustmentDetail{RequestID: n.ID, Catalog: catalog, Agreement: idRef{n.AgreementID},
		Request: adjustmentRef{ID: ad.ID, Amount: amount, Currency: ad.Currency, ReasonCode: ad.ReasonCode},
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
	about := requestedAgreement{ID: n.AgreementID, AcceptorID: n.BuyerAccount, ProductID: n.ProductID, OfferID: n.OfferID}
	if n.Acceptor != "" {
		about.AcceptorID, about.ProposerID = "", n.SellerAccount
	}
	return cancellationDetail{RequestID: n.ID, Catalog: catalog, Agreement: about,
		Request: cancellationRef{ID: r.ID, ReasonCode: r.ReasonCode, ReasonMessage: r.Description, StatusCode: string(r.Status),
			StatusMessage: r.StatusMessage, CreatedAt: second(r.CreatedAt), UpdatedAt: second(r.UpdatedAt)}}
}

// second writes t as the events about requests do: without a fraction.
func second(t time.Time) string { return t.UTC().Format(time.RFC3339) }
