package license

import (
	"time"

	"souk.dev/souk/internal/gateway/core"
)

// License is what the gateway knows of one licence, or of one customer's subscription to one product in the
// generation before license ARNs.
type License struct {
	ID                 core.LicenseID
	ProductCode        core.ProductCode
	ARN                core.LicenseARN         // empty in the legacy generation
	Customer           core.AWSAccountID       // the buyer; may be unknown ("") in the legacy generation
	CustomerIdentifier core.CustomerIdentifier // empty for products made since June 2026
	Agreements         []core.AgreementID      // oldest first; a renewal adds one
	Offer              core.OfferID
	OfferAt            time.Time // when AWS named Offer; zero if never
	Legacy             bool      // AWS knows it by CustomerIdentifier, even if an ARN was told besides
	// LicenseFrom is the hour from which on AWS is told the ARN of a licence whose product migrates; zero for the others.
	// It comes from the settings and is not stored.
	LicenseFrom time.Time
	Account     core.AccountID // who registered; empty until someone has
	// SettingUp is true while the seller's people make the account ready: until they are done, nobody is told that it is. Access and
	// usage are AWS's word alone.
	SettingUp bool
	CreatedAt time.Time
	Standing  Standing
}

// Identity is how AWS wants this licence named in usage records. The two generations must never be mixed for one
// customer: AWS would bill both (docs/aws/metering.md, "Two identities").
type Identity string

// The identity modes.
const (
	ByLicense  Identity = "license"  // CustomerAWSAccountId + LicenseArn, no ProductCode in the request
	ByCustomer Identity = "customer" // CustomerIdentifier, ProductCode in the request
)

// Identity is the licence's mode. AWS may name an ARN for a customer of the legacy generation too, so that an ARN does
// not tell the generation; a customer identifier does, because integrations made since June 2026 are given none. A seller
// who has moved an older product to license ARNs says so in its configuration.
func (l License) Identity() Identity {
	if l.ARN != "" && !l.Legacy {
		return ByLicense
	}
	return ByCustomer
}

// IdentityAt is the licence's mode in the hour that begins at start: a record of an hour before a migration keeps the name
// that AWS knew the customer by.
func (l License) IdentityAt(start time.Time) Identity {
	if !l.LicenseFrom.IsZero() && start.Before(l.LicenseFrom) {
		return ByCustomer
	}
	return l.Identity()
}

// Finder finds licences by their names.
type Finder interface {
	ByID(id core.LicenseID) (License, bool)
	ByARN(arn core.LicenseARN) (License, bool)
}

// Directory finds licences. All lookups are answered from memory: they stand on the path of every usage event. The
// Standing in an answer is true at the directory's present instant.
type Directory interface {
	Finder
	// ByBuyer lists a buyer's licences for a product. buyer is an AWS account id, a customer identifier, or an
	// account of the gateway.
	ByBuyer(buyer string, product core.ProductCode) []License
	// All calls yield with every licence until it returns false.
	All(yield func(License) bool)
	// OnChange registers f to be called, after the change is durable, with every licence whose standing or
	// identity changed. f must be quick and must not call back. Register before the gateway runs.
	OnChange(f func(License))
}
