package world

import (
	"time"

	"github.com/shopspring/decimal"
)

// The JSON and YAML names below are those of the world file and of the control API: both speak of the same objects.

// Seller is an AWS account that publishes products.
type Seller struct {
	AccountID string `json:"accountId"`
	Name      string `json:"name"`
}

// AccessKey maps an AWS access key to the account that calls with it. The secret is needed with Auth strict only.
type AccessKey struct {
	ID        string `json:"id"`
	Secret    string `json:"secret,omitempty"`
	AccountID string `json:"accountId"`
}

// Buyer is an AWS account that buys.
type Buyer struct {
	AccountID string `json:"accountId"`
	Name      string `json:"name"`
	Email     string `json:"email"`
	// Suspended says that AWS has suspended the account: its usage answers CustomerNotSubscribed.
	Suspended bool `json:"suspended,omitempty"`
}

// Pricing is how a product is sold.
type Pricing string

// The ways to sell. Free cannot be sold here.
const (
	Subscription            Pricing = "subscription" // pay as you go
	Contract                Pricing = "contract"
	ContractWithConsumption Pricing = "contract_with_consumption"
	Free                    Pricing = "free"
)

// Identity is the generation of identifiers that a product's integration uses.
type Identity string

// The generations.
const (
	ByLicense Identity = "license" // account id and licence ARN; EventBridge events
	Legacy    Identity = "legacy"  // customer identifier and product code; SNS topics
	// Migrating is on its way from legacy to license: buyers have both names, the seller is told by both systems, and
	// usage is taken under either name. Usage that is sent under both is billed twice.
	// Source: https://docs.aws.amazon.com/marketplace/latest/APIReference/API_marketplace-metering_BatchMeterUsage.html
	Migrating Identity = "migrating"
)

// ByEvents reports whether sellers are told of the product by EventBridge events.
func (i Identity) ByEvents() bool { return i != Legacy }

// ByTopics reports whether sellers are told of the product by its SNS topics, where buyers are named by customer
// identifiers.
func (i Identity) ByTopics() bool { return i != ByLicense }

// DimensionKind says what a dimension counts.
type DimensionKind string

// The kinds.
const (
	Metered  DimensionKind = "metered"  // usage, sent with BatchMeterUsage
	Entitled DimensionKind = "entitled" // bought upfront
)

// UsagePrice is the key, in [Dimension.Prices], of the price in USD of one metered unit. Upfront prices stand under
// their duration, such as P12M.
const UsagePrice = "usage"

// Dimension is one thing that a product charges for.
type Dimension struct {
	Key         string                     `json:"key"` // the API name
	Name        string                     `json:"name"`
	Unit        string                     `json:"unit,omitempty"` // Units, Users, Hosts, Data, Requests, …
	Description string                     `json:"description,omitempty"`
	Kinds       []DimensionKind            `json:"kinds,omitempty"`
	Prices      map[string]decimal.Decimal `json:"prices,omitempty"` // USD; see [UsagePrice]
}

// Price is the USD price of one metered unit; zero when it has none.
func (d Dimension) Price() decimal.Decimal { return d.Prices[UsagePrice] }

// Is reports whether the dimension is of kind k.
func (d Dimension) Is(k DimensionKind) bool {
	for _, have := range d.Kinds {
		if have == k {
			return true
		}
	}
	return false
}

// Product is one listing.
type Product struct {
	ProductID      string      `json:"productId"`   // prod-…, of the catalogue
	ProductCode    string      `json:"productCode"` // of metering and entitlements; 25 lower-case letters and digits
	Title          string      `json:"title"`
	Summary        string      `json:"summary,omitempty"`     // a line
	Description    string      `json:"description,omitempty"` // paragraphs
	Pricing        Pricing     `json:"pricing"`
	Identity       Identity    `json:"identity"`
	SellerAccount  string      `json:"sellerAccountId"`
	FulfillmentURL string      `json:"fulfillmentUrl"` // where the buyer's browser posts the token
	SignInURL      string      `json:"signInUrl,omitempty"`
	Selection      Selection   `json:"selection,omitempty"` // contracts only
	Dimensions     []Dimension `json:"dimensions"`
}

