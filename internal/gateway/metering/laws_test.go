package metering_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/statement"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/powerloss"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// TestLaws plays random histories of events, notices, faults, kills and jumps of the clock, and checks laws 1 and 2 all
// the way and at the end. A failing one shrinks and is replayed with the -rapid.seed that it prints.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) { play(t, rt, nil) })
}

// TestLawsWhenThePowerFails is the same where not the process dies but the machine: what was written and not synced is
// kept, lost or torn, each write by itself.
func TestLawsWhenThePowerFails(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) { play(t, rt, powerloss.New(rapid.Uint64().Draw(rt, "disk"))) })
}

// fewOnPostgres is how many histories are played on PostgreSQL: each takes as long as a hundred on SQLite in memory.
const fewOnPostgres = 8

// TestLawsOnPostgres is TestLaws on the other engine, with fewer histories.
func TestLawsOnPostgres(t *testing.T) {
	if testing.Short() {
		t.Skip("the histories are played without the race detector, and stores have tests of their own")
	}
	first, played := storetest.Postgres(t), 0
	rapid.Check(t, func(rt *rapid.T) {
		url := first
		switch played++; {
		case played > fewOnPostgres:
			return
		case played > 1:
			url = storetest.Postgres(t)
		}
		playOn(t, rt, nil, url)
	})
}

func play(t *testing.T, rt *rapid.T, disk *powerloss.Disk) { playOn(t, rt, disk, "") }

func playOn(t *testing.T, rt *rapid.T, disk *powerloss.Disk, url string) {
	dir, err := os.MkdirTemp(storetest.MemoryDir(), "souk-laws")
	if err != nil {
		rt.Fatal(err)
	}
	defer os.RemoveAll(dir)
	h := newHistory(t, rt, dir)
	h.disk, h.url = disk, url
	defer h.kill()
	h.start()
	for range rapid.IntRange(5, 40).Draw(rt, "steps") {
		h.step()
	}
	h.end()
}

// history is one random life of a gateway's ledger.
type history struct {
	*world
	rt      *rapid.T
	crash   *crasher
	measure core.Measure // of gb; calls are added up
	bought  *shop

	told     map[string]usage.Event // by id: the content that was told first
	accepted map[metering.Pair]usage.Quantity
	opened   map[string]time.Time // when a licence's final window opened; zero: it has not
}

var lives = []string{"a", "b", "c"} // c is of the generation of customer identifiers

func newHistory(t *testing.T, rt *rapid.T, dir string) *history {
	start := begin
	if rapid.Bool().Draw(rt, "at the month's end") {
		start = time.Date(2026, 11, 30, 20, 30, 0, 0, time.UTC)
	}
	h := &history{world: newWorld(t, start), rt: rt, told: map[string]usage.Event{}, accepted: map[metering.Pair]usage.Quantity{}, opened: map[string]time.Time{}, crash: &crasher{in: -1}}
	h.path = filepath.Join(dir, "souk.db")
	h.aws.t = rt
	h.measure = core.Measure{Key: "gb", Meter: rapid.SampledFrom([]core.Meter{core.Sum, core.Sum, core.Count, core.Max, core.Last, "unique:who", core.Average}).Draw(rt, "meter"),
		Per:       rapid.SampledFrom([]string{"", "1", "0.7", "1024"}).Draw(rt, "per"),
		Allowance: rapid.SampledFrom([]core.Allowed{core.AllowTerm, core.AllowMonthly, core.AllowHourly}).Draw(rt, "allowance"),
		Round:     rapid.SampledFrom([]core.Rounding{core.RoundDown, core.RoundUp, core.RoundNearest}).Draw(rt, "round")}
	for _, code := range []core.ProductCode{"prod", "oldprod"} {
		h.cfg.Products = append(h.cfg.Products, core.Product{Code: code, Dimensions: []core.Measure{h.measure, {Key: "calls"}}})
	}
	h.ucfg.Products = h.cfg.Products
	if rapid.Bool().Draw(rt, "a contract") {
		h.bought = &shop{}
		h.cfg.Allowances = h.bought
	}
	h.cfg.NoZeros = rapid.Bool().Draw(rt, "no zero records")
	h.aws.duplicateOnResend = rapid.Bool().Draw(rt, "an identical record again is a duplicate")
	h.ucfg.MaxIDs = rapid.SampledFrom([]int{1, 1000}).Draw(rt, "ids in memory")
	h.ucfg.IDsMemory = rapid.SampledFrom([]int64{0, -1}).Draw(rt, "memory for filters")
	h.ucfg.KeepEvents = rapid.SampledFrom([]time.Duration{0, time.Hour, 40 * time.Hour}).Draw(rt, "events are kept")
	h.ucfg.PackAfter = rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(rt, "events are packed")
	h.world.license("a")
	h.world.license("b")
	h.world.legacy("c")
	h.aws.subscribed = func(who string, now time.Time) bool {
		for _, l := range h.dir.all {
			if string(l.ARN) == who || string(l.CustomerIdentifier) == who {
				s := h.dir.stand(l).Standing
				return s.Access()
			}
		}
		return false
	}
	// Drawn beforehand, and used up in the order of calls: calls are made in goroutines, where nothing can be drawn.
	luck := rapid.SliceOfN(rapid.IntRange(0, 3*int(faults)), 1, 20).Draw(rt, "faults")
	h.cfg.Parallel = 1
	h.aws.fault = func(metering.Request) fault {
		f := luck[len(h.aws.calls)%len(luck)]
		if f >= int(faults) {
			return fine
		}
		return fault(f)
	}
	h.wrap = func(u usage.Store, m metering.Store) (usage.Store, metering.Store) {
		return crashingLog{u, h.crash}, crashingLedger{m, h.crash}
	}
	h.fact("a", license.Activated, start.Add(-time.Hour))
	h.fact("b", license.Arrived, start)
	h.fact("c", license.Activated, start.Add(-90*time.Minute))
	return h
}

