package usage_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/usage"
)

// told is a call of Accept.
type told struct {
	key, source string
	events      []usage.Event
}

// anyEvent is good, or bad in any way that is known; some are told again, and some again with other content.
func anyEvent(t *rapid.T) usage.Event {
	e := usage.Event{
		ID:        rapid.SampledFrom([]string{"", "a", "b", "c", "é", "\xff", strings.Repeat("x", usage.MaxID+1)}).Draw(t, "id") + rapid.StringMatching(`[0-9]{0,2}`).Draw(t, "no"),
		Source:    rapid.SampledFrom([]string{"", "", "s", strings.Repeat("s", usage.MaxSource+1)}).Draw(t, "source"),
		License:   usage.Ref{Name: rapid.SampledFrom([]string{"arn:1", "arn:1", "lic_1", "lic_2", "arn:4", "nobody's"}).Draw(t, "license")},
		Dimension: core.Dimension(rapid.SampledFrom([]string{"gb", "gb", "gb", "other", ""}).Draw(t, "dimension")),
		Quantity:  rapid.SampledFrom([]string{"1", "1", "2.5", "1e3", "", "-1", "many", "1e20", "0.0000000000001"}).Draw(t, "quantity"),
	}
	switch rapid.IntRange(0, 6).Draw(t, "named") {
	case 0:
		e.License = usage.Ref{Account: "111122223333", Product: core.ProductCode(rapid.SampledFrom([]string{"p", "q", "none", ""}).Draw(t, "product"))}
	case 1:
		e.License = usage.Ref{}
	}
	switch rapid.IntRange(0, 5).Draw(t, "timed") {
	case 0: // at arrival
	case 1:
		e.Time = rapid.SampledFrom([]time.Time{{}, noon.AddDate(-1, 0, 0), noon.Add(time.Hour), time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC), time.Date(0, 1, 1, 0, 0, 0, 1, time.UTC)}).Draw(t, "odd time")
	default:
		e.Time = noon.Add(-time.Duration(rapid.Int64Range(0, int64(40*24*time.Hour)).Draw(t, "ago")))
	}
	if tag := rapid.SampledFrom([]string{"", "", "k", "\xfe"}).Draw(t, "tag"); tag != "" {
		e.Tags = map[string]string{tag: rapid.SampledFrom([]string{"", "v", "w"}).Draw(t, "value"), "z": "y"}
	}
	return e
}

func anyCall(t *rapid.T) told {
	return told{rapid.SampledFrom([]string{"", "key_1", "key_2"}).Draw(t, "key"), rapid.SampledFrom([]string{"", "of the call"}).Draw(t, "call's source"),
		rapid.SliceOfN(rapid.Custom(anyEvent), 0, 5).Draw(t, "events")}
}

func bundleOf(calls ...told) []byte {
	var b usage.Bundle
	for _, c := range calls {
		b.Add(c.key, c.source, c.events)
	}
	return b.Bytes()
}

// said is an answer, with its error as it is told.
func said(a usage.Answer) string {
	if e, ok := errors.AsType[*fail.Error](a.Err); ok {
		return fmt.Sprintf("%s %s %s", e.Kind, e.Code, e.Say)
	}
	return fmt.Sprintf("%+v %v", a.Result, a.Err)
}

// Calls that are brought in a bundle are answered as they are one after the other, to the word.
func TestABundleIsAnsweredLikeItsCalls(t *testing.T) {
	one, _ := config(t)
	other, _ := config(t)
	alone, together := open(t, one), open(t, other)
	rapid.Check(t, func(t *rapid.T) {
		calls := rapid.SliceOfN(rapid.Custom(anyCall), 0, 6).Draw(t, "calls")
		got, keys, err := together.AcceptBundle(t.Context(), bundleOf(calls...))
		if err != nil || len(got) != len(calls) {
			t.Fatalf("%d answers to %d calls, %v", len(got), len(calls), err)
		}
		came, ok := usage.ReadAnswers(usage.AppendAnswers(nil, got), len(calls))
		if !ok {
			t.Fatal("the answers do not come back")
		}
		var theirs []string
		for i, c := range calls {
			res, err := alone.Accept(t.Context(), c.source, c.events)
			want := said(usage.Answer{Result: res, Err: err})
			if said(got[i]) != want || said(came[i]) != want {
				t.Fatalf("call %d of %+v: %s, and on its way %s; alone %s", i, calls, said(got[i]), said(came[i]), want)
			}
			if len(theirs) == 0 || theirs[len(theirs)-1] != c.key {
				theirs = append(theirs, c.key)
			}
		}
		if !reflect.DeepEqual(keys, theirs) {
			t.Fatalf("the keys are %q, not %q", keys, theirs)
		}
	})
	if want, got := alone.Totals("", core.HourOf(noon)), together.Totals("", core.HourOf(noon)); !reflect.DeepEqual(got, want) {
		t.Errorf("the books are %+v, and alone %+v", got, want)
	}
}