// Dimension finds a dimension by its key.
func (p Product) Dimension(key string) (Dimension, bool) {
	for _, d := range p.Dimensions {
		if d.Key == key {
			return d, true
		}
	}
	return Dimension{}, false
}

// AgreementStatus is AWS's word for where an agreement is. Source: Agreement API, AgreementStatus.
type AgreementStatus string

// The statuses that are played.
const (
	Active     AgreementStatus = "ACTIVE"
	Cancelled  AgreementStatus = "CANCELLED"  // the buyer ended it
	Expired    AgreementStatus = "EXPIRED"    // it reached its end
	Terminated AgreementStatus = "TERMINATED" // AWS ended it, for instance because a payment failed
	Renewed    AgreementStatus = "RENEWED"    // another agreement goes on
	Replaced   AgreementStatus = "REPLACED"   // another agreement goes on
)

// Intent is why an agreement was made.
type Intent string

// The intents.
const (
	IntentNew     Intent = "NEW"
	IntentRenew   Intent = "RENEW"
	IntentReplace Intent = "REPLACE"
	IntentAmend   Intent = "AMEND"
)

// LicenseStatus is where a licence (AWS: an entitlement) is in its life. Source: Agreement API, entitlement status.
type LicenseStatus string

// The statuses.
const (
	// ScheduledLicense: the agreement starts later.
	ScheduledLicense LicenseStatus = "SCHEDULED"

	Provisioning  LicenseStatus = "PENDING"
	Provisioned   LicenseStatus = "PROVISIONED"
	Deprovisioned LicenseStatus = "DEPROVISIONED"
	FailedLicense LicenseStatus = "FAILED"
)

// License is one agreement's licence for one product.
type License struct {
	ARN    string        `json:"arn"`
	Status LicenseStatus `json:"status"`
	// ActiveFrom is the start of the activation period: the agreement's start.
	ActiveFrom time.Time `json:"activeFrom"`
	// ProvisionedAt is when the licence is (or will be) provisioned: from then on records are taken.
	ProvisionedAt time.Time `json:"provisionedAt"`
	// EndedAt is the end of the activation period; zero while there is none.
	EndedAt time.Time `json:"endedAt,omitzero"`
	// DeprovisionedAt is when the licence is (or will be) withdrawn; zero while nothing has ended it.
	DeprovisionedAt time.Time `json:"deprovisionedAt,omitzero"`
	// MeteringUntil is the end of the last hour for metering, exclusive; zero while nothing has ended it.
	MeteringUntil time.Time `json:"meteringUntil,omitzero"`
}

// Happening is one line of an agreement's history.
type Happening struct {
	At   time.Time `json:"at"`
	What string    `json:"what"` // such as "Purchase Agreement Created" or "cancelled"
	Why  string    `json:"why"`
}

// Terms is what was agreed on, beyond the offer. All are empty for pay as you go.
type Terms struct {
	Quantities map[string]int64 `json:"quantities,omitempty"` // of entitled dimensions
	Duration   string           `json:"duration,omitempty"`   // such as P12M
	AutoRenew  bool             `json:"autoRenew,omitempty"`  // at its end, the contract goes on for the same duration
	// Variable is how the buyer approves payment requests; only where the offer lets the seller make any.
	Variable *VariableChoice `json:"variablePayment,omitempty"`
}

