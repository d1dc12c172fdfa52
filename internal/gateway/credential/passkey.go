package credential

import (
	"context"
	"time"

	"souk.dev/souk/internal/gateway/outbox"
)

// Passkey is a key that its owner signs in with, as it is stored: how it is asked for and what an answer must be is the door's
// (package passkey).
type Passkey struct {
	ID         string // "pky_…"
	Owner      string // the id of the person
	Credential string // what the program that holds the key calls it, in base64url; one key's alone
	PublicKey  []byte // as COSE has it
	// SignCount is the newest count of its signatures; 0 where the program keeps none. One that is not greater is a copy's.
	SignCount int64
	Synced    bool // the program may have copies of it elsewhere
	Name      string
	AddedAt   time.Time
	UsedAt    time.Time // zero: not yet
}

// MaxPasskeys is how many an owner may have.
const MaxPasskeys = 20

// Answer is one that a passkey has given, proven.
type Answer struct {
	Passkey Passkey // as it was
	Count   int64   // of signatures, from now on
	// Challenge is a hash of what was asked, Expires until when that may be answered.
	Challenge string
	Expires   time.Time
}

// PasskeyStore keeps passkeys.
type PasskeyStore interface {
	// KeepPasskey keeps a passkey, and what is to be told of it. fail.Conflict where the credential is there.
	KeepPasskey(ctx context.Context, k Passkey, tell ...outbox.Event) error
	// PasskeysOf lists an owner's, the oldest first.
	PasskeysOf(ctx context.Context, owner string) ([]Passkey, error)
	// UsePasskey notes that a passkey has answered, at the instant at. It reports false where the same was answered before, or the
	// passkey is gone or was used meanwhile: of two callers one is told true.
	UsePasskey(ctx context.Context, a Answer, at time.Time) (bool, error)
	// ForgetPasskey forgets an owner's passkey, and keeps what is to be told of it. fail.NotFound.
	ForgetPasskey(ctx context.Context, owner, id string, tell ...outbox.Event) error
}
