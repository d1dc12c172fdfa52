package control_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/lockstep"
)

// The distances observed on the live marketplace, in one movement of the clock each.
func TestEventsComeInOrderAtTheirDistances(t *testing.T) {
	st := open(t, "")
	a := st.buy(acme, inkwell)
	st.advance("10m")
	got := st.receive()
	st.delete(got...)
	if want := []string{"Purchase Agreement Created +11", "License Updated +72"}; !slices.Equal(seconds(t, begin, got), want) {
		t.Errorf("after the purchase %q, want %q", seconds(t, begin, got), want)
	}
	st.cancel(a)
	st.advance("PT1H")
	got = st.receive()
	if want := []string{"Purchase Agreement Ended +0", "License Deprovisioned +31"}; !slices.Equal(seconds(t, begin.Add(10*time.Minute), got), want) {
		t.Errorf("after the cancellation %q, want %q", seconds(t, begin.Add(10*time.Minute), got), want)
	}
}

func TestLegacyMessagesComeThroughTheSameQueue(t *testing.T) {
	st := open(t, "")
	a := st.buy(globex, classic)
	if a.CustomerIdentifier == "" {
		t.Error("a legacy purchase has no customer identifier")
	}
	st.advance("10m")
	st.cancel(a)
	st.advance("2h")
	want := []string{"subscribe-success +72", "unsubscribe-pending +600", "unsubscribe-success +4200"}
	if got := seconds(t, begin, st.receive()); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// follower is a process that reads the queue whenever the sandbox's clock lets it, and has something due by itself.
type follower struct {
	st  *stage
	clk *clock.Virtual

	mu  sync.Mutex
	saw []string
	due []time.Time
}

func follow(t *testing.T, st *stage, name string, due ...time.Time) *follower {
	t.Helper()
	f := &follower{st: st, clk: clock.NewVirtual(time.Time{}), due: due}
	l, err := lockstep.Join(t.Context(), st.url, name, f.clk, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { l.Run(ctx, f, nil) })
	stop := sync.OnceFunc(func() { cancel(); wg.Wait() })
	t.Cleanup(stop)
	closeStage := st.stop
	st.stop = func() { stop(); closeStage() }
	return f
}

// Step implements lockstep.Stepper.
func (f *follower) Step(ctx context.Context) (next time.Time, ok bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() != nil {
		return next, false, ctx.Err()
	}
	now := f.clk.Now()
	for len(f.due) > 0 && !f.due[0].After(now) {
		f.saw = append(f.saw, "due at "+now.Format("15:04:05"))
		f.due = f.due[1:]
	}
	for {
		got := f.st.receive()
		if len(got) == 0 {
			break
		}
		for _, s := range seconds(f.st.t, now, got) {
			f.saw = append(f.saw, s+" at "+now.Format("15:04:05"))
		}
		f.st.delete(got...)
	}
	if len(f.due) > 0 {
		return f.due[0], true, nil
	}
	return next, false, nil
}

func (f *follower) seen() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.saw)
}

func TestFollowerSeesEverythingAtItsInstant(t *testing.T) {
	st := open(t, "")
	f := follow(t, st, "gateway", begin.Add(30*time.Second), begin.Add(15*time.Minute))
	a := st.buy(acme, inkwell)
	st.advance("10m")
	st.cancel(a)
	if got := f.seen(); got[len(got)-1] != "Purchase Agreement Ended +0 at 12:11:00" {
		t.Errorf("when the cancellation was answered, the follower had seen %q", got)
	}
	st.advance("1h")
	want := []string{"Purchase Agreement Created +0 at 12:01:11", "due at 12:01:30", "License Updated +0 at 12:02:12",
		"Purchase Agreement Ended +0 at 12:11:00", "License Deprovisioned +0 at 12:11:31", "due at 12:16:00"}
	if got := f.seen(); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	var c struct {
		Now       time.Time
		Frozen    bool
		Followers []string
		Silent    []string
	}
	st.get("/_sandbox/clock", &c)
	if !c.Now.Equal(begin.Add(70*time.Minute)) || !c.Frozen || !slices.Equal(c.Followers, []string{"gateway"}) || len(c.Silent) != 0 {
		t.Errorf("the clock: %+v", c)
	}
}

