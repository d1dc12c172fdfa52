package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/usage"
)

func spans(t *testing.T, s usage.Store) {
	for i := range 5 {
		g := segment(int64(i+1), 10, 10+core.Hour(i), "body")
		g.At = int64(100 + i)
		must(t, s.Append(t.Context(), g))
	}
	other := segment(3, 1, 1, "other")
	other.Part = 1
	must(t, s.Append(t.Context(), other))
	for _, c := range []struct {
		after int64
		limit int
		want  []int64
	}{{0, 2, []int64{1, 2}}, {2, 9, []int64{3, 4, 5}}, {5, 9, nil}} {
		got, err := s.Spans(t.Context(), 0, c.after, c.limit)
		must(t, err)
		var seqs []int64
		for _, p := range got {
			seqs = append(seqs, p.Seq)
			if want := (usage.Span{Seq: p.Seq, FirstHour: 10, LastHour: 9 + core.Hour(p.Seq), Events: 1, At: 99 + p.Seq, Bytes: 4}); p != want {
				t.Errorf("got %+v, want %+v", p, want)
			}
		}
		if !slices.Equal(seqs, c.want) {
			t.Errorf("after %d: %v, want %v", c.after, seqs, c.want)
		}
	}
}

func pack(t *testing.T, s usage.Store) {
	ctx := t.Context()
	for i := range 6 {
		must(t, s.Append(ctx, segment(int64(i+1), 10, 10, "body")))
	}
	one := usage.Segment{First: 2, Seq: 4, FirstHour: 9, LastHour: 12, Events: 3, At: 7, Licenses: []byte{1, 2, 3, 4, 5, 6, 7, 8}, Body: []byte("packed")}
	for _, wrong := range []usage.Segment{{First: 2, Seq: 4, Events: 2}, {First: 3, Seq: 4, Events: 3}, {First: 5, Seq: 7, Events: 2}} {
		if err := s.Pack(ctx, wrong); !fail.Is(err, fail.Conflict) {
			t.Errorf("%d events in the place of %d…%d: %v, want a conflict", wrong.Events, wrong.First, wrong.Seq, err)
		}
	}
	if n, err := s.Packed(ctx, 0); err != nil || n != 0 {
		t.Errorf("packed up to %d, %v", n, err)
	}
	must(t, s.Pack(ctx, one))
	if n, err := s.Packed(ctx, 0); err != nil || n != 4 {
		t.Errorf("packed up to %d, %v; want 4", n, err)
	}
	if got := seqs(t, s, 0, 0); got != "1body 4packed 5body 6body " {
		t.Errorf("the log has %q", got)
	}
	var got []usage.Segment
	must(t, s.Between(ctx, 0, 2, 5, func(g usage.Segment) error { got = append(got, g); return nil }))
	if len(got) != 2 || !reflect.DeepEqual(got[0], one) || got[1].First != 5 {
		t.Errorf("between 2 and 5 are %+v", got)
	}
	if err := s.Append(ctx, segment(4, 1, 1, "late")); !fail.Is(err, fail.Conflict) {
		t.Errorf("a place that is packed: %v, want a conflict", err)
	}
	must(t, s.Pack(ctx, usage.Segment{First: 5, Seq: 5, FirstHour: 10, LastHour: 10, Events: 1, At: 7, Body: []byte("alone")}))
	must(t, s.Drop(ctx, 0, 4, 1))
	if got := seqs(t, s, 0, 0); got != "5alone 6body " {
		t.Errorf("the log has %q", got)
	}
	if n, err := s.Packed(ctx, 0); err != nil || n != 5 {
		t.Errorf("packed up to %d, %v; want 5", n, err)
	}
}

func drop(t *testing.T, s usage.Store) {
	ctx := t.Context()
	for i, last := range []core.Hour{10, 30, 20, 21} {
		for part := range 2 {
			g := segment(int64(i+1), 10, last, "body")
			g.Part, g.At = part, int64(100+i)
			must(t, s.Append(ctx, g))
		}
	}
	check := func(want usage.Dropped, left string) {
		t.Helper()
		if d, err := s.Dropped(ctx, 0); err != nil || d != want {
			t.Errorf("the books have %+v, %v; want %+v", d, err, want)
		}
		if got := seqs(t, s, 0, 0); got != left {
			t.Errorf("the log has %q, want %q", got, left)
		}
	}
	check(usage.Dropped{}, "1body 2body 3body 4body ")
	must(t, s.Drop(ctx, 0, 2, 1000))
	two := usage.Dropped{Seq: 2, Hour: 30, Events: 2, Bytes: 8, Newest: 101, At: 1000}
	check(two, "3body 4body ")
	must(t, s.Drop(ctx, 0, 2, 2000)) // again, as after a crash: nothing is booked twice
	check(two, "3body 4body ")
	must(t, s.Drop(ctx, 0, 3, 3000))
	check(usage.Dropped{Seq: 3, Hour: 30, Events: 3, Bytes: 12, Newest: 102, At: 3000}, "4body ")
	if d, err := s.Dropped(ctx, 1); err != nil || d != (usage.Dropped{}) {
		t.Errorf("another partition's books: %+v, %v", d, err)
	}
}

// Unsettled tests what a [usage.Store] says of the records and corrections beside it, all in one new database.
func Unsettled(t *testing.T, open func(t *testing.T) (usage.Store, metering.Store, correction.Store)) {
	s, ms, cs := open(t)
	ctx := t.Context()
	check := func(when string, want core.Hour, some bool) {
		t.Helper()
		if h, ok, err := s.Unsettled(ctx); err != nil || ok != some || (ok && h != want) {
			t.Errorf("%s: %s, %v, %v; want %s, %v", when, h, ok, err, want, some)
		}
	}
	check("nothing there", 0, false)
	now := core.HourOf(t0)
	var rs []metering.Record
	for i, state := range []metering.State{metering.Honoured, metering.Waiting, metering.Waiting, metering.Parked} {
		r := record(fmt.Sprint(i), now+core.Hour(i), "gb")
		r.State = state
		rs = append(rs, r)
	}
	must(t, ms.Seal(ctx, metering.Sealing{Records: rs}))
	check("a record waits", now+1, true)
	must(t, ms.Begin(ctx, []metering.Attempt{{ID: "att", At: t0, Records: []string{rs[1].ID}, Request: []byte(`{}`)}}))
	check("it is on its way", now+1, true)
	for i := range rs[1:] {
		rs[i+1].State = metering.Honoured
		must(t, ms.Settle(ctx, nil, rs[i+1:i+2], nil))
	}
	check("all is honoured", 0, false)
	month := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	c := newCorrection(1)
	c.Month = month
	addProposal(t, cs, c)
	check("a correction is proposed", core.HourOf(month), true)
	c.State = correction.Rejected
	changeProposal(t, cs, c)
	check("it is rejected", 0, false)
}
