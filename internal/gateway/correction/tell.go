package correction

import (
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
)

// Snapshot is a correction in what is told of it; the API tells the rest.
type Snapshot struct {
	ID        ID             `json:"id"`
	Kind      Kind           `json:"kind"`
	State     State          `json:"state"`
	Why       string         `json:"why"`
	Since     time.Time      `json:"since"`
	License   core.LicenseID `json:"license"`
	Dimension core.Dimension `json:"dimension,omitempty"`
	Quantity  string         `json:"quantity,omitempty"`
	Amount    string         `json:"amount,omitempty"` // as it was asked for
	Month     string         `json:"month,omitempty"`  // that was billed
	// Given is what AWS is asked to give back, in Currency; empty while it is not worked out, and of usage that is added.
	Given    string `json:"adjustmentAmount,omitempty"`
	Currency string `json:"currencyCode,omitempty"`
}

// Told is the data of every event about a correction.
type Told struct {
	Correction Snapshot `json:"correction"`
}

// toldAs is how each state is told.
var toldAs = map[State]outbox.Kind{
	Proposed: outbox.CorrectionProposed, Approved: outbox.CorrectionApproved, Sending: outbox.CorrectionSending, Pending: outbox.CorrectionPending,
	Completed: outbox.CorrectionCompleted, Failed: outbox.CorrectionFailed, Rejected: outbox.CorrectionRejected,
}

// tidings is what is to be told of a correction that was before and is c from now on. A proposal is told when its request
// is worked out, so that there is something to decide on.
func tidings(before, c Correction, now time.Time) []outbox.Event {
	composed := c.State == Proposed && c.Request != nil && before.Request == nil
	if before.State == c.State && !composed || c.State == Proposed && !composed {
		return nil
	}
	s := Snapshot{ID: c.ID, Kind: c.Kind, State: c.State, Why: c.Why, Since: c.Since.UTC(), License: c.License, Dimension: c.Dimension, Quantity: c.Quantity, Amount: c.Amount}
	if !c.Month.IsZero() {
		s.Month = c.Month.Format("2006-01")
	}
	if c.Request != nil {
		s.Given, s.Currency = c.Request.Amount, c.Request.CurrencyCode
	}
	return []outbox.Event{outbox.NewEvent(toldAs[c.State], now, outbox.Subject{License: c.License}, Told{s})}
}