func (h *history) kill() {
	if h.disk != nil {
		h.disk.Cut()
	}
	if h.db != nil {
		h.world.kill()
	}
	if h.disk != nil {
		if err := h.disk.Restore(); err != nil {
			h.rt.Fatal(err)
		}
	}
}

// dead reports that the process is gone, by itself or with the machine.
func (h *history) dead() bool { return h.crash.dead || (h.disk != nil && h.disk.Off()) }

// start opens the ledger, again if it dies on the way.
func (h *history) start() {
	for {
		err := h.tryOpen()
		if err == nil {
			return
		}
		if !h.dead() {
			h.rt.Fatal(err)
		}
		h.reboot()
	}
}

func (h *history) reboot() {
	h.kill()
	h.crash.dead, h.crash.in = false, -1
}

// revive starts anew if the process died.
func (h *history) revive() {
	if h.dead() {
		h.reboot()
		h.start()
	}
}

func (h *history) step() {
	rt := h.rt
	switch rapid.SampledFrom([]string{"event", "event", "event", "repeat", "conflict", "time", "time", "time", "notice", "kill", "crash", "finalize", "buy"}).Draw(rt, "do") {
	case "buy":
		if h.bought != nil {
			h.bought.now = metering.Allowance{Known: rapid.Bool().Draw(rt, "AWS has said so"), Unlimited: rapid.IntRange(0, 9).Draw(rt, "limited") == 0,
				Units: usage.Whole(int64(rapid.IntRange(0, 20).Draw(rt, "units"))), Until: begin.AddDate(0, rapid.IntRange(0, 3).Draw(rt, "months"), 0)}
		}
	case "event":
		h.report(h.draw(fmt.Sprint("e", len(h.told))))
	case "repeat", "conflict":
		if len(h.told) == 0 {
			return
		}
		id := fmt.Sprint("e", rapid.IntRange(0, len(h.told)-1).Draw(rt, "which"))
		e := h.told[id]
		if rapid.Bool().Draw(rt, "other content") {
			e.Quantity = "41"
		}
		h.report(e)
	case "time":
		d := rapid.SampledFrom([]time.Duration{time.Second, time.Minute, 20 * time.Minute, time.Hour, 5 * time.Hour, 26 * time.Hour}).Draw(rt, "time passes")
		if rapid.IntRange(0, 9).Draw(rt, "asleep") == 0 {
			h.clk.Set(h.clk.Now().Add(d)) // nothing was done meanwhile: the machine slept
		}
		h.live(h.clk.Now().Add(d))
	case "notice":
		id := rapid.SampledFrom(lives).Draw(rt, "licence")
		k := rapid.SampledFrom([]license.Kind{license.Activated, license.Activated, license.Deprovisioned, license.AgreementEnded, license.UnsubscribePending, license.Unsubscribed}).Draw(rt, "notice")
		h.fact(id, k, h.clk.Now())
	case "kill":
		h.reboot()
		h.start()
	case "crash":
		if h.disk != nil && rapid.Bool().Draw(rt, "the machine") {
			h.disk.CutAfter(rapid.IntRange(0, 60).Draw(rt, "at write to the disk"))
			return
		}
		h.crash.in = rapid.IntRange(0, 12).Draw(rt, "at write")
		h.crash.after = rapid.Bool().Draw(rt, "after it took effect")
		h.crash.lives = rapid.Bool().Draw(rt, "only the answer is lost")
	case "finalize":
		_ = h.eng.Finalize(context.Background(), core.LicenseID(rapid.SampledFrom(lives).Draw(rt, "licence"))) // refused unless it is winding down
		h.revive()
	}
	h.check()
}

