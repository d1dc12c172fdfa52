package metering_test

import (
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/usage"
)

func TestAnHourIsBilledOnce(t *testing.T) {
	w := newWorld(t, begin)
	l := w.license("a")
	w.fact("a", license.Activated, begin.Add(-time.Hour))
	w.open()
	w.use("a", "gb", "3", begin)
	w.use("a", "gb", "4.5", begin.Add(time.Minute))
	w.pass(2 * time.Hour)
	w.billed(l, "gb", 7)
	if line := w.sound("a", "gb"); line.Carried.String() != "0.5" {
		t.Errorf("carried %s, want 0.5", line.Carried)
	}
	w.use("a", "gb", "0.5", w.clk.Now())
	w.pass(time.Hour)
	w.billed(l, "gb", 8)
}

func TestRestartAtAnyTimeChangesNothing(t *testing.T) {
	w := newWorld(t, begin)
	l := w.license("a")
	w.fact("a", license.Activated, begin.Add(-time.Hour))
	w.open()
	for range 10 {
		w.use("a", "gb", "1.1", w.clk.Now())
		w.reopen()
		w.pass(17 * time.Minute)
		w.reopen()
	}
	w.pass(2 * time.Hour)
	w.billed(l, "gb", 11)
}

func TestIdleHoursHaveZeroRecords(t *testing.T) {
	w := newWorld(t, begin)
	w.license("a")
	w.fact("a", license.Activated, begin)
	w.open()
	w.use("a", "gb", "1", begin)
	w.to(begin.Add(5*time.Hour + 10*time.Minute))
	if len(w.aws.ledger) != 5 {
		t.Errorf("AWS has %d records, want one for each of 5 hours: %v", len(w.aws.ledger), w.aws.ledger)
	}
}

func TestAPendingLicencesUsageWaits(t *testing.T) {
	w := newWorld(t, begin)
	l := w.license("a")
	w.fact("a", license.Arrived, begin)
	w.open()
	w.use("a", "gb", "5", begin)
	w.pass(3 * time.Hour)
	if len(w.aws.calls) != 0 {
		t.Fatal("something was sent for a pending licence")
	}
	w.reopen()
	w.fact("a", license.Activated, w.clk.Now())
	w.use("a", "gb", "2", w.clk.Now())
	w.pass(2 * time.Hour)
	w.billed(l, "gb", 7)
}

func TestQuantitiesBeyondTheGreatestAreSpread(t *testing.T) {
	w := newWorld(t, begin)
	l := w.license("a")
	w.fact("a", license.Activated, begin)
	w.open()
	w.use("a", "bytes", "5000000000", begin)
	w.pass(4 * time.Hour)
	w.billed(l, "bytes", 5_000_000_000)
}

func TestALateEventTravelsInTheNextHour(t *testing.T) {
	w := newWorld(t, begin)
	l := w.license("a")
	w.fact("a", license.Activated, begin.Add(-24*time.Hour))
	w.open()
	w.use("a", "gb", "1", begin)
	w.pass(time.Hour) // 10:30; the hour from 9 is sealed
	w.use("a", "gb", "10", begin)
	w.pass(time.Hour)
	w.billed(l, "gb", 11)
}

// Law 3, for windows that lie in one or two clock hours, whatever opens them.
func TestTheLastHour(t *testing.T) {
	for _, opens := range []string{"10:00:00", "10:00:30", "10:20:00", "10:59:00", "10:59:59"} {
		for _, restart := range []bool{false, true} {
			name := opens
			if restart {
				name += " with restarts"
			}
			t.Run(name, func(t *testing.T) {
				at, _ := time.Parse("15:04:05", opens)
				open := begin.Truncate(24 * time.Hour).Add(time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute + time.Duration(at.Second())*time.Second)
				w := newWorld(t, begin)
				l := w.license("a")
				w.fact("a", license.Activated, begin)
				w.aws.subscribed = func(_ string, now time.Time) bool { return now.Before(open.Add(time.Hour)) }
				w.open()
				w.use("a", "gb", "1", begin)
				w.to(open)
				w.use("a", "gb", "10", w.clk.Now())
				w.fact("a", license.Deprovisioned, open)
				want := int64(11)
				for w.clk.Now().Before(open.Add(57 * time.Minute)) {
					w.pass(time.Minute)
					w.use("a", "gb", "1", w.clk.Now())
					want++
					if restart {
						w.reopen()
					}
				}
				w.to(open.Add(3 * time.Hour))
				w.billed(l, "gb", want)
			})
		}
	}
}

func TestUsageAfterTheEndIsKeptAndNotBilled(t *testing.T) {
	w := newWorld(t, begin)
	l := w.license("a")
	w.fact("a", license.Activated, begin)
	w.open()
	w.use("a", "gb", "1", begin)
	w.fact("a", license.Deprovisioned, begin)
	w.pass(2 * time.Hour)
	w.use("a", "gb", "9", w.clk.Now())
	w.pass(2 * time.Hour)
	w.billed(l, "gb", 1)
	if got := w.sound("a", "gb").Unbillable[usage.ReasonAfterEnd].String(); got != "9" {
		t.Errorf("unbillable after the end: %s, want 9", got)
	}
}

