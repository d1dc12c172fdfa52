package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
)

// theirSessions plays what the sessions of both kinds of owner have in common.
func theirSessions(t *testing.T, s credential.SessionStore, owner, other string) {
	t.Helper()
	of := func(who string) (hashes []string) {
		t.Helper()
		list, err := s.SessionsOf(t.Context(), who)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range list {
			if n.Owner != who || n.Browser != "of "+n.Hash || !n.SeenAt.Equal(n.CreatedAt) {
				t.Errorf("kept %+v", n)
			}
			hashes = append(hashes, n.Hash)
		}
		return hashes
	}
	for i, hash := range []string{"one", "three", "two", "four"} {
		at, who := noon.Add(time.Duration(i/3)*time.Hour), owner // one, three and two at the same instant
		if hash == "four" {
			who = other
		}
		if err := s.CreateSession(t.Context(), credential.Session{Hash: hash, Owner: who, Browser: "of " + hash, CreatedAt: at, SeenAt: at, Expires: noon}, ""); err != nil {
			t.Fatal(err)
		}
	}
	if got := of(owner); !slices.Equal(got, []string{"one", "three", "two"}) {
		t.Errorf("sessions %v", got)
	}
	if err := s.DeleteOtherSessions(t.Context(), owner, "three"); err != nil {
		t.Fatal(err)
	}
	if got := of(owner); !slices.Equal(got, []string{"three"}) || len(of(other)) != 1 {
		t.Errorf("but three: %v, and %v", got, of(other))
	}
	if err := errors.Join(s.DeleteOtherSessions(t.Context(), owner, ""), s.DeleteOtherSessions(t.Context(), "nobody", "")); err != nil {
		t.Fatal(err)
	}
	if got := of(owner); len(got) != 0 || len(of(other)) != 1 {
		t.Errorf("all: %v, and %v", got, of(other))
	}
}

func sessionsOfAPerson(t *testing.T, s account.Store) {
	addAccount(t, s, "acc_1", noon)
	addAccount(t, s, "acc_2", noon)
	for _, id := range []core.AccountID{"acc_1", "acc_2"} {
		if err := s.CreateHandle(t.Context(), account.Handle{Hash: "of " + string(id), Account: id, Person: core.PersonID(id), Expires: noon.Add(time.Minute)}); err != nil {
			t.Fatal(err)
		}
	}
	theirSessions(t, s, "acc_1", "acc_2")
	if _, err := s.TakeHandle(t.Context(), "of acc_1"); !fail.Is(err, fail.NotFound) {
		t.Errorf("who is signed out everywhere else has a handle: %v", err)
	}
	if _, err := s.TakeHandle(t.Context(), "of acc_2"); err != nil {
		t.Errorf("another's handle: %v", err)
	}
}
