package agreement

import (
	"encoding/json"
	"testing"
	"time"
)

func TestHowLongATrialRuns(t *testing.T) {
	begins := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	trialTerm := func(content string) Terms {
		return Terms{Accepted: []Term{{Name: "supportTerm", Content: json.RawMessage(`{}`)}, {Name: "freeTrialPricingTerm", Content: json.RawMessage(content)}}}
	}
	for name, c := range map[string]struct {
		a     Agreement
		terms Terms
		want  Trial
		ok    bool
	}{
		"pay as you go goes on":            {Agreement{StartsAt: begins}, trialTerm(`{"duration":"P30D"}`), Trial{Until: begins.AddDate(0, 0, 30)}, true},
		"from its acceptance":              {Agreement{AcceptedAt: begins}, trialTerm(`{"duration":"P2W"}`), Trial{Until: begins.AddDate(0, 0, 14)}, true},
		"a contract ends":                  {Agreement{StartsAt: begins, EndsAt: begins.AddDate(0, 0, 14)}, trialTerm(`{"duration":"P14D"}`), Trial{begins.AddDate(0, 0, 14), true}, true},
		"a contract that says no duration": {Agreement{StartsAt: begins, EndsAt: begins.AddDate(0, 0, 14)}, trialTerm(`{}`), Trial{begins.AddDate(0, 0, 14), true}, true},
		"no duration":                      {Agreement{StartsAt: begins}, trialTerm(`{"duration":"soon"}`), Trial{}, false},
		"no beginning":                     {Agreement{}, trialTerm(`{"duration":"P30D"}`), Trial{}, false},
	} {
		got, ok := c.a.trial(c.terms)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%s: %+v, %v; want %+v, %v", name, got, ok, c.want, c.ok)
		}
	}
}

func TestPeriods(t *testing.T) {
	at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{"P1D": at.AddDate(0, 0, 1), "P1M": at.AddDate(0, 1, 0), "P1Y2M3W4D": at.AddDate(1, 2, 25), "P0D": at, "P90D": at.AddDate(0, 0, 90)} {
		if got, ok := After(at, text); !ok || !got.Equal(want) {
			t.Errorf("%s: %s, %v; want %s", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "P", "30D", "P30", "PD", "P-1D", "P1.5D", "PT12H", "P1D2M", "P1D1D", "P10000D", "P1H", "p1d", "P1D "} {
		if got, ok := After(at, text); ok {
			t.Errorf("%q is read as %s", text, got)
		}
	}
}

func FuzzPeriods(f *testing.F) {
	f.Add("P1Y2M3W4D")
	f.Add("P99999999999999999999D")
	at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		if got, ok := After(at, text); ok && (got.Before(at) || got.After(at.AddDate(maxPeriod+1, 0, 0).AddDate(0, maxPeriod, 0).AddDate(0, 0, 8*maxPeriod))) {
			t.Errorf("%q leads to %s", text, got)
		}
	})
}

// A reminder speaks of a trial's end only where nothing follows it.
func TestAnAgreementThatIsATrialAlone(t *testing.T) {
	begins := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	term := Terms{Accepted: []Term{{Name: "freeTrialPricingTerm", Content: json.RawMessage(`{"duration":"P14D"}`)}}}
	fortnight, year := Agreement{StartsAt: begins, EndsAt: begins.AddDate(0, 0, 14)}, Agreement{StartsAt: begins, EndsAt: begins.AddDate(1, 0, 0)}
	if !fortnight.wholeTrial(term) || fortnight.wholeTrial(Terms{}) || year.wholeTrial(term) {
		t.Errorf("a trial: %v, no trial: %v, a contract that begins with one: %v", fortnight.wholeTrial(term), fortnight.wholeTrial(Terms{}), year.wholeTrial(term))
	}
}
