package metering_test

import (
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/usage"
)

// shop is what everybody has bought of gb in advance.
type shop struct{ now metering.Allowance }

func (s *shop) Allowance(_ license.License, d core.Dimension) (metering.Allowance, bool) {
	return s.now, d == "gb"
}

// contractOf opens a ledger of one licence that has bought units until the end of the year.
func contractOf(t *testing.T, m core.Measure, units int64) (*world, *shop, license.License) {
	w := newWorld(t, begin).metered(m)
	s := &shop{now: metering.Allowance{Known: true, Units: usage.Whole(units), Until: begin.AddDate(0, 2, 0)}}
	w.cfg.Allowances = s
	l := w.license("a")
	w.fact("a", license.Activated, begin.Add(-time.Hour))
	return w.open(), s, l
}

func TestWhatWasBoughtIsUsedUpFirst(t *testing.T) {
	w, s, l := contractOf(t, core.Measure{}, 10)
	bill := func(use string, want int64) {
		t.Helper()
		w.use("a", "gb", use, w.clk.Now())
		w.reopen()
		w.pass(time.Hour)
		w.billed(l, "gb", want)
	}
	bill("4.5", 0)
	bill("4", 0)
	bill("4", 2)
	if line := w.sound("a", "gb"); line.Covered != usage.Whole(10) || line.Carried.String() != "0.5" {
		t.Errorf("covered %s, carried %s; want 10 and 0.5", line.Covered, line.Carried)
	}
	s.now.Units = usage.Whole(13) // amended
	bill("4", 3)                  // 3 of them are covered
	s.now.Until = s.now.Until.AddDate(0, 12, 0)
	s.now.Units = usage.Whole(5) // renewed, for less
	bill("7", 5)
}

func TestAnAllowanceForAMonthOrAnHour(t *testing.T) {
	for allowed, want := range map[core.Allowed]int64{core.AllowTerm: 26, core.AllowMonthly: 22, core.AllowHourly: 18, core.AllowNothing: 30} {
		t.Run(string(allowed), func(t *testing.T) {
			w, _, l := contractOf(t, core.Measure{Allowance: allowed}, 4)
			w.to(time.Date(2026, 11, 30, 22, 10, 0, 0, time.UTC))
			for range 3 { // two of the hours are in November
				w.use("a", "gb", "10", w.clk.Now())
				w.pass(time.Hour)
			}
			w.pass(time.Hour)
			w.billed(l, "gb", want)
		})
	}
}

func TestUsageWaitsUntilAWSHasSaidWhatWasBought(t *testing.T) {
	w, s, l := contractOf(t, core.Measure{}, 10)
	s.now.Known = false
	w.use("a", "gb", "7", w.clk.Now())
	w.pass(time.Hour)
	w.use("a", "gb", "7", w.clk.Now())
	w.pass(time.Hour)
	w.billed(l, "gb", 0)
	if line := w.sound("a", "gb"); line.Carried != usage.Whole(14) {
		t.Errorf("carried %s, want 14", line.Carried)
	}
	w.reopen()
	s.now.Known = true
	w.pass(time.Hour)
	w.billed(l, "gb", 4)
}

// AWS lists nothing any more when a contract has ended; its last hours are covered by what had been bought all the same.
func TestAContractsLastHoursAreCovered(t *testing.T) {
	w, s, l := contractOf(t, core.Measure{}, 10)
	w.use("a", "gb", "4", w.clk.Now())
	w.pass(time.Hour)
	w.use("a", "gb", "8", w.clk.Now())
	s.now = metering.Allowance{Known: true}
	w.fact("a", license.Deprovisioned, w.clk.Now())
	w.pass(3 * time.Hour)
	w.billed(l, "gb", 2)
	if line := w.sound("a", "gb"); line.Covered != usage.Whole(10) {
		t.Errorf("covered %s, want 10", line.Covered)
	}
}

func TestAnAllowanceIsInUnits(t *testing.T) {
	w, _, l := contractOf(t, core.Measure{Per: "1000"}, 3)
	w.use("a", "gb", "5500", w.clk.Now())
	w.pass(time.Hour)
	w.billedUnits(l, 2)
	if line := w.sound("a", "gb"); line.Covered != usage.Whole(3000) || line.Carried != usage.Whole(500) {
		t.Errorf("covered %s, carried %s; want 3000 and 500", line.Covered, line.Carried)
	}
}

// Usage that waited for AWS's word when its licence ended is given up with the rest, and does not come back when the
// customer subscribes again.
func TestWhatWaitedIsGivenUpAtTheEnd(t *testing.T) {
	w, s, l := contractOf(t, core.Measure{Allowance: core.AllowMonthly}, 10)
	s.now.Known = false
	w.use("a", "gb", "7", w.clk.Now())
	w.pass(time.Hour)
	w.fact("a", license.Deprovisioned, w.clk.Now())
	w.pass(3 * time.Hour)
	if line := w.sound("a", "gb"); line.Unbillable[metering.ReasonEnded] != usage.Whole(7) {
		t.Errorf("given up: %+v", line)
	}
	s.now.Known = true
	w.fact("a", license.Activated, w.clk.Now())
	w.pass(time.Hour)
	w.use("a", "gb", "12", w.clk.Now())
	w.pass(2 * time.Hour)
	w.billed(l, "gb", 2)
}
