package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/usage"
)

// Metering tests a [metering.Store]: records, balances and requests. open gives a new, empty one.
func Metering(t *testing.T, open func(t *testing.T) metering.Store) {
	t.Run("SealIsAllOrNothing", func(t *testing.T) { sealIsAllOrNothing(t, open(t)) })
	t.Run("ARecordsLife", func(t *testing.T) { aRecordsLife(t, open(t)) })
	t.Run("EarliestDeadlineFirst", func(t *testing.T) { earliestDeadlineFirst(t, open(t)) })
	t.Run("Hasten", func(t *testing.T) { hasten(t, open(t)) })
	t.Run("Pages", func(t *testing.T) { pages(t, open(t)) })
	t.Run("DropAttempts", func(t *testing.T) { dropAttempts(t, open(t)) })
	t.Run("Counts", func(t *testing.T) { counts(t, open(t)) })
}

// counter is what a store that tells metrics has besides.
type counter interface {
	RecordsByState(ctx context.Context) (map[string]int64, error)
}

// counts leads records through their lives, and compares what the store says of their number with the records themselves.
func counts(t *testing.T, s metering.Store) {
	c, ok := s.(counter)
	if !ok {
		t.Skip("it does not count")
	}
	ctx := t.Context()
	rnd := rand.New(rand.NewPCG(1, 2))
	states := []metering.State{metering.Waiting, metering.Parked, metering.Honoured, metering.Carried, metering.Unbillable}
	for i := range 60 {
		r := record(fmt.Sprint(i), core.Hour(i), "gb")
		if i%20 == 0 {
			r.State = metering.Unbillable
		}
		must(t, s.Seal(ctx, metering.Sealing{Records: []metering.Record{r}}))
		if err := s.Seal(ctx, metering.Sealing{Records: []metering.Record{r}}); !fail.Is(err, fail.Conflict) {
			t.Fatalf("the same record again: %v", err)
		}
		rs, err := s.Sendable(ctx, t0.Add(time.Hour), 100)
		must(t, err)
		if len(rs) > 0 {
			r = rs[rnd.IntN(len(rs))]
			must(t, s.Begin(ctx, []metering.Attempt{{ID: fmt.Sprint("att", i), At: t0, Records: []string{r.ID}, Request: []byte(`{}`)}}))
			if r.State = states[rnd.IntN(len(states))]; i%7 != 0 {
				must(t, s.Settle(ctx, nil, []metering.Record{r}, nil))
			}
		}
		want := map[string]int64{}
		must(t, s.EachRecord(ctx, func(r metering.Record) error { want[string(r.State)]++; return nil }))
		got, err := c.RecordsByState(ctx)
		must(t, err)
		for _, state := range append(states, metering.Sending) {
			if got[string(state)] != want[string(state)] {
				t.Fatalf("after %d records: %v, want %v", i+1, got, want)
			}
		}
	}
}

var t0 = time.Date(2026, 11, 17, 10, 5, 0, 0, time.UTC)

