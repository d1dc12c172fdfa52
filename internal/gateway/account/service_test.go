package account_test

import (
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

var ada = account.SignUp{Email: "ada@example.com", Name: "Ada", Password: "correct horse battery"}

func service(t *testing.T) (*account.Service, *clock.Virtual, store.Accounts) {
	t.Helper()
	db := storetest.Open(t)
	clk := clock.NewVirtual(noon)
	return account.New(db.Accounts(), clk, slog.New(slog.NewTextHandler(io.Discard, nil))), clk, db.Accounts()
}

func TestPasswordIsHashedAnewWhenCostsChange(t *testing.T) {
	s, _, kept := service(t)
	a, err := s.SignUp(t.Context(), ada, "")
	if err != nil {
		t.Fatal(err)
	}
	_, now, _ := kept.Credentials(t.Context(), "ada@example.com")
	const old = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc" // of "password"
	if err := kept.ReplacePassword(t.Context(), a.ID, now, old); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SignIn(t.Context(), ada.Email, "password", ""); err != nil {
		t.Fatal(err)
	}
	_, hash, _ := kept.Credentials(t.Context(), "ada@example.com")
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the hash is still %s", hash)
	}
	if _, err := s.SignIn(t.Context(), ada.Email, "password", ""); err != nil {
		t.Errorf("the new hash does not open: %v", err)
	}
}

func TestStrangersCannotLockAnybodyOut(t *testing.T) {
	s, clk, _ := service(t)
	if _, err := s.SignUp(t.Context(), ada, "home"); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		_, _ = s.SignIn(t.Context(), ada.Email, "guess", "elsewhere") // denied, then slowed down
	}
	if _, err := s.SignIn(t.Context(), ada.Email, ada.Password, "elsewhere"); !fail.Is(err, fail.TooMuch) {
		t.Errorf("from where the guesses come: %v", err)
	}
	if _, err := s.SignIn(t.Context(), ada.Email, ada.Password, "home"); err != nil {
		t.Errorf("at home: %v", err)
	}
	clk.Set(noon.Add(time.Hour))
	if _, err := s.SignIn(t.Context(), ada.Email, ada.Password, "elsewhere"); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

func TestManyAddressesTogetherAreSlowedDown(t *testing.T) {
	s, _, _ := service(t)
	if _, err := s.SignUp(t.Context(), ada, "home"); err != nil {
		t.Fatal(err)
	}
	denied := 0
	for i := range 80 {
		if _, err := s.SignIn(t.Context(), ada.Email, "guess", string(rune('A'+i))); fail.Is(err, fail.Denied) {
			denied++
		}
	}
	if denied != 50 {
		t.Errorf("%d guesses from 80 addresses were looked at, want 50", denied)
	}
}

func TestOneAddressTryingManyAccountsIsSlowedDown(t *testing.T) {
	s, _, _ := service(t)
	if _, err := s.SignUp(t.Context(), ada, "office"); err != nil {
		t.Fatal(err)
	}
	for range 40 { // an office full of people who know their passwords
		if _, err := s.SignIn(t.Context(), ada.Email, ada.Password, "office"); err != nil {
			t.Fatalf("success counts as guessing: %v", err)
		}
	}
	denied := 0
	for i := range 60 {
		if _, err := s.SignIn(t.Context(), string(rune('a'+i))+"@example.com", "guess", "office"); fail.Is(err, fail.Denied) {
			denied++
		}
	}
	if denied != 30 {
		t.Errorf("%d accounts were tried from one address, want 30", denied)
	}
}

func TestSweepForgetsOnTheHour(t *testing.T) {
	s, clk, _ := service(t)
	a, err := s.SignUp(t.Context(), ada, "")
	if err != nil {
		t.Fatal(err)
	}
	job := s.Sweep()
	if _, due, _ := job.Due(t.Context()); due {
		t.Error("due with nothing to forget")
	}
	if _, err := s.IssueHandle(t.Context(), a, "ink"); err != nil {
		t.Fatal(err)
	}
	at, due, err := job.Due(t.Context())
	if err != nil || !due || !at.Equal(noon.Add(time.Hour)) {
		t.Errorf("due %v at %s, %v", due, at, err)
	}
	clk.Set(at)
	if did, err := job.Run(t.Context()); err != nil || !did {
		t.Errorf("did %v, %v", did, err)
	}
	if _, due, _ := job.Due(t.Context()); due {
		t.Error("still due")
	}
}

func TestSecretsAreStoredHashed(t *testing.T) {
	s, _, kept := service(t)
	a, err := s.SignUp(t.Context(), ada, "")
	if err != nil {
		t.Fatal(err)
	}
	session, _ := s.StartSession(t.Context(), a.ID, "", "")
	handle, _ := s.IssueHandle(t.Context(), a, "ink")
	if _, err := kept.Session(t.Context(), session); !fail.Is(err, fail.NotFound) {
		t.Errorf("the session's secret is in the store: %v", err)
	}
	if _, err := kept.TakeHandle(t.Context(), handle); !fail.Is(err, fail.NotFound) {
		t.Errorf("the handle is in the store: %v", err)
	}
	if who, err := s.SignedIn(t.Context(), session); err != nil || who.ID != a.ID {
		t.Errorf("%+v, %v", who, err)
	}
	if _, product, err := s.RedeemHandle(t.Context(), handle); err != nil || product != "ink" {
		t.Errorf("%s, %v", product, err)
	}
}
