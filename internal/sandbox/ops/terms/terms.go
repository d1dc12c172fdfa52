// Package terms writes the terms of offers and agreements as AWS's Discovery and Agreement APIs do.
//
// It owns: the shapes of terms on the wire, which are the same in both APIs but for what Discovery adds to a price (name,
// description and unit of its dimension) and the Agreement API to a term (what the buyer has configured). It does not own
// the terms themselves (package world), nor the operations that tell them.
//
// Source: AWS Marketplace API Reference, the union members of AcceptedTerm and OfferTerm.
package terms

import "souk.dev/souk/internal/sandbox/wire"

// Currency is what everything is priced in.
const Currency = "USD"

// Term is a union: exactly one member is set.
type Term struct {
	UsageBased   *UsageBased   `json:"usageBasedPricingTerm,omitempty"`
	Recurring    *Recurring    `json:"recurringPaymentTerm,omitempty"`
	Configurable *Configurable `json:"configurableUpfrontPricingTerm,omitempty"`
	Fixed        *Fixed        `json:"fixedUpfrontPricingTerm,omitempty"`
	Schedule     *Schedule     `json:"paymentScheduleTerm,omitempty"`
	Variable     *Variable     `json:"variablePaymentTerm,omitempty"`
	FreeTrial    *FreeTrial    `json:"freeTrialPricingTerm,omitempty"`
	Validity     *Validity     `json:"validityTerm,omitempty"`
	Renewal      *Renewal      `json:"renewalTerm,omitempty"`
	Legal        *Legal        `json:"legalTerm,omitempty"`
	Support      *Support      `json:"supportTerm,omitempty"`
}

// Head is what every term begins with.
type Head struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// UsageBased is the UsageBasedPricingTerm.
type UsageBased struct {
	Head
	CurrencyCode string      `json:"currencyCode"`
	RateCards    []UsageCard `json:"rateCards"`
}

// Recurring is the RecurringPaymentTerm.
type Recurring struct {
	Head
	CurrencyCode  string `json:"currencyCode"`
	BillingPeriod string `json:"billingPeriod"`
	Price         string `json:"price"`
}

// UsageCard has the prices of metered units.
type UsageCard struct {
	RateCard []Rate `json:"rateCard"`
}

// Rate is the price of one unit.
type Rate struct {
	Dimension
	Price string `json:"price"`
}

// Dimension names what is priced or granted. All but the key is Discovery's.
type Dimension struct {
	DimensionKey string `json:"dimensionKey"`
	DisplayName  string `json:"displayName,omitempty"`
	Description  string `json:"description,omitempty"`
	Unit         string `json:"unit,omitempty"`
}

// Configurable is the ConfigurableUpfrontPricingTerm. The configuration is an agreement's.
type Configurable struct {
	Head
	CurrencyCode  string        `json:"currencyCode"`
	RateCards     []UpfrontCard `json:"rateCards"`
	Configuration *Choice       `json:"configuration,omitempty"`
}

// UpfrontCard has the prices for one duration.
type UpfrontCard struct {
	Selector    Selector    `json:"selector"`
	Constraints Constraints `json:"constraints"`
	RateCard    []Rate      `json:"rateCard"`
}

// Selector says which duration a card is for.
type Selector struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// Constraints are each Allowed or Disallowed.
type Constraints struct {
	MultipleDimensionSelection string `json:"multipleDimensionSelection"`
	QuantityConfiguration      string `json:"quantityConfiguration"`
}

// Choice is what a buyer has picked from the rate cards.
type Choice struct {
	SelectorValue string            `json:"selectorValue"`
	Dimensions    []ChosenDimension `json:"dimensions"`
}

// ChosenDimension is a quantity that a buyer has picked.
type ChosenDimension struct {
	DimensionKey   string `json:"dimensionKey"`
	DimensionValue int64  `json:"dimensionValue"`
}

