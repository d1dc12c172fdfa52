package credential

import (
	"context"
	"time"

	"souk.dev/souk/internal/fail"
)

// Brakes on mails that anybody can have sent: nobody's mailbox is filled by strangers, and nobody tries many addresses from one
// place.
var (
	mailsFrom = limit{free: 20, first: time.Minute, most: time.Hour, forget: time.Hour}
	mailsTo   = limit{free: 3, first: 15 * time.Minute, most: 12 * time.Hour, forget: 24 * time.Hour}
)

// AskMail counts a mail that somebody at address asks for, to the owner of the account that key names, if there is one. enough
// is true where that one had too many already: then none is sent. Whoever asks without a sign-in must not see the difference.
//
// Errors: fail.TooMuch after too many from address.
func (b Brakes) AskMail(ctx context.Context, key, address string) (enough bool, err error) {
	now := b.Clock.Now()
	err = b.Store.CountAttempts(ctx, []string{HashOf(b.Kind + "mails from " + address), HashOf(b.Kind + "mails to " + key)}, func(old []Attempts) ([]Attempts, error) {
		if from := old[0]; now.Before(from.BlockedUntil) {
			return nil, fail.New(fail.TooMuch, "too_many_mails", "There were too many mails already. Look for them among your unwanted mails, or try again in %s.", inWords(from.BlockedUntil.Sub(now)))
		}
		next := []Attempts{mailsFrom.next(old[0], now), old[1]}
		if enough = now.Before(old[1].BlockedUntil); !enough {
			next[1] = mailsTo.next(old[1], now)
		}
		return next, nil
	})
	return enough, err
}

// Release forgets what is held against key and against the pair of it and address, for a person who has proven to be its owner
// in another way than by a password.
func (b Brakes) Release(ctx context.Context, key, address string) error {
	return b.Store.CountAttempts(ctx, b.subjects(key, address)[:2], func(old []Attempts) ([]Attempts, error) { return make([]Attempts, len(old)), nil })
}
