package storetest

import (
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
)

// A person has a seat in each of their accounts, and a session is at one of them.
func seatsAndMembers(t *testing.T, s account.Store) {
	a := addAccount(t, s, "acc_1", noon)
	ada := newWho("acc_1", noon)
	if got, err := s.Seats(t.Context(), ada.ID, ""); err != nil || len(got) != 1 || got[0] != ada {
		t.Errorf("seats %+v, %v; want %+v", got, err, ada)
	}
	if got, err := s.Members(t.Context(), a.ID); err != nil || len(got) != 1 || got[0] != (account.Member{Person: ada.Person, Role: account.RoleOwner, Since: noon}) {
		t.Errorf("members %+v, %v", got, err)
	}
	if got, err := s.Person(t.Context(), ada.ID); err != nil || got != ada.Person {
		t.Errorf("person %+v, %v", got, err)
	}
	ses := credential.Session{Hash: "s", Owner: string(ada.ID), CreatedAt: noon, SeenAt: noon, Expires: noon.Add(time.Hour)}
	if err := s.CreateSession(t.Context(), ses, ""); err != nil {
		t.Fatal(err)
	}
	for _, at := range []core.AccountID{"acc_1", "acc_gone"} { // out of an account, a session is at the first again
		if err := s.TakeSeat(t.Context(), "s", at); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Seats(t.Context(), ada.ID, "s"); err != nil || len(got) != 1 || got[0].Account.ID != "acc_1" {
			t.Errorf("seats %+v, %v", got, err)
		}
	}
	if got, err := s.Session(t.Context(), "s"); err != nil || got != ses {
		t.Errorf("session %+v, %v", got, err)
	}
	if got, err := s.Seats(t.Context(), "per_none", ""); err != nil || len(got) != 0 {
		t.Errorf("nobody's seats: %+v, %v", got, err)
	}
	if _, err := s.Person(t.Context(), "per_none"); !fail.Is(err, fail.NotFound) {
		t.Errorf("nobody: %v", err)
	}
}
