package metering_test

import (
	"fmt"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
)

// A level shows in the hour that is open, for as long as it held: also in hours in which nobody told anything, after a restart,
// and while the licence winds down.
func TestALevelShowsInOpenHours(t *testing.T) {
	start := begin.Truncate(time.Hour)
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	w := newWorld(t, at(0)).metered(core.Measure{Meter: core.Average})
	l := w.license("a")
	w.fact("a", license.Activated, at(0))
	w.open()
	first := core.HourOf(start)
	want := func(rows ...string) {
		t.Helper()
		got, err := w.eng.Usage(t.Context(), l.ID, first, first+20)
		if err != nil {
			t.Fatal(err)
		}
		var shown []string
		for _, u := range got {
			if u.Dimension == "gb" {
				shown = append(shown, fmt.Sprintf("%d: %s, open %s", u.Hour-first, u.Accepted, u.Open))
			}
		}
		if fmt.Sprint(shown) != fmt.Sprint(rows) {
			t.Errorf("at %s: %q, want %q", w.clk.Now().Format("15:04"), shown, rows)
		}
	}
	w.to(at(10))
	w.report("6", "ann", at(10))
	w.to(at(30))
	want("0: 2, open 2") // 6 for 20 of 60 minutes
	w.to(at(62))         // the hour is over, and not sealed
	want("0: 5, open 5", "1: 0.2, open 0.2")
	w.to(at(90))
	want("0: 5, open 0", "1: 3, open 3") // nothing was told in this hour
	audited := func(accepted, open string) {
		t.Helper()
		if line := w.sound("a", "gb"); line.Accepted.String() != accepted || line.Open.String() != open {
			t.Errorf("audited: accepted %s, open %s; want %s and %s", line.Accepted, line.Open, accepted, open)
		}
	}
	audited("5.5", "0.5") // the newest thing in the books is that the hour was closed, five minutes after its end
	w.reopen()
	w.report("0", "ann", at(90))
	w.to(at(110))
	want("0: 5, open 0", "1: 3, open 3")
	audited("8", "3")
	w.to(at(200))
	w.report("60", "ann", at(200))
	w.fact("a", license.Deprovisioned, at(210))
	w.to(at(212))
	got, err := w.eng.Usage(t.Context(), l.ID, first+3, first+3)
	if err != nil || len(got) == 0 || got[0].Accepted.String() != "12" {
		t.Errorf("in the licence's last hours: %+v, %v", got, err)
	}
}
