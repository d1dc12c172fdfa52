package usage_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/usage"
)

// keep does all that the job of that name has to do at present.
func keep(t testing.TB, in *usage.Intake, clk *clock.Virtual) {
	t.Helper()
	for range 100_000 {
		at, _, err := in.Jobs()[1].Due(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if at.After(clk.Now().Add(time.Second)) {
			return
		}
		if _, err := in.Keep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("the job is never done")
}

// closeHour closes the running hour, as if its sums were recorded, and goes on to the next.
func closeHour(t testing.TB, in *usage.Intake, clk *clock.Virtual) {
	t.Helper()
	h := core.HourOf(clk.Now())
	if err := in.Cut(t.Context(), "", h); err != nil {
		t.Fatal(err)
	}
	if err := in.Done(t.Context(), "", h); err != nil {
		t.Fatal(err)
	}
	clk.Set(h.End().Add(time.Minute))
}

// hourly is what the log has of two licences, by hour, and how many segments had to be read for the most.
func hourly(t *testing.T, s usage.Store, from, to core.Hour) (es map[string][]usage.Entry, most int) {
	t.Helper()
	es = map[string][]usage.Entry{}
	for h := from; h < to; h++ {
		for _, l := range []core.LicenseID{"lic_1", "lic_2"} {
			segments := 0
			err := s.SegmentsOf(t.Context(), 0, l, h, func(g usage.Segment) error {
				segments++
				return g.Each(func(e *usage.Entry) error {
					if e.License == l && e.Hour == h {
						k := fmt.Sprint(l, " ", h)
						es[k] = append(es[k], *e)
					}
					return nil
				})
			})
			if err != nil {
				t.Fatal(err)
			}
			most = max(most, segments)
		}
	}
	return es, most
}

func TestOldSegmentsArePackedAndSayTheSame(t *testing.T) {
	c, clk := config(t)
	c.MaxIDs = 500
	in := open(t, c)
	const hours, commits = 100, 6
	n := 0
	tell := func(count int) (again []usage.Event) {
		for range count {
			e := event(fmt.Sprint("e", n), fmt.Sprintf("%d.25", n%7))
			if e.Time = clk.Now(); n%3 == 0 {
				e.License.Name, e.Dimension, e.Time = "arn:2", "calls", time.Time{}
			}
			if n%5 == 0 {
				e.Tags = map[string]string{"BusinessUnit": fmt.Sprint("unit", n%4)}
			}
			if n++; accept(t, in, e).Accepted != 1 {
				t.Fatalf("event %d was not taken", n)
			}
			again = append(again, e)
		}
		return again
	}
	first := core.HourOf(noon)
	var last []usage.Event
	for range hours {
		last = tell(commits)
		tidy(t, in)
		closeHour(t, in, clk)
	}
	clk.Set(clk.Now().Add(24 * time.Hour)) // the ids that are left move, too
	tidy(t, in)
	before, most := hourly(t, c.Store, first, first+hours)
	if len(before) != 2*hours || most < commits/2 {
		t.Fatalf("%d hours of licences, in %d segments", len(before), most)
	}
	keep(t, in, clk)

	spans, err := c.Store.Spans(t.Context(), 0, 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	packed, loose, seq := 0, 0, int64(0)
	err = c.Store.Segments(t.Context(), 0, 0, 0, func(s usage.Segment) error {
		switch {
		case s.First != seq+1:
			t.Errorf("segment %d follows on %d", s.First, seq)
		case s.Seq > s.First:
			packed++
		default:
			loose++
		}
		seq = s.Seq
		return nil
	})
	// 52 hours are older than three days, and three go into a segment; the last of them wait for the next.
	if err != nil || packed != 51/3 || loose != (hours-51)*commits || len(spans) != packed+loose {
		t.Errorf("%d packed segments and %d loose ones, %d in all, %v", packed, loose, len(spans), err)
	}
	after, _ := hourly(t, c.Store, first, first+hours)
	if !reflect.DeepEqual(after, before) {
		t.Error("the log says otherwise than before")
	}
	if _, most := hourly(t, c.Store, first, first+40); most > 2 {
		t.Errorf("the events of a packed hour are looked for in %d segments", most)
	}
	keep(t, in, clk)
	if again, err := c.Store.Spans(t.Context(), 0, 0, 10_000); err != nil || !reflect.DeepEqual(again, spans) {
		t.Errorf("packing again changed something, %v", err)
	}
	in = open(t, c)
	if res := accept(t, in, last...); res.Duplicates != len(last) {
		t.Errorf("after a restart, the same again: %+v", res)
	}
}

// BenchmarkPack packs b.N events with random ids that came fifty at a time, and tells what they took before and after.
func BenchmarkPack(b *testing.B) {
	c, clk := config(b)
	in := open(b, c)
	rnd := rand.New(rand.NewPCG(1, 2))
	for n := 0; n < b.N; n += 50 {
		es := make([]usage.Event, min(50, b.N-n))
		for i := range es {
			es[i] = event(fmt.Sprintf("%016x-%016x", rnd.Uint64(), rnd.Uint64()), fmt.Sprintf("%d.%02d", rnd.IntN(10), rnd.IntN(100)))
			es[i].License.Name = fmt.Sprint("arn:", 1+rnd.IntN(3))
			es[i].Time = noon.Add(time.Duration(n+i) * time.Millisecond)
			es[i].Tags = map[string]string{"BusinessUnit": "Operations"}
			if es[i].License.Name != "arn:1" {
				es[i].Dimension = "calls"
			}
		}
		clk.Set(noon.Add(time.Duration(n+50) * time.Millisecond))
		if res, err := in.Accept(b.Context(), "", es); err != nil || res.Accepted != len(es) {
			b.Fatalf("%+v, %v", res, err)
		}
	}
	closeHour(b, in, clk)
	clk.Set(noon.AddDate(0, 0, 4))
	for range 3 { // the segment of the other hour is what does not fit
		e := event(fmt.Sprint("late", clk.Now()), "1")
		e.Time = time.Time{}
		if res, err := in.Accept(b.Context(), "", []usage.Event{e}); err != nil || res.Accepted != 1 {
			b.Fatalf("%+v, %v", res, err)
		}
		closeHour(b, in, clk)
		clk.Set(clk.Now().AddDate(0, 0, 4))
		for did := true; did; {
			var err error
			if did, err = in.Tidy(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	size := func() (bytes int64, segments int) {
		spans, err := c.Store.Spans(b.Context(), 0, 0, 1<<30)
		if err != nil {
			b.Fatal(err)
		}
		for _, s := range spans {
			bytes += s.Bytes
		}
		return bytes, len(spans)
	}
	before, rows := size()
	b.ResetTimer()
	took := clock.Stopwatch()
	keep(b, in, clk)
	seconds := took().Seconds()
	b.StopTimer()
	after, left := size()
	b.ReportMetric(float64(b.N)/seconds, "events/s")
	b.ReportMetric(float64(before)/float64(b.N), "B/event")
	b.ReportMetric(float64(after)/float64(b.N), "packed-B/event")
	b.ReportMetric(float64(rows-left), "segments-less")
	b.ReportMetric(0, "ns/op")
}
