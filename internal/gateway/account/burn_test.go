package account

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
)

// nobody is a store without accounts.
type nobody struct{ Store }

func (nobody) Credentials(context.Context, string) (Account, string, error) {
	return Account{}, "", fail.New(fail.NotFound, "", "nobody")
}

func (nobody) CountAttempts(context.Context, []string, func([]Attempts) ([]Attempts, error)) error {
	return nil
}

// The time of an answer must not tell whether there is an account: a sign-in to none costs a hash all the same, so it
// is sent away when no more hashes can be made.
func TestUnknownAddressCostsAHash(t *testing.T) {
	s := New(nobody{}, clock.NewVirtual(time.Unix(0, 0)), slog.New(slog.DiscardHandler))
	if _, err := s.SignIn(t.Context(), "a@example.com", "a password", ""); !fail.Is(err, fail.Denied) {
		t.Fatalf("got %v", err)
	}
	for range cap(s.hasher.queue) {
		s.hasher.queue <- struct{}{}
	}
	if _, err := s.SignIn(t.Context(), "a@example.com", "a password", ""); !fail.Is(err, fail.TooMuch) {
		t.Errorf("no hash was asked for: %v", err)
	}
}
