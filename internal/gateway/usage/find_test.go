package usage_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/usage"
)

// An event is found in the hour in which it is billed, which may be later than its own, and by its source and licence only.
func TestAnEventIsFoundAgain(t *testing.T) {
	c, clk := config(t)
	in := open(t, c)
	first := core.HourOf(noon)
	accept(t, in, event("a", "1"), event("b", "2"))
	clk.Set(noon.Add(time.Hour))
	if err := in.Cut(t.Context(), "", first); err != nil {
		t.Fatal(err)
	}
	late := event("c", "3")
	late.Source = "desk"
	accept(t, in, late)
	for _, want := range []struct {
		source, id string
		license    core.LicenseID
		from, hour core.Hour
	}{
		{"", "b", "lic_1", first, first}, {"desk", "c", "lic_1", first, first + 1}, {"desk", "c", "lic_1", first + 1, first + 1},
		{"", "c", "lic_1", first, 0}, {"", "b", "lic_2", first, 0}, {"", "b", "lic_1", first + 1, 0}, {"", "d", "lic_1", first - 3, 0},
	} {
		e, ok, err := in.Find(t.Context(), want.source, want.id, want.license, want.from)
		if err != nil || ok != (want.hour != 0) || ok && (e.Hour != want.hour || e.ID != want.id || e.Late != (want.id == "c")) {
			t.Errorf("%+v: found %+v, %v, %v", want, e, ok, err)
		}
	}
}

// counting is a log that counts the segments that are read.
type counting struct {
	usage.Store
	read int
}

func (c *counting) Between(ctx context.Context, part int, first, last int64, yield func(usage.Segment) error) error {
	return c.Store.Between(ctx, part, first, last, func(s usage.Segment) error { c.read++; return yield(s) })
}

// An event is found by its name with one segment read, wherever its id is: in memory, in a run of ids, in one of merged runs,
// in memory again after a start; and though its segment was packed with others since.
func TestAnEventIsFoundByItsName(t *testing.T) {
	c, clk := config(t)
	log := &counting{Store: c.Store}
	c.Store, c.MaxIDs, c.PackAfter = log, 100, time.Hour
	in := open(t, c)
	const n = 1250
	find := func(when string) {
		t.Helper()
		for i := 0; i < n; i += 49 {
			log.read = 0
			e, ok, err := in.Named(t.Context(), "", fmt.Sprint("e", i))
			if err != nil || !ok || e.ID != fmt.Sprint("e", i) || e.License != "lic_1" || log.read != 1 {
				t.Fatalf("%s: event %d is %+v, %t, %v; %d segments were read", when, i, e, ok, err, log.read)
			}
		}
		log.read = 0
		if e, ok, err := in.Named(t.Context(), "desk", "e1"); ok || err != nil || log.read != 0 {
			t.Errorf("%s: of another source there is %+v, %v; %d segments were read", when, e, err, log.read)
		}
	}
	for i := range n { // a segment each
		send(t, in, i, i+1)
	}
	if rs := runs(t, c); len(rs) < 2 || rs[0].IDs < 400 {
		t.Fatalf("%d runs, the first of %d ids", len(rs), rs[0].IDs)
	}
	find("at first")
	in = open(t, c)
	find("after a start")
	for range 80 { // late events do not ask for its hour any more
		closeHour(t, in, clk)
	}
	tidy(t, in)
	keep(t, in, clk)
	if spans, err := c.Store.Spans(t.Context(), 0, 0, n); err != nil || len(spans) > n/2 {
		t.Fatalf("%d segments are left of %d, %v", len(spans), n, err)
	}
	find("packed")
	in = open(t, c)
	find("packed, after a start")
}

// Ids that earlier versions moved out of memory do not say where their events are: the segments of their run are looked through.
func TestAnEventWhoseRunKnowsNoPlacesIsFound(t *testing.T) {
	c, _ := config(t)
	c.MaxIDs = 10
	in := open(t, c)
	send(t, in, 0, 50)
	asBefore(t, c, false, func(ids []byte) {
		for at := 20; at < len(ids); at += 24 {
			copy(ids[at:], "\xff\xff\xff\xff") // more of a print
		}
	})
	in = open(t, c)
	for _, when := range []string{"of the old runs", "after they were merged"} {
		for i := range 50 {
			if e, ok, err := in.Named(t.Context(), "", fmt.Sprint("e", i)); err != nil || !ok || e.ID != fmt.Sprint("e", i) {
				t.Fatalf("%s: event %d is %+v, %t, %v", when, i, e, ok, err)
			}
		}
		if res := send(t, in, 0, 50); res.Duplicates != 50 {
			t.Errorf("%s: sent again: %+v", when, res)
		}
		for i := 50; i < 200; i += 10 { // new runs, so that the old ones are merged with them
			send(t, in, i, i+10)
		}
	}
}
