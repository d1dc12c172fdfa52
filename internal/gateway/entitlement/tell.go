package entitlement

import (
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
)

// Told is the data of the event that a licence's entitlements are others than before.
type Told struct {
	License      core.LicenseID `json:"license"`
	ChangedAt    time.Time      `json:"changedAt"`
	Entitlements []ToldEntry    `json:"entitlements"`
}

// ToldEntry is one entitlement in it.
type ToldEntry struct {
	Dimension core.Dimension `json:"dimension"`
	Value     Value          `json:"value"`
	ExpiresAt time.Time      `json:"expiresAt,omitzero"`
}

// tidings is what is to be told of a licence of which before was known, and k is from now on: nothing, where AWS lists as
// little as ever. The event is named by what changed into what, and not by when that was learnt: where an error left open
// whether k was kept, AWS is asked again, and what is learnt then is the same happening.
func tidings(before, k Knowledge, account core.AccountID) []outbox.Event {
	if len(before.Entitlements) == 0 && len(k.Entitlements) == 0 {
		return nil
	}
	t := Told{k.License, k.ChangedAt.UTC(), []ToldEntry{}}
	for _, e := range k.Entitlements {
		t.Entitlements = append(t.Entitlements, ToldEntry(e))
	}
	name := struct {
		After time.Time
		Is    []ToldEntry
	}{before.ChangedAt.UTC(), t.Entitlements}
	return []outbox.Event{outbox.NewEvent(outbox.EntitlementChanged, k.ChangedAt, outbox.Subject{License: k.License, Account: account}, t).Named(name)}
}