// Bundles that come at the same time are committed together, each event once.
func TestBundlesAtOnce(t *testing.T) {
	c, _ := config(t)
	c.MaxGroup = 50 // so that one bundle is of several commits
	in := open(t, c)
	const bundles, calls, events = 8, 10, 7
	var wg sync.WaitGroup
	for n := range bundles {
		wg.Go(func() {
			var tell []told
			for i := range calls {
				var es []usage.Event
				for k := range events {
					es = append(es, event(fmt.Sprint(n/2, i, k), "1")) // two bundles have the same
				}
				tell = append(tell, told{"key", "", es})
			}
			answers, _, err := in.AcceptBundle(t.Context(), bundleOf(tell...))
			if err != nil {
				t.Error(err)
			}
			for _, a := range answers {
				if a.Err != nil || a.Result.Accepted+a.Result.Duplicates != events {
					t.Errorf("%+v", a)
				}
			}
		})
	}
	wg.Wait()
	totals := in.Totals("", core.HourOf(noon))
	if len(totals) != 1 || totals[0].Sum != usage.Whole(bundles/2*calls*events) {
		t.Errorf("%+v", totals)
	}
}

// A call for which there is no room is refused, and the others of its bundle are not.
func TestABundleForWhichThereIsNoRoom(t *testing.T) {
	c, _ := config(t)
	c.MaxQueued = 1
	answers, _, err := open(t, c).AcceptBundle(t.Context(), bundleOf(told{"", "", []usage.Event{event("1", "1")}}, told{"", "", []usage.Event{event("2", "1")}}, told{}))
	if err != nil || answers[0].Result.Accepted != 1 || fail.CodeOf(answers[1].Err) != "busy" || answers[2].Err != nil {
		t.Errorf("%+v, %v", answers, err)
	}
}

// failing is a store that takes nothing while it is broken.
type failing struct {
	usage.Store
	broken atomic.Bool
}

func (f *failing) Append(ctx context.Context, s usage.Segment) error {
	if f.broken.Load() {
		return errors.New("the disk is full")
	}
	return f.Store.Append(ctx, s)
}

// Of a bundle that cannot be stored every call hears so, and whoever calls next is answered for what it told, and for nothing else.
func TestABundleThatCannotBeStored(t *testing.T) {
	c, _ := config(t)
	disk := &failing{Store: c.Store}
	c.Store = disk
	in := open(t, c)
	for round := range 20 {
		var calls []told
		for i := range 10 {
			calls = append(calls, told{"key", "", []usage.Event{event(fmt.Sprint(round, " ", i), "1")}})
		}
		bundle := bundleOf(calls...)
		disk.broken.Store(true)
		answers, _, err := in.AcceptBundle(t.Context(), bundle)
		for i, a := range answers {
			if err != nil || !fail.Is(a.Err, fail.Later) || a.Result.Accepted != 0 {
				t.Fatalf("round %d, call %d: %+v, %v", round, i, a, err)
			}
		}
		disk.broken.Store(false)
		var wg sync.WaitGroup
		wg.Go(func() {
			if res, err := in.Accept(t.Context(), "alone", calls[0].events); err != nil || res.Accepted != 1 {
				t.Errorf("round %d, a call beside: %+v, %v", round, res, err)
			}
		})
		answers, _, err = in.AcceptBundle(t.Context(), bundle)
		for i, a := range answers {
			if err != nil || a.Err != nil || a.Result.Accepted != 1 {
				t.Errorf("round %d, call %d again: %+v, %v", round, i, a, err)
			}
		}
		wg.Wait()
	}
}

// FuzzBundle gives the intake any bytes for a bundle: all of it is taken, or nothing.
func FuzzBundle(f *testing.F) {
	whole := bundleOf(told{"key", "s", []usage.Event{event("1", "1"), {ID: "2", License: usage.Ref{Account: "a", Product: "p"}, Tags: map[string]string{"k": "v"}}}}, told{})
	for _, seed := range [][]byte{whole, whole[:len(whole)-1], {}, {1}, {2}, {1, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0x7f}} {
		f.Add(seed)
	}
	c, _ := config(f)
	in := open(f, c)
	f.Fuzz(func(t *testing.T, bundle []byte) {
		before := in.Seq()
		answers, _, err := in.AcceptBundle(t.Context(), bundle)
		if err == nil {
			if _, ok := usage.ReadAnswers(usage.AppendAnswers(nil, answers), len(answers)); !ok {
				t.Errorf("the answers %+v do not come back", answers)
			}
		} else if !fail.Is(err, fail.Invalid) || in.Seq() != before {
			t.Errorf("%v, after segment %d came %d", err, before, in.Seq())
		}
	})
}

// FuzzAnswers reads any bytes as answers: what is read is written again as it was meant.
func FuzzAnswers(f *testing.F) {
	f.Add(usage.AppendAnswers(nil, []usage.Answer{{Result: usage.Result{Accepted: 3, Duplicates: 1, Rejected: []usage.Rejection{{4, "id", "code", "Message."}}}}, {Err: fail.New(fail.Later, "c", "Say.")}}), 2)
	f.Add([]byte{1}, 0)
	f.Add([]byte{1, 9}, 1)
	f.Fuzz(func(t *testing.T, text []byte, calls int) {
		if calls < 0 || calls > 100 {
			return
		}
		answers, ok := usage.ReadAnswers(text, calls)
		if !ok {
			return
		}
		again, ok := usage.ReadAnswers(usage.AppendAnswers(nil, answers), calls)
		if !ok || !reflect.DeepEqual(again, answers) {
			t.Errorf("%+v became %+v", answers, again)
		}
	})
}