func TestSubscribingAgainInTheLastHourLosesNothing(t *testing.T) {
	w := newWorld(t, begin)
	l := w.legacy("a")
	w.fact("a", license.Activated, begin)
	w.open()
	w.fact("a", license.UnsubscribePending, begin.Add(time.Minute))
	w.use("a", "gb", "3", begin)
	w.pass(40 * time.Minute) // 10:10: the first hour of the window is sealed
	w.use("a", "gb", "4", w.clk.Now())
	w.fact("a", license.Activated, w.clk.Now())
	w.pass(4 * time.Hour)
	w.use("a", "gb", "5", w.clk.Now())
	w.pass(2 * time.Hour)
	w.billed(l, "gb", 12)
}

func TestFinalizeLetsTheLastRecordsGo(t *testing.T) {
	w := newWorld(t, begin)
	l := w.license("a")
	w.fact("a", license.Activated, begin)
	w.open()
	if err := w.eng.Finalize(t.Context(), "a"); err == nil {
		t.Fatal("an active licence was finalized")
	}
	w.fact("a", license.Deprovisioned, begin)
	w.use("a", "gb", "6", begin)
	w.pass(time.Minute)
	if err := w.eng.Finalize(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	w.reopen() // between closing and sealing
	w.pass(time.Second)
	w.billed(l, "gb", 6)
	w.use("a", "gb", "1", w.clk.Now())
	w.pass(2 * time.Hour)
	w.billed(l, "gb", 6)
}

// An outage of twenty hours and more ends with everything billed.
func TestAnOutageOfTwentyHours(t *testing.T) {
	for _, f := range []fault{dropBefore, errorAfter, throttle, denied, unreached} {
		w := newWorld(t, begin)
		l := w.license("a")
		w.fact("a", license.Activated, begin)
		w.open()
		w.aws.fault = func(metering.Request) fault { return f }
		for range 21 {
			w.use("a", "gb", "2", w.clk.Now())
			w.pass(time.Hour)
		}
		w.aws.fault = nil
		w.pass(2 * time.Hour)
		w.billed(l, "gb", 42)
		if len(w.alerts()) == 0 {
			t.Errorf("fault %d: nobody was told", f)
		}
	}
}

// An outage of more than a day: what AWS certainly never got is carried to hours that can be sent.
func TestAnOutageOfThirtyHoursIsCarried(t *testing.T) {
	w := newWorld(t, begin)
	l := w.license("a")
	w.fact("a", license.Activated, begin)
	w.open()
	w.aws.fault = func(metering.Request) fault { return unreached }
	for range 30 {
		w.use("a", "gb", "2", w.clk.Now())
		w.pass(time.Hour)
	}
	w.aws.fault = nil
	w.pass(3 * time.Hour)
	w.billed(l, "gb", 60)
}

// Two rows that turn out to be one licence: AWS gets one record an hour, and nothing is lost.
func TestUsageOfAMergedLicenceMoves(t *testing.T) {
	w := newWorld(t, begin)
	l := w.license("a")
	w.license("b")
	w.fact("a", license.Activated, begin)
	w.fact("b", license.Arrived, begin)
	w.open()
	w.use("b", "gb", "2.5", begin)
	w.pass(time.Hour)
	w.use("b", "gb", "4", w.clk.Now())
	w.dir.merged = map[core.LicenseID]core.LicenseID{"b": "a"}
	w.use("a", "gb", "1", w.clk.Now())
	w.pass(3 * time.Hour)
	w.billed(l, "gb", 7)
	if line := w.sound("b", "gb"); line.MovedOut.String() != "6.5" {
		t.Errorf("moved %s, want 6.5", line.MovedOut)
	}
}

// A product that migrates at ten: each hour is sent under one name, the hour before also when AWS took it only later.
func TestNoHourIsBilledUnderTwoNames(t *testing.T) {
	w := newWorld(t, begin)
	ten := begin.Truncate(time.Hour).Add(time.Hour)
	l := license.License{ID: "c", ProductCode: "oldprod", CustomerIdentifier: "cust-c", Customer: "444455556666", ARN: "arn:c", LicenseFrom: ten}
	w.dir.all = append(w.dir.all, l)
	w.fact("c", license.Activated, begin.Add(-time.Hour))
	w.aws.fault = func(r metering.Request) fault {
		if w.clk.Now().Before(ten.Add(2 * time.Hour)) {
			return errorBefore
		}
		return fine
	}
	w.open()
	for range 4 {
		w.use("c", "gb", "1", w.clk.Now())
		w.pass(time.Hour)
		w.reopen()
	}
	w.pass(3 * time.Hour)
	if by, under := w.aws.billed("cust-c", "gb"), w.aws.billed("arn:c", "gb"); by != 1 || under != 3 {
		t.Errorf("AWS bills %d by customer and %d by licence, want 1 and 3", by, under)
	}
	for s := range w.aws.ledger {
		if named := s.who == "arn:c"; named == s.hour.Start().Before(ten) {
			t.Errorf("%+v is under the wrong name", s)
		}
	}
	w.sound("c", "gb")
}
