package correction

import (
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/proposal"
)

// ID names a correction ("cor_…"). The client token of its request to AWS is made of it, and it is the id of its event.
type ID = proposal.ID

// Kind is what was wrong.
type Kind string

// The kinds.
const (
	OverBilled  Kind = "over_billed"
	UnderBilled Kind = "under_billed"
)

// State is where a correction stands.
type State = proposal.State

// The states. The last three are final. One of usage that was billed too little goes from Approved (whoever may report usage
// may report more of it) to Completed or Failed.
const (
	Proposed        = proposal.Proposed // the request is worked out; then it waits for a person
	Approved  State = "approved"        // a person wants it; it has not been sent
	Sending   State = "sending"         // AWS may have it, or not yet
	Pending   State = "pending"         // AWS has it, and decides
	Completed State = "completed"       // the money was given back; or the usage was added
	Failed          = proposal.Failed   // AWS, or the ledger, does not do it
	Rejected        = proposal.Rejected // a person did not want it
)

// States are all of them, in the order of a correction's life.
var States = []State{Proposed, Approved, Sending, Pending, Completed, Failed, Rejected}

// AtAWS are the states in which AWS may tell something new of a correction.
var AtAWS = []State{Pending}

// Correction is one correction. Its AWSID is like "ba-…"; it is settled when AWS has decided on the adjustment.
type Correction struct {
	proposal.Life
	Kind      Kind
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

	Besides []ID      // those that whoever asked or decided knew of, and that are for other mistakes: see Overlaps
	Request *Request  // what AWS is asked; nil while its invoice is looked for, and of UnderBilled
	Maximum string    // what could be given back of the invoice when Request was made
	SentAt  time.Time // when Request was first sent; zero: never
	Hour    core.Hour // in which what was added is billed; of UnderBilled that is completed
}

// With implements [proposal.Proposal].
func (c Correction) With(l proposal.Life) Correction {
	c.Life = l
	return c
}

// become is c in another state from now on, looked at again at due.
func (c Correction) become(s State, why string, now, due time.Time) Correction {
	return c.With(c.Become(s, why, now, due))
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
