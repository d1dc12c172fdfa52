package world

import (
	"time"

	"github.com/shopspring/decimal"
)

// Offer is a set of terms under which a product can be bought. Every product has one public offer, which says what its
// listing says and changes with it; others are private to some buyers, or let a product be tried for free.
type Offer struct {
	OfferID string `json:"offerId"`
	// ProposalID is what an agreement is asked for with; it is another one after every change of the terms. Not to be
	// given in a file. Source: Agreement API, agreementProposalIdentifier.
	ProposalID string `json:"agreementProposalId,omitempty"`
	ProductID  string `json:"productId"`
	// SellerAccount is the proposer: the product's seller, who is meant where it is left out, or a channel partner.
	SellerAccount string `json:"sellerAccountId,omitempty"`
	// ManufacturerAccount is the product's seller, whoever proposes. Not to be given in a file.
	ManufacturerAccount string `json:"manufacturerAccountId,omitempty"`
	// ResaleAuthorization is what lets a channel partner resell the product; drawn where it is left out.
	ResaleAuthorization string `json:"resaleAuthorizationId,omitempty"`
	Name                string `json:"name,omitempty"`
	// Public says that every buyer may see and accept it: the listing's own offer, or a free trial.
	Public bool `json:"public,omitempty"`
	// Buyers are the accounts that may see and accept a private offer: 1 to 25.
	Buyers []string `json:"buyerAccountIds,omitempty"`
	// ExpiresAt is until when it can be accepted; without it, it can be for ever.
	ExpiresAt time.Time `json:"expiresAt,omitzero"`
	// Withdrawn says that it cannot be accepted any more; agreements that were made from it go on.
	Withdrawn bool `json:"withdrawn,omitempty"`
	// Replaces is the running agreement that accepting the offer replaces (an agreement-based offer).
	Replaces string     `json:"replacementAgreementId,omitempty"`
	Terms    OfferTerms `json:"terms"`
}

// OfferTerms are an offer's terms, each there or not. An agreement keeps those that it was made from: they are shared
// between agreements and must not be changed. Source: Agreement API, AcceptedTerm.
type OfferTerms struct {
	Usage     *UsageTerm           `json:"usage,omitempty"`
	Recurring *RecurringTerm       `json:"recurringPayment,omitempty"`
	Upfront   *UpfrontTerm         `json:"upfront,omitempty"`
	Fixed     *FixedTerm           `json:"fixed,omitempty"`
	Schedule  []Instalment         `json:"paymentSchedule,omitempty"`
	Variable  *VariablePaymentTerm `json:"variablePayment,omitempty"`
	Trial     *TrialTerm           `json:"freeTrial,omitempty"`
	Validity  *ValidityTerm        `json:"validity,omitempty"`
	Renewal   *RenewalTerm         `json:"renewal,omitempty"`
	Legal     *LegalTerm           `json:"legal,omitempty"`
	Support   *SupportTerm         `json:"support,omitempty"`
}

// UsageTerm is what metered units cost: pay as you go, or beyond what a contract has paid for (UsageBasedPricingTerm).
type UsageTerm struct {
	// Rates are the prices in USD of one unit of each metered dimension.
	Rates map[string]decimal.Decimal `json:"rates"`
}

// Monthly is the billing period of a [RecurringTerm]: a calendar month, as AWS bills usage.
const Monthly = "Monthly"

// RecurringTerm is a flat price beside the prices of usage, charged at the end of each billing period
// (RecurringPaymentTerm).
type RecurringTerm struct {
	BillingPeriod string          `json:"billingPeriod,omitempty"` // [Monthly], which is meant where it is left out
	Price         decimal.Decimal `json:"price"`                   // USD, of a whole period
}

// UpfrontTerm is a contract of which the buyer picks duration and quantities (ConfigurableUpfrontPricingTerm).
type UpfrontTerm struct {
	Selection Selection  `json:"selection,omitempty"` // that of the product, where it is left out
	RateCards []RateCard `json:"rateCards"`
}

// RateCard is what a contract's units cost for one duration.
type RateCard struct {
	Duration string `json:"duration"` // such as P12M
	// Rates are the prices in USD of one unit of each entitled dimension, for the whole duration.
	Rates map[string]decimal.Decimal `json:"rates"`
}

// FixedTerm is a contract of which nothing is left to pick (FixedUpfrontPricingTerm).
type FixedTerm struct {
	Duration string `json:"duration,omitempty"` // such as P18M; not needed where the validity term has an end date
	// Price is what is charged at the start, in USD; with a payment schedule, the instalments are charged in its stead,
	// and it is their sum where it is left out.
	Price  decimal.Decimal `json:"price,omitzero"`
	Grants []Grant         `json:"grants"`
}