// Agreement is an accepted offer.
type Agreement struct {
	AgreementID         string          `json:"agreementId"`
	InitialAgreementID  string          `json:"initialAgreementId"` // the first of a chain of renewals and replacements
	PreviousAgreementID string          `json:"previousAgreementId,omitempty"`
	Intent              Intent          `json:"intent"`
	Status              AgreementStatus `json:"status"`
	OfferID             string          `json:"offerId"`
	BuyerAccount        string          `json:"buyerAccountId"`  // the acceptor
	SellerAccount       string          `json:"sellerAccountId"` // the proposer
	// ManufacturerAccount is the product's seller; another than the proposer where a channel partner sells.
	ManufacturerAccount string `json:"manufacturerAccountId"`
	ResaleAuthorization string `json:"resaleAuthorizationId,omitempty"`
	ProductID           string `json:"productId"`
	ProductCode         string `json:"productCode"`
	// CustomerIdentifier names the buyer to the seller, whatever was bought; legacy products only.
	CustomerIdentifier string `json:"customerIdentifier,omitempty"`
	Terms              Terms  `json:"terms"`
	// Accepted are the offer's terms as they were accepted: shared between agreements, not to be changed.
	Accepted       *OfferTerms `json:"acceptedTerms"`
	AcceptanceTime time.Time   `json:"acceptanceTime"`
	StartTime      time.Time   `json:"startTime"`
	EndTime        time.Time   `json:"endTime,omitzero"` // zero: no end was agreed on (pay as you go)
	EndedAt        time.Time   `json:"endedAt,omitzero"` // when it came to its end, whatever the reason
	// TrialEndsAt is when a free trial is over, or was; zero for an agreement without one.
	TrialEndsAt time.Time `json:"trialEndsAt,omitzero"`
	// Successor is the offer under which its buyer goes on at its end; empty: it renews itself, or ends.
	Successor string `json:"successorOfferId,omitempty"`
	// Renewals counts how often it has gone on, along its chain.
	Renewals int `json:"renewals,omitempty"`
	// ProposerOptedOut says that the seller will not renew it, which is final; PriceIncrease is what the seller has chosen
	// from a range of increases, in per cent.
	ProposerOptedOut bool             `json:"proposerOptedOut,omitempty"`
	PriceIncrease    *decimal.Decimal `json:"priceIncrease,omitempty"`
	License          License          `json:"license"`
	// Entitlements are the quantities that the licence grants now; Rates the prices, in USD for one unit and the whole
	// duration, that were agreed on; Charges what was charged upfront. Contracts only.
	Entitlements map[string]int64           `json:"entitlements,omitempty"`
	Rates        map[string]decimal.Decimal `json:"rates,omitempty"`
	Charges      []UpfrontCharge            `json:"charges,omitempty"`
	// Scheduled is what will be charged, the earliest first, unless the agreement ends before.
	Scheduled []UpfrontCharge `json:"scheduledCharges,omitempty"`
	History   []Happening     `json:"history"`
}

// Token is a registration token, as the buyer's browser carries it.
type Token struct {
	Text           string    // opaque; has characters that a form must encode
	AgreementID    string    // what it was minted for
	FulfillmentURL string    // where it is posted to
	ExpiresAt      time.Time // exclusive
	// OfferType is what the browser posts beside the token; empty: nothing.
	OfferType string
}

// Resolved is what a registration token stands for.
type Resolved struct {
	ProductCode        string
	BuyerAccount       string
	LicenseARN         string // empty where the profile legacy-license-arn says so
	CustomerIdentifier string // legacy products only
}

// Tag is a key and a value that a part of usage is allocated to.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Allocation is a part of a record's quantity.
type Allocation struct {
	Quantity int64 `json:"quantity"`
	Tags     []Tag `json:"tags,omitempty"`
}

// Record is one usage record that AWS honoured.
type Record struct {
	MeteringRecordID   string       `json:"meteringRecordId"`
	Timestamp          time.Time    `json:"timestamp"` // as sent
	Hour               time.Time    `json:"hour"`      // the UTC hour it counts for
	BuyerAccount       string       `json:"customerAWSAccountId"`
	CustomerIdentifier string       `json:"customerIdentifier,omitempty"`
	LicenseARN         string       `json:"licenseArn,omitempty"` // where the record named one
	ProductCode        string       `json:"productCode"`
	Dimension          string       `json:"dimension"`
	Quantity           int64        `json:"quantity"`
	Allocations        []Allocation `json:"allocations,omitempty"`
	Region             string       `json:"region"`
	ReceivedAt         time.Time    `json:"receivedAt"`
}
