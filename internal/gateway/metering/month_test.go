package metering_test

import (
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/usage"
)

// A month's usage is what its events come to, before an hour is sealed and after it, across a restart, and whoever asked before.
func TestMonthToDate(t *testing.T) {
	w, _, l := contractOf(t, core.Measure{Per: "2"}, 10)
	sum := usage.Quantity{}
	check := func(when string) {
		t.Helper()
		for range 2 {
			got, err := w.eng.MonthToDate(t.Context(), l.ID, w.clk.Now())
			if err != nil || got["gb"] != sum.Units(usage.Whole(2)) {
				t.Fatalf("%s: %s, %v; want %s", when, got["gb"], err, sum.Units(usage.Whole(2)))
			}
		}
	}
	check("at first")
	for n := range 30 {
		use := usage.Whole(int64(n % 4))
		w.use("a", "gb", use.String(), w.clk.Now())
		sum = sum.Add(use)
		check("an event has come")
		w.pass(time.Duration(n%3) * 25 * time.Minute)
		if n%7 == 0 {
			w.reopen()
		}
		check("time has passed")
	}
	w.to(time.Date(2026, 12, 1, 0, 20, 0, 0, time.UTC))
	sum = usage.Quantity{}
	check("in the next month")
	w.use("a", "gb", "7", w.clk.Now())
	sum = usage.Whole(7)
	check("and used")
}

func TestConsumed(t *testing.T) {
	w, s, l := contractOf(t, core.Measure{}, 10)
	w.use("a", "gb", "4", w.clk.Now())
	w.pass(90 * time.Minute)
	w.use("a", "gb", "3", w.clk.Now())
	c, known := w.eng.Consumed(&l, "gb", w.clk.Now())
	if !known || c.Used != usage.Whole(7) || c.Bought != usage.Whole(10) || !c.Until.Equal(s.now.Until) || c.Period == "" {
		t.Errorf("%+v, %v", c, known)
	}
	before := c.Period
	s.now.Until = s.now.Until.AddDate(1, 0, 0)
	if c, known := w.eng.Consumed(&l, "gb", w.clk.Now()); !known || c.Period == before {
		t.Errorf("renewed: %+v, %v", c, known)
	}
	s.now.Known = false
	if c, known := w.eng.Consumed(&l, "gb", w.clk.Now()); known {
		t.Errorf("AWS has said nothing: %+v", c)
	}
	s.now.Known, s.now.Unlimited = true, true
	if c, known := w.eng.Consumed(&l, "gb", w.clk.Now()); known {
		t.Errorf("there is no limit: %+v", c)
	}
	for name, m := range map[string]core.Measure{"an hour's": {Allowance: core.AllowHourly}, "not ours to count": {Allowance: core.AllowNothing}, "a mean": {Meter: core.Average}} {
		w, _, l := contractOf(t, m, 10)
		if c, known := w.eng.Consumed(&l, "gb", w.clk.Now()); known {
			t.Errorf("%s: %+v", name, c)
		}
	}
	w, _, l = contractOf(t, core.Measure{Allowance: core.AllowMonthly}, 10)
	if c, known := w.eng.Consumed(&l, "gb", time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)); !known || c.Period != "2026-11" || !c.Until.Equal(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("a month's: %+v, %v", c, known)
	}
}
