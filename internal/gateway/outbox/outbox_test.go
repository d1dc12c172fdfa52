package outbox_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/job"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// phone is a channel whose receivers the test plays: who is told of what, and what each answers.
type phone struct {
	mu      sync.Mutex
	to      []outbox.Target
	answer  func(d outbox.Delivery) outbox.Result // nil: taken
	heard   []string                              // "target event" of what was taken
	tried   []time.Time
	clk     clock.Clock
	planned int
}

func (p *phone) Name() string { return "phone" }

func (p *phone) Plan(_ context.Context, e outbox.Event) ([]outbox.Target, error) {
	if e.Kind == outbox.AlertDeliveryDead {
		return nil, nil // not by the way that was given up
	}
	p.planned++
	return p.to, nil
}

func (p *phone) Carry(_ context.Context, d outbox.Delivery, e outbox.Event) outbox.Result {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tried = append(p.tried, p.clk.Now())
	res := outbox.Result{State: outbox.Delivered, Status: 200, Say: "It answered 200."}
	if p.answer != nil {
		res = p.answer(d)
	}
	if res.State == outbox.Delivered {
		p.heard = append(p.heard, d.To+" "+string(e.ID))
	}
	return res
}

func busy(outbox.Delivery) outbox.Result {
	return outbox.Result{State: outbox.Pending, Status: 500, Say: "It answered 500.", Ours: true}
}

// house is an outbox over a real database, whose jobs the test steps.
type house struct {
	t     *testing.T
	db    *store.DB
	clk   *clock.Virtual
	phone *phone
	store outbox.Store
	*outbox.Service
	runner *job.Runner
}

func newHouse(t *testing.T, to ...string) *house {
	t.Helper()
	db := storetest.Open(t)
	h := &house{t: t, db: db, clk: clock.NewVirtual(noon), store: db.Outbox()}
	h.phone = &phone{clk: h.clk}
	for _, name := range to {
		h.phone.to = append(h.phone.to, outbox.Target{To: name})
	}
	h.restart()
	return h
}

// restart is a new process on the same database.
func (h *house) restart() {
	h.Service = outbox.New(outbox.Config{Store: h.store, Channels: []outbox.Channel{h.phone}, Clock: h.clk, Log: slog.New(slog.DiscardHandler)})
	h.runner = job.New(h.clk, slog.New(slog.DiscardHandler), h.Jobs()...)
}

// happen writes down an event with a fact.
func (h *house) happen(n int) outbox.Event {
	h.t.Helper()
	e := outbox.NewEvent(outbox.LicenseActive, h.clk.Now(), outbox.Subject{License: "lic_1"}, map[string]int{"n": n})
	if err := h.db.Licenses().CommitChange(h.t.Context(), license.Change{Tell: []outbox.Event{e}}); err != nil {
		h.t.Fatal(err)
	}
	return e
}

// until steps through everything that is due before end.
func (h *house) until(end time.Time) {
	h.t.Helper()
	for {
		next, ok, err := h.runner.Step(h.t.Context())
		if err != nil {
			h.t.Fatal(err)
		}
		if !ok || next.After(end) {
			h.clk.Set(end)
			return
		}
		h.clk.Set(next)
	}
}

