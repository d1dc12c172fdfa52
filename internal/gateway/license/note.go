package license

import (
	"time"

	"souk.dev/souk/internal/gateway/core"
)

// Note is what one notice from AWS says, in the book's words.
type Note struct {
	// ID names the happening, not its delivery: the same notice delivered again has the same ID.
	ID string
	// Kind is the fact told, or "" for a notice that tells only who is who.
	Kind   Kind
	At     time.Time // when it happened, by AWS's word
	Reason EndReason // why, of an end, where AWS says so
	About  Ref
}

// fact is what n tells.
func (n Note) fact() Fact { return Fact{n.ID, n.Kind, n.At, n.Reason} }

// Ref is whom a notice is about. Which members are filled depends on the notice: License Updated has nearly all,
// Purchase Agreement Ended only the agreement, a legacy notice only the customer identifier and the product.
type Ref struct {
	ProductCode        core.ProductCode
	ARN                core.LicenseARN
	Customer           core.AWSAccountID
	CustomerIdentifier core.CustomerIdentifier
	Agreement          core.AgreementID
	Follows            core.AgreementID // the agreement that Agreement renews or replaces
	Offer              core.OfferID
}

// ResyncPrefix begins the id of a note that no notice told, but the comparison with AWS.
const ResyncPrefix = "resync:"

// Buyer is whom ResolveCustomer named: what a registration token stands for.
type Buyer struct {
	ProductCode        core.ProductCode
	ARN                core.LicenseARN
	Customer           core.AWSAccountID
	CustomerIdentifier core.CustomerIdentifier
}

// Outcome is what became of a note.
type Outcome string

// The outcomes.
const (
	Applied   Outcome = "applied"         // it changed the licence's standing
	Confirmed Outcome = "confirmed"       // it fits what was known and changes nothing
	Recorded  Outcome = "recorded"        // it has no bearing on the standing
	Held      Outcome = "held"            // it names an agreement whose licence is not known yet, and waits for it
	Unused    Outcome = "no_meaning"      // it has no meaning in the state the licence was in
	Unserved  Outcome = "unknown_product" // its product is not configured here
	Unmatched Outcome = "unmatched"       // it names nobody that could be found
)

// Verdict is what became of a note and why (law 7).
type Verdict struct {
	Note    string
	License core.LicenseID // empty while none is known
	Outcome Outcome
	Why     string
}