func record(id string, hour core.Hour, dimension core.Dimension) metering.Record {
	return metering.Record{ID: metering.FirstID(hour) + id, License: "lic", Dimension: dimension, Hour: hour, Product: "p",
		Line: metering.Line{Timestamp: metering.Second(hour.Start().Unix()), Dimension: dimension, Quantity: 2147483647, CustomerAWSAccount: "111122223333", LicenseARN: "arn",
			UsageAllocations: `[{"AllocatedUsageQuantity":2147483647,"Tags":[{"Key":"Team","Value":"ops"}]}]`},
		State: metering.Waiting, Why: "because", Since: t0, Expires: t0.Add(24 * time.Hour), Deadline: t0.Add(24 * time.Hour), RetryAt: t0, Limit: 25}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func sealIsAllOrNothing(t *testing.T, s metering.Store) {
	ctx := t.Context()
	r := record("a", 7, "gb")
	total := metering.SealedTotal{Total: usage.Total{Key: usage.Key{License: "lic", Dimension: "gb"}, Hour: 7, Meter: core.Average, Sum: usage.Whole(3), Events: 2, Late: 1}, CarriedIn: usage.Whole(1), CarriedOut: usage.Whole(4),
		Rounded: usage.Whole(1), Covered: usage.Whole(8), Life: metering.Life{From: 10, To: 20, Before: usage.Level{At: 5, Is: usage.Whole(2)}}}
	balance := metering.Balance{Pair: metering.Pair{License: "lic", Dimension: "gb"}, Amount: usage.Whole(4), Since: t0, Level: usage.Level{At: 6, Is: usage.Whole(7)},
		Cover: metering.Cover{Period: "2026-11", Bought: usage.Whole(9), Used: usage.Whole(8), Waiting: usage.Whole(1)}}
	off := metering.WriteOff{Pair: balance.Pair, Hour: 7, At: t0, Amount: usage.Whole(9), Reason: "ended", MovedTo: "other"}
	unbillable := metering.SealedTotal{Total: usage.Total{Key: usage.Key{License: "lic", Dimension: "calls", Reason: "early"}, Hour: 7, Sum: usage.Whole(5), Events: 1}}
	must(t, s.Seal(ctx, metering.Sealing{Totals: []metering.SealedTotal{total, unbillable}, Records: []metering.Record{r}, Balances: []metering.Balance{balance}, WriteOffs: []metering.WriteOff{off}}))

	again := r
	again.ID += "2" // another name for the same licence, dimension and hour
	changed := balance
	changed.Amount = usage.Whole(100)
	for _, second := range []metering.Record{r, again} {
		if err := s.Seal(ctx, metering.Sealing{Balances: []metering.Balance{changed}, Records: []metering.Record{second}}); !fail.Is(err, fail.Conflict) {
			t.Errorf("a second record of the hour: %v, want a conflict", err)
		}
	}
	if got, err := s.Record(ctx, r.ID); err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("record: %+v, %v; want %+v", got, err, r)
	}
	if got, err := s.Balances(ctx); err != nil || !reflect.DeepEqual(got, []metering.Balance{balance}) {
		t.Errorf("balances: %+v, %v", got, err)
	}
	if got, err := s.Totals(ctx, "lic", 7, 7); err != nil || !reflect.DeepEqual(got, []metering.SealedTotal{unbillable, total}) {
		t.Errorf("totals: %+v, %v", got, err)
	}
	if got, err := s.WriteOffs(ctx, ""); err != nil || !reflect.DeepEqual(got, []metering.WriteOff{off}) {
		t.Errorf("write-offs: %+v, %v", got, err)
	}
	both := []usage.Key{unbillable.Key, total.Key}
	for scope, want := range map[core.LicenseID][]usage.Key{"": both, balance.License: both, "another": nil} {
		if got, err := s.SealedKeys(ctx, scope, 7); err != nil || !slices.Equal(got, want) {
			t.Errorf("keys sealed of %q: %+v, %v; want %+v", scope, got, err, want)
		}
	}
	if _, err := s.Record(ctx, "rec_none"); !fail.Is(err, fail.NotFound) {
		t.Errorf("a record that is not there: %v", err)
	}
}

