package cancellation

import (
	"slices"
	"strings"
	"time"

	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/core"
)

// ID names a request ("can_…"). Its client token at AWS is made of it.
type ID string

// clientToken is the token of id's request: AWS takes letters, digits and hyphens.
func clientToken(id ID) string { return strings.ReplaceAll(string(id), "_", "-") }

// State is where a request stands. The last five are final.
type State string

// The states.
const (
	Proposed    State = "proposed"    // it waits for a person
	Sending     State = "sending"     // a person approved it; AWS may have it, or not yet
	Pending     State = "pending"     // the buyer has it, and decides
	Withdrawing State = "withdrawing" // the seller takes it back; AWS may know, or not yet
	Agreed      State = "agreed"      // the buyer agreed, or was silent; AWS ends the agreement
	Completed   State = "completed"   // AWS has ended the agreement
	Denied      State = "denied"      // the buyer did not agree; the agreement goes on
	Withdrawn   State = "withdrawn"   // the seller took it back; the agreement goes on
	Rejected    State = "rejected"    // a person did not want it; AWS knows nothing of it
	Failed      State = "failed"      // AWS does not do it
)

// States are all of them, in the order of a request's life.
var States = []State{Proposed, Sending, Pending, Withdrawing, Agreed, Completed, Denied, Withdrawn, Rejected, Failed}

// Known reports whether s is one of the states.
func (s State) Known() bool { return slices.Contains(States, s) }

// Final reports whether nothing becomes of a request any more.
func (s State) Final() bool {
	return slices.Contains([]State{Completed, Denied, Withdrawn, Rejected, Failed}, s)
}

// Cancellation is one request.
type Cancellation struct {
	ID          ID
	License     core.LicenseID
	Agreement   core.AgreementID
	Reason      string // one of contract.CancellationReasons
	Description string // for AWS and the buyer; may be empty

	AskedBy     approval.Actor
	CreatedAt   time.Time
	DecidedBy   approval.Actor // who approved or rejected
	DecidedAt   time.Time      // zero: nobody has
	AWSID       string         // AWS's name of it ("acr-…"); empty until AWS gave one
	RespondBy   time.Time      // when the buyer's silence becomes a yes, by AWS's clock; zero until AWS has it
	WithdrawnBy approval.Actor // who took it back, here
	WithdrawWhy string         // what AWS and the buyer are told of that
	SettledAt   time.Time      // when it was decided, by AWS's clock; zero: it is not

	State State
	Why   string
	Since time.Time // of State
	DueAt time.Time // when the job looks at it next; zero: when somebody has decided, or never
	Tries int       // failures in a row
	// Revision counts changes, so that two that change the same at once do not undo each other.
	Revision int64
}

// Request is the input of SendAgreementCancellationRequest, in AWS's words.
type Request struct {
	AgreementID core.AgreementID `json:"agreementId"`
	ReasonCode  string           `json:"reasonCode"`
	Description string           `json:"description"`
	ClientToken string           `json:"clientToken"`
}

// Request is what AWS is asked. It is made of what never changes. Its description ends with the request's id, so that it
// can be found again at AWS though the answer was lost.
func (c Cancellation) Request() Request {
	return Request{AgreementID: c.Agreement, ReasonCode: c.Reason, Description: strings.TrimSpace(c.Description + " " + string(c.ID)), ClientToken: clientToken(c.ID)}
}

// become is c in another state from now on, looked at again at due.
func (c Cancellation) become(s State, why string, now, due time.Time) Cancellation {
	if c.State != s {
		c.Since = now
	}
	c.State, c.Why, c.DueAt, c.Tries = s, why, due, 0
	return c
}

// again is c as it is, looked at again after a failure.
func (c Cancellation) again(why string, now time.Time) Cancellation {
	c.Tries++
	c.Why, c.DueAt = why, now.Add(min(firstRetry<<min(c.Tries-1, 16), lastRetry))
	return c
}

// After a failure: doubled each time, up to the last.
const (
	firstRetry = 2 * time.Second
	lastRetry  = 15 * time.Minute
)
