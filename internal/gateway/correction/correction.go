package correction

import (
	"slices"
	"strings"
	"time"

	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/core"
)

// ID names a correction ("cor_…"). The client token of its request to AWS is made of it, and it is the id of its event.
type ID string

// clientToken is the token of id's request: AWS takes letters, digits and hyphens.
func clientToken(id ID) string { return strings.ReplaceAll(string(id), "_", "-") }

// Kind is what was wrong.
type Kind string

// The kinds.
const (
	OverBilled  Kind = "over_billed"
	UnderBilled Kind = "under_billed"
)

// State is where a correction stands. The last three are final.
type State string

// The states. One of usage that was billed too little goes from Approved (whoever may report usage may report more of
// it) to Completed or Failed.
const (
	Proposed  State = "proposed"  // the request is worked out; then it waits for a person
	Approved  State = "approved"  // a person wants it; it has not been sent
	Sending   State = "sending"   // AWS may have it, or not yet
	Pending   State = "pending"   // AWS has it, and decides
	Completed State = "completed" // the money was given back; or the usage was added
	Failed    State = "failed"    // AWS, or the ledger, does not do it
	Rejected  State = "rejected"  // a person did not want it
)

// Known reports whether s is one of the states.
func (s State) Known() bool {
	return slices.Contains([]State{Proposed, Approved, Sending, Pending, Completed, Failed, Rejected}, s)
}

// Correction is one correction.
type Correction struct {
	ID        ID
	Kind      Kind
	License   core.LicenseID
	Dimension core.Dimension // of OverBilled by amount it may be empty
	// Quantity is a decimal: of OverBilled, in units that AWS bills, and empty where Amount is given; of UnderBilled, in what
	// the dimension's events count.
	Quantity    string
	Amount      string            // a decimal in the invoice's currency, without tax; OverBilled only
	Month       time.Time         // the first instant of the month that was billed; OverBilled only
	InvoiceID   string            // the one to adjust, where its proposer knows; OverBilled only
	Record      string            // the metering record that billed too much, where its proposer knows; OverBilled by quantity only
	Reason      string            // of OverBilled, one of contract.AdjustmentReasons; of UnderBilled, the asker's own words
	Description string            // for AWS and the buyer's bill; OverBilled only
	Tags        map[string]string // of the event; UnderBilled only

	AskedBy   approval.Actor
	CreatedAt time.Time
	DecidedBy approval.Actor // who approved or rejected
	DecidedAt time.Time      // zero: nobody has
	Besides   []ID           // those that whoever asked or decided knew of, and that are for other mistakes: see Overlaps
	Request   *Request       // what AWS is asked; nil while its invoice is looked for, and of UnderBilled
	Maximum   string         // what could be given back of the invoice when Request was made
	SentAt    time.Time      // when Request was first sent; zero: never
	AWSID     string         // AWS's name of the adjustment ("ba-…"); empty until AWS gave one
	SettledAt time.Time      // when AWS decided on the adjustment, by AWS's clock; zero: it has not
	Hour      core.Hour      // in which what was added is billed; of UnderBilled that is completed

	State State
	Why   string
	Since time.Time // of State
	DueAt time.Time // when the job looks at it next; zero: when somebody has decided, or never
	Tries int       // failures in a row
	// Revision counts changes, so that two that change the same at once do not undo each other.
	Revision int64
}

// Request is one entry of BatchCreateBillingAdjustmentRequest, in AWS's words.
type Request struct {
	AgreementID  core.AgreementID `json:"agreementId"`
	InvoiceID    string           `json:"originalInvoiceId"`
	Amount       string           `json:"adjustmentAmount"`
	CurrencyCode string           `json:"currencyCode"`
	ReasonCode   string           `json:"adjustmentReasonCode"`
	Description  string           `json:"description,omitempty"`
	ClientToken  string           `json:"clientToken"`
}

// Source is the source of the events of corrections.
const Source = "souk.correction"

// become is c in another state from now on, looked at again at due.
func (c Correction) become(s State, why string, now, due time.Time) Correction {
	if c.State != s {
		c.Since = now
	}
	c.State, c.Why, c.DueAt, c.Tries = s, why, due, 0
	return c
}

// again is c as it is, looked at again after a failure.
func (c Correction) again(why string, now time.Time) Correction {
	c.Tries++
	c.Why, c.DueAt = why, now.Add(min(firstRetry<<min(c.Tries-1, 16), lastRetry))
	return c
}

// After a failure: doubled each time, up to the last.
const (
	firstRetry = 2 * time.Second
	lastRetry  = 15 * time.Minute
)