func aRecordsLife(t *testing.T, s metering.Store) {
	ctx := t.Context()
	r := record("a", 7, "gb")
	must(t, s.Seal(ctx, metering.Sealing{Records: []metering.Record{r}}))
	a := metering.Attempt{ID: "att_1", At: t0, Records: []string{r.ID}, Request: []byte(`{"UsageRecords":[]}`)}
	must(t, s.Begin(ctx, []metering.Attempt{a}))
	b := a
	b.ID = "att_2"
	if err := s.Begin(ctx, []metering.Attempt{b}); !fail.Is(err, fail.Conflict) {
		t.Errorf("a record was sent while it was on its way: %v", err)
	}
	if _, err := s.Attempt(ctx, b.ID); !fail.Is(err, fail.NotFound) {
		t.Errorf("the request that could not be made was kept: %v", err)
	}
	if rs, err := s.Sendable(ctx, t0.Add(time.Hour), 9); err != nil || len(rs) != 0 {
		t.Errorf("sendable while it is on its way: %+v, %v", rs, err)
	}
	n, err := s.Recover(ctx, t0.Add(time.Minute))
	must(t, err)
	got, err := s.Record(ctx, r.ID)
	must(t, err)
	if n != 1 || got.State != metering.Waiting || !got.Unsure || got.Tries != 1 || got.Attempt != a.ID || !got.RetryAt.Equal(t0.Add(time.Minute)) || got.Line != r.Line {
		t.Errorf("after a crash: %d, %+v", n, got)
	}
	must(t, s.Begin(ctx, []metering.Attempt{b}))
	got.State, got.Receipt, got.Why, got.Since = metering.Honoured, "id", "taken", t0.Add(time.Hour)
	b.Answered, b.Outcome, b.Answer, b.AWSID = t0.Add(time.Hour), "answered", []byte(`{}`), "aws-1"
	must(t, s.Settle(ctx, []metering.Attempt{b}, []metering.Record{got}, nil))
	if err := s.Settle(ctx, nil, []metering.Record{got}, nil); !fail.Is(err, fail.Conflict) {
		t.Errorf("a record was settled twice: %v", err)
	}
	if kept, err := s.Attempt(ctx, b.ID); err != nil || !reflect.DeepEqual(kept, b) {
		t.Errorf("request: %+v, %v; want %+v", kept, err, b)
	}
	if _, ok, err := s.Next(ctx); ok || err != nil {
		t.Errorf("there is a next one to send: %v, %v", ok, err)
	}
}

func earliestDeadlineFirst(t *testing.T, s metering.Store) {
	ctx := t.Context()
	var rs []metering.Record
	for i, d := range []core.Dimension{"late", "soon", "parked", "held"} {
		r := record(string(d), 7, d)
		r.Deadline = t0.Add(time.Duration(4-i) * time.Hour)
		if d == "parked" {
			r.State = metering.Parked
		}
		if d == "held" {
			r.RetryAt = t0.Add(time.Minute)
		}
		rs = append(rs, r)
	}
	must(t, s.Seal(ctx, metering.Sealing{Records: rs}))
	got, err := s.Sendable(ctx, t0, 2)
	must(t, err)
	if len(got) != 2 || got[0].Dimension != "parked" || got[1].Dimension != "soon" {
		t.Errorf("got %+v", got)
	}
	if at, ok, err := s.Next(ctx); err != nil || !ok || !at.Equal(t0) {
		t.Errorf("next: %v %v %v", at, ok, err)
	}
}

func hasten(t *testing.T, s metering.Store) {
	ctx := t.Context()
	r := record("a", 7, "gb")
	r.RetryAt = t0.Add(time.Hour)
	must(t, s.Seal(ctx, metering.Sealing{Records: []metering.Record{r}}))
	for _, c := range []struct{ to, want time.Time }{{t0.Add(time.Hour), t0.Add(time.Hour)}, {time.Time{}, r.Expires}, {t0.Add(99 * time.Hour), r.Expires}} {
		must(t, s.Hasten(ctx, "lic", c.to, t0))
		got, err := s.Record(ctx, r.ID)
		must(t, err)
		if !got.Deadline.Equal(c.want) || !got.RetryAt.Equal(t0) || !got.Expires.Equal(r.Expires) {
			t.Errorf("hastened to %s: %+v", c.to, got)
		}
	}
}

func pages(t *testing.T, s metering.Store) {
	ctx := t.Context()
	var rs []metering.Record
	for h := core.Hour(1); h <= 5; h++ {
		rs = append(rs, record("a", h, "gb"))
	}
	must(t, s.Seal(ctx, metering.Sealing{Records: rs}))
	got, err := s.Records(ctx, metering.Query{License: "lic", State: metering.Waiting, From: 2, To: 4, Limit: 2})
	must(t, err)
	if len(got) != 2 || got[0].Hour != 4 || got[1].Hour != 3 {
		t.Fatalf("first page: %+v", got)
	}
	got, err = s.Records(ctx, metering.Query{From: 2, To: 4, Before: got[1].ID, Limit: 2})
	must(t, err)
	if len(got) != 1 || got[0].Hour != 2 {
		t.Errorf("second page: %+v", got)
	}
	if got, err = s.Records(ctx, metering.Query{License: "other", Limit: 9}); err != nil || len(got) != 0 {
		t.Errorf("of another licence: %+v, %v", got, err)
	}
}
