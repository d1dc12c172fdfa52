package license

import (
	"slices"
	"testing"

	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/outbox"
)

// AWS's word of a risk changes nothing of a licence's life, in any state; the last word counts.
func TestAnAdvisoryChangesNoLife(t *testing.T) {
	for _, life := range [][]string{
		{}, {"arrived", "10:00:00"}, {"activated", "10:00:00"}, {"activated", "10:00:00", "deprovisioned", "10:05:00"},
		{"activated", "08:00:00", "unsubscribed", "08:30:00"}, {"payment_failed", "10:00:00"},
	} {
		without := Replay(facts(life...), at("12:00:00"))
		for _, c := range []struct {
			told []string
			want string // when the risk that stands was told; empty: none stands
		}{
			{[]string{"advisory_issued", "11:00:00"}, "11:00:00"},
			{[]string{"advisory_issued", "11:00:00", "advisory_resolved", "11:30:00"}, ""},
			{[]string{"advisory_resolved", "11:30:00", "advisory_issued", "11:00:00"}, ""},
			{[]string{"advisory_issued", "11:30:00", "advisory_resolved", "11:30:00"}, ""},
			{[]string{"advisory_issued", "11:00:00", "advisory_resolved", "11:30:00", "advisory_issued", "11:45:00"}, "11:45:00"},
		} {
			s := Replay(facts(slices.Concat(life, c.told)...), at("12:00:00"))
			if c.want == "" != s.AdvisedAt.IsZero() || c.want != "" && !s.AdvisedAt.Equal(at(c.want)) {
				t.Errorf("%v: advised at %s, want %q", c.told, s.AdvisedAt, c.want)
			}
			s.AdvisedAt = without.AdvisedAt
			if !same(License{Standing: s}, License{Standing: without}) {
				t.Errorf("%v, %v: %+v, without the advisory %+v", life, c.told, s, without)
			}
		}
	}
}

// An advisory that comes before the licence is known is told when it is, once, and as nothing else; somebody is to look.
func TestAnAdvisoryIsToldOnce(t *testing.T) {
	b, kept, _ := openBook(t)
	agmt := Ref{Agreement: "agmt-1", Customer: "111122223333"}
	if v := tell(t, b, "n-risk", AdvisoryIssued, at("10:00:00"), agmt); v.Outcome != Held {
		t.Errorf("before the licence is known: %+v", v)
	}
	tell(t, b, "n-live", Activated, at("09:00:00"), Ref{ProductCode: "p", ARN: ada.ARN, Customer: ada.Customer, Agreement: "agmt-1"})
	kinds := func() (told []outbox.Kind, found int) {
		for _, c := range kept.changes {
			for _, e := range c.Tell {
				told = append(told, e.Kind)
			}
			found += len(c.Found)
		}
		kept.changes = nil
		return told, found
	}
	if told, found := kinds(); !slices.Equal(told, []outbox.Kind{outbox.LicenseActive, outbox.LicenseAdvisoryIssued}) || found != 1 {
		t.Errorf("told %v, %d findings", told, found)
	}
	l, _ := b.ByARN(ada.ARN)
	stands := func() bool {
		is, _ := b.Advised(t.Context(), alert.Alert{Finding: alert.Finding{License: l.ID}})
		return is
	}
	if !stands() || !l.Snapshot().AdvisedAt.Equal(at("10:00:00")) {
		t.Errorf("stands %v, advised at %s", stands(), l.Snapshot().AdvisedAt)
	}
	if v := tell(t, b, "n-risk", AdvisoryIssued, at("10:00:00"), agmt); v.Outcome != Confirmed {
		t.Errorf("told again: %+v", v)
	}
	if told, found := kinds(); len(told)+found != 0 {
		t.Errorf("told again, it is told %v, %d findings", told, found)
	}
	if v := tell(t, b, "n-over", AdvisoryResolved, at("11:00:00"), agmt); v.Outcome != Recorded {
		t.Errorf("resolved: %+v", v)
	}
	if told, found := kinds(); !slices.Equal(told, []outbox.Kind{outbox.LicenseAdvisoryResolved}) || found != 0 || stands() {
		t.Errorf("resolved: told %v, %d findings, stands %v", told, found, stands())
	}
}
