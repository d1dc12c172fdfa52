package payment

import (
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
)

// Snapshot is a request in what is told of it; the API tells the rest.
type Snapshot struct {
	ID        ID               `json:"id"`
	State     State            `json:"state"`
	Why       string           `json:"why"`
	Since     time.Time        `json:"since"`
	License   core.LicenseID   `json:"license"`
	Agreement core.AgreementID `json:"agreementId"`
	Name      string           `json:"name"`
	Amount    string           `json:"chargeAmount"`
	Currency  string           `json:"currencyCode"`
	// RespondBy is when the buyer's silence becomes a yes; zero where it never does, and until AWS has the request.
	RespondBy time.Time `json:"respondBy,omitzero"`
	ChargeID  string    `json:"chargeId,omitempty"` // of one that is accepted
}

// Told is the data of every event about a payment request.
type Told struct {
	Payment Snapshot `json:"payment"`
}

// toldAs is how each state is told.
var toldAs = map[State]outbox.Kind{
	Proposed: outbox.PaymentProposed, Sending: outbox.PaymentSending, Validating: outbox.PaymentValidating, Pending: outbox.PaymentPending, Withdrawing: outbox.PaymentWithdrawing,
	Accepted: outbox.PaymentAccepted, Denied: outbox.PaymentDenied, Withdrawn: outbox.PaymentWithdrawn, Rejected: outbox.PaymentRejected, Failed: outbox.PaymentFailed,
}

// tidings is what is to be told of a request that was before and is p from now on.
func tidings(before, p Payment, now time.Time) []outbox.Event {
	if before.State == p.State {
		return nil
	}
	s := Snapshot{ID: p.ID, State: p.State, Why: p.Why, Since: p.Since.UTC(), License: p.License, Agreement: p.Agreement, Name: p.Name, Amount: p.Amount, Currency: p.Currency, ChargeID: p.ChargeID}
	if !p.RespondBy.IsZero() {
		s.RespondBy = p.RespondBy.UTC()
	}
	return []outbox.Event{outbox.NewEvent(toldAs[p.State], now, outbox.Subject{License: p.License}, Told{s})}
}