// Fixed is the FixedUpfrontPricingTerm.
type Fixed struct {
	Head
	CurrencyCode string  `json:"currencyCode"`
	Duration     string  `json:"duration,omitempty"`
	Price        string  `json:"price"`
	Grants       []Grant `json:"grants"`
}

// Grant is what a fixed contract or a trial entitles to; without a quantity, as much as one likes.
type Grant struct {
	Dimension
	MaxQuantity *int64 `json:"maxQuantity,omitempty"`
}

// Schedule is the PaymentScheduleTerm.
type Schedule struct {
	Head
	CurrencyCode string       `json:"currencyCode"`
	Schedule     []Instalment `json:"schedule"`
}

// Instalment is a part of the price.
type Instalment struct {
	ChargeDate   wire.Time `json:"chargeDate"`
	ChargeAmount string    `json:"chargeAmount"`
}

// Variable is the VariablePaymentTerm. The configuration is an agreement's.
type Variable struct {
	Head
	CurrencyCode         string    `json:"currencyCode"`
	MaxTotalChargeAmount string    `json:"maxTotalChargeAmount"`
	Configuration        *Approval `json:"configuration,omitempty"`
}

// Approval is how payment requests are approved.
type Approval struct {
	Strategy   string `json:"paymentRequestApprovalStrategy"`
	Expiration string `json:"expirationDuration,omitempty"`
}

// FreeTrial is the FreeTrialPricingTerm.
type FreeTrial struct {
	Head
	Duration string  `json:"duration"`
	Grants   []Grant `json:"grants"`
}

// Validity is the ValidityTerm.
type Validity struct {
	Head
	AgreementDuration  string    `json:"agreementDuration,omitempty"`
	AgreementStartDate wire.Time `json:"agreementStartDate,omitzero"`
	AgreementEndDate   wire.Time `json:"agreementEndDate,omitzero"`
}

// Renewal is the RenewalTerm; Discovery tells no more of it than that it is there.
type Renewal struct {
	Head
	Configuration *RenewalChoice `json:"configuration,omitempty"`
	*RenewalRules
}

// RenewalChoice is whether the buyer wants the agreement to renew itself.
type RenewalChoice struct {
	EnableAutoRenew bool `json:"enableAutoRenew"`
}

// RenewalRules are how an agreement renews itself.
type RenewalRules struct {
	LockoutPeriod      string         `json:"lockoutPeriod,omitempty"`
	AdjustmentDeadline string         `json:"adjustmentDeadline,omitempty"`
	MaxRenewals        *int           `json:"maxRenewals,omitempty"`
	PriceIncrease      *PriceIncrease `json:"priceIncrease,omitempty"`
	TermTemplates      []Template     `json:"termTemplates,omitempty"`
}

// PriceIncrease is a union.
type PriceIncrease struct {
	Fixed *Percentage `json:"fixedPercentage,omitempty"`
	Range *Range      `json:"percentageRange,omitempty"`
}

// Percentage is a fixed one.
type Percentage struct {
	Value string `json:"value"`
}

// Range is what the seller chooses a percentage from.
type Range struct {
	Min     string `json:"minValue"`
	Max     string `json:"maxValue"`
	Default string `json:"defaultValue"`
}

// Template is a union: a term of the renewed agreement.
type Template struct {
	Schedule *ScheduleTemplate `json:"paymentScheduleTermTemplate,omitempty"`
}

// ScheduleTemplate is how a renewed price is paid, in parts.
type ScheduleTemplate struct {
	Schedule []SchedulePart `json:"schedule"`
}

// SchedulePart is a part of a renewal's price.
type SchedulePart struct {
	ChargeDateOffset string `json:"chargeDateOffset"`
	ChargePercentage string `json:"chargePercentage"`
}

// Legal is the LegalTerm.
type Legal struct {
	Head
	Documents []Document `json:"documents"`
}

// Document is a legal document.
type Document struct {
	Type    string `json:"type"`
	URL     string `json:"url"`
	Version string `json:"version,omitempty"`
}

// Support is the SupportTerm.
type Support struct {
	Head
	RefundPolicy string `json:"refundPolicy"`
}
