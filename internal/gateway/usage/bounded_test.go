package usage_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/usage"
)

// asBefore makes c's runs what versions before pages wrote: as many ids in each chunk, the first key of each, and the filter as a whole. places
// says whether their ids, of 24 bytes each, which alter changes, say where their events are.
func asBefore(t *testing.T, c usage.Config, places bool, alter func(ids []byte)) {
	t.Helper()
	all := runs(t, c)
	for i, r := range all {
		if r.Lines == 0 {
			continue
		}
		old := usage.Run{Part: r.Part, No: all[len(all)-1].No + int64(1+i), LastSeq: r.LastSeq, FirstAt: r.FirstAt, LastAt: r.LastAt, IDs: r.IDs, Places: places}
		var ids, filter []byte
		for chunk := range r.Chunks {
			body, err := c.Store.IDs(t.Context(), r.Part, r.No, chunk)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, body...)
		}
		for page := range (r.Lines + 61) / 62 {
			err := c.Store.FilterPages(t.Context(), r.Part, r.No, []int64{page}, func(_ int64, body []byte) error { filter = append(filter, body...); return nil })
			if err != nil {
				t.Fatal(err)
			}
		}
		alter(ids)
		var pieces []usage.RunPiece
		for chunk := range slices.Chunk(ids, 10*24) {
			pieces, old.FirstKeys = append(pieces, usage.RunPiece{No: int64(len(pieces)), Body: chunk}), append(old.FirstKeys, chunk[:16]...)
		}
		n := int64(0)
		for piece := range slices.Chunk(append(filter, 0), 64<<10) {
			n--
			pieces = append(pieces, usage.RunPiece{No: n, Body: piece})
		}
		if err := c.Store.PutIDs(t.Context(), r.Part, old.No, pieces); err != nil {
			t.Fatal(err)
		}
		if err := c.Store.PutRun(t.Context(), old, []int64{r.No}); err != nil {
			t.Fatal(err)
		}
	}
}

// idNo is the n-th id: every second one names the hour at which it was made.
func idNo(n int, at time.Time) string {
	if n%2 == 0 {
		return fmt.Sprint("e", n)
	}
	return fmt.Sprintf("%08x-%04x-7000-8000-%012x", at.UnixMilli()>>16, at.UnixMilli()&0xffff, n)
}

// However much memory there is for filters, the same answers are given, to any history. And what was taken in the time that repetitions are
// recognised is not taken again.
func TestMemoryForFiltersChangesNoAnswer(t *testing.T) {
	first, _ := config(t)
	bounds := []int64{-1, 700, 5000, 0} // none; that of a small run; of a few; all
	part := 0
	rapid.Check(t, func(rt *rapid.T) {
		clk := clock.NewVirtual(noon)
		maxIDs := rapid.SampledFrom([]int{1, 20, 300}).Draw(rt, "ids in memory")
		var cs []usage.Config
		var ins []*usage.Intake
		for i, b := range bounds {
			c := first
			c.Part, c.Clock, c.IDsMemory, c.MaxIDs = part+i, clk, b, maxIDs
			cs, ins = append(cs, c), append(ins, open(t, c))
		}
		part += len(bounds)
		type taken struct {
			id, quantity string
			at           time.Time
		}
		var all []taken
		for range rapid.IntRange(3, 25).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"send", "send", "send", "again", "tidy", "a little", "later", "restart", "an old version"}).Draw(rt, "step") {
			case "send":
				var es []usage.Event
				for range rapid.SampledFrom([]int{1, 30, 400}).Draw(rt, "events") {
					e := event(idNo(len(all), clk.Now()), fmt.Sprint(1+len(all)%3))
					e.Time = time.Time{}
					es, all = append(es, e), append(all, taken{e.ID, e.Quantity, clk.Now()})
				}
				same(rt, ins, es)
			case "again":
				var es []usage.Event
				known := 0
				for range min(len(all), rapid.SampledFrom([]int{1, 300}).Draw(rt, "events")) {
					was := all[rapid.IntRange(0, len(all)-1).Draw(rt, "event")]
					e := event(was.id, rapid.SampledFrom([]string{"1", "2"}).Draw(rt, "quantity"))
					e.Time = time.Time{}
					if es = append(es, e); clk.Now().Sub(was.at) < 35*24*time.Hour {
						known++
					}
				}
				if res := same(rt, ins, es); res.Accepted > len(es)-known {
					rt.Fatalf("of %d events %d are known, and %d were taken", len(es), known, res.Accepted)
				}
			case "tidy":
				for _, in := range ins {
					tidy(t, in)
				}
			case "a little": // the filters are on their way into memory, or runs half merged
				for _, in := range ins {
					if _, err := in.Tidy(t.Context()); err != nil {
						rt.Fatal(err)
					}
				}
			case "later":
				clk.Set(clk.Now().Add(time.Duration(rapid.IntRange(1, 300).Draw(rt, "hours")) * time.Hour))
			case "restart":
				for i, c := range cs {
					ins[i] = open(t, c)
				}
			case "an old version":
				if rapid.IntRange(0, 4).Draw(rt, "often") > 0 {
					continue
				}
				for i, c := range cs {
					asBefore(t, c, true, func([]byte) {})
					ins[i] = open(t, c)
				}
			}
			for i, in := range ins {
				old := int64(0)
				for _, r := range runs(t, cs[i]) {
					if r.Lines == 0 {
						old += int64(len(r.Filter))
					}
				}
				if f := in.Filters(); f.Memory > max(cs[i].IDsMemory, 0)+old && bounds[i] != 0 {
					rt.Fatalf("%d bytes are in memory, and %d may be", f.Memory, bounds[i])
				}
			}
		}
	})
}