// A message that its reader neither deletes nor keeps comes back at the end of its visibility timeout, and time stops
// there for whoever reads.
func TestVisibilityTimeoutIsAnInstantThatTimeStopsAt(t *testing.T) {
	st := open(t, "")
	st.buy(acme, inkwell)
	st.advance("15s")
	if got := st.receive(); len(got) != 1 { // Created, hidden from 12:01:15 on, for 30 s
		t.Fatalf("%d messages", len(got))
	}
	f := follow(t, st, "gateway")
	st.advance("10m")
	want := []string{"Purchase Agreement Created +-34 at 12:01:45", "License Updated +0 at 12:02:12"}
	if got := f.seen(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestClockIsToldOnlyWhatItCanDo(t *testing.T) {
	st := open(t, "")
	for name, in := range map[string]any{
		"nothing":       map[string]any{},
		"both":          map[string]any{"advance": "1h", "set": noon.Add(time.Hour)},
		"back":          map[string]any{"set": noon},
		"backwards":     map[string]any{"advance": "-1h"},
		"no duration":   map[string]any{"advance": "soon"},
		"no rate":       map[string]any{"rate": 0},
		"too fast":      map[string]any{"rate": 2e6},
		"unknown field": map[string]any{"speed": 2},
	} {
		if status, p := st.do(http.MethodPost, "/_sandbox/clock", in, nil); status != http.StatusBadRequest || p.Code == "" {
			t.Errorf("%s: %d %+v", name, status, p)
		}
	}
	if now := st.now(); !now.Equal(begin) {
		t.Errorf("the clock moved to %v", now)
	}
}

func TestFastClock(t *testing.T) {
	st := open(t, "")
	st.buy(acme, inkwell)
	st.post("/_sandbox/clock", map[string]any{"rate": 3600, "frozen": false}, nil)
	var c struct {
		Rate   float64
		Frozen bool
	}
	st.get("/_sandbox/clock", &c)
	if c.Rate != 3600 || c.Frozen {
		t.Errorf("the clock: %+v", c)
	}
	deadline := clock.Stopwatch()
	var kinds []string
	for len(kinds) < 2 && deadline() < 10*time.Second {
		got := st.receive()
		kinds = append(kinds, seconds(t, begin, got)...)
		st.delete(got...)
		_ = clock.Sleep(t.Context(), 10*time.Millisecond)
	}
	if want := []string{"Purchase Agreement Created +11", "License Updated +72"}; !slices.Equal(kinds, want) {
		t.Errorf("got %q", kinds)
	}
	st.post("/_sandbox/clock", map[string]any{"frozen": true}, nil)
	if a, b := st.now(), st.now(); !a.Equal(b) {
		t.Errorf("frozen, and it went from %v to %v", a, b)
	}
}

// BenchmarkYear measures what it costs to move time over a year with a thousand idle agreements: alone, and with a
// follower that has something to do every hour, as a gateway that closes hours has.
func BenchmarkYear(b *testing.B) {
	st := open(b, "")
	for i := range 1000 {
		id := fmt.Sprintf("9%011d", i)
		st.post("/_sandbox/buyers", map[string]any{"accountId": id, "name": "Buyer", "email": "b@example.org"}, nil)
		st.buy(id, inkwell)
	}
	st.advance("1h")
	b.Run("alone", func(b *testing.B) {
		for b.Loop() {
			st.advance("P1Y")
		}
	})
	b.Run("followed hourly", func(b *testing.B) {
		follower := &hourly{clk: clock.NewVirtual(time.Time{})}
		l, err := lockstep.Join(b.Context(), st.url, "hourly", follower.clk, slog.New(slog.DiscardHandler))
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(b.Context())
		var wg sync.WaitGroup
		wg.Go(func() { l.Run(ctx, follower, nil) })
		for b.Loop() {
			st.advance("P1Y")
		}
		cancel()
		wg.Wait()
		b.ReportMetric(float64(follower.steps)/float64(b.N), "steps/op")
	})
}

// hourly is due at every full hour.
type hourly struct {
	clk   *clock.Virtual
	steps int
}

// Step implements lockstep.Stepper.
func (h *hourly) Step(context.Context) (time.Time, bool, error) {
	h.steps++
	return h.clk.Now().Truncate(time.Hour).Add(time.Hour), true, nil
}
