package usage_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/gateway/usage"
)

var noon = time.Date(2026, 11, 17, 12, 10, 0, 0, time.UTC)

// one is a directory of a fixed set of licences.
type one []license.License

func (d one) find(match func(license.License) bool) (license.License, bool) {
	for _, l := range d {
		if match(l) {
			return l, true
		}
	}
	return license.License{}, false
}
func (d one) ByID(id core.LicenseID) (license.License, bool) {
	return d.find(func(l license.License) bool { return l.ID == id })
}
func (d one) ByARN(arn core.LicenseARN) (license.License, bool) {
	return d.find(func(l license.License) bool { return l.ARN == arn })
}
func (d one) ByBuyer(buyer string, p core.ProductCode) (ls []license.License) {
	for _, l := range d {
		if string(l.Customer) == buyer && l.ProductCode == p {
			ls = append(ls, l)
		}
	}
	return ls
}
func (d one) All(yield func(license.License) bool) {
	for _, l := range d {
		if !yield(l) {
			return
		}
	}
}
func (one) OnChange(func(license.License)) {}

var active = one{
	{ID: "lic_1", ARN: "arn:1", ProductCode: "p", Customer: "111122223333", Standing: license.Standing{State: license.Active}},
	{ID: "lic_2", ARN: "arn:2", ProductCode: "q", Customer: "111122223333", Standing: license.Standing{State: license.Active}},
	{ID: "lic_3", ARN: "arn:3", ProductCode: "q", Customer: "111122223333", Standing: license.Standing{State: license.Active}},
	{ID: "lic_4", ARN: "arn:4", ProductCode: "p", Customer: "111122223333", Standing: license.Standing{State: license.Ended, Since: noon.Add(-time.Hour)}},
}

func openStore(t testing.TB, path string) usage.Store {
	t.Helper()
	return store.NewUsage(storetest.OpenURL(t, storetest.File(t, path)))
}

