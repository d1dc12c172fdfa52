package license

import (
	"context"
	"time"

	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
)

// Store keeps the book.
type Store interface {
	// LoadBook reads all that is known.
	LoadBook(ctx context.Context) (Pages, error)
	// CommitChange writes c, all or nothing; when it returns nil, c survives a power cut. Writing the same change
	// again changes nothing.
	CommitChange(ctx context.Context, c Change) error
}

// Pages is all that is known, as kept.
type Pages struct {
	Licenses   []License // with their standing as last kept; merged ones are not among them
	ARNs       []ARNOf
	Merged     []Merge
	Links      []Link
	Agreements []Agreement
	Facts      []FactOf
}

// Change is what one step writes.
type Change struct {
	Licenses   []License // made, or replaced
	ARNs       []ARNOf   // added, or given to another licence
	Links      []Link    // added
	Agreements []Agreement
	Facts      []FactOf // added; one that is there stays as it is
	Merges     []Merge
	Verdicts   []Verdict // written to the notices that they are about
	// Tell is what is to be told of all this, Found what somebody should look at.
	Tell  []outbox.Event
	Found []alert.Finding
}

// ARNOf says to which licence an ARN leads. A customer of the legacy generation who subscribes again is given a new
// ARN and stays the same customer.
type ARNOf struct {
	ARN     core.LicenseARN
	License core.LicenseID
}

// Link says that AWS named licence and agreement together.
type Link struct {
	Agreement core.AgreementID
	License   core.LicenseID
}

// Agreement is what is known of an agreement besides its licences.
type Agreement struct {
	ID      core.AgreementID
	Follows core.AgreementID
	FirstAt time.Time // the earliest instant at which anything is known of it
}

// FactOf is a fact and what it is about: a licence, or an agreement and so every licence that the agreement leads to.
type FactOf struct {
	License   core.LicenseID
	Agreement core.AgreementID
	Fact      Fact
}

// Merge says that two rows turned out to be one customer's: all that is From's becomes Into's, and From's id leads there.
type Merge struct{ From, Into core.LicenseID }
