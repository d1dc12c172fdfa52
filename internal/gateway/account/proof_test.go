package account_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
)

// asked lists what is to be told, by kind, and about whom.
func asked(t *testing.T, db *store.DB) (kinds map[outbox.Kind]int, about map[outbox.Kind]int) {
	t.Helper()
	events, err := db.Outbox().Unspread(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	kinds, about = map[outbox.Kind]int{}, map[outbox.Kind]int{}
	for _, e := range events {
		kinds[e.Kind]++
		if e.Account != "" || strings.Contains(string(e.Data), `"per_`) {
			about[e.Kind]++
		}
	}
	return kinds, about
}

// house is a clock and a database, of a service with an account.
type house struct {
	*clock.Virtual
	db   *store.DB
	kept store.Accounts
}

func proven(t *testing.T) (*account.Service, *house, account.Who) {
	t.Helper()
	db := storetest.Open(t)
	h := &house{clock.NewVirtual(noon), db, db.Accounts()}
	s := account.New(h.kept, h.Virtual, slog.New(slog.DiscardHandler))
	a, err := s.SignUp(t.Context(), ada, "home")
	if err != nil {
		t.Fatal(err)
	}
	return s, h, a
}

func issue(t *testing.T, s *account.Service, a account.Who, p account.Purpose) string {
	t.Helper()
	secret, err := s.IssueProof(t.Context(), a.ID, p)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestAnAddressIsVerifiedOnce(t *testing.T) {
	s, w, a := proven(t)
	first, second := issue(t, s, a, account.ToVerify), issue(t, s, a, account.ToVerify)
	if _, err := s.Verify(t.Context(), issue(t, s, a, account.ToReset)); !fail.Is(err, fail.NotFound) {
		t.Errorf("with what is for something else: %v", err)
	}
	w.Set(noon.Add(account.VerifyLife - time.Second))
	if got, err := s.Proves(t.Context(), account.ToVerify, second); err != nil || got.ID != a.ID {
		t.Errorf("asked for: %v, %v", got, err)
	}
	if got, err := s.Verify(t.Context(), second); err != nil || got.ID != a.ID || got.VerifiedAt.IsZero() {
		t.Errorf("verified: %+v, %v", got, err)
	}
	for name, secret := range map[string]string{"used": second, "another": first, "made up": "x", "none": ""} {
		if _, err := s.Verify(t.Context(), secret); !fail.Is(err, fail.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := s.Person(t.Context(), a.ID); err != nil || !got.VerifiedAt.Equal(w.Now()) {
		t.Errorf("kept: %+v, %v", got, err)
	}
	if err := s.AskVerify(t.Context(), a.Person, "home"); err != nil { // as it was when the page was made
		t.Error(err)
	}
}

func TestAProofGoesStale(t *testing.T) {
	s, w, a := proven(t)
	verify, reset := issue(t, s, a, account.ToVerify), issue(t, s, a, account.ToReset)
	w.Set(noon.Add(account.ResetLife))
	if err := s.ResetPassword(t.Context(), reset, "another long password", "home"); !fail.Is(err, fail.NotFound) {
		t.Errorf("after an hour: %v", err)
	}
	w.Set(noon.Add(account.VerifyLife))
	if _, err := s.Verify(t.Context(), verify); !fail.Is(err, fail.NotFound) {
		t.Errorf("after a week: %v", err)
	}
	if at, ok, err := w.kept.NextExpiry(t.Context()); err != nil || !ok || at.After(w.Now()) {
		t.Errorf("the next to be forgotten expires at %v, %v, %v", at, ok, err)
	}
	if n, err := w.kept.DeleteExpired(t.Context(), w.Now(), 100); err != nil || n != 2 {
		t.Errorf("forgot %d, %v", n, err)
	}
}

func TestAnotherPasswordSignsOutEverywhere(t *testing.T) {
	s, w, a := proven(t)
	session, err := s.StartSession(t.Context(), a.ID, "", "")
	if err != nil {
		t.Fatal(err)
	}
	handle, err := s.IssueHandle(t.Context(), a, "p")
	if err != nil {
		t.Fatal(err)
	}
	for range 6 {
		_, _ = s.SignIn(t.Context(), ada.Email, "a guess, and a guess", "home")
	}
	if _, err := s.SignIn(t.Context(), ada.Email, ada.Password, "home"); !fail.Is(err, fail.TooMuch) {
		t.Fatalf("guessing was not slowed down: %v", err)
	}
	verify, other, secret := issue(t, s, a, account.ToVerify), issue(t, s, a, account.ToReset), issue(t, s, a, account.ToReset)
	if err := s.ResetPassword(t.Context(), verify, "another long password", "home"); !fail.Is(err, fail.NotFound) {
		t.Errorf("with what is for something else: %v", err)
	}
	for bad, want := range map[string]bool{"short": true, ada.Email: true, "aaaaaaaaaaaaaa": true} {
		fields, ok := errors.AsType[account.FieldErrors](s.ResetPassword(t.Context(), secret, bad, "home"))
		if ok != want || fields[account.FieldPassword] == "" {
			t.Errorf("%q: %v", bad, fields)
		}
	}
	if err := s.ResetPassword(t.Context(), secret, "another long password", "home"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SignedIn(t.Context(), session); !fail.Is(err, fail.Denied) {
		t.Errorf("the session goes on: %v", err)
	}
	if _, _, err := s.RedeemHandle(t.Context(), handle); !fail.Is(err, fail.NotFound) {
		t.Errorf("the handle works: %v", err)
	}
	for name, p := range map[string]string{"used": secret, "another": other} {
		if err := s.ResetPassword(t.Context(), p, "a third long password", "home"); !fail.Is(err, fail.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.SignIn(t.Context(), ada.Email, ada.Password, "elsewhere"); !fail.Is(err, fail.Denied) {
		t.Errorf("with the old password: %v", err)
	}
	if got, err := s.SignIn(t.Context(), ada.Email, "another long password", "home"); err != nil || got.VerifiedAt.IsZero() {
		t.Errorf("with the new one, after wrong guesses: %+v, %v", got, err)
	}
	kinds, _ := asked(t, w.db)
	if kinds[outbox.PasswordChanged] != 1 || kinds[outbox.AccountVerified] != 1 {
		t.Errorf("told: %v", kinds)
	}
}

// Of many who bring the same proof at once, one chooses the password.
func TestOfManyWithOneProofOneSucceeds(t *testing.T) {
	s, _, a := proven(t)
	secret := issue(t, s, a, account.ToReset)
	var wg sync.WaitGroup
	var done atomic.Int64
	for i := range 8 {
		wg.Go(func() {
			err := s.ResetPassword(t.Context(), secret, fmt.Sprint("another long password ", i), "home")
			if err == nil {
				done.Add(1)
			} else if !fail.Is(err, fail.NotFound) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if done.Load() != 1 {
		t.Errorf("%d chose a password", done.Load())
	}
}

// writes counts what a store is asked to keep.
type writes struct {
	account.Store
	told []outbox.Event
}

func (w *writes) Tell(_ context.Context, e outbox.Event) error {
	w.told = append(w.told, e)
	return nil
}

// Whoever asks learns nothing: with an account and without one, the same is answered and the same is done.
func TestAskingTellsNothingOfAccounts(t *testing.T) {
	_, w, a := proven(t)
	kept := &writes{Store: w.kept}
	s := account.New(kept, w.Virtual, slog.New(slog.DiscardHandler))
	for i := range 6 {
		known, unknown := s.AskReset(t.Context(), " ADA@example.com", "there"), s.AskReset(t.Context(), "nobody@example.com", "there")
		if known != nil || unknown != nil {
			t.Errorf("asked %d: %v, %v", i, known, unknown)
		}
	}
	mails, mail := 0, `{"person":"`+string(a.ID)+`"}`
	for i, e := range kept.told {
		if e.Kind != outbox.ResetAsked || e.Account != "" {
			t.Errorf("event %d is %+v", i, e)
		}
		if string(e.Data) == mail {
			mails++
		}
	}
	if len(kept.told) != 12 || mails != 3 {
		t.Errorf("%d events, %d mails; want 12 and 3", len(kept.told), mails)
	}
	w.Set(noon.Add(16 * time.Minute))
	if err := s.AskReset(t.Context(), ada.Email, "there"); err != nil || string(kept.told[12].Data) != mail {
		t.Errorf("a while later: %v, %+v", err, kept.told[12])
	}
	if _, ok := errors.AsType[account.FieldErrors](s.AskReset(t.Context(), "ada@", "there")); !ok {
		t.Error("what is no address was taken")
	}
}

func TestOnePlaceCannotAskForEverybody(t *testing.T) {
	s, w, a := proven(t)
	var err error
	n := 0
	for ; err == nil && n < 100; n++ {
		err = s.AskReset(t.Context(), fmt.Sprintf("someone%d@example.com", n), "there")
	}
	if !fail.Is(err, fail.TooMuch) || n < 10 {
		t.Errorf("after %d: %v", n, err)
	}
	if err := s.AskReset(t.Context(), ada.Email, "home"); err != nil {
		t.Errorf("from elsewhere: %v", err)
	}
	for range 3 {
		err = s.AskVerify(t.Context(), a.Person, "home")
	}
	if !fail.Is(err, fail.TooMuch) {
		t.Errorf("asked again and again: %v", err)
	}
	if _, about := asked(t, w.db); about[outbox.ResetAsked]+about[outbox.VerifyAsked] != 3 {
		t.Errorf("%v mails to one recipient", about)
	}
}

func TestWhoWantsNoReminders(t *testing.T) {
	s, _, a := proven(t)
	for _, quiet := range []bool{true, false} {
		if err := s.Quiet(t.Context(), a.ID, quiet); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Person(t.Context(), a.ID); err != nil || got.QuietAt.IsZero() == quiet {
			t.Errorf("quiet %v: %+v, %v", quiet, got, err)
		}
	}
	if err := s.Quiet(t.Context(), "acc_none", true); !fail.Is(err, fail.NotFound) {
		t.Errorf("nobody: %v", err)
	}
}
