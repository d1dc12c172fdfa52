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

// opened has a person be signed in in two browsers, with a handle and a proof for each purpose on their way.
func opened(t *testing.T, s account.Store, id core.PersonID) {
	t.Helper()
	until := noon.Add(time.Hour)
	if err := errors.Join(
		s.CreateSession(t.Context(), credential.Session{Hash: "here " + string(id), Owner: string(id), CreatedAt: noon, SeenAt: noon, Expires: until}, ""),
		s.CreateSession(t.Context(), credential.Session{Hash: "there " + string(id), Owner: string(id), CreatedAt: noon, SeenAt: noon, Expires: until}, ""),
		s.CreateHandle(t.Context(), account.Handle{Hash: "handle " + string(id), Account: core.AccountID(id), Person: id, Product: "p", Expires: until}),
		s.CreateProof(t.Context(), account.Proof{Hash: "verify " + string(id), Person: id, Purpose: account.ToVerify, Expires: until}),
		s.CreateProof(t.Context(), account.Proof{Hash: "reset " + string(id), Person: id, Purpose: account.ToReset, Expires: until}),
	); err != nil {
		t.Fatal(err)
	}
}

// left lists what of opened is still there; it takes the handle.
func left(t *testing.T, s account.Store, id core.PersonID) (is []string) {
	t.Helper()
	for name, find := range map[string]func(hash string) error{
		"here": func(h string) error { _, err := s.Session(t.Context(), h); return err }, "there": func(h string) error { _, err := s.Session(t.Context(), h); return err },
		"handle": func(h string) error { _, err := s.TakeHandle(t.Context(), h); return err },
		"verify": func(h string) error { _, err := s.Proof(t.Context(), h); return err }, "reset": func(h string) error { _, err := s.Proof(t.Context(), h); return err },
	} {
		switch err := find(name + " " + string(id)); {
		case err == nil:
			is = append(is, name)
		case !fail.Is(err, fail.NotFound):
			t.Errorf("%s of %s: %v", name, id, err)
		}
	}
	slices.Sort(is)
	return is
}

// A password is replaced by who knows which it was; what it opened is shut, but for one browser.
func passwordIsChangedWhereItStands(t *testing.T, s account.Store) {
	for _, id := range []core.AccountID{"acc_1", "acc_2"} {
		addAccount(t, s, id, noon)
		opened(t, s, core.PersonID(id))
	}
	if err := s.ChangePassword(t.Context(), "acc_1", "hash", "new", "here acc_1", told(1)); err != nil {
		t.Fatal(err)
	}
	if err := s.ChangePassword(t.Context(), "acc_1", "hash", "newer", "here acc_1", told(2)); !fail.Is(err, fail.Conflict) {
		t.Errorf("by who knows an older one: %v", err)
	}
	if _, hash, err := s.Credentials(t.Context(), "acc_1@example.com"); err != nil || hash != "new" {
		t.Errorf("hash %q, %v", hash, err)
	}
	if got := left(t, s, "acc_1"); !slices.Equal(got, []string{"here", "verify"}) {
		t.Errorf("there is left %v", got)
	}
	if got := left(t, s, "acc_2"); len(got) != 5 {
		t.Errorf("of another person there is left %v", got)
	}
	if err := s.ChangeName(t.Context(), "acc_1", "Ada King"); err != nil {
		t.Fatal(err)
	}
	if p, err := s.Person(t.Context(), "acc_1"); err != nil || p.Name != "Ada King" {
		t.Errorf("%+v, %v", p, err)
	}
	if err := s.ChangeName(t.Context(), "per_none", "Nobody"); !fail.Is(err, fail.NotFound) {
		t.Errorf("nobody's name: %v", err)
	}
}

// An address becomes a person's by the newest mail to it, once, unless it is somebody's by then; the one before is kept for a while.
func addressIsChangedOnce(t *testing.T, s account.Store) {
	for _, id := range []core.AccountID{"acc_1", "acc_2"} {
		addAccount(t, s, id, noon)
		opened(t, s, core.PersonID(id))
	}
	until, later := noon.Add(time.Hour), noon.Add(2*time.Hour)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	wish := func(id account.AddressChangeID, of core.PersonID, email string) account.AddressChange {
		c := account.AddressChange{ID: id, Person: of, Email: email, Expires: until}
		must(s.KeepAddressChange(t.Context(), c, told(len(id)+int(id[len(id)-1]))))
		return c
	}
	wish("adr_1", "acc_1", "mistyped@example.com")
	second := wish("adr_2", "acc_1", "King@Example.com")
	other := wish("adr_3", "acc_2", "king@example.com")
	if list, err := s.AddressChanges(t.Context(), "acc_1"); err != nil || len(list) != 1 || list[0] != second {
		t.Errorf("waiting: %+v, %v", list, err)
	}
	if _, err := s.AddressChange(t.Context(), "adr_1"); !fail.Is(err, fail.NotFound) {
		t.Errorf("the wish before: %v", err)
	}
	if _, err := s.AddressChangeByHash(t.Context(), ""); !fail.Is(err, fail.NotFound) {
		t.Errorf("what was not sent is found: %v", err)
	}
	must(errors.Join(s.SendAddressChange(t.Context(), "adr_2", "old", until), s.SendAddressChange(t.Context(), "adr_2", "new", later), s.SendAddressChange(t.Context(), "adr_3", "other", later)))
	second.Expires, other.Expires = later, later
	if got, err := s.AddressChangeByHash(t.Context(), "new"); err != nil || got != second {
		t.Errorf("%+v, %v; want %+v", got, err, second)
	}
	for _, hash := range []string{"old", ""} {
		if err := s.ChangeAddress(t.Context(), hash, "king@example.com", "", noon, later); !fail.Is(err, fail.NotFound) {
			t.Errorf("changed by %q: %v", hash, err)
		}
	}
	must(s.ChangeAddress(t.Context(), "new", "king@example.com", "here acc_1", noon.Add(time.Minute), later, told(1)))
	if err := s.ChangeAddress(t.Context(), "new", "king@example.com", "", noon, later, told(2)); !fail.Is(err, fail.NotFound) {
		t.Errorf("used again: %v", err)
	}
	if p, hash, err := s.Credentials(t.Context(), "king@example.com"); err != nil || p.ID != "acc_1" || p.Email != "King@Example.com" || hash != "hash" || !p.VerifiedAt.Equal(noon.Add(time.Minute)) {
		t.Errorf("%+v %q, %v", p, hash, err)
	}
	if _, _, err := s.Credentials(t.Context(), "acc_1@example.com"); !fail.Is(err, fail.NotFound) {
		t.Errorf("the address before: %v", err)
	}
	if got := left(t, s, "acc_1"); !slices.Equal(got, []string{"here"}) {
		t.Errorf("there is left %v", got)
	}
	done := second
	done.Was, done.ChangedAt = "acc_1@Example.com", noon.Add(time.Minute)
	if got, err := s.AddressChange(t.Context(), "adr_2"); err != nil || got != done {
		t.Errorf("%+v, %v; want %+v", got, err, done)
	}
	if err := s.SendAddressChange(t.Context(), "adr_2", "again", later); !fail.Is(err, fail.NotFound) {
		t.Errorf("a link for what is done: %v", err)
	}

	if err := s.ChangeAddress(t.Context(), "other", "king@example.com", "", noon, later, told(3)); !fail.Is(err, fail.Conflict) {
		t.Errorf("an address that is somebody's: %v", err)
	}
	if got, err := s.AddressChange(t.Context(), "adr_3"); err != nil || got != other {
		t.Errorf("a wish that was not fulfilled: %+v, %v", got, err)
	}
	if got := left(t, s, "acc_2"); len(got) != 5 {
		t.Errorf("there is left %v", got)
	}
	must(s.DropAddressChange(t.Context(), "acc_2"))
	must(s.DropAddressChange(t.Context(), "acc_1")) // has no wish; what was fulfilled stays
	for id, want := range map[core.PersonID]int{"acc_1": 1, "acc_2": 0} {
		if list, err := s.AddressChanges(t.Context(), id); err != nil || len(list) != want {
			t.Errorf("%s has %+v, %v", id, list, err)
		}
	}
	must(s.DropAddressChange(t.Context(), "per_none"))
	if _, err := s.EraseAccount(t.Context(), "acc_1", later); err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddressChange(t.Context(), "adr_2"); !fail.Is(err, fail.NotFound) {
		t.Errorf("of who was erased: %v", err)
	}
}
