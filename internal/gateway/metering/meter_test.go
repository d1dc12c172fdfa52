package metering_test

import (
	"fmt"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/usage"
)

// metered configures the one dimension gb.
func (w *world) metered(m core.Measure) *world {
	m.Key = "gb"
	w.cfg.Products = core.Catalogue{{Code: "prod", Dimensions: []core.Measure{m}}}
	w.ucfg.Products = w.cfg.Products
	return w
}

// report is an event with a tag.
func (w *world) report(quantity, who string, at time.Time) {
	w.t.Helper()
	w.events++
	w.tell(usage.Event{ID: fmt.Sprint("e", w.events), License: usage.Ref{Name: "a"}, Dimension: "gb", Quantity: quantity, Time: at, Tags: map[string]string{"who": who}}, usage.Result{Accepted: 1})
}

func TestMeters(t *testing.T) {
	at := func(minutes int) time.Time {
		return begin.Truncate(time.Hour).Add(time.Duration(minutes) * time.Minute)
	}
	cases := []struct {
		meter  core.Meter
		hour   int64 // what the first hour bills
		late   int64 // and what the next one, for the late event
		second int64 // and the one after that
	}{
		{core.Sum, 2 + 8 + 5, 9, 0},
		{core.Count, 3, 1, 0},
		{core.Max, 8, 1, 0},                      // 9 instead of 8
		{core.Last, 5, 0, 0},                     // the late one is not the newest
		{"unique:who", 2, 1, 0},                  // ann and bob, and then eve
		{core.Average, (2*30 + 8*15) / 60, 5, 5}, // the level of 5 goes on; the late one is out of date
	}
	for _, c := range cases {
		t.Run(c.meter.String(), func(t *testing.T) {
			w := newWorld(t, at(0)).metered(core.Measure{Meter: c.meter})
			l := w.license("a")
			w.fact("a", license.Activated, at(0))
			w.open()
			w.to(at(59))
			w.report("2", "ann", at(0))
			w.report("8", "bob", at(30))
			w.report("5", "ann", at(45))
			if c.meter == core.Average {
				c.hour = (2*30 + 8*15 + 5*15) / 60 // 4.25
			}
			w.to(at(70))
			w.billed(l, "gb", c.hour)
			w.report("9", "eve", at(40)) // the hour is closed
			w.reopen()
			w.to(at(130))
			w.billed(l, "gb", c.hour+c.late)
			w.to(at(190))
			w.billed(l, "gb", c.hour+c.late+c.second)
		})
	}
}

func TestAScaledDimensionLosesNothing(t *testing.T) {
	w := newWorld(t, begin).metered(core.Measure{Per: "1073741824", Round: core.RoundUp})
	l := w.license("a")
	w.fact("a", license.Activated, begin.Add(-time.Hour))
	w.open()
	total := new(big.Int)
	for i := range 200 {
		n := int64(i)*987_654_321 + 1
		total.Add(total, big.NewInt(n))
		w.use("a", "gb", fmt.Sprint(n), w.clk.Now())
		w.pass(time.Hour)
	}
	gib, rest := new(big.Int).DivMod(total, big.NewInt(1<<30), new(big.Int))
	w.pass(time.Hour)
	w.billedUnits(l, gib.Int64())
	if line := w.sound("a", "gb"); line.Carried.String() != rest.String() {
		t.Errorf("carried %s bytes, want %s", line.Carried, rest)
	}
	w.fact("a", license.Deprovisioned, w.clk.Now())
	w.pass(2 * time.Hour)
	w.billedUnits(l, gib.Int64()+1)
	line := w.sound("a", "gb")
	if want := big.NewInt(1 << 30); line.Rounded.String() != want.Sub(want, rest).String() {
		t.Errorf("rounded up by %s bytes, want %s", line.Rounded, want)
	}
}

// billedUnits checks AWS's books.
func (w *world) billedUnits(l license.License, want int64) {
	w.t.Helper()
	if got := w.aws.billed(string(l.ARN), "gb"); got != want {
		w.t.Errorf("AWS bills %d, want %d", got, want)
	}
}

