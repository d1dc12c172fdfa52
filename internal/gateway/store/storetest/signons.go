package storetest

import (
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/signon"
)

// SignOns is what every engine must do for package signon.
func SignOns(t *testing.T, open func(t *testing.T) (signon.Store, account.Store)) {
	run := func(name string, f func(*testing.T, signon.Store, account.Store)) {
		t.Run(name, func(t *testing.T) {
			s, a := open(t)
			f(t, s, a)
		})
	}
	run("ComesBackAsItWas", signOnComesBack)
	run("AdvancesOnce", signOnAdvancesOnce)
	run("EndsWithItsSession", signOnEndsWithItsSession)
	run("ExpiredIsForgotten", signOnExpires)
}

// addSession keeps a session of id's.
func addSession(t *testing.T, s account.Store, id core.AccountID, hash string) {
	t.Helper()
	if err := s.CreateSession(t.Context(), credential.Session{Hash: hash, Owner: string(id), CreatedAt: noon, SeenAt: noon, Expires: noon.Add(time.Hour)}, ""); err != nil {
		t.Fatal(err)
	}
}

func addSignOn(t *testing.T, s signon.Store, id, session string, expires time.Time) signon.SignOn {
	t.Helper()
	n := signon.SignOn{ID: id, Application: "inkwell", Session: session, Scopes: []string{"openid", "email"}, Nonce: "n-1", Redirect: "https://app.example.com/back?x=1", Challenge: "c",
		MadeAt: noon, Secret: "hash of " + id, Expires: expires}
	if err := s.CreateSignOn(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	return n
}

func signOnComesBack(t *testing.T, s signon.Store, accounts account.Store) {
	a := addAccount(t, accounts, "acc_1", noon)
	addSession(t, accounts, a.ID, "ses_1")
	one, two := addSignOn(t, s, "sgn_1", "ses_1", noon.Add(time.Minute)), addSignOn(t, s, "sgn_2", "ses_1", noon.Add(time.Minute))
	if got, err := s.SignOn(t.Context(), "sgn_1"); err != nil || !reflect.DeepEqual(got, one) {
		t.Errorf("got %+v, %v; want %+v", got, err, one)
	}
	if got, err := s.SignOnsOf(t.Context(), "ses_1"); err != nil || !reflect.DeepEqual(got, []signon.SignOn{one, two}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := s.SignOn(t.Context(), "sgn_3"); !fail.Is(err, fail.NotFound) {
		t.Errorf("one that was never made: %v", err)
	}
	two.ID, two.Session = "sgn_4", "ses_2"
	if err := s.CreateSignOn(t.Context(), two); !fail.Is(err, fail.NotFound) {
		t.Errorf("of a session that is not there: %v", err)
	}
	for range 2 { // again is no error
		if err := s.EndSignOn(t.Context(), "sgn_1"); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.SignOn(t.Context(), "sgn_1"); !fail.Is(err, fail.NotFound) {
		t.Errorf("one that was ended: %v", err)
	}
}

func signOnAdvancesOnce(t *testing.T, s signon.Store, accounts account.Store) {
	a := addAccount(t, accounts, "acc_1", noon)
	addSession(t, accounts, a.ID, "ses_1")
	n := addSignOn(t, s, "sgn_1", "ses_1", noon.Add(time.Minute))
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			next := n
			next.Secret, next.Redeemed, next.Expires = fmt.Sprint("next ", i), true, noon.Add(time.Hour)
			err := s.Advance(t.Context(), next, n.Secret)
			if err == nil {
				won.Add(1)
			} else if !fail.Is(err, fail.Conflict) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := s.SignOn(t.Context(), "sgn_1")
	if err != nil || won.Load() != 1 || !got.Redeemed || got.Secret == n.Secret || !got.Expires.Equal(noon.Add(time.Hour)) {
		t.Errorf("%d advanced it, and it is %+v, %v", won.Load(), got, err)
	}
	if err := s.Advance(t.Context(), n, n.Secret); !fail.Is(err, fail.Conflict) {
		t.Errorf("from what it was before: %v", err)
	}
}

func signOnEndsWithItsSession(t *testing.T, s signon.Store, accounts account.Store) {
	ends := map[string]func(core.AccountID, string) error{
		"signed out": func(_ core.AccountID, hash string) error { return accounts.DeleteSession(t.Context(), hash) },
		"signed anew": func(id core.AccountID, hash string) error {
			return accounts.CreateSession(t.Context(), credential.Session{Hash: hash + "'", Owner: string(id), Expires: noon}, hash)
		},
		"erased": func(id core.AccountID, _ string) error {
			_, err := accounts.EraseAccount(t.Context(), id, noon)
			return err
		},
		"swept": func(core.AccountID, string) error {
			_, err := accounts.DeleteExpired(t.Context(), noon.Add(time.Hour), 100)
			return err
		},
		"new password": func(id core.AccountID, hash string) error {
			if err := accounts.CreateProof(t.Context(), account.Proof{Hash: "p" + hash, Person: core.PersonID(id), Purpose: account.ToReset, Expires: noon.Add(time.Hour)}); err != nil {
				return err
			}
			return accounts.ResetPassword(t.Context(), "p"+hash, core.PersonID(id), "new", noon)
		},
	}
	i := 0
	for name, end := range ends {
		i++
		id, session := core.AccountID(fmt.Sprint("acc_", i)), fmt.Sprint("ses_", i)
		addAccount(t, accounts, id, noon)
		addSession(t, accounts, id, session)
		n := addSignOn(t, s, fmt.Sprint("sgn_", i), session, noon.Add(24*time.Hour))
		if err := end(id, session); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := s.SignOn(t.Context(), n.ID); !fail.Is(err, fail.NotFound) {
			t.Errorf("%s: the sign-on is still there: %v", name, err)
		}
	}
}

func signOnExpires(t *testing.T, s signon.Store, accounts account.Store) {
	if _, ok, err := s.NextSignOnEnd(t.Context()); ok || err != nil {
		t.Errorf("of none: %t, %v", ok, err)
	}
	a := addAccount(t, accounts, "acc_1", noon)
	addSession(t, accounts, a.ID, "ses_1")
	for i := range 3 {
		addSignOn(t, s, fmt.Sprint("sgn_", i), "ses_1", noon.Add(time.Duration(i+1)*time.Minute))
	}
	if at, ok, err := s.NextSignOnEnd(t.Context()); !ok || err != nil || !at.Equal(noon.Add(time.Minute)) {
		t.Errorf("%s, %t, %v", at, ok, err)
	}
	if n, err := s.DeleteEndedSignOns(t.Context(), noon.Add(2*time.Minute), 1); n != 1 || err != nil {
		t.Errorf("of two, up to one: %d, %v", n, err)
	}
	if n, err := s.DeleteEndedSignOns(t.Context(), noon.Add(2*time.Minute), 10); n != 1 || err != nil {
		t.Errorf("the other: %d, %v", n, err)
	}
	if left, err := s.SignOnsOf(t.Context(), "ses_1"); err != nil || len(left) != 1 || left[0].ID != "sgn_2" {
		t.Errorf("%+v, %v", left, err)
	}
}
