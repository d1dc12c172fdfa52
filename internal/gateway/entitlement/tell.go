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

func tidings(k Knowledge, account core.AccountID) outbox.Event {
	t := Told{k.License, k.ChangedAt.UTC(), []ToldEntry{}}
	for _, e := range k.Entitlements {
		t.Entitlements = append(t.Entitlements, ToldEntry(e))
	}
	return outbox.NewEvent(outbox.EntitlementChanged, k.ChangedAt, outbox.Subject{License: k.License, Account: account}, t)
}
