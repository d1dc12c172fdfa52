package account

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/credential"
)

// nobody is a store without accounts.
type nobody struct{ Store }

func (nobody) Credentials(context.Context, string) (Person, string, error) {
	return Person{}, "", fail.New(fail.NotFound, "", "nobody")
}

func (nobody) CountAttempts(context.Context, []string, func([]credential.Attempts) ([]credential.Attempts, error)) error {
	return nil
}

// counter counts the passwords that were burnt.
type counter struct {
	hasher
	burnt int
}

func (c *counter) Burn(ctx context.Context, password string) error {
	c.burnt++
	return c.hasher.Burn(ctx, password)
}

// The time of an answer must not tell whether there is an account: a sign-in to none costs a hash all the same.
func TestUnknownAddressCostsAHash(t *testing.T) {
	s := New(nobody{}, clock.NewVirtual(time.Unix(0, 0)), slog.New(slog.DiscardHandler))
	hashes := &counter{hasher: s.hasher}
	s.hasher = hashes
	if _, err := s.SignIn(t.Context(), "a@example.com", "a password", ""); !fail.Is(err, fail.Denied) {
		t.Fatalf("got %v", err)
	}
	if hashes.burnt != 1 {
		t.Errorf("%d hashes were worked out, want 1", hashes.burnt)
	}
}
