package credential

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/outbox"
)

// drawer is a store of one factor in memory.
type drawer struct {
	f        *Factor
	recovery []string
}

func (d *drawer) KeepFactor(_ context.Context, f Factor, recovery []string, _ ...outbox.Event) error {
	d.f, d.recovery = &f, recovery
	return nil
}

func (d *drawer) Factor(context.Context, string) (Factor, error) {
	if d.f == nil {
		return Factor{}, fail.New(fail.NotFound, "", "none")
	}
	return *d.f, nil
}

func (d *drawer) UseStep(_ context.Context, _ string, step int64) (bool, error) {
	if step <= d.f.Step {
		return false, nil
	}
	d.f.Step = step
	return true, nil
}

func (d *drawer) UseRecovery(_ context.Context, _, hash string) (bool, int, error) {
	i := slices.Index(d.recovery, hash)
	if i >= 0 {
		d.recovery = slices.Delete(d.recovery, i, i+1)
	}
	return i >= 0, len(d.recovery), nil
}

func (d *drawer) ForgetFactor(context.Context, string, ...outbox.Event) error { d.f = nil; return nil }

// The vectors of RFC 6238, appendix B, for SHA-1, of which programs show the last six digits.
func TestCodesAreThoseOfTheStandard(t *testing.T) {
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // "12345678901234567890"
	for at, code := range map[int64]string{59: "287082", 1111111109: "081804", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		s := Factors{Store: &drawer{}, Clock: clock.NewVirtual(time.Unix(at, 0))}
		if got, ok, err := s.stepOf(secret, code); got != at/30 || !ok || err != nil {
			t.Errorf("at %d: step %d, %t, %v", at, got, ok, err)
		}
	}
}

func TestACodeIsGoodOnceAndForAMinute(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	clk := clock.NewVirtual(now)
	d := &drawer{}
	s := Factors{Store: d, Clock: clk}
	secret := NewFactorSecret()
	code := func(at time.Time) string {
		c, err := totp.GenerateCode(secret, at)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	prove := func(what, code string, want bool) {
		t.Helper()
		_, err := s.Prove(t.Context(), "op_1", code)
		if (err == nil) != want || err != nil && !fail.Is(err, fail.Denied) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, bad := range []string{"", "12345", "x", strings.Repeat("1", 4000), code(now.Add(-2 * time.Minute))} {
		if _, err := s.Add(t.Context(), "op_1", secret, bad); !fail.Is(err, fail.Invalid) || d.f != nil {
			t.Errorf("added by %.10q: %v", bad, err)
		}
	}
	recovery, err := s.Add(t.Context(), "op_1", secret, code(now))
	if err != nil || len(recovery) != recoveryCodes {
		t.Fatal(recovery, err)
	}
	prove("the code it was added by", code(now), false)
	next := now.Add(30 * time.Second)
	prove("the next one, of a telephone that is ahead", code(next)[:3]+" "+code(next)[3:], true)
	prove("the same again", code(next), false)
	clk.Set(now.Add(5 * time.Minute))
	prove("one of a telephone that is behind", code(clk.Now().Add(-30*time.Second)), true)
	prove("one that is too old", code(clk.Now().Add(-time.Minute)), false)
	prove("one of the future", code(clk.Now().Add(time.Minute)), false)
	prove("the present one", code(clk.Now()), true)
	prove("a recovery code, as people write", " "+strings.ToUpper(strings.ReplaceAll(recovery[3], "-", " ")), true)
	prove("the same again", recovery[3], false)
	prove("one that is none", strings.Repeat("a", recoveryChars), false)
	if how, err := s.Prove(t.Context(), "op_1", recovery[0]); err != nil || !how.ByRecovery || how.Left != recoveryCodes-2 {
		t.Errorf("%+v, %v", how, err)
	}
	for _, hash := range d.recovery {
		if slices.Contains(recovery, hash) || len(hash) != 64 {
			t.Errorf("kept as it is: %s", hash)
		}
	}
}

// What is a code, and what a recovery code, is told from anything that people can type.
func FuzzProve(f *testing.F) {
	clk := clock.NewVirtual(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC))
	f.Add("123 456")
	f.Add("abcd-efgh-ijkl-mnop")
	f.Fuzz(func(t *testing.T, code string) {
		d := &drawer{f: &Factor{Owner: "op_1", Secret: "JBSWY3DPEHPK3PXP", Step: 1 << 40}}
		if how, err := (Factors{Store: d, Clock: clk}).Prove(t.Context(), "op_1", code); !fail.Is(err, fail.Denied) {
			t.Errorf("%q is taken: %+v, %v", code, how, err)
		}
	})
}
