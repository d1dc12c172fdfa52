package threshold

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/job"
)

var noon = time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)

// house is a ledger, a directory and a store, as a watch sees them. The store survives a restart.
type house struct {
	license.Directory
	clk    *clock.Virtual
	bell   *Bell
	watch  *Watch
	runner *job.Runner

	all    []license.License
	gauges map[core.LicenseID]metering.Consumption // of gb
	month  usage.Quantity                          // of calls, of every licence
	closed core.Hour

	own    []CustomerBudget
	prices map[core.Dimension]string // with their currency: "0.02 USD"

	kept   map[Limit]int
	told   []Told
	broken error // what the store answers
	after  bool  // though it has kept it
	looks  int
}

func newHouse() *house {
	h := &house{clk: clock.NewVirtual(noon), gauges: map[core.LicenseID]metering.Consumption{}, kept: map[Limit]int{}}
	for _, id := range []core.LicenseID{"lic_1", "lic_2"} {
		h.all = append(h.all, license.License{ID: id, ProductCode: "p", Account: "acc_1", Standing: license.Standing{State: license.Active, ActivatedAt: noon.Add(-time.Hour)}})
	}
	h.start()
	return h
}

func (h *house) start() {
	h.bell = &Bell{}
	var err error
	h.watch, err = New(Config{Store: h, Ledger: h, Hours: h, Bought: h, Licenses: h, Products: core.Catalogue{{Code: "p", Dimensions: []core.Measure{{Key: "gb"}, {Key: "calls", Budget: "1000"}}}},
		Prices: h, Bell: h.bell, Clock: h.clk, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	h.runner = job.New(h.clk, slog.New(slog.DiscardHandler), h.watch.Job())
	h.bell.Wake = func() { h.runner.Wake("thresholds") }
}

func (h *house) All(yield func(license.License) bool) {
	h.looks++
	for _, l := range h.all {
		if !yield(l) {
			return
		}
	}
}

func (h *house) Known(license.License) (entitlement.Knowledge, bool) {
	return entitlement.Knowledge{Answer: entitlement.Answer{Entitlements: []entitlement.Entitlement{{Dimension: "gb"}, {Dimension: "gb"}, {Dimension: "seats"}}}}, true
}

func (h *house) Consumed(l *license.License, d core.Dimension, _ time.Time) (metering.Consumption, bool) {
	c, ok := h.gauges[l.ID]
	return c, ok && d == "gb"
}

func (h *house) MonthToDate(context.Context, core.LicenseID, time.Time) (map[core.Dimension]usage.Quantity, error) {
	return map[core.Dimension]usage.Quantity{"calls": h.month}, nil
}

func (h *house) Closed(core.LicenseID) core.Hour { return h.closed }

func (h *house) ReachThreshold(_ context.Context, l Limit, percent int, _ time.Time, e outbox.Event) (bool, error) {
	if h.broken != nil && !h.after {
		return false, h.broken
	}
	told := h.kept[l] < percent
	if told {
		h.kept[l] = percent
		h.told = append(h.told, Told{License: e.License, Dimension: l.Dimension, Of: l.Of, Percent: percent, Limit: l.Most, Period: l.Period})
	}
	return told && h.broken == nil, h.broken
}

// pass lets time go by and does what is due at every stop.
func (h *house) pass(by time.Duration) {
	end := h.clk.Now().Add(by)
	for {
		next, ok, err := h.runner.Step(context.Background())
		if err != nil {
			panic(err)
		}
		if !ok || next.After(end) {
			h.clk.Set(end)
			return
		}
		h.clk.Set(next)
	}
}

func (h *house) use(id core.LicenseID, used, bought int64) {
	h.gauges[id] = metering.Consumption{Period: "until then", Bought: usage.Whole(bought), Used: usage.Whole(used), Until: noon.AddDate(0, 2, 0)}
	h.bell.Ring()
}

// says is what was told, in words, since it was asked last.
func (h *house) says() string {
	var all []string
	for _, t := range h.told {
		all = append(all, fmt.Sprintf("%s %s %s %d/%s", t.License, t.Dimension, t.Of, t.Percent, t.Limit))
	}
	h.told = nil
	return strings.Join(all, ", ")
}

func TestEachThresholdIsToldOnce(t *testing.T) {
	h := newHouse()
	for i, c := range []struct {
		used, bought int64
		want         string
	}{
		{4, 10, ""}, {5, 10, "lic_1 gb entitlement 50/10"}, {6, 10, ""}, {8, 10, "lic_1 gb entitlement 80/10"}, {9, 10, ""}, {12, 10, "lic_1 gb entitlement 100/10"}, {15, 10, ""},
		{15, 20, "lic_1 gb entitlement 50/20"}, // more was bought
		{15, 10, ""},                           // AWS says again what it said before
		{20, 20, "lic_1 gb entitlement 100/20"}, {0, 0, ""},
	} {
		h.use("lic_1", c.used, c.bought)
		h.pass(time.Hour)
		if got := h.says(); got != c.want {
			t.Errorf("%d: of %d are used %d: %q is told, want %q", i, c.bought, c.used, got, c.want)
		}
		h.start()
		h.pass(time.Hour)
		if got := h.says(); got != "" {
			t.Errorf("%d: after a restart: %q", i, got)
		}
	}
	h.use("lic_2", 100, 10)
	h.month = usage.Whole(500)
	h.pass(time.Hour)
	if got := h.says(); got != "lic_1 calls budget 50/1000, lic_2 gb entitlement 100/10, lic_2 calls budget 50/1000" {
		t.Error(got)
	}
	h.clk.Set(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	h.bell.Ring()
	h.pass(time.Hour)
	if got := h.says(); got != "lic_1 calls budget 50/1000, lic_2 calls budget 50/1000" {
		t.Errorf("in the next month: %s", got)
	}
	h.all[0].Standing.State = license.Ended
	h.all[1].Standing.State = license.Ended
	h.month = usage.Whole(1000)
	h.bell.Ring()
	h.pass(time.Hour)
	if got := h.says(); got != "" {
		t.Errorf("what is over is told of: %s", got)
	}
}

// However many events come, it is looked once in five minutes; and while none come, not at all.
func TestItIsLookedOnlyWhenUsageHasGrown(t *testing.T) {
	h := newHouse()
	h.pass(0)
	if h.looks != 1 {
		t.Fatalf("it was looked %d times after the start", h.looks)
	}
	h.pass(24 * time.Hour)
	if h.looks != 1 {
		t.Errorf("it was looked %d times though nothing came", h.looks)
	}
	for range 30 {
		for range 100 {
			h.bell.Ring()
		}
		h.pass(time.Minute)
	}
	if h.looks != 1+7 { // at its beginning, and every five minutes
		t.Errorf("it was looked %d times in half an hour, want 7", h.looks-1)
	}
	h.pass(time.Hour)
	h.closed++
	h.pass(time.Hour)
	if h.looks != 1+7+1 {
		t.Errorf("it was looked %d times after an hour was closed", h.looks)
	}
}

// Whatever the store answers, and whether or not it had kept it, what is reached is told once.
func TestAStoreThatFails(t *testing.T) {
	for _, after := range []bool{false, true} {
		h := newHouse()
		h.use("lic_1", 8, 10)
		h.broken, h.after = errors.New("the disk is gone"), after
		h.pass(time.Second)
		h.broken = nil
		h.pass(time.Hour)
		if got := h.says(); got != "lic_1 gb entitlement 80/10" {
			t.Errorf("kept %v: %q", after, got)
		}
	}
}

// For any course of usage, purchases, restarts and failures: of each limit what is told only rises, the highest threshold
// that was reached when it was looked is told, and nothing else.
func TestThresholdLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHouse()
		want := map[Limit]int{}
		used, bought := int64(0), int64(10)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"use", "buy", "restart", "fail", "renew"}).Draw(t, "step") {
			case "use":
				used += rapid.Int64Range(0, 6).Draw(t, "used")
			case "buy":
				bought += rapid.Int64Range(0, 10).Draw(t, "bought")
			case "renew":
				used, bought = 0, rapid.Int64Range(1, 30).Draw(t, "renewed for")
			case "restart":
				h.start()
			case "fail":
				h.broken, h.after = errors.New("away"), rapid.Bool().Draw(t, "kept")
			}
			h.use("lic_1", used, bought)
			h.pass(10 * time.Second)
			h.broken = nil
			h.pass(10 * time.Minute)
			l := Limit{"lic_1", "gb", Entitlement, "until then", usage.Whole(bought)}
			for _, p := range []int{50, 80, 100} {
				if used*100 >= bought*int64(p) {
					want[l] = max(want[l], p)
				}
			}
		}
		got := map[Limit]int{}
		for _, told := range h.told {
			l := Limit{told.License, told.Dimension, told.Of, told.Period, told.Limit}
			if told.Percent <= got[l] {
				t.Fatalf("%d %% of %s is told after %d %%", told.Percent, l.Most, got[l])
			}
			got[l] = told.Percent
		}
		for l, p := range want {
			if got[l] != p {
				t.Fatalf("of %s, %d %% are told, want %d", l.Most, got[l], p)
			}
		}
		if n := len(slices.Collect(func(yield func(Limit) bool) {
			for l, p := range want {
				if p > 0 && !yield(l) {
					return
				}
			}
		})); len(got) != n {
			t.Fatalf("told of %d limits, want %d", len(got), n)
		}
	})
}

