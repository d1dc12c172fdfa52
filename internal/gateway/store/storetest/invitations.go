package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/outbox"
)

func invited(id account.InvitationID, to string) account.Invitation {
	return account.Invitation{ID: id, Account: "acc_1", Email: to, Role: account.RoleMember, By: "acc_1", CreatedAt: noon, Expires: noon.Add(time.Hour)}
}

// An invitation is one for each address, is found by what travels, and is used once.
func invitationIsAcceptedOnce(t *testing.T, s account.Store) {
	addAccount(t, s, "acc_1", noon)
	addAccount(t, s, "acc_2", noon)
	n := 0
	tell := func(account.InvitationID) outbox.Event { n++; return told(n) }
	keep := func(id account.InvitationID, to string) (account.InvitationID, error) {
		return s.KeepInvitation(t.Context(), invited(id, to), to, 2, tell)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, again := range []account.InvitationID{"inv_1", "inv_x"} {
		if id, err := keep(again, "ben@example.com"); err != nil || id != "inv_1" {
			t.Fatalf("%s: %s, %v", again, id, err)
		}
	}
	_, err := keep("inv_2", "eve@example.com")
	must(err)
	if _, err := keep("inv_3", "one@example.com"); !fail.Is(err, fail.Conflict) {
		t.Errorf("one too many: %v", err)
	}
	if list, err := s.Invitations(t.Context(), "acc_1"); err != nil || len(list) != 2 || list[0] != invited("inv_1", "ben@example.com") {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := s.InvitationByHash(t.Context(), ""); !fail.Is(err, fail.NotFound) {
		t.Errorf("what was not sent is found: %v", err)
	}
	later := noon.Add(2 * time.Hour)
	must(errors.Join(s.SendInvitation(t.Context(), "inv_1", "old", noon), s.SendInvitation(t.Context(), "inv_1", "h", later)))
	must(s.RenewInvitation(t.Context(), "acc_1", "inv_1", later, told(100)))
	for name, err := range map[string]error{
		"another account's, renewed": s.RenewInvitation(t.Context(), "acc_2", "inv_1", later, told(101)), "another account's, revoked": s.RevokeInvitation(t.Context(), "acc_2", "inv_1"),
		"none, sent": s.SendInvitation(t.Context(), "inv_none", "x", later), "none, revoked": s.RevokeInvitation(t.Context(), "acc_1", "inv_none"),
	} {
		if !fail.Is(err, fail.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.InvitationByHash(t.Context(), "old"); !fail.Is(err, fail.NotFound) {
		t.Errorf("the link before: %v", err)
	}
	if got, err := s.InvitationByHash(t.Context(), "h"); err != nil || got.ID != "inv_1" || !got.Expires.Equal(later) {
		t.Errorf("%+v, %v", got, err)
	}

	// An address that has a person meanwhile changes nothing.
	ben := account.Member{Person: account.Person{ID: "per_ben", Email: "ben@example.com", Name: "Ben", CreatedAt: noon, VerifiedAt: noon}, Role: account.RoleMember, Since: noon.Add(time.Minute)}
	if err := s.Accept(t.Context(), "h", ben, "acc_2@example.com", "hash", true, told(102)); !fail.Is(err, fail.Conflict) {
		t.Errorf("an address that is somebody's: %v", err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	accepted := 0
	for range 8 {
		wg.Go(func() {
			err := s.Accept(t.Context(), "h", ben, "ben@example.com", "hash", true, told(103))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				accepted++
			} else if !fail.Is(err, fail.NotFound) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if members, err := s.Members(t.Context(), "acc_1"); accepted != 1 || err != nil || len(members) != 2 || members[1] != ben {
		t.Errorf("accepted %d times: %+v, %v", accepted, members, err)
	}
	if _, hash, err := s.Credentials(t.Context(), "ben@example.com"); err != nil || hash != "hash" {
		t.Errorf("%s, %v", hash, err)
	}
	if at, ok, err := s.NextExpiry(t.Context()); err != nil || !ok || !at.Equal(noon.Add(time.Hour)) {
		t.Errorf("next %s, %v, %v", at, ok, err)
	}
	if deleted, err := s.DeleteExpired(t.Context(), noon.Add(time.Hour), 10); err != nil || deleted != 1 {
		t.Errorf("%d forgotten, %v", deleted, err)
	}
}

// Who is taken out is signed out, and forgotten once they are in no account; nothing changes where check refuses.
func memberLeaves(t *testing.T, s account.Store) {
	addAccount(t, s, "acc_1", noon)
	addAccount(t, s, "acc_2", noon)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	join := func(id core.PersonID, to string, of core.AccountID, create bool) {
		t.Helper()
		n := invited("inv_"+account.InvitationID(id)+account.InvitationID(of), to)
		n.Account, n.By = of, core.PersonID(of)
		_, err := s.KeepInvitation(t.Context(), n, to, 9, func(account.InvitationID) outbox.Event { return told(len(to) + len(of)) })
		must(err)
		must(s.SendInvitation(t.Context(), n.ID, string(n.ID), noon.Add(time.Hour)))
		must(s.Accept(t.Context(), string(n.ID), account.Member{Person: account.Person{ID: id, Email: to, CreatedAt: noon}, Role: account.RoleMember, Since: noon}, to, "hash", create, told(len(n.ID))))
		must(s.CreateSession(t.Context(), credential.Session{Hash: string(n.ID), Owner: string(id), CreatedAt: noon, SeenAt: noon, Expires: noon.Add(time.Hour)}, ""))
	}
	join("per_ben", "ben@example.com", "acc_1", true)
	join("per_both", "both@example.com", "acc_1", true)
	join("per_both", "both@example.com", "acc_2", false)
	keepFactor(t, s, "per_ben")
	must(s.CreateProof(t.Context(), account.Proof{Hash: "p", Person: "per_ben", Purpose: account.ToReset, Expires: noon.Add(time.Hour)}))
	mine := invited("inv_mine", "x@example.com")
	mine.By = "per_ben"
	_, err := s.KeepInvitation(t.Context(), mine, "x@example.com", 9, func(account.InvitationID) outbox.Event { return told(50) })
	must(err)

	must(s.TakeSeat(t.Context(), "inv_per_bothacc_2", "acc_2"))
	if seats, err := s.Seats(t.Context(), "per_both", "inv_per_bothacc_2"); err != nil || len(seats) != 2 || seats[0].Account.ID != "acc_2" {
		t.Errorf("seats %+v, %v", seats, err)
	}
	no := errors.New("no")
	refuse := func(others []account.Member) error {
		if len(others) != 2 {
			t.Errorf("others: %+v", others)
		}
		return no
	}
	yes := func([]account.Member) error { return nil }
	if err := s.ChangeMember(t.Context(), "acc_1", "per_ben", "", refuse, told(60)); !errors.Is(err, no) {
		t.Errorf("refused: %v", err)
	}
	if err := s.ChangeMember(t.Context(), "acc_2", "per_ben", "", yes, told(61)); !fail.Is(err, fail.NotFound) {
		t.Errorf("another account's member: %v", err)
	}
	must(s.ChangeMember(t.Context(), "acc_1", "per_ben", account.RoleOwner, yes, told(62)))
	if members, err := s.Members(t.Context(), "acc_1"); err != nil || len(members) != 3 || members[1].Role != account.RoleOwner {
		t.Errorf("%+v, %v", members, err)
	}
	must(s.ChangeMember(t.Context(), "acc_1", "per_ben", "", yes, told(63)))
	must(s.ChangeMember(t.Context(), "acc_1", "per_both", "", yes, told(64)))
	for what, err := range map[string]error{
		"the person": second(s.Person(t.Context(), "per_ben")), "the session": second(s.Session(t.Context(), "inv_per_benacc_1")), "the proof": second(s.Proof(t.Context(), "p")),
		"the factor": second(s.Factor(t.Context(), "per_ben")), "what they had invited": second(s.Invitation(t.Context(), "inv_mine")), "the other's session": second(s.Session(t.Context(), "inv_per_bothacc_2")),
	} {
		if !fail.Is(err, fail.NotFound) {
			t.Errorf("%s is still there: %v", what, err)
		}
	}
	if seats, err := s.Seats(t.Context(), "per_both", ""); err != nil || len(seats) != 1 || seats[0].Account.ID != "acc_2" {
		t.Errorf("who is in another account: %+v, %v", seats, err)
	}
	// An erased account has nobody, and nobody is asked into it.
	if _, err := s.EraseAccount(t.Context(), "acc_2", noon); err != nil {
		t.Fatal(err)
	}
	if members, err := s.Members(t.Context(), "acc_2"); err != nil || len(members) != 0 {
		t.Errorf("%+v, %v", members, err)
	}
	if _, err := s.Person(t.Context(), "per_both"); !fail.Is(err, fail.NotFound) {
		t.Errorf("who was in no other account: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }
