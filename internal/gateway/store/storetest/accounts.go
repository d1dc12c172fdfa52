package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
)

// Accounts is what every engine must do for package account.
func Accounts(t *testing.T, open func(t *testing.T) account.Store) {
	t.Run("AddressIsOneAccounts", func(t *testing.T) { addressIsOneAccounts(t, open(t)) })
	t.Run("TwentySignUpsOneAddress", func(t *testing.T) { twentySignUpsOneAddress(t, open(t)) })
	t.Run("ReferenceIsOneAccounts", func(t *testing.T) { referenceIsOneAccounts(t, open(t)) })
	t.Run("SessionsOfAPerson", func(t *testing.T) { sessionsOfAPerson(t, open(t)) })
	t.Run("PasskeyAnswersOnce", func(t *testing.T) { answerIsTakenOnce(t, open(t)) })
	t.Run("ErasedIsEmpty", func(t *testing.T) { erasedIsEmpty(t, open(t)) })
	t.Run("SeatsAndMembers", func(t *testing.T) { seatsAndMembers(t, open(t)) })
	t.Run("InvitationIsAcceptedOnce", func(t *testing.T) { invitationIsAcceptedOnce(t, open(t)) })
	t.Run("MemberLeaves", func(t *testing.T) { memberLeaves(t, open(t)) })
	t.Run("ListGoesOn", func(t *testing.T) { accountListGoesOn(t, open(t)) })
	t.Run("PasswordChangesOnce", func(t *testing.T) { passwordChangesOnce(t, open(t)) })
	t.Run("PasswordIsChangedWhereItStands", func(t *testing.T) { passwordIsChangedWhereItStands(t, open(t)) })
	t.Run("AddressIsChangedOnce", func(t *testing.T) { addressIsChangedOnce(t, open(t)) })
	t.Run("SessionReplacesAnother", func(t *testing.T) { sessionReplacesAnother(t, open(t)) })
	t.Run("HandleIsTakenOnce", func(t *testing.T) { handleIsTakenOnce(t, open(t)) })
	t.Run("ProofIsUsedOnce", func(t *testing.T) { proofIsUsedOnce(t, open(t)) })
	t.Run("FactorIsUsedOnce", func(t *testing.T) { accountsFactor(t, open(t)) })
	t.Run("AttemptsAreCountedOneByOne", func(t *testing.T) { attemptsAreCounted(t, open(t)) })
	t.Run("ExpiredIsForgotten", func(t *testing.T) { expiredIsForgotten(t, open(t)) })
}

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// newWho is an account and its owner, whose id is the account's, as that of people is who had one before accounts had members.
func newWho(id core.AccountID, at time.Time) account.Who {
	p := account.Person{ID: core.PersonID(id), Email: string(id) + "@Example.com", Name: "Ada", CreatedAt: at}
	return account.Who{Person: p, Account: account.Account{ID: id, Email: p.Email, Name: p.Name, Company: "Engines", CreatedAt: at}, Role: account.RoleOwner}
}

func addAccount(t *testing.T, s account.Store, id core.AccountID, at time.Time) account.Account {
	t.Helper()
	w := newWho(id, at)
	if err := s.CreateAccount(t.Context(), w, string(id)+"@example.com", "hash"); err != nil {
		t.Fatal(err)
	}
	return w.Account
}

func addressIsOneAccounts(t *testing.T, s account.Store) {
	a := addAccount(t, s, "acc_1", noon)
	if err := s.CreateAccount(t.Context(), newWho("acc_2", noon), "acc_1@example.com", "other"); !fail.Is(err, fail.Conflict) {
		t.Errorf("the same address: %v", err)
	}
	if got, err := s.Account(t.Context(), "acc_1"); err != nil || got != a {
		t.Errorf("got %+v, %v; want %+v", got, err, a)
	}
	if got, hash, err := s.Credentials(t.Context(), "acc_1@example.com"); err != nil || got != newWho("acc_1", noon).Person || hash != "hash" {
		t.Errorf("got %+v %q, %v", got, hash, err)
	}
	if _, err := s.Account(t.Context(), "acc_2"); !fail.Is(err, fail.NotFound) {
		t.Errorf("an account that was refused: %v", err)
	}
	if _, _, err := s.Credentials(t.Context(), "nobody@example.com"); !fail.Is(err, fail.NotFound) {
		t.Errorf("nobody's address: %v", err)
	}
}

