package agreement

import (
	"encoding/json"
	"time"

	"souk.dev/souk/internal/gateway/core"
)

// Content is what is read of a term, whichever it is: the members that AWS's terms have, each in some of them. What a term lacks
// is zero. Amounts are decimals as AWS writes them, in the term's currency. Source: Agreement API, AcceptedTerm and the terms in
// it.
type Content struct {
	ID                string            `json:"id"` // AWS's name of the term
	CurrencyCode      string            `json:"currencyCode"`
	Price             string            `json:"price"`         // FixedUpfrontPricingTerm, RecurringPaymentTerm
	BillingPeriod     string            `json:"billingPeriod"` // RecurringPaymentTerm: Monthly
	Duration          string            `json:"duration"`      // ISO 8601, such as P12M
	RateCards         []RateCard        `json:"rateCards"`
	Grants            []Grant           `json:"grants"`
	Schedule          []Payment         `json:"schedule"`
	Documents         []Document        `json:"documents"`
	RefundPolicy      string            `json:"refundPolicy"`
	AgreementDuration string            `json:"agreementDuration"` // ValidityTerm
	StartsAt          time.Time         `json:"agreementStartDate"`
	EndsAt            time.Time         `json:"agreementEndDate"`
	MaxTotal          string            `json:"maxTotalChargeAmount"` // VariablePaymentTerm
	Chosen            TermConfiguration `json:"configuration"`
}

// RateCard is what the units of dimensions cost. One of a term that is configured is chosen by the term's duration.
type RateCard struct {
	Selector struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	} `json:"selector"`
	Rates []Rate `json:"rateCard"`
}

// Rate is what a unit of a dimension costs.
type Rate struct {
	Dimension core.Dimension `json:"dimensionKey"`
	Price     string         `json:"price"`
}

// Grant is how much of a dimension a term gives; without a most, it is not bounded.
type Grant struct {
	Dimension core.Dimension `json:"dimensionKey"`
	Most      *int64         `json:"maxQuantity"`
}

// Payment is one of a schedule.
type Payment struct {
	At     time.Time `json:"chargeDate"`
	Amount string    `json:"chargeAmount"`
}

// Document is one of the legal ones.
type Document struct {
	Type    string `json:"type"`
	URL     string `json:"url"`
	Version string `json:"version"`
}

// TermConfiguration is what the buyer chose of what a term leaves open.
type TermConfiguration struct {
	AutoRenew  *bool  `json:"enableAutoRenew"`                // RenewalTerm
	Selector   string `json:"selectorValue"`                  // ConfigurableUpfrontPricingTerm: which rate card
	Approval   string `json:"paymentRequestApprovalStrategy"` // VariablePaymentTerm: AUTO_APPROVE_ON_EXPIRATION or WAIT_FOR_APPROVAL
	Expiration string `json:"expirationDuration"`             // ISO 8601, such as P10D; of the former
	Dimensions []struct {
		Dimension core.Dimension `json:"dimensionKey"`
		Units     int64          `json:"dimensionValue"`
	} `json:"dimensions"`
}

// Read reads a term's content; ok is false where it is of another form than the documented one.
func (t Term) Read() (c Content, ok bool) {
	if json.Unmarshal(t.Content, &c) != nil {
		return Content{}, false
	}
	return c, true
}

// UnitPrice is what AWS charges for a metered unit of d, by the terms, as a decimal of currency; ok is false where they do not say,
// or say more than one price, so that what usage costs cannot be told by them.
func (t Terms) UnitPrice(d core.Dimension) (price, currency string, ok bool) {
	for _, term := range t.Accepted {
		if term.Name != "usageBasedPricingTerm" {
			continue
		}
		c, read := term.Read()
		if !read {
			return "", "", false
		}
		for _, card := range c.RateCards {
			for _, r := range card.Rates {
				switch {
				case r.Dimension != d:
				case ok && (r.Price != price || c.CurrencyCode != currency):
					return "", "", false
				default:
					price, currency, ok = r.Price, c.CurrencyCode, true
				}
			}
		}
	}
	return price, currency, ok
}
