package account

import (
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
)

// Snapshot is an account in what is told of it: nothing that names the person, so that what was told need not be
// forgotten with them. The API tells the rest to whoever may know.
type Snapshot struct {
	ID         core.AccountID `json:"id"`
	CreatedAt  time.Time      `json:"createdAt"`
	VerifiedAt time.Time      `json:"emailVerifiedAt,omitzero"`
}

// Told is the data of every event about an account.
type Told struct {
	Account Snapshot `json:"account"`
}

func snapshotOf(a Account) Snapshot { return Snapshot{a.ID, a.CreatedAt.UTC(), a.VerifiedAt.UTC()} }

// tidings is what is to be told of an account that was made, or verified: each happens once.
func tidings(kind outbox.Kind, a Account) outbox.Event {
	at := a.CreatedAt
	if kind == outbox.AccountVerified {
		at = a.VerifiedAt
	}
	return outbox.NewEvent(kind, at, outbox.Subject{Account: a.ID}, Told{snapshotOf(a)}).Named("once")
}