func open(t testing.TB, c usage.Config) *usage.Intake {
	t.Helper()
	in, err := usage.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func config(t testing.TB) (usage.Config, *clock.Virtual) {
	clk := clock.NewVirtual(noon)
	return usage.Config{Store: openStore(t, filepath.Join(storetest.Dir(t), "souk.db")), Licenses: active, Clock: clk,
		Products: core.Catalogue{{Code: "p", Dimensions: []core.Measure{{Key: "gb"}}}, {Code: "q"}}}, clk
}

func event(id, quantity string) usage.Event {
	return usage.Event{ID: id, License: usage.Ref{Name: "arn:1"}, Dimension: "gb", Quantity: quantity, Time: noon}
}

func accept(t testing.TB, in *usage.Intake, es ...usage.Event) usage.Result {
	t.Helper()
	res, err := in.Accept(context.Background(), "", es)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// tidy does all that the intake's job has to do.
func tidy(t testing.TB, in *usage.Intake) {
	t.Helper()
	for did := true; did; {
		var err error
		if did, err = in.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBadEventsAreRejectedAndGoodOnesTaken(t *testing.T) {
	c, _ := config(t)
	in := open(t, c)
	with := func(id string, f func(*usage.Event)) usage.Event {
		e := event(id, "1")
		f(&e)
		return e
	}
	cases := []struct {
		code string
		e    usage.Event
	}{
		{"", event("good", "1")},
		{"bad_id", event("", "1")},
		{"unknown_license", with("1", func(e *usage.Event) { e.License.Name = "arn:9" })},
		{"unknown_license", with("2", func(e *usage.Event) { e.License = usage.Ref{} })},
		{"unknown_license", with("3", func(e *usage.Event) { e.License = usage.Ref{Account: "9", Product: "p"} })},
		{"ambiguous_license", with("4", func(e *usage.Event) { e.License = usage.Ref{Account: "111122223333", Product: "q"} })},
		{"", with("5", func(e *usage.Event) { e.License = usage.Ref{Account: "111122223333", Product: "p"} })}, // the other one has ended
		{"unknown_dimension", with("6", func(e *usage.Event) { e.Dimension = "users" })},
		{"unknown_dimension", with("7", func(e *usage.Event) { e.Dimension = "" })},
		{"", with("8", func(e *usage.Event) { e.License.Name, e.Dimension = "lic_2", "anything" })}, // not configured: AWS judges
		{"negative_quantity", event("9", "-1")},
		{"bad_quantity", event("10", "many")},
		{"too_large", event("11", "1e20")},
		{"bad_time", with("12", func(e *usage.Event) { e.Time = noon.Add(time.Hour) })},
		{"bad_time", with("13", func(e *usage.Event) { e.Time = noon.AddDate(0, 0, -40) })},
		{"bad_tags", with("14", func(e *usage.Event) { e.Tags = map[string]string{"": "x"} })},
		{"conflict", event("good", "2")},
	}
	var es []usage.Event
	want := map[int]string{}
	for i, k := range cases {
		es = append(es, k.e)
		if k.code != "" {
			want[i] = k.code
		}
	}
	res := accept(t, in, es...)
	if res.Accepted != 3 || res.Duplicates != 0 || len(res.Rejected) != len(want) {
		t.Fatalf("got %+v", res)
	}
	for _, r := range res.Rejected {
		if r.Code != want[r.Index] || r.Message == "" {
			t.Errorf("event %d: %s %q, want %s", r.Index, r.Code, r.Message, want[r.Index])
		}
	}
}

// What is wrong with an event says nothing about those behind it, though they share what neighbours share.
func TestAnEventBehindABadOneIsCountedAsItsDimensionIs(t *testing.T) {
	c, _ := config(t)
	c.Products = core.Catalogue{{Code: "q", Dimensions: []core.Measure{{Key: "seats", Meter: core.Max}}}}
	in := open(t, c)
	of := func(id, license string, d core.Dimension, quantity string) usage.Event {
		return usage.Event{ID: id, License: usage.Ref{Name: license}, Dimension: d, Quantity: quantity, Time: noon}
	}
	res := accept(t, in, of("1", "lic_2", "seats", "1"), of("2", "lic_2", "chairs", "1"), of("3", "lic_3", "seats", "5"), of("4", "lic_3", "seats", "3"))
	if res.Accepted != 3 || len(res.Rejected) != 1 {
		t.Fatalf("got %+v", res)
	}
	for _, again := range []bool{false, true} {
		if again {
			in = open(t, c)
		}
		if ts := in.Totals("lic_3", core.HourOf(noon)); len(ts) != 1 || ts[0].Meter != core.Max || ts[0].Sum != usage.Whole(5) {
			t.Errorf("restarted %v: %+v, want 5 seats at most", again, ts)
		}
	}
}

// Ids are recognised in memory, after a restart, in runs on disk, and for 35 days.
func TestARepetitionIsRecognisedWhereverItsIDIs(t *testing.T) {
	c, clk := config(t)
	c.MaxIDs = 1
	in := open(t, c)
	for i := range 2000 {
		untimed := event(fmt.Sprint("e", i), "1")
		untimed.Time = time.Time{}
		accept(t, in, untimed)
		if i%500 == 250 {
			tidy(t, in)
		}
	}
	check := func(when string) {
		t.Helper()
		for i := range 2000 {
			e := event(fmt.Sprint("e", i), "1")
			e.Time = time.Time{}
			if res := accept(t, in, e); res.Duplicates != 1 {
				t.Fatalf("%s: event %d again: %+v", when, i, res)
			}
		}
		e := event("e7", "2")
		e.Time = time.Time{}
		if res := accept(t, in, e); len(res.Rejected) != 1 || res.Rejected[0].Code != "conflict" {
			t.Fatalf("%s: another content: %+v", when, res)
		}
	}
	check("at once")
	in = open(t, c)
	check("after a restart")
	clk.Set(noon.Add(34 * 24 * time.Hour))
	tidy(t, in)
	check("34 days later")
	in = open(t, c)
	check("34 days later, after a restart")
}

func TestTheSameEventFromManyCallersCountsOnce(t *testing.T) {
	c, _ := config(t)
	in := open(t, c)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var sum usage.Result
	for i := range 64 {
		wg.Go(func() {
			for k := range 50 {
				res, err := in.Accept(context.Background(), "", []usage.Event{event(fmt.Sprint("e", k), "1"), event(fmt.Sprintf("own-%d-%d", i, k), "1")})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				sum.Accepted += res.Accepted
				sum.Duplicates += res.Duplicates
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if sum.Accepted != 50+64*50 || sum.Duplicates != 63*50 {
		t.Errorf("got %+v", sum)
	}
	ts := in.Totals("", core.HourOf(noon))
	if len(ts) != 1 || ts[0].Sum != usage.Whole(50+64*50) {
		t.Errorf("totals: %+v", ts)
	}
}

func TestAClosedHourNeverGrows(t *testing.T) {
	c, _ := config(t)
	in := open(t, c)
	accept(t, in, event("1", "1"))
	hour := core.HourOf(noon)
	if err := in.Cut(t.Context(), "lic_1", hour); err != nil {
		t.Fatal(err)
	}
	accept(t, in, event("2", "10"))
	for _, in := range []*usage.Intake{in, open(t, c)} { // also after a restart
		if ts := in.Totals("", hour); len(ts) != 1 || ts[0].Sum != usage.Whole(1) {
			t.Errorf("the closed hour: %+v", ts)
		}
		if ts := in.Totals("", hour+1); len(ts) != 1 || ts[0].Sum != usage.Whole(10) || ts[0].Late != 1 {
			t.Errorf("the next hour: %+v", ts)
		}
		if in.Closed("lic_1") != hour || in.Closed("lic_2") != hour-1 {
			t.Errorf("closed: %s for the one, %s for the other", in.Closed("lic_1"), in.Closed("lic_2"))
		}
	}
}

// gated is a store that counts segments; the first waits for the gate.
type gated struct {
	usage.Store
	gate     chan struct{}
	segments atomic.Int64
}

func (s *gated) Append(ctx context.Context, g usage.Segment) error {
	if s.segments.Add(1) == 1 {
		<-s.gate
	}
	return s.Store.Append(ctx, g)
}

func TestTooManyAreHeldOffAndAllWhoWaitShareOneCommit(t *testing.T) {
	c, _ := config(t)
	st := &gated{Store: c.Store, gate: make(chan struct{})}
	c.Store, c.MaxQueued = st, 25
	in := open(t, c)
	var wg sync.WaitGroup
	results := make(chan error, 40)
	call := func(i int) {
		wg.Go(func() {
			_, err := in.Accept(context.Background(), "", []usage.Event{event(fmt.Sprint("e", i), "1")})
			results <- err
		})
	}
	call(0)
	for st.segments.Load() == 0 {
		runtime.Gosched()
	}
	for i := range 39 {
		call(i + 1)
	}
	for range 39 - 25 { // one is being stored, and as many wait as may
		if err := <-results; !fail.Is(err, fail.TooMuch) {
			t.Fatal(err)
		}
	}
	close(st.gate)
	wg.Wait()
	close(results)
	for err := range results {
		if err != nil {
			t.Error(err)
		}
	}
	if n := st.segments.Load(); n != 2 {
		t.Errorf("1 + 25 events were written in %d segments, want 2", n)
	}
	if ts := in.Totals("", core.HourOf(noon)); ts[0].Events != 1+25 {
		t.Errorf("%d counted, want 26", ts[0].Events)
	}
}

// taken is a store in which another process has written.
type taken struct{ usage.Store }

func (taken) Append(context.Context, usage.Segment) error {
	return fail.New(fail.Conflict, "segment_taken", "taken")
}

func TestAnEventThatIsNotStoredIsNotAcknowledged(t *testing.T) {
	c, _ := config(t)
	c.Store = taken{c.Store}
	in := open(t, c)
	_, err := in.Accept(t.Context(), "", []usage.Event{event("1", "1")})
	if !fail.Is(err, fail.Later) || errors.Unwrap(err) == nil {
		t.Errorf("got %v", err)
	}
	if ts := in.Totals("", core.HourOf(noon)); len(ts) != 0 {
		t.Errorf("counted: %+v", ts)
	}
}
