package cancellation

import (
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/proposal"
)

// ID names a request ("can_…"). Its client token at AWS is made of it.
type ID = proposal.ID

// State is where a request stands.
type State = proposal.State

// The states. The last five are final.
const (
	Proposed          = proposal.Proposed    // it waits for a person
	Sending           = proposal.Sending     // a person approved it; AWS may have it, or not yet
	Pending           = proposal.Pending     // the buyer has it, and decides
	Withdrawing       = proposal.Withdrawing // the seller takes it back; AWS may know, or not yet
	Agreed      State = "agreed"             // the buyer agreed, or was silent; AWS ends the agreement
	Completed   State = "completed"          // AWS has ended the agreement
	Denied            = proposal.Denied      // the buyer did not agree; the agreement goes on
	Withdrawn         = proposal.Withdrawn   // the seller took it back; the agreement goes on
	Rejected          = proposal.Rejected    // a person did not want it; AWS knows nothing of it
	Failed            = proposal.Failed      // AWS does not do it
)

// toldAs is how each state is told.
var toldAs = map[State]outbox.Kind{
	Proposed: outbox.CancellationProposed, Sending: outbox.CancellationSending, Pending: outbox.CancellationPending, Withdrawing: outbox.CancellationWithdrawing,
	Agreed: outbox.CancellationAgreed, Completed: outbox.CancellationCompleted, Denied: outbox.CancellationDenied, Withdrawn: outbox.CancellationWithdrawn,
	Rejected: outbox.CancellationRejected, Failed: outbox.CancellationFailed,
}

// States are all of them, in the order of a request's life.
var States = []State{Proposed, Sending, Pending, Withdrawing, Agreed, Completed, Denied, Withdrawn, Rejected, Failed}

// AtAWS are the states in which AWS may tell something new of a request.
var AtAWS = []State{Pending, Withdrawing, Agreed}

// Cancellation is one request. Its AWSID is like "acr-…"; it is settled when the buyer has decided, or the time. Why it is
// withdrawn is told to AWS and the buyer.
type Cancellation struct {
	proposal.Life
	proposal.Asked
	Agreement   core.AgreementID
	Reason      string // one of contract.CancellationReasons
	Description string // for AWS and the buyer; may be empty
}

// With implements [proposal.Proposal].
func (c Cancellation) With(l proposal.Life) Cancellation {
	c.Life = l
	return c
}

// WithSaid implements [proposal.Request].
func (c Cancellation) WithSaid(a proposal.Asked) Cancellation {
	c.Asked = a
	return c
}

// SilentUntil implements [proposal.Request].
func (c Cancellation) SilentUntil(made time.Time) time.Time {
	return made.Add(contract.CancellationSilence)
}

// Agreed implements [proposal.Request]: AWS ends the agreement, and that is followed.
func (c Cancellation) Agreed(_ proposal.Seen, silent bool, now time.Time) Cancellation {
	why := "The buyer agreed; AWS ends the agreement."
	if silent {
		why = "The buyer did not answer for seven days, which counts as a yes; AWS ends the agreement."
	}
	return c.become(Agreed, why, now, now.Add(proposal.FirstPoll))
}

// become is c in another state from now on, looked at again at due.
func (c Cancellation) become(s State, why string, now, due time.Time) Cancellation {
	return c.With(c.Become(s, why, now, due))
}

// Request is the input of SendAgreementCancellationRequest, in AWS's words.
type Request struct {
	AgreementID core.AgreementID `json:"agreementId"`
	ReasonCode  string           `json:"reasonCode"`
	Description string           `json:"description"`
	ClientToken string           `json:"clientToken"`
}

// Request is what AWS is asked. It is made of what never changes.
func (c Cancellation) Request() Request {
	return Request{AgreementID: c.Agreement, ReasonCode: c.Reason, Description: c.ID.Sign(c.Description), ClientToken: c.ID.ClientToken()}
}
