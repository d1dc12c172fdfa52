package metering_test

import (
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
)

// What is used up is the same before an hour is sealed, after it, and after a restart.
func TestUsedIsToldWhileItHappens(t *testing.T) {
	for _, c := range []struct {
		name    string
		measure core.Measure
		event   string
		want    [4]string // after an event, in the next hour, after another event, in the next month
	}{
		{"a term", core.Measure{}, "3.5", [4]string{"3.5", "3.5", "7", "7"}},
		{"a month", core.Measure{Allowance: core.AllowMonthly}, "3", [4]string{"3", "3", "6", "0"}},
		{"an hour", core.Measure{Allowance: core.AllowHourly}, "3", [4]string{"3", "0", "3", "0"}},
		{"in units", core.Measure{Per: "1000"}, "2500", [4]string{"2.5", "2.5", "5", "5"}},
		{"counted", core.Measure{Meter: core.Count}, "99", [4]string{"1", "1", "2", "2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, s, l := contractOf(t, c.measure, 10)
			used := func(want string) {
				t.Helper()
				for _, when := range []string{"running", "restarted"} {
					got, known := w.eng.Used(&l, "gb", s.now.Until, w.clk.Now())
					if !known || got.String() != want {
						t.Errorf("%s: %s, %v; want %s", when, got, known, want)
					}
					w.reopen()
				}
			}
			used("0")
			w.use("a", "gb", c.event, w.clk.Now())
			used(c.want[0])
			w.pass(time.Hour)
			used(c.want[1])
			w.use("a", "gb", c.event, w.clk.Now())
			used(c.want[2])
			w.to(time.Date(2026, 12, 1, 0, 20, 0, 0, time.UTC))
			used(c.want[3])
			s.now.Until = s.now.Until.AddDate(1, 0, 0) // renewed: nothing of the new term is used
			if c.measure.Allowance == core.AllowTerm {
				used("0")
			}
		})
	}
}

func TestUsedIsNotGuessed(t *testing.T) {
	for name, m := range map[string]core.Measure{"only what exceeds is reported": {Allowance: core.AllowNothing}, "a mean": {Meter: core.Average}} {
		w, s, l := contractOf(t, m, 10)
		if used, known := w.eng.Used(&l, "gb", s.now.Until, w.clk.Now()); known {
			t.Errorf("%s: %s", name, used)
		}
	}
	w, s, l := contractOf(t, core.Measure{}, 10)
	if used, known := w.eng.Used(&l, "seats", s.now.Until, w.clk.Now()); known {
		t.Errorf("a dimension that is not metered: %s", used)
	}
	if used, _ := w.eng.Used(&license.License{ID: "lic_other", ProductCode: l.ProductCode}, "gb", s.now.Until, w.clk.Now()); !used.IsZero() {
		t.Errorf("another licence: %s", used)
	}
}