func (h *history) meter(d core.Dimension) core.Meter {
	if d == h.measure.Key {
		return h.measure.Meter
	}
	return core.Sum
}

// per is how much of what events count is in one unit.
func (h *history) per(d core.Dimension) usage.Quantity {
	if d != h.measure.Key || h.measure.Per == "" {
		return usage.Whole(1)
	}
	q, err := usage.ParseQuantity(h.measure.Per)
	if err != nil {
		h.rt.Fatal(err)
	}
	return q
}

func (h *history) draw(id string) usage.Event {
	rt := h.rt
	quantities := []string{"1", "0.1", "0.333333333333", "7", "0", "12.5"}
	if h.meter("gb") != core.Average { // a level of more than AWS takes in an hour would never be caught up with
		quantities = append(quantities, "3000000000")
	}
	e := usage.Event{ID: id, License: usage.Ref{Name: rapid.SampledFrom(lives).Draw(rt, "licence")},
		Dimension: core.Dimension(rapid.SampledFrom([]string{"gb", "calls"}).Draw(rt, "dimension")),
		Quantity:  rapid.SampledFrom(quantities).Draw(rt, "quantity"),
		Tags:      map[string]string{"who": rapid.SampledFrom([]string{"ann", "bob", "eve"}).Draw(rt, "who")}}
	if back := rapid.SampledFrom([]int{-1, 0, 0, 10, 70, 600, 3000}).Draw(rt, "minutes ago"); back >= 0 {
		e.Time = h.clk.Now().Add(-time.Duration(back) * time.Minute)
	}
	return e
}

// report tells an event until there is an answer, as a good client does, and keeps account of what was accepted.
func (h *history) report(e usage.Event) {
	first, known := h.told[e.ID]
	if !known {
		h.told[e.ID] = e
		first = e
	}
	for range 3 {
		res, err := h.in.Accept(context.Background(), "", []usage.Event{e})
		if err != nil {
			h.revive()
			continue // nobody answered: tell it again
		}
		same := e.Quantity == first.Quantity
		switch {
		case known && same && res.Duplicates != 1, known && !same && (len(res.Rejected) != 1 || res.Rejected[0].Code != "conflict"):
			h.rt.Fatalf("event %s again (same content: %v): %+v", e.ID, same, res)
		case !known && res.Accepted+res.Duplicates != 1:
			h.rt.Fatalf("event %s: %+v", e.ID, res)
		}
		if !known {
			q, err := usage.ParseQuantity(e.Quantity)
			if err != nil {
				h.rt.Fatal(err)
			}
			if h.meter(e.Dimension) == core.Count {
				q = usage.Whole(1)
			}
			p := metering.Pair{License: core.LicenseID(e.License.Name), Dimension: e.Dimension}
			h.accepted[p] = h.accepted[p].Add(q)
		}
		return
	}
	h.rt.Fatalf("event %s was never answered", e.ID)
}

// live moves time to t, starting anew whenever the process dies.
func (h *history) live(t time.Time) {
	for range 100_000 {
		next, ok, err := h.run.Step(context.Background())
		if err != nil {
			h.rt.Fatal(err)
		}
		if h.dead() {
			h.revive()
			continue
		}
		if !ok || next.After(t) {
			if !h.clk.Now().Before(t) {
				return
			}
			next = t
		}
		h.clk.Set(next)
	}
	h.rt.Fatalf("still busy at %s", h.clk.Now())
}

