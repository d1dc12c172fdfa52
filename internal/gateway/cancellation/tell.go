package cancellation

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
	Reason    string           `json:"reason"`
	// RespondBy is when the buyer's silence becomes a yes; zero until AWS has the request.
	RespondBy time.Time `json:"respondBy,omitzero"`
}

// Told is the data of every event about a cancellation request.
type Told struct {
	Cancellation Snapshot `json:"cancellation"`
}

// tidings is what is to be told of a request that was before and is c from now on.
func tidings(before, c Cancellation, now time.Time) []outbox.Event {
	if before.State == c.State {
		return nil
	}
	s := Snapshot{ID: c.ID, State: c.State, Why: c.Why, Since: c.Since.UTC(), License: c.License, Agreement: c.Agreement, Reason: c.Reason}
	if !c.RespondBy.IsZero() {
		s.RespondBy = c.RespondBy.UTC()
	}
	return []outbox.Event{outbox.NewEvent(toldAs[c.State], now, outbox.Subject{License: c.License}, Told{s})}
}
