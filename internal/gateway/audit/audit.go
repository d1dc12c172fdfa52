// Package audit keeps the log of who did what: what the seller's people changed, in the console, from a shell, and by their programs.
//
// It owns: the entries, the chain that ties each to the one before, and the check of it. It does not own: who may do what
// (the console), what a licence's usage adds up to (souk audit says that too), or where the entries lie (a [Store]).
//
// Always true: an entry is durable before what it tells of is done, so that nothing is done that the log does not know
// of; where it could not be done after all, another entry says so. Entries are added and never changed: each has the hash
// of the one before in its own, so that a change, a gap or a line put in shows from there on. Somebody who rewrites all
// that follows, or cuts off the end, is found out by the last hash, of which souk audit log gives the reader a copy to keep.
package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
)

// Action is what was done, as "thing.deed".
type Action string

// The actions.
const (
	SignedIn           Action = "session.start"
	SignedOut          Action = "session.end"
	SignedOutThere     Action = "session.revoke" // in another browser, or in all others
	OperatorAdded      Action = "operator.add"
	OperatorRemoved    Action = "operator.remove"
	RoleChanged        Action = "operator.role"
	PasswordChanged    Action = "operator.password"
	OperatorVouched    Action = "operator.vouch"  // a provider vouches for one who had a password
	OperatorUpdated    Action = "operator.update" // another name or address
	FactorAdded        Action = "factor.add"
	FactorRemoved      Action = "factor.remove"
	RecoveryUsed       Action = "factor.recover" // a recovery code was used in its stead
	KeyMade            Action = "key.create"
	KeyRevoked         Action = "key.revoke"
	NoticeReplayed     Action = "notice.replay"
	CorrectionAsked    Action = "correction.propose"
	CorrectionOkayed   Action = "correction.approve"
	CorrectionRefused  Action = "correction.reject"
	RegistrationReady  Action = "registration.ready"
	PersonErased       Action = "account.erase"
	UsageFinalized     Action = "license.finalize"
	ResyncAsked        Action = "resync.ask"
	WebhookAdded       Action = "webhook.add" // to a URL
	WebhookChanged     Action = "webhook.change"
	WebhookRemoved     Action = "webhook.remove"
	SecretRotated      Action = "webhook.rotate"
	DeliveriesReplayed Action = "webhook.replay"
	DeliveryReplayed   Action = "delivery.replay"
	ChatTested         Action = "chat.test"
	EndProposed        Action = "cancellation.propose"
	EndOkayed          Action = "cancellation.approve"
	EndRefused         Action = "cancellation.reject"
	EndWithdrawn       Action = "cancellation.withdraw"
	PaymentProposed    Action = "payment.propose"
	PaymentOkayed      Action = "payment.approve"
	PaymentRefused     Action = "payment.reject"
	PaymentWithdrawn   Action = "payment.withdraw"
	BooksRestored      Action = "books.restore"  // the books are again as they were at an earlier instant
	SecretsForgotten   Action = "secrets.forget" // those whose key is lost
	NotDone            Action = "not_done"       // what an earlier entry tells of was not done, and why
)

// Actor is who did something.
type Actor struct {
	ID   string // an operator's ("op_…"), an API key's ("key_…"), "shell" for who had the database at hand, or "provider" for the one at which operators sign in
	Name string // the operator's e-mail address at that time, the key's name, the name that the operating system gives, or the provider's URL
	From string // the address that a browser came from; may be empty
}

// Entry is one line of the log.
type Entry struct {
	Seq     int64 // from 1, without a gap
	At      time.Time
	By      Actor
	Action  Action
	Subject string // the id, or the name, of what it was done to
	Detail  string // may be empty
	Before  string // Hash of the entry before; empty of the first
	Hash    string // of all of the above, in hexadecimal
}

// hash is what e.Hash must be.
func (e Entry) hash() string {
	text, err := json.Marshal([]any{e.Seq, e.At.UnixMicro(), e.By.ID, e.By.Name, e.By.From, e.Action, e.Subject, e.Detail, e.Before})
	if err != nil {
		panic(err) // numbers and strings: cannot fail
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Store keeps entries.
type Store interface {
	// AppendEntry keeps what next makes of the newest entry, zero if there is none, in one atomic step. next may run
	// twice, and touches nothing outside.
	AppendEntry(ctx context.Context, next func(newest Entry) Entry) error
	// Entries lists up to limit entries, the newest first, from the one before seq on; 0 begins with the newest.
	Entries(ctx context.Context, before int64, limit int) ([]Entry, error)
	// EachEntry goes through all, the oldest first.
	EachEntry(ctx context.Context, yield func(Entry) error) error
}

// Log is where the seller's people are written down. Make it with [New].
type Log struct {
	store Store
	clk   clock.Clock
}

// New makes a log.
func New(store Store, clk clock.Clock) *Log { return &Log{store, clk} }

// maxText bounds each text of an entry, in bytes.
const maxText = 500

// Note writes an entry down.
func (l *Log) Note(ctx context.Context, by Actor, action Action, subject, detail string) error {
	now := l.clk.Now()
	err := l.store.AppendEntry(ctx, func(newest Entry) Entry {
		e := Entry{Seq: newest.Seq + 1, At: time.UnixMicro(now.UnixMicro()).UTC(), Action: action, Subject: cut(subject), Detail: cut(detail), Before: newest.Hash,
			By: Actor{cut(by.ID), cut(by.Name), cut(by.From)}}
		e.Hash = e.hash()
		return e
	})
	if err != nil {
		return fmt.Errorf("write %s of %s into the audit log: %w", action, subject, err)
	}
	return nil
}

// Do writes down that by does action to subject, and does it. What fails is followed by an entry that says so; its error
// is returned.
func (l *Log) Do(ctx context.Context, by Actor, action Action, subject, detail string, do func() error) error {
	if err := l.Note(ctx, by, action, subject, detail); err != nil {
		return err
	}
	err := do()
	if err == nil {
		return nil
	}
	why := fail.CodeOf(err)
	if why == "" {
		why = fail.KindOf(err).String()
	}
	// The reader's context may have ended, and be why it failed: the log shall say so all the same.
	if noted := l.Note(context.WithoutCancel(ctx), by, NotDone, subject, string(action)+": "+why); noted != nil {
		return fmt.Errorf("%w (and the audit log does not say so: %w)", err, noted)
	}
	return err
}

// Entries lists up to limit entries, the newest first, from the one before seq on; 0 begins with the newest.
func (l *Log) Entries(ctx context.Context, before int64, limit int) ([]Entry, error) {
	return l.store.Entries(ctx, before, limit)
}

// cut is at most maxText bytes of s, in whole characters.
func cut(s string) string {
	if len(s) <= maxText {
		return s
	}
	end := 0
	for i := range s {
		if i > maxText {
			break
		}
		end = i
	}
	return s[:end]
}
