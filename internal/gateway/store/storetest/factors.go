package storetest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/operator"
)

// factorIsUsedOnce has ten callers at once use each step and each recovery code of owner's factor.
func factorIsUsedOnce(t *testing.T, s credential.FactorStore, owner, other string) {
	f := credential.Factor{Owner: owner, Secret: "JBSWY3DPEHPK3PXP", Step: 7, AddedAt: noon}
	if err := s.KeepFactor(t.Context(), f, []string{"a", "b"}); err != nil {
		t.Fatal(err)
	}
	if err := s.KeepFactor(t.Context(), f, nil); !fail.Is(err, fail.Conflict) {
		t.Errorf("a second one: %v", err)
	}
	if got, err := s.Factor(t.Context(), owner); err != nil || got != f {
		t.Errorf("%+v, %v; want %+v", got, err, f)
	}
	if _, err := s.Factor(t.Context(), other); !fail.Is(err, fail.NotFound) {
		t.Errorf("another's: %v", err)
	}
	once := func(what string, want int32, use func() (bool, error)) {
		t.Helper()
		var good atomic.Int32
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				ok, err := use()
				if err != nil {
					t.Error(err)
				}
				if ok {
					good.Add(1)
				}
			})
		}
		if all.Wait(); good.Load() != want {
			t.Errorf("%s was good %d times, want %d", what, good.Load(), want)
		}
	}
	once("the step it was added with", 0, func() (bool, error) { return s.UseStep(t.Context(), owner, 7) })
	once("a newer step", 1, func() (bool, error) { return s.UseStep(t.Context(), owner, 9) })
	once("a step before it", 0, func() (bool, error) { return s.UseStep(t.Context(), owner, 8) })
	once("another's recovery code", 0, func() (bool, error) { ok, _, err := s.UseRecovery(t.Context(), other, "a"); return ok, err })
	once("a recovery code", 1, func() (bool, error) { ok, _, err := s.UseRecovery(t.Context(), owner, "a"); return ok, err })
	if used, left, err := s.UseRecovery(t.Context(), owner, "b"); !used || left != 0 || err != nil {
		t.Errorf("the last recovery code: %t, %d left, %v", used, left, err)
	}
	for range 2 {
		if err := s.ForgetFactor(t.Context(), owner); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Factor(t.Context(), owner); !fail.Is(err, fail.NotFound) {
			t.Errorf("forgotten: %v", err)
		}
	}
}

// keepFactor gives owner a factor with a recovery code.
func keepFactor(t *testing.T, s credential.FactorStore, owner string) {
	t.Helper()
	if err := s.KeepFactor(t.Context(), credential.Factor{Owner: owner, Secret: "JBSWY3DPEHPK3PXP", AddedAt: noon}, []string{"code of " + owner}); err != nil {
		t.Fatal(err)
	}
}

func operatorsFactor(t *testing.T, s operator.Store) {
	p := addOperator(t, s, "op_1", operator.Admin, noon)
	addOperator(t, s, "op_2", operator.Viewer, noon)
	factorIsUsedOnce(t, s, "op_1", "op_2")
	keepFactor(t, s, "op_1")
	keepFactor(t, s, "op_2")
	if got, err := s.Operator(t.Context(), "op_1"); err != nil || !got.SecondFactor {
		t.Errorf("with a factor: %+v, %v", got, err)
	}
	p.Issuer, p.Subject = "https://id.example.com", "1"
	if err := s.KeepVouched(t.Context(), p, "op_1@example.com"); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Operator(t.Context(), "op_1"); err != nil || got != p {
		t.Errorf("vouched for: %+v, %v; want %+v", got, err, p)
	}
	if err := s.ChangeRole(t.Context(), "op_2", "", func([]operator.Person) error { return nil }); err != nil {
		t.Errorf("removed with a factor: %v", err)
	}
}

func accountsFactor(t *testing.T, s account.Store) {
	addAccount(t, s, "acc_1", noon)
	addAccount(t, s, "acc_2", noon)
	factorIsUsedOnce(t, s, "acc_1", "acc_2")
	keepFactor(t, s, "acc_1")
	keepFactor(t, s, "acc_2")
	if _, err := s.EraseAccount(t.Context(), "acc_1", noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Factor(t.Context(), "acc_1"); !fail.Is(err, fail.NotFound) {
		t.Errorf("an erased account's: %v", err)
	}
	if _, err := s.Factor(t.Context(), "acc_2"); err != nil {
		t.Errorf("another's: %v", err)
	}
}
