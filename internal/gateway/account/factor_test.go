package account_test

import (
	"testing"

	"github.com/pquerna/otp/totp"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/outbox"
)

// Whoever's second factor comes or goes is told, once for each; of what did not happen nobody is.
func TestAPersonIsToldOfTheirSecondFactor(t *testing.T) {
	s, h, a := proven(t)
	person := a.Person.ID
	wants := func(when string, added, removed int) {
		t.Helper()
		kinds, about := asked(t, h.db)
		if kinds[outbox.FactorAdded] != added || kinds[outbox.FactorRemoved] != removed || about[outbox.FactorAdded] != added || about[outbox.FactorRemoved] != removed {
			t.Errorf("%s: told %v, about %v", when, kinds, about)
		}
	}
	add := func(code string) error {
		secret := credential.NewFactorSecret()
		if code == "" {
			var err error
			if code, err = totp.GenerateCode(secret, (clock.System{}).Now()); err != nil {
				t.Fatal(err)
			}
		}
		_, err := s.AddFactor(t.Context(), person, secret, code)
		return err
	}
	if err := s.RemoveFactor(t.Context(), person); err != nil {
		t.Fatal(err)
	}
	if err := add("no code"); !fail.Is(err, fail.Invalid) {
		t.Errorf("a code that is none: %v", err)
	}
	wants("before", 0, 0)
	if err := add(""); err != nil {
		t.Fatal(err)
	}
	if err := add(""); !fail.Is(err, fail.Conflict) {
		t.Errorf("a second one: %v", err)
	}
	wants("added", 1, 0)
	for range 2 {
		if err := s.RemoveFactor(t.Context(), person); err != nil {
			t.Fatal(err)
		}
	}
	wants("removed", 1, 1)
	h.Set(h.Now().Add(1))
	if err := add(""); err != nil {
		t.Fatal(err)
	}
	wants("added again", 2, 1)
}