func twentySignUpsOneAddress(t *testing.T, s account.Store) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for i := range 20 {
		wg.Go(func() {
			err := s.CreateAccount(t.Context(), newWho(core.AccountID(fmt.Sprint("acc_", i)), noon), "one@example.com", "h")
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				made++
			} else if !fail.Is(err, fail.Conflict) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if made != 1 {
		t.Errorf("%d accounts were made", made)
	}
}

func referenceIsOneAccounts(t *testing.T, s account.Store) {
	first := account.Account{ID: "acc_1", Email: "ada@example.com", Name: "Ada", CreatedAt: noon, Reference: "cust-1"}
	if got, err := s.ReferAccount(t.Context(), first); err != nil || got != first {
		t.Fatalf("got %+v, %v; want %+v", got, err, first)
	}
	want := first
	want.Name, want.Company = "Ada Lovelace", "Engines"
	again := account.Account{ID: "acc_2", Name: "Ada Lovelace", Company: "Engines", CreatedAt: noon.Add(time.Hour), Reference: "cust-1"}
	if got, err := s.ReferAccount(t.Context(), again); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if got, err := s.Account(t.Context(), "acc_1"); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	for _, key := range []string{"ada@example.com", ":cust-1", "cust-1"} {
		if _, _, err := s.Credentials(t.Context(), key); !fail.Is(err, fail.NotFound) {
			t.Errorf("somebody could sign in with %q: %v", key, err)
		}
	}
	addAccount(t, s, "acc_3", noon) // kept here: references do not meet
	addAccount(t, s, "acc_4", noon)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if _, err := s.ReferAccount(t.Context(), account.Account{ID: core.AccountID(fmt.Sprint("acc_x", i)), Reference: "cust-2", CreatedAt: noon}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if all, err := s.Accounts(t.Context(), "", 100); err != nil || len(all) != 4 {
		t.Errorf("%d accounts, %v; want 4", len(all), err)
	}
}

func erasedIsEmpty(t *testing.T, s account.Store) {
	kept, gone := addAccount(t, s, "acc_1", noon), addAccount(t, s, "acc_2", noon)
	for _, a := range []account.Account{kept, gone} {
		for _, n := range []string{"1", "2"} {
			ses := credential.Session{Hash: string(a.ID) + n, Owner: string(a.ID), CreatedAt: noon, SeenAt: noon, Expires: noon.Add(time.Hour)}
			if err := s.CreateSession(t.Context(), ses, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	if list, err := s.SessionsOf(t.Context(), "acc_2"); err != nil || len(list) != 2 || list[0].Owner != "acc_2" {
		t.Errorf("%+v, %v", list, err)
	}
	if err := s.CreateHandle(t.Context(), account.Handle{Hash: "h", Account: "acc_2", Person: "acc_2", Expires: noon.Add(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	want := account.Account{ID: "acc_2", CreatedAt: noon, ErasedAt: noon.Add(time.Hour)}
	for i := range 2 { // again changes nothing
		if got, err := s.EraseAccount(t.Context(), "acc_2", noon.Add(time.Duration(1+i)*time.Hour)); err != nil || got != want {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
	if got, err := s.Account(t.Context(), "acc_2"); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	for _, key := range []string{"acc_2@example.com", ":acc_2", ""} {
		if _, _, err := s.Credentials(t.Context(), key); !fail.Is(err, fail.NotFound) {
			t.Errorf("somebody could sign in with %q: %v", key, err)
		}
	}
	if list, err := s.SessionsOf(t.Context(), "acc_2"); err != nil || len(list) != 0 {
		t.Errorf("still signed in: %+v, %v", list, err)
	}
	if _, err := s.TakeHandle(t.Context(), "h"); !fail.Is(err, fail.NotFound) {
		t.Errorf("its sign-in handle is still good: %v", err)
	}
	if got, err := s.Account(t.Context(), "acc_1"); err != nil || got != kept {
		t.Errorf("another account: %+v, %v", got, err)
	}
	if list, err := s.SessionsOf(t.Context(), "acc_1"); err != nil || len(list) != 2 {
		t.Errorf("another account's sessions: %+v, %v", list, err)
	}
	// The address is free again, for the same person or for another.
	if err := s.CreateAccount(t.Context(), newWho("acc_3", noon), "acc_2@example.com", "h"); err != nil {
		t.Error(err)
	}
	if _, err := s.EraseAccount(t.Context(), "acc_nobody", noon); !fail.Is(err, fail.NotFound) {
		t.Errorf("nobody: %v", err)
	}
}

func accountListGoesOn(t *testing.T, s account.Store) {
	for i, id := range []core.AccountID{"acc_c", "acc_a", "acc_b"} { // the last two at one instant
		addAccount(t, s, id, noon.Add(time.Duration(min(i, 1))*time.Second))
	}
	var got []core.AccountID
	for after := core.AccountID(""); ; {
		page, err := s.Accounts(t.Context(), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page {
			got = append(got, a.ID)
		}
		if len(page) < 2 {
			break
		}
		after = page[1].ID
	}
	if fmt.Sprint(got) != "[acc_c acc_a acc_b]" {
		t.Errorf("listed %v", got)
	}
}

func passwordChangesOnce(t *testing.T, s account.Store) {
	addAccount(t, s, "acc_1", noon)
	for _, was := range []string{"hash", "hash", "wrong"} {
		if err := s.ReplacePassword(t.Context(), "acc_1", was, "from "+was); err != nil {
			t.Fatal(err)
		}
	}
	if _, hash, err := s.Credentials(t.Context(), "acc_1@example.com"); err != nil || hash != "from hash" {
		t.Errorf("hash %q, %v", hash, err)
	}
}

func sessionReplacesAnother(t *testing.T, s account.Store) {
	addAccount(t, s, "acc_1", noon)
	one := credential.Session{Hash: "one", Owner: "acc_1", CreatedAt: noon, SeenAt: noon, Expires: noon.Add(time.Hour)}
	two := one
	two.Hash, two.Browser = "two", "Firefox on Windows"
	if err := errors.Join(s.CreateSession(t.Context(), one, ""), s.CreateSession(t.Context(), two, "one")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Session(t.Context(), "one"); !fail.Is(err, fail.NotFound) {
		t.Errorf("the session before is still there: %v", err)
	}
	two.SeenAt, two.Expires = noon.Add(time.Minute), noon.Add(2*time.Hour)
	if err := s.TouchSession(t.Context(), "two", two.SeenAt, two.Expires); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Session(t.Context(), "two"); err != nil || got != two {
		t.Errorf("got %+v, %v; want %+v", got, err, two)
	}
	if err := errors.Join(s.DeleteSession(t.Context(), "two"), s.DeleteSession(t.Context(), "two")); err != nil {
		t.Error(err)
	}
	if _, err := s.Session(t.Context(), "two"); !fail.Is(err, fail.NotFound) {
		t.Errorf("a deleted session: %v", err)
	}
}

func handleIsTakenOnce(t *testing.T, s account.Store) {
	addAccount(t, s, "acc_1", noon)
	h := account.Handle{Hash: "h", Account: "acc_1", Person: "acc_1", Product: "ink", Expires: noon.Add(time.Minute)}
	if err := s.CreateHandle(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	taken := 0
	for range 10 {
		wg.Go(func() {
			got, err := s.TakeHandle(t.Context(), "h")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil && got == h:
				taken++
			case !fail.Is(err, fail.NotFound):
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	wg.Wait()
	if taken != 1 {
		t.Errorf("taken %d times", taken)
	}
}

func attemptsAreCounted(t *testing.T, s account.Store) {
	add := func(old []credential.Attempts) ([]credential.Attempts, error) {
		next := make([]credential.Attempts, len(old))
		for i, o := range old {
			next[i] = credential.Attempts{Count: o.Count + 1, BlockedUntil: noon.Add(time.Duration(o.Count) * time.Minute), Expires: noon.Add(time.Hour)}
		}
		return next, nil
	}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if err := s.CountAttempts(t.Context(), []string{"a", "b"}, add); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var seen []credential.Attempts
	refusal := errors.New("no")
	look := func(old []credential.Attempts) ([]credential.Attempts, error) { seen = old; return nil, refusal }
	if err := s.CountAttempts(t.Context(), []string{"b", "c"}, look); !errors.Is(err, refusal) {
		t.Errorf("the refusal is lost: %v", err)
	}
	want := credential.Attempts{Count: 10, BlockedUntil: noon.Add(9 * time.Minute), Expires: noon.Add(time.Hour)}
	if seen[0] != want || seen[1] != (credential.Attempts{}) {
		t.Errorf("got %+v", seen)
	}
	forget := func(old []credential.Attempts) ([]credential.Attempts, error) {
		return make([]credential.Attempts, len(old)), nil
	}
	if err := s.CountAttempts(t.Context(), []string{"b"}, forget); err != nil {
		t.Fatal(err)
	}
	_ = s.CountAttempts(t.Context(), []string{"b", "a"}, look) // refuses
	if seen[0].Count != 0 || seen[1].Count != 10 {
		t.Errorf("got %+v", seen)
	}
}

func expiredIsForgotten(t *testing.T, s account.Store) {
	if _, ok, err := s.NextExpiry(t.Context()); ok || err != nil {
		t.Errorf("an empty store expires: %v, %v", ok, err)
	}
	addAccount(t, s, "acc_1", noon)
	for i, at := range []time.Time{noon.Add(3 * time.Hour), noon.Add(time.Hour)} {
		name := fmt.Sprint(i)
		err := errors.Join(
			s.CreateSession(t.Context(), credential.Session{Hash: name, Owner: "acc_1", CreatedAt: noon, SeenAt: noon, Expires: at}, ""),
			s.CreateHandle(t.Context(), account.Handle{Hash: name, Account: "acc_1", Person: "acc_1", Product: "ink", Expires: at}),
			s.KeepAddressChange(t.Context(), account.AddressChange{ID: account.AddressChangeID(name), Person: "acc_1", Email: "b@example.com", Was: "a@example.com", ChangedAt: noon, Expires: at}, told(i)),
			s.CountAttempts(t.Context(), []string{name}, func([]credential.Attempts) ([]credential.Attempts, error) {
				return []credential.Attempts{{Count: 1, Expires: at}}, nil
			}))
		if err != nil {
			t.Fatal(err)
		}
	}
	if at, ok, err := s.NextExpiry(t.Context()); err != nil || !ok || !at.Equal(noon.Add(time.Hour)) {
		t.Errorf("next %s, %v, %v", at, ok, err)
	}
	if n, err := s.DeleteExpired(t.Context(), noon.Add(time.Hour), 100); err != nil || n != 4 {
		t.Errorf("%d deleted, %v; want the four that expired", n, err)
	}
	if _, err := s.Session(t.Context(), "0"); err != nil {
		t.Errorf("what had not expired is gone: %v", err)
	}
	if at, _, _ := s.NextExpiry(t.Context()); !at.Equal(noon.Add(3 * time.Hour)) {
		t.Errorf("next %s", at)
	}
}