// same gives all intakes the events, and tells what all of them answer.
func same(rt *rapid.T, ins []*usage.Intake, es []usage.Event) usage.Result {
	var first usage.Result
	for i, in := range ins {
		res, err := in.Accept(rt.Context(), "", es)
		if err != nil {
			rt.Fatal(err)
		}
		if i == 0 {
			first = res
		} else if !reflect.DeepEqual(res, first) {
			rt.Fatalf("intake %d answers %+v, the first %+v", i, res, first)
		}
	}
	return first
}

// Ids that name the hour at which they were made, as our clients' do, are not looked for in runs of other hours: their filters need
// no memory.
func TestIDsThatNameTheirHourNeedNoFilters(t *testing.T) {
	c, clk := config(t)
	c.IDsMemory, c.MaxIDs = -1, 100
	in := open(t, c)
	const n = 1000
	id := func(i int) string { return idNo(2*i+1, noon.Add(time.Duration(i/100)*time.Hour)) }
	for i := range n {
		clk.Set(noon.Add(time.Duration(i/100) * time.Hour))
		e := event(id(i), "1")
		e.Time = time.Time{}
		if res := accept(t, in, e); res.Accepted != 1 {
			t.Fatalf("event %d: %+v", i, res)
		}
		tidy(t, in)
	}
	if f := in.Filters(); f.Read > 0 || f.Memory > 0 || f.Disk == 0 {
		t.Errorf("new ids: %+v", f)
	}
	in = open(t, c)
	for i := range n {
		e := event(id(i), "1")
		e.Time = time.Time{}
		if res := accept(t, in, e); res.Duplicates != 1 {
			t.Fatalf("event %d again: %+v", i, res)
		}
	}
	if f := in.Filters(); f.Read == 0 || f.Read > 2*n {
		t.Errorf("repetitions: %+v", f)
	}
}

// A page that is missing, or too short, is not taken for "certainly not in it".
func TestAnEventIsNotTakenWhileAFilterIsDamaged(t *testing.T) {
	for name, body := range map[string][]byte{"empty": {}, "short": make([]byte, 64), "long": make([]byte, 8192)} {
		c, _ := config(t)
		c.IDsMemory, c.MaxIDs = -1, 100
		in := open(t, c)
		send(t, in, 0, 100)
		if err := c.Store.PutIDs(t.Context(), 0, 1, []usage.RunPiece{{No: -1, Body: body}}); err != nil {
			t.Fatal(err)
		}
		if res, err := in.Accept(t.Context(), "", []usage.Event{event("e1", "1")}); !fail.Is(err, fail.Later) {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
		if _, _, err := in.Named(t.Context(), "", "e1"); err == nil {
			t.Errorf("%s: the event was looked for", name)
		}
	}
	c, _ := config(t)
	c.MaxIDs = 100
	c.Store = withoutPages{c.Store}
	send(t, open(t, c), 0, 100)
	in := open(t, c)
	if res, err := in.Accept(t.Context(), "", []usage.Event{event("new", "1")}); !fail.Is(err, fail.Later) {
		t.Errorf("a page is missing: %+v, %v", res, err)
	}
	if _, err := in.Tidy(t.Context()); err == nil {
		t.Error("a filter without pages came into memory")
	}
}

// withoutPages has lost the pages of filters.
type withoutPages struct{ usage.Store }

func (withoutPages) FilterPages(context.Context, int, int64, []int64, func(int64, []byte) error) error {
	return nil
}

// A start reads no filters: they come into memory a piece at a time, while events are taken.
func TestFiltersComeIntoMemoryAfterAStart(t *testing.T) {
	c, _ := config(t)
	c.MaxIDs = 1000
	send(t, open(t, c), 0, 6000)
	in := open(t, c)
	if f := in.Filters(); f.Memory != 0 || f.Disk == 0 {
		t.Errorf("at the start: %+v", f)
	}
	if res := send(t, in, 0, 100); res.Duplicates != 100 {
		t.Errorf("%+v", res)
	}
	tidy(t, in)
	before := in.Filters()
	if before.Memory != before.Disk || before.Read == 0 {
		t.Errorf("afterwards: %+v", before)
	}
	if res := send(t, in, 6000, 6100); res.Accepted != 100 || in.Filters().Read != before.Read {
		t.Errorf("with all in memory: %+v, %+v", res, in.Filters())
	}
}