// TestMetersAgainstAModel plays random events, some of them late, with restarts between, and compares what was metered
// with what a slow and simple model makes of all events of each hour.
func TestMetersAgainstAModel(t *testing.T) {
	start := begin.Truncate(time.Hour)
	rapid.Check(t, func(rt *rapid.T) {
		meter := rapid.SampledFrom([]core.Meter{core.Sum, core.Count, core.Max, core.Last, "unique:who", core.Average}).Draw(rt, "meter")
		kind, _ := meter.Parts()
		w := newWorld(t, start).metered(core.Measure{Meter: meter})
		w.license("a")
		w.fact("a", license.Activated, start)
		w.open()
		defer w.kill()
		var told []modelEvent
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"event", "event", "event", "time", "restart"}).Draw(rt, "do") {
			case "event":
				back := 0
				if kind != core.Last && kind != core.Average { // late ones of these may change nothing, see TestMeters
					back = rapid.SampledFrom([]int{0, 0, 10, 70, 190}).Draw(rt, "minutes ago")
				}
				e := modelEvent{at: w.clk.Now().Add(-time.Duration(back) * time.Minute), q: int64(rapid.IntRange(0, 20).Draw(rt, "quantity")), who: rapid.SampledFrom([]string{"ann", "bob", "eve"}).Draw(rt, "who")}
				if e.at.Before(start) {
					e.at = start
				}
				w.report(fmt.Sprint(e.q), e.who, e.at)
				told = append(told, e)
			case "time":
				w.pass(time.Duration(rapid.IntRange(1, 100).Draw(rt, "minutes pass")) * time.Minute)
			case "restart":
				w.reopen()
			}
		}
		w.to(w.clk.Now().Truncate(time.Hour).Add(time.Hour + 10*time.Minute)) // all hours with events are sealed then
		until := w.clk.Now().Truncate(time.Hour)
		line := w.sound("a", "gb") // a level counts in the hour that has begun, too
		if got, want := line.Accepted.Sub(line.Open).String(), model(kind, told, start, until); got != want {
			rt.Errorf("%s: metered %s, want %s, of %v", meter, got, want, told)
		}
	})
}

type modelEvent struct {
	at  time.Time
	q   int64
	who string
}

// model meters all events of each hour at once. The events are in the order in which they were told.
func model(kind core.Meter, told []modelEvent, start, until time.Time) string {
	if kind == core.Average {
		return modelAverage(told, start, until)
	}
	var sum int64
	for hour := start; hour.Before(until); hour = hour.Add(time.Hour) {
		var reading int64
		var newest time.Time
		who := map[string]bool{}
		for _, e := range told {
			if !e.at.Truncate(time.Hour).Equal(hour) {
				continue
			}
			who[e.who] = true
			switch kind {
			case core.Sum:
				reading += e.q
			case core.Count:
				reading++
			case core.Max:
				reading = max(reading, e.q)
			case core.Last:
				if !e.at.Before(newest) {
					reading, newest = e.q, e.at
				}
			}
		}
		if kind == core.Unique {
			reading = int64(len(who))
		}
		sum += reading
	}
	return fmt.Sprint(sum)
}

// modelAverage goes second by second. Events of this test come at whole seconds and in order.
func modelAverage(told []modelEvent, start, until time.Time) string {
	var total usage.Quantity
	var level int64
	next := 0
	for hour := start; hour.Before(until); hour = hour.Add(time.Hour) {
		var seconds int64
		for s := range 3600 {
			now := hour.Add(time.Duration(s) * time.Second)
			for next < len(told) && !told[next].at.After(now) {
				level = told[next].q
				next++
			}
			seconds += level
		}
		mean := new(big.Rat).SetFrac64(seconds, 3600)
		q, err := usage.ParseQuantity(mean.FloatString(12))
		if err != nil {
			panic(err)
		}
		total = total.Add(q)
	}
	return total.String()
}
