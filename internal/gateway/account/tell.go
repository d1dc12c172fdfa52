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

// Asked is the data of what is told to one person alone, in a mail. The person is empty where nobody is to have one.
type Asked struct {
	Person core.PersonID `json:"person"`
}

// created is what is to be told of an account that was made.
func created(a Account) outbox.Event {
	return told(outbox.AccountCreated, a.CreatedAt, Snapshot{ID: a.ID, CreatedAt: a.CreatedAt.UTC()})
}

// verified is what is to be told when a person has shown at the instant at that their address is theirs: of each account of which
// they are the contact.
func verified(p Person, at time.Time, seats []Who) (tell []outbox.Event) {
	for _, w := range seats {
		if a := w.Account; a.Email == p.Email {
			tell = append(tell, told(outbox.AccountVerified, at, Snapshot{a.ID, a.CreatedAt.UTC(), at.UTC()}))
		}
	}
	return tell
}

// told is an event that happens once to an account.
func told(kind outbox.Kind, at time.Time, a Snapshot) outbox.Event {
	return outbox.NewEvent(kind, at, outbox.Subject{Account: a.ID}, Told{a}).Named("once")
}
