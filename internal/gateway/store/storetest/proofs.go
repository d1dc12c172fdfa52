package storetest

import (
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
)

// What a proof was used for happens once, to its person alone, and takes what it makes worthless with it.
func proofIsUsedOnce(t *testing.T, s account.Store) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []core.AccountID{"acc_1", "acc_2"} {
		addAccount(t, s, id, noon)
		for _, p := range []account.Purpose{account.ToVerify, account.ToReset} {
			for _, n := range []string{"a", "b"} {
				must(s.CreateProof(t.Context(), account.Proof{Hash: string(id) + string(p) + n, Person: core.PersonID(id), Purpose: p, Expires: noon.Add(time.Hour)}))
			}
		}
		must(s.CreateSession(t.Context(), credential.Session{Hash: "ses" + string(id), Owner: string(id), CreatedAt: noon, SeenAt: noon, Expires: noon.Add(time.Hour)}, ""))
		must(s.CreateHandle(t.Context(), account.Handle{Hash: "hdl" + string(id), Account: id, Person: core.PersonID(id), Product: "p", Expires: noon.Add(time.Hour)}))
	}
	if p, err := s.Proof(t.Context(), "acc_1verifya"); err != nil || p != (account.Proof{Hash: "acc_1verifya", Person: "acc_1", Purpose: account.ToVerify, Expires: noon.Add(time.Hour)}) {
		t.Errorf("kept %+v, %v", p, err)
	}
	gone := func(want bool, hashes ...string) {
		t.Helper()
		for _, h := range hashes {
			if _, err := s.Proof(t.Context(), h); fail.Is(err, fail.NotFound) != want {
				t.Errorf("%s: %v; gone should be %v", h, err, want)
			}
		}
	}
	must(s.Verify(t.Context(), "acc_1verifya", "acc_1", noon.Add(time.Minute), told(1)))
	if err := s.Verify(t.Context(), "acc_1verifya", "acc_1", noon.Add(time.Hour), told(2)); !fail.Is(err, fail.NotFound) {
		t.Errorf("used again: %v", err)
	}
	gone(true, "acc_1verifya", "acc_1verifyb")
	gone(false, "acc_1reseta", "acc_2verifya")

	must(s.ResetPassword(t.Context(), "acc_1reseta", "acc_1", "new", noon.Add(time.Hour), told(3), told(4)))
	if err := s.ResetPassword(t.Context(), "acc_1resetb", "acc_1", "newer", noon.Add(time.Hour)); !fail.Is(err, fail.NotFound) {
		t.Errorf("another one: %v", err)
	}
	if a, hash, err := s.Credentials(t.Context(), "acc_1@example.com"); err != nil || hash != "new" || !a.VerifiedAt.Equal(noon.Add(time.Minute)) {
		t.Errorf("%+v %s, %v", a, hash, err)
	}
	if _, err := s.Session(t.Context(), "sesacc_1"); !fail.Is(err, fail.NotFound) {
		t.Errorf("its session: %v", err)
	}
	if _, err := s.TakeHandle(t.Context(), "hdlacc_1"); !fail.Is(err, fail.NotFound) {
		t.Errorf("its handle: %v", err)
	}
	gone(false, "acc_2verifya", "acc_2reseta")
	if _, err := s.Session(t.Context(), "sesacc_2"); err != nil {
		t.Errorf("another's session: %v", err)
	}

	must(s.Quiet(t.Context(), "acc_2", noon))
	if a, err := s.Person(t.Context(), "acc_2"); err != nil || !a.QuietAt.Equal(noon) || !a.VerifiedAt.IsZero() {
		t.Errorf("%+v, %v", a, err)
	}
	if err := s.Quiet(t.Context(), "acc_none", noon); !fail.Is(err, fail.NotFound) {
		t.Errorf("nobody: %v", err)
	}
}