// check is laws 1 and 2 at any instant.
func (h *history) check() {
	h.revive()
	rep, err := h.eng.Audit(context.Background())
	if err != nil {
		h.rt.Fatal(err)
	}
	for _, b := range rep.Breaches {
		h.rt.Error("breach:", b)
	}
	seen := map[metering.Pair]bool{}
	for _, l := range rep.Lines {
		seen[l.Pair] = true
		// What other meters make of the events, TestMetersAgainstAModel says.
		if want := h.accepted[l.Pair]; l.Accepted != want && h.meter(l.Dimension).Additive() {
			h.rt.Errorf("%v: %s was accepted, and the log has %s", l.Pair, want, l.Accepted)
		}
		lic, _ := h.dir.ByID(l.License)
		who := string(lic.ARN)
		if who == "" {
			who = string(lic.CustomerIdentifier)
		}
		books := h.per(l.Dimension).Times(h.aws.billed(who, l.Dimension))
		// What is not settled, or cannot be known, AWS may have honoured or not.
		most := l.Honoured.Add(l.Waiting).Add(l.Unbillable[metering.ReasonUnknown])
		if books.Less(l.Honoured) || most.Less(books) {
			h.rt.Errorf("%v: AWS bills %s; we know of %s honoured and at most %s", l.Pair, books, l.Honoured, most)
		}
		if !l.Unbillable[metering.ReasonConflict].IsZero() {
			h.rt.Errorf("%v: a conflict with AWS, though nobody else meters", l.Pair)
		}
	}
	for p, q := range h.accepted {
		if !seen[p] && !q.IsZero() && h.meter(p.Dimension).Additive() {
			h.rt.Errorf("%v: %s was accepted and is nowhere", p, q)
		}
	}
}

// statements of all months add up, and have together what the audit found.
func (h *history) statements(rep metering.Report) {
	maker := statement.Maker{Ledger: store.NewMetering(h.db), Corrections: h.db.Corrections()}
	honoured := map[metering.Pair]usage.Quantity{}
	for _, id := range lives {
		l, _ := h.dir.ByID(core.LicenseID(id))
		for m := range 3 {
			month := time.Date(2026, 11+time.Month(m), 1, 0, 0, 0, 0, time.UTC)
			s, err := maker.Make(context.Background(), l, month, h.clk.Now())
			if err != nil {
				h.rt.Fatal(err)
			}
			for _, line := range s.Lines {
				if !line.Balanced() {
					h.rt.Errorf("the statement of %s for %s does not add up: %+v", id, s.Month, line)
				}
				p := metering.Pair{License: l.ID, Dimension: line.Dimension}
				honoured[p] = honoured[p].Add(line.Honoured)
			}
		}
	}
	for _, l := range rep.Lines {
		if honoured[l.Pair] != l.Honoured {
			h.rt.Errorf("%v: the statements have %s honoured, the audit %s", l.Pair, honoured[l.Pair], l.Honoured)
		}
	}
}

// end lets everything that can be settled settle.
func (h *history) end() {
	h.aws.fault = nil
	h.crash.in = -1
	if h.bought != nil {
		h.bought.now.Known = true
	}
	h.revive()
	h.live(h.clk.Now().Add(75 * time.Hour))
	h.check()
	rep, err := h.eng.Audit(context.Background())
	if err != nil {
		h.rt.Fatal(err)
	}
	h.statements(rep)
	for _, l := range rep.Lines {
		lic, _ := h.dir.ByID(l.License)
		// A level of a licence that lives is open in the running hour.
		open := !l.Open.IsZero() && (lic.Standing.State == license.Ended || h.meter(l.Dimension) != core.Average)
		if !l.Waiting.IsZero() || open {
			h.rt.Errorf("%v: three quiet days later %s waits and %s is open", l.Pair, l.Waiting, l.Open)
		}
		if lic.Standing.State == license.Active && !l.Carried.Less(h.per(l.Dimension)) {
			h.rt.Errorf("%v: an active licence still carries %s", l.Pair, l.Carried)
		}
		if lic.Standing.State == license.Ended && !l.Carried.IsZero() {
			h.rt.Errorf("%v: an ended licence still carries %s", l.Pair, l.Carried)
		}
	}
}