// Grant is what a fixed contract, or a trial, entitles to.
type Grant struct {
	Dimension   string `json:"dimension"`
	MaxQuantity *int64 `json:"maxQuantity,omitempty"` // without it, as much as one likes
}

// Instalment is a part of a contract's price, and when it is charged (PaymentScheduleTerm). The first may lie before
// the acceptance: it is charged at the acceptance.
type Instalment struct {
	ChargeDate time.Time `json:"chargeDate,omitzero"`
	// After is the time from the agreement's start, such as P3M, in place of a date: AWS's offers know dates only, but a
	// world file is to be good in any year. P0D is the start.
	After  string          `json:"after,omitempty"`
	Amount decimal.Decimal `json:"amount"` // USD
}

// VariablePaymentTerm lets the seller ask for payments that the buyer approves one by one.
type VariablePaymentTerm struct {
	MaxTotal decimal.Decimal `json:"maxTotalChargeAmount"` // USD, of all of them together
}

// TrialTerm is a time without charge (FreeTrialPricingTerm). A subscription goes on after it and is charged from then
// on; a contract's trial ends.
type TrialTerm struct {
	Duration string `json:"duration"` // 7 to 90 days, such as P30D
	// Grants are, for a contract, what can be tried, and how much of it; everything that is sold upfront where there is
	// none. A subscription's trial has no limits.
	Grants []Grant `json:"grants,omitempty"`
}

// ValidityTerm is when an agreement runs.
type ValidityTerm struct {
	// Duration is how long, such as P12M; of a contract, it follows from what the buyer picks or the fixed term says.
	Duration string `json:"duration,omitempty"`
	// StartDate is the day at whose 00:00:00.000 UTC it starts; without it, at the acceptance.
	StartDate time.Time `json:"startDate,omitzero"`
	// EndDate is the day at whose 23:59:59.999 UTC it ends.
	EndDate time.Time `json:"endDate,omitzero"`
}

// RenewalTerm lets an agreement renew itself at its end, if the buyer wants it to.
type RenewalTerm struct {
	// LockoutPeriod is how long before the end the decision is final, such as P30D; without it, at the end.
	LockoutPeriod string `json:"lockoutPeriod,omitempty"`
	// AdjustmentDeadline is how long before the end the seller must have chosen from a range of increases, such as P60D:
	// before the lockout.
	AdjustmentDeadline string `json:"adjustmentDeadline,omitempty"`
	// MaxRenewals is how often; without it, for ever.
	MaxRenewals   *int           `json:"maxRenewals,omitempty"`
	PriceIncrease *PriceIncrease `json:"priceIncrease,omitempty"`
	// Schedule is how the renewed price is paid, in parts; without it, as the first one was.
	Schedule []RenewalInstalment `json:"paymentSchedule,omitempty"`
}

// PriceIncrease is by how many per cent the price rises at each renewal: a fixed one, or one that the seller chooses
// from a range before the adjustment deadline.
type PriceIncrease struct {
	Fixed   *decimal.Decimal `json:"fixedPercentage,omitempty"`
	Min     *decimal.Decimal `json:"minPercentage,omitempty"`
	Max     *decimal.Decimal `json:"maxPercentage,omitempty"`
	Default *decimal.Decimal `json:"defaultPercentage,omitempty"` // where the seller has chosen none
}

// RenewalInstalment is a part of a renewal's price.
type RenewalInstalment struct {
	After      string          `json:"after"`      // time from the renewal's start, such as P3M
	Percentage decimal.Decimal `json:"percentage"` // of the price; all together are 100
}

// LegalTerm is what the buyer agrees to beside the prices.
type LegalTerm struct {
	Documents []Document `json:"documents"`
}

// DocumentType is what a legal document is. Source: Agreement API, DocumentItem.
type DocumentType string

// The types.
const (
	StandardEula   DocumentType = "StandardEula"
	CustomEula     DocumentType = "CustomEula"
	EnterpriseEula DocumentType = "EnterpriseEula"
	StandardDsa    DocumentType = "StandardDsa"
	CustomDsa      DocumentType = "CustomDsa"
)

// Document is one legal document.
type Document struct {
	Type    DocumentType `json:"type"`
	URL     string       `json:"url"`
	Version string       `json:"version,omitempty"`
}

// SupportTerm is what the seller promises when something goes wrong.
type SupportTerm struct {
	RefundPolicy string `json:"refundPolicy"`
}
