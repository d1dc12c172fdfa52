package fault

import (
	"fmt"
	"testing"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
)

func n(v int) *int         { return &v }
func p(v float64) *float64 { return &v }

func TestRulesAreDrawnInTheOrderTheyWereMade(t *testing.T) {
	var s Set
	for _, r := range []Rule{
		{Operation: "BatchMeterUsage", Kind: Throttle, Times: n(2)},
		{Operation: "*", Kind: Error, Times: n(1)},
		{Operation: Notification, Kind: Duplicate},
	} {
		if _, err := s.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, op := range []string{"BatchMeterUsage", "BatchMeterUsage", "BatchMeterUsage", "BatchMeterUsage", Notification, "ResolveCustomer"} {
		r, ok := s.Draw(op)
		got = append(got, fmt.Sprintf("%s %v", r.Kind, ok))
	}
	want := []string{"throttle true", "throttle true", "error true", " false", "duplicate true", " false"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("draw %d: %q, want %q", i, got[i], want[i])
		}
	}
}

func TestProbabilityRepeatsWithItsSeed(t *testing.T) {
	draws := func(seed uint64) (text string, hits int) {
		var s Set
		if _, err := s.Add(Rule{Operation: "*", Kind: Error, Probability: p(0.3), Seed: seed}); err != nil {
			t.Fatal(err)
		}
		for range 1000 {
			if _, ok := s.Draw("ResolveCustomer"); ok {
				text += "x"
				hits++
			} else {
				text += "."
			}
		}
		return text, hits
	}
	a, hits := draws(7)
	if b, _ := draws(7); a != b {
		t.Error("the same seed drew otherwise")
	}
	if b, _ := draws(8); a == b {
		t.Error("another seed drew the same")
	}
	if hits < 250 || hits > 350 {
		t.Errorf("%d of 1000 at 0.3", hits)
	}
}

func TestWhatCannotBeIsRefused(t *testing.T) {
	var s Set
	for _, r := range []Rule{
		{Operation: "BatchMeterUsage", Kind: "sulk"},
		{Kind: Throttle},
		{Operation: "ResolveCustomer", Kind: Unprocessed},
		{Operation: "BatchMeterUsage", Kind: Forge},
		{Operation: Notification, Kind: Throttle},
		{Operation: "*", Kind: Error, Times: n(0)},
		{Operation: "*", Kind: Error, Probability: p(1.5)},
		{Operation: "*", Kind: Exception},
		{Operation: "*", Kind: Slow, Delay: "soon"},
		{Operation: "ResolveCustomer", Kind: Exception, Code: contract.InvalidTag},
	} {
		if _, err := s.Add(r); !fail.Is(err, fail.Invalid) {
			t.Errorf("%+v: %v, want fail.Invalid", r, err)
		}
	}
	if err := s.Remove("fault-1"); !fail.Is(err, fail.NotFound) {
		t.Errorf("remove what is not there: %v", err)
	}
}

func TestEveryDocumentedErrorCanBeRaised(t *testing.T) {
	var s Set
	for name, op := range contract.Operations {
		for _, code := range op.Errors {
			if _, err := s.Add(Rule{Operation: name, Kind: Exception, Code: code}); err != nil {
				t.Errorf("%s %s: %v", name, code, err)
			}
		}
	}
}
