package storetest

import (
	"sync"
	"sync/atomic"
	"testing"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/operator"
)

// factorIsUsedOnce has ten callers at once use each step and each recovery code, and sees what becomes of a factor with its owner.
func factorIsUsedOnce(t *testing.T, s operator.Store) {
	p := addOperator(t, s, "op_1", operator.Admin, noon)
	addOperator(t, s, "op_2", operator.Viewer, noon)
	f := credential.Factor{Owner: "op_1", Secret: "JBSWY3DPEHPK3PXP", Step: 7, AddedAt: noon}
	if err := s.KeepFactor(t.Context(), f, []string{"a", "b"}); err != nil {
		t.Fatal(err)
	}
	if err := s.KeepFactor(t.Context(), f, nil); !fail.Is(err, fail.Conflict) {
		t.Errorf("a second one: %v", err)
	}
	if got, err := s.Factor(t.Context(), "op_1"); err != nil || got != f {
		t.Errorf("%+v, %v; want %+v", got, err, f)
	}
	for id, want := range map[operator.ID]bool{"op_1": true, "op_2": false} {
		if got, err := s.Operator(t.Context(), id); err != nil || got.SecondFactor != want {
			t.Errorf("%+v, %v", got, err)
		}
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
	once("the step it was added with", 0, func() (bool, error) { return s.UseStep(t.Context(), "op_1", 7) })
	once("a newer step", 1, func() (bool, error) { return s.UseStep(t.Context(), "op_1", 9) })
	once("a step before it", 0, func() (bool, error) { return s.UseStep(t.Context(), "op_1", 8) })
	once("another's recovery code", 0, func() (bool, error) { ok, _, err := s.UseRecovery(t.Context(), "op_2", "a"); return ok, err })
	once("a recovery code", 1, func() (bool, error) { ok, _, err := s.UseRecovery(t.Context(), "op_1", "a"); return ok, err })
	if used, left, err := s.UseRecovery(t.Context(), "op_1", "b"); !used || left != 0 || err != nil {
		t.Errorf("the last recovery code: %t, %d left, %v", used, left, err)
	}
	if err := s.ForgetFactor(t.Context(), "op_1"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Factor(t.Context(), "op_1"); !fail.Is(err, fail.NotFound) {
		t.Errorf("forgotten: %v", err)
	}
	if err := s.KeepFactor(t.Context(), f, []string{"c"}); err != nil {
		t.Fatal(err)
	}
	p.Issuer, p.Subject = "https://id.example.com", "1"
	if err := s.KeepVouched(t.Context(), p, "op_1@example.com"); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Operator(t.Context(), "op_1"); err != nil || got != p {
		t.Errorf("vouched for: %+v, %v; want %+v", got, err, p)
	}
	f.Owner = "op_2"
	if err := s.KeepFactor(t.Context(), f, []string{"d"}); err != nil {
		t.Fatal(err)
	}
	if err := s.ChangeRole(t.Context(), "op_2", "", func([]operator.Person) error { return nil }); err != nil {
		t.Errorf("removed with a factor: %v", err)
	}
}