func TestThresholdEvents(t *testing.T) {
	g := Gauge{Limit: Limit{"lic_1", "gb", Budget, "2026-11", usage.Whole(10)}, Used: usage.Whole(8), Until: noon}
	e := g.tidings(80, "acc_1", noon)
	if want := `{"license":"lic_1","dimension":"gb","of":"budget","percent":80,"used":"8","limit":"10","period":"2026-11","until":"2026-11-10T12:00:00Z"}`; string(e.Data) != want || e.Account != "acc_1" {
		t.Errorf("%s of %s", e.Data, e.Account)
	}
	later := g
	later.Used = usage.Whole(9)
	if later.tidings(80, "acc_1", noon.Add(time.Hour)).ID != e.ID {
		t.Error("the same threshold, found again, is another event")
	}
	if g.tidings(100, "acc_1", noon).ID == e.ID {
		t.Error("two thresholds are one event")
	}
}

func TestBudgets(t *testing.T) {
	for _, text := range []string{"0", "-1", "much", "1e99"} {
		_, err := New(Config{Products: core.Catalogue{{Code: "p", Dimensions: []core.Measure{{Key: "gb", Budget: text}}}}})
		if !fail.Is(err, fail.Invalid) {
			t.Errorf("a budget of %s: %v", text, err)
		}
	}
}
