package payment

import (
	"time"

	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/proposal"
)

// ID names a request ("pay_…"). Its client token at AWS is made of it.
type ID = proposal.ID

// State is where a request stands.
type State = proposal.State

// The states. The last five are final.
const (
	Proposed          = proposal.Proposed    // it waits for a person
	Sending           = proposal.Sending     // a person approved it; AWS may have it, or not yet
	Validating        = proposal.Validating  // AWS checks it
	Pending           = proposal.Pending     // the buyer has it, and decides
	Withdrawing       = proposal.Withdrawing // the seller takes it back; AWS may know, or not yet
	Accepted    State = "accepted"           // the buyer said yes, or nothing; AWS charges it
	Denied            = proposal.Denied      // the buyer does not pay it
	Withdrawn         = proposal.Withdrawn   // the seller took it back
	Rejected          = proposal.Rejected    // a person did not want it; AWS knows nothing of it
	Failed            = proposal.Failed      // AWS does not do it
)

// States are all of them, in the order of a request's life.
var States = []State{Proposed, Sending, Validating, Pending, Withdrawing, Accepted, Denied, Withdrawn, Rejected, Failed}

// AtAWS are the states in which AWS may tell something new of a request.
var AtAWS = []State{Validating, Pending, Withdrawing}

// Payment is one request. Its AWSID is like "pr-…"; it is settled when the buyer has decided, or the time. Nobody is told why
// it is withdrawn: AWS has no place for that.
type Payment struct {
	proposal.Life
	proposal.Asked
	Agreement   core.AgreementID
	Term        string // AWS's name of the agreement's variable payment term
	Name        string // what the buyer reads first, one line
	Amount      string // a decimal, as it was asked for
	Currency    string // of the term
	Description string // for AWS and the buyer; may be empty
	Maximum     string // a decimal: what the term has for all payments together
	Silence     string // after which the buyer's silence is a yes, such as P10D; empty: it never is
	ChargeID    string // AWS's name of the charge that an accepted one has become ("ch-…")
}

// With implements [proposal.Proposal].
func (p Payment) With(l proposal.Life) Payment {
	p.Life = l
	return p
}

// WithSaid implements [proposal.Request].
func (p Payment) WithSaid(a proposal.Asked) Payment {
	p.Asked = a
	return p
}

// SilentUntil implements [proposal.Request].
func (p Payment) SilentUntil(made time.Time) time.Time {
	until, ok := agreement.After(made, p.Silence)
	if !ok {
		return time.Time{}
	}
	return until
}

// Agreed implements [proposal.Request]: that is all; what AWS charges is not followed here.
func (p Payment) Agreed(s proposal.Seen, silent bool, now time.Time) Payment {
	why := "The buyer accepted it; AWS charges it."
	if silent {
		why = "The buyer did not answer in time, which counts as a yes; AWS charges it."
	}
	p.ChargeID = s.ChargeID
	return p.With(p.Become(Accepted, why, now, time.Time{}))
}

// Request is the input of SendAgreementPaymentRequest, in AWS's words.
type Request struct {
	AgreementID  core.AgreementID `json:"agreementId"`
	TermID       string           `json:"termId"`
	Name         string           `json:"name"`
	ChargeAmount string           `json:"chargeAmount"`
	Description  string           `json:"description"`
	ClientToken  string           `json:"clientToken"`
}

// Request is what AWS is asked. It is made of what never changes.
func (p Payment) Request() Request {
	return Request{AgreementID: p.Agreement, TermID: p.Term, Name: p.Name, ChargeAmount: p.Amount, Description: p.ID.Sign(p.Description), ClientToken: p.ID.ClientToken()}
}
