package account

import (
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
)

// Snapshot is an account in what is told of it: nothing that names the person, so that what was told need not be
// forgotten with them. The API tells the rest to whoever may know.
type Snapshot struct {
	ID        core.AccountID `json:"id"`
	CreatedAt time.Time      `json:"createdAt"`
}

// Told is the data of every event about an account.
type Told struct {
	Account Snapshot `json:"account"`
}

func tidings(kind outbox.Kind, a Account) outbox.Event {
	return outbox.NewEvent(kind, a.CreatedAt, outbox.Subject{Account: a.ID}, Told{Snapshot{a.ID, a.CreatedAt.UTC()}})
}