func (h *house) states() string {
	h.t.Helper()
	list, err := h.Deliveries(h.t.Context(), outbox.Query{Limit: 1000})
	if err != nil {
		h.t.Fatal(err)
	}
	var all []string
	for _, d := range list {
		all = append(all, d.To+" "+string(d.State))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func TestEachTargetIsToldOnce(t *testing.T) {
	h := newHouse(t, "ann", "ben")
	a, b := h.happen(1), h.happen(2)
	h.until(noon.Add(time.Hour))
	h.restart()
	h.until(noon.Add(2 * time.Hour))
	slices.Sort(h.phone.heard)
	want := []string{"ann " + string(a.ID), "ann " + string(b.ID), "ben " + string(a.ID), "ben " + string(b.ID)}
	slices.Sort(want)
	if !slices.Equal(h.phone.heard, want) {
		t.Errorf("heard %v, want %v", h.phone.heard, want)
	}
	if h.phone.planned != 2 {
		t.Errorf("targets were worked out %d times for 2 events", h.phone.planned)
	}
}

// A receiver that is away for good is tried for almost three days, ever more seldom; then its delivery is dead, and says so,
// until somebody has it sent again.
func TestThreeDaysThenDead(t *testing.T) {
	h := newHouse(t, "ann")
	h.phone.answer = busy
	h.happen(1)
	h.until(noon.Add(100 * time.Hour))
	tried := slices.Clone(h.phone.tried)
	if len(tried) != 11 || tried[10].Sub(noon) < 60*time.Hour || tried[10].Sub(noon) > 72*time.Hour {
		t.Errorf("tried %d times, the last after %v", len(tried), tried[len(tried)-1].Sub(noon))
	}
	for i := 2; i < len(tried); i++ {
		if tried[i].Sub(tried[i-1]) <= tried[i-1].Sub(tried[i-2]) {
			t.Errorf("pause %d is %v, after %v", i, tried[i].Sub(tried[i-1]), tried[i-1].Sub(tried[i-2]))
		}
	}
	list, err := h.Deliveries(t.Context(), outbox.Query{Limit: 2})
	if err != nil || len(list) != 1 || list[0].State != outbox.Dead || !strings.Contains(list[0].Why, "11 times") || !list[0].DueAt.IsZero() {
		t.Fatalf("%+v, %v", list, err)
	}
	_, _, attempts, err := h.Delivery(t.Context(), list[0].ID)
	if err != nil || len(attempts) != 11 || attempts[3].Status != 500 {
		t.Errorf("%d attempts are kept: %v", len(attempts), err)
	}
	h.phone.answer = nil
	again, err := h.Resend(t.Context(), list[0].ID)
	if err != nil || again.State != outbox.Pending || again.Tries != 0 {
		t.Errorf("%+v, %v", again, err)
	}
	h.until(h.clk.Now().Add(time.Second))
	if len(h.phone.heard) != 1 || h.states() != "ann delivered" {
		t.Errorf("heard %v; %s", h.phone.heard, h.states())
	}
	if _, err := h.Resend(t.Context(), "dlv_none"); !fail.Is(err, fail.NotFound) {
		t.Errorf("one that is not there: %v", err)
	}
}

// What a receiver asks for is granted, within reason.
func TestAReceiverMayAskForPatience(t *testing.T) {
	h := newHouse(t, "ann")
	wish := []time.Duration{time.Hour, 1000 * time.Hour}
	h.phone.answer = func(outbox.Delivery) outbox.Result {
		if len(wish) == 0 {
			return outbox.Result{State: outbox.Delivered}
		}
		w := wish[0]
		wish = wish[1:]
		return outbox.Result{State: outbox.Pending, Wish: w}
	}
	h.happen(1)
	h.until(noon.Add(72 * time.Hour))
	if want := []time.Time{noon, noon.Add(time.Hour), noon.Add(25 * time.Hour)}; !slices.Equal(h.phone.tried, want) {
		t.Errorf("tried at %v, want %v", h.phone.tried, want)
	}
}

// A receiver that fails does not keep another waiting: it is asked with one delivery at a time, ever more seldom.
func TestAFailingLaneTakesNobodysTime(t *testing.T) {
	h := newHouse(t, "ann", "ben")
	h.phone.answer = func(d outbox.Delivery) outbox.Result {
		if d.To == "ben" {
			return busy(d)
		}
		return outbox.Result{State: outbox.Delivered}
	}
	for n := range 100 {
		h.happen(n)
	}
	h.until(noon.Add(4 * time.Second))
	if len(h.phone.heard) != 100 {
		t.Errorf("ann heard %d of 100", len(h.phone.heard))
	}
	if bens := len(h.phone.tried) - 100; bens < 8 || bens > 12 {
		t.Errorf("ben was asked %d times in 4 seconds; want one batch, and one by one after 1 and 3 seconds", bens)
	}
	h.phone.answer = nil
	h.until(noon.Add(3 * time.Hour))
	if len(h.phone.heard) != 200 {
		t.Errorf("200 were to be heard, and %d were", len(h.phone.heard))
	}
}

// A process dies after the receiver has taken a delivery and before that was kept: it goes again under the same event, when
// the lease has run out, and to nobody else.
func TestKilledBeforeItWasKept(t *testing.T) {
	h := newHouse(t, "ann", "ben")
	e := h.happen(1)
	dying, die := context.WithCancel(t.Context())
	h.phone.answer = func(d outbox.Delivery) outbox.Result {
		if d.To == "ann" {
			die()
		}
		return outbox.Result{State: outbox.Delivered}
	}
	_, _, err := h.runner.Step(dying)
	if err == nil {
		t.Fatal("the process went on")
	}
	h.restart()
	h.phone.answer = nil
	h.until(noon.Add(time.Hour))
	told := map[string]int{}
	for _, heard := range h.phone.heard {
		told[heard]++
	}
	if told["ann "+string(e.ID)] < 1 || told["ben "+string(e.ID)] < 1 || len(told) != 2 {
		t.Errorf("heard %v", h.phone.heard)
	}
	if got := h.states(); got != "ann delivered, ben delivered" {
		t.Error(got)
	}
}

func TestOldEventsAreForgotten(t *testing.T) {
	h := newHouse(t, "ann")
	h.happen(1)
	h.until(noon.AddDate(0, 0, 60))
	h.happen(2)
	h.until(noon.AddDate(0, 0, 91))
	if got := h.states(); got != "ann delivered" {
		t.Error(got)
	}
	h.until(noon.AddDate(0, 0, 160))
	if got := h.states(); got != "" {
		t.Error(got)
	}
}

func TestNobodyResendsEverything(t *testing.T) {
	h := newHouse(t)
	if _, err := h.ResendAll(t.Context(), outbox.Query{Channel: "phone"}); err == nil {
		t.Error("everything was sent again")
	}
}

// The same happening is the same event, whenever it is written down; anything else is another.
func TestEventIDs(t *testing.T) {
	base := outbox.NewEvent(outbox.LicenseActive, noon, outbox.Subject{License: "lic_1"}, map[string]int{"n": 1})
	same := outbox.NewEvent(outbox.LicenseActive, noon.Add(time.Hour), outbox.Subject{License: "lic_1"}, map[string]int{"n": 1})
	if base.ID != same.ID {
		t.Error("the same happening was told as two")
	}
	other := outbox.NewEvent(outbox.LicenseActive, noon, outbox.Subject{License: "lic_1"}, map[string]int{"n": 2})
	if other.Named("x").ID != base.Named("x").ID {
		t.Error("of two with the same name, their data made two events")
	}
	seen := map[outbox.EventID]string{base.ID: "base"}
	for name, e := range map[string]outbox.Event{
		"kind":    outbox.NewEvent(outbox.LicenseEnded, noon, outbox.Subject{License: "lic_1"}, map[string]int{"n": 1}),
		"licence": outbox.NewEvent(outbox.LicenseActive, noon, outbox.Subject{License: "lic_2"}, map[string]int{"n": 1}),
		"account": outbox.NewEvent(outbox.LicenseActive, noon, outbox.Subject{Account: "lic_1"}, map[string]int{"n": 1}),
		"data":    outbox.NewEvent(outbox.LicenseActive, noon, outbox.Subject{License: "lic_1"}, map[string]int{"n": 2}),
		"name":    base.Named("x"),
	} {
		if other, twice := seen[e.ID]; twice {
			t.Errorf("%s and %s are one event", name, other)
		}
		seen[e.ID] = name
	}
}

// docs/webhooks.md tells every kind, and what it means, in the same words.
func TestTheDocumentationTellsEveryKind(t *testing.T) {
	text, err := os.ReadFile("../../../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "| `") {
			rows++
		}
	}
	for _, k := range outbox.Kinds {
		if row := fmt.Sprintf("| `%s` | %s |", k.Kind, k.Means); !strings.Contains(string(text), row) {
			t.Errorf("there is no row %s", row)
		}
	}
	if rows != len(outbox.Kinds) {
		t.Errorf("%d rows for %d kinds", rows, len(outbox.Kinds))
	}
}
