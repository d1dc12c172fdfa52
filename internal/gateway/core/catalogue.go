package core

import (
	"slices"
	"time"
)

// Product is one listing of the seller.
type Product struct {
	Code   ProductCode
	ID     string // AWS's id of it, "prod-…", by which the Agreement API names it; empty: as its agreements show
	Title  string
	AppURL string // where its users sign in to use it; may be empty
	// SignUpURL is the seller's own sign-up page, where buyers are sent with a handle (delegated); empty: the gateway keeps the
	// accounts (hosted).
	SignUpURL string
	// FormFields are what buyers of this product are asked on the sign-up form, besides what buyers of all products are (hosted).
	FormFields []FormField
	// Brand is how the seller shows itself on pages and in mails about the product; what it leaves open is as for all.
	Brand Brand
	// ManualSetup is how the accounts of its customers are made ready by the seller's people; zero: they are as soon as they are
	// made (hosted).
	ManualSetup ManualSetup
	Pricing     Pricing // empty: not told, so that AWS's answers show
	// Dimensions are those that may be metered. Empty: AWS alone judges, unless the pricing is Contract.
	Dimensions []Measure
	// Entitled are the dimensions that are bought in advance; one may be metered too, for what goes beyond. Empty:
	// those that AWS lists.
	Entitled     []Measure
	Entitlements EntitlementRules
	// AllocateBy are the keys of tags by which AWS is told how a record's quantity falls apart, at most [MaxAllocateBy].
	AllocateBy []string
	// Legacy says by what AWS knows its customers: true, by customer identifier; false, by licence ARN; nil, by
	// whichever AWS gives (integrations made since June 2026 are given no customer identifier).
	Legacy *bool
	// LicenseFrom is the beginning of the hour from which on usage of a product that migrates is metered by licence ARN, where
	// that is known; zero: it does not migrate.
	LicenseFrom time.Time
}

// ManualSetup is how accounts are made ready by hand. AWS wants the buyer told what happens and when they are contacted (AWS
// Marketplace Seller Guide, "Integrating your SaaS product", the step on manual account creation).
type ManualSetup struct {
	Within  time.Duration // after the form was sent, the buyer has been contacted; zero: nothing is done by hand
	Message string        // what happens, in the seller's words; may be empty
}

// Manual reports whether the seller's people make the accounts of the product's customers ready.
func (p Product) Manual() bool { return p.ManualSetup.Within > 0 }

// Pricing is how a product is sold, which decides what AWS is asked and told. Source: AWS Marketplace Seller Guide,
// "SaaS product pricing models".
type Pricing string

// The pricing models.
const (
	Subscription            Pricing = "subscription" // pay as you go: usage is metered, nothing is entitled
	Contract                Pricing = "contract"     // bought in advance: entitlements, and never metered
	ContractWithConsumption Pricing = "contract_with_consumption"
	Free                    Pricing = "free"
)

// Pricings are all pricing models.
var Pricings = []Pricing{Subscription, Contract, ContractWithConsumption, Free}

// EntitlementRules say what counts while AWS cannot be asked. Zero durations: the default of package entitlement.
type EntitlementRules struct {
	// StaleAfter is the age at which an answer of AWS's is too old to be relied on.
	StaleAfter time.Duration
	// Grace is how long past its date an entitlement counts while AWS cannot be asked whether it was renewed.
	Grace time.Duration
	// FailOpen allows by what was last known, or by access alone, when that is too old or AWS never answered; otherwise
	// nothing entitled is allowed then.
	FailOpen bool
}

// Measure is one dimension.
type Measure struct {
	Key  Dimension
	Name string
	Unit string

	// Meter is how events become a quantity, and Per how much of what they count makes one unit that AWS bills, an exact
	// decimal above 0 such as "1000000000" for events in bytes and a dimension in GB; empty: 1. Of metered dimensions only.
	Meter Meter
	Per   string
	Round Rounding // at a licence's end
	// Allowance is for how long what was bought in advance of the dimension, if it can be, covers its usage.
	Allowance Allowed
	// Budget is how much of a metered dimension a licence is expected to use in a calendar month at most, in units that AWS
	// bills, an exact decimal above 0: its people are told when it is used up by half, by four fifths and whole. Empty: none.
	Budget string
}

// Catalogue is the seller's products as configured. An empty one learns: whatever product AWS itself names is ours,
// because AWS tells a seller of no other seller's.
type Catalogue []Product

// Learns reports whether products are taken from AWS's word.
func (c Catalogue) Learns() bool { return len(c) == 0 }

// Serves reports whether the product is the seller's to serve.
func (c Catalogue) Serves(code ProductCode) bool { return c.Learns() || c.index(code) >= 0 }

// Product is the product of that code; one that is not configured has only its code.
func (c Catalogue) Product(code ProductCode) Product {
	if i := c.index(code); i >= 0 {
		return c[i]
	}
	return Product{Code: code, Title: string(code)}
}

// Metered finds the dimension that usage of the product may be counted in; ok is false where it may not.
func (c Catalogue) Metered(code ProductCode, d Dimension) (m Measure, ok bool) {
	p := c.Product(code)
	if i := index(p.Dimensions, d); i >= 0 {
		return p.Dimensions[i], true
	}
	return Measure{Key: d}, len(p.Dimensions) == 0 && p.Pricing != Contract
}

// Delegated reports whether the seller keeps the accounts of the product's customers.
func (p Product) Delegated() bool { return p.SignUpURL != "" }

// Meters reports whether d is configured to be metered.
func (p Product) Meters(d Dimension) bool { return index(p.Dimensions, d) >= 0 }

// Entitles reports whether d is configured to be bought in advance.
func (p Product) Entitles(d Dimension) bool { return index(p.Entitled, d) >= 0 }

// Measure is what is configured of d; of another dimension, its key alone.
func (p Product) Measure(d Dimension) Measure {
	for _, ms := range [][]Measure{p.Dimensions, p.Entitled} {
		if i := index(ms, d); i >= 0 {
			return ms[i]
		}
	}
	return Measure{Key: d}
}

func index(ms []Measure, d Dimension) int {
	return slices.IndexFunc(ms, func(m Measure) bool { return m.Key == d })
}

func (c Catalogue) index(code ProductCode) int {
	return slices.IndexFunc(c, func(p Product) bool { return p.Code == code })
}
