package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/usage"
)

// Usage tests a [usage.Store]: the log of events. open gives a new, empty one.
func Usage(t *testing.T, open func(t *testing.T) usage.Store) {
	t.Run("ASegmentIsTakenOnce", func(t *testing.T) { aSegmentIsTakenOnce(t, open(t)) })
	t.Run("TwentyWritersOneSegment", func(t *testing.T) { twentyWritersOneSegment(t, open(t)) })
	t.Run("SegmentsByPlaceOrHour", func(t *testing.T) { segmentsByPlaceOrHour(t, open(t)) })
	t.Run("SegmentsOfALicence", func(t *testing.T) { segmentsOfALicence(t, open(t)) })
	t.Run("Cuts", func(t *testing.T) { cuts(t, open(t)) })
	t.Run("Runs", func(t *testing.T) { runs(t, open(t)) })
	t.Run("FilterPages", func(t *testing.T) { filterPages(t, open(t)) })
	t.Run("Spans", func(t *testing.T) { spans(t, open(t)) })
	t.Run("Pack", func(t *testing.T) { pack(t, open(t)) })
	t.Run("Drop", func(t *testing.T) { drop(t, open(t)) })
}

func segment(seq int64, first, last core.Hour, body string) usage.Segment {
	return usage.Segment{Seq: seq, FirstHour: first, LastHour: last, Events: 1, At: 1, Body: []byte(body)}
}

func seqs(t *testing.T, s usage.Store, after int64, hour core.Hour) string {
	t.Helper()
	out := ""
	err := s.Segments(t.Context(), 0, after, hour, func(g usage.Segment) error {
		out += fmt.Sprint(g.Seq, string(g.Body), " ")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func aSegmentIsTakenOnce(t *testing.T, s usage.Store) {
	if err := s.Append(t.Context(), segment(1, 5, 5, "first")); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), segment(1, 5, 5, "second")); !fail.Is(err, fail.Conflict) {
		t.Errorf("the same place again: %v, want a conflict", err)
	}
	if got := seqs(t, s, 0, 0); got != "1first " {
		t.Errorf("the log has %q", got)
	}
}

func twentyWritersOneSegment(t *testing.T, s usage.Store) {
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			err := s.Append(t.Context(), segment(1, 5, 5, fmt.Sprint(i)))
			if err == nil {
				won.Add(1)
			} else if !fail.Is(err, fail.Conflict) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 20 writers own the same place in the log", won.Load())
	}
}

func segmentsByPlaceOrHour(t *testing.T, s usage.Store) {
	for i, last := range []core.Hour{10, 20, 11, 12} {
		if err := s.Append(t.Context(), segment(int64(i+1), 10, last, "")); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		after int64
		hour  core.Hour
		want  string
	}{{0, 99, "1 2 3 4 "}, {2, 99, "3 4 "}, {3, 11, "2 4 "}, {4, 99, ""}, {4, 9, "1 2 3 4 "}} {
		if got := seqs(t, s, c.after, c.hour); got != c.want {
			t.Errorf("after %d or hour %d: %q, want %q", c.after, int64(c.hour), got, c.want)
		}
	}
	stop := errors.New("enough")
	if err := s.Segments(t.Context(), 0, 0, 0, func(usage.Segment) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of yield came back as %v", err)
	}
}

func segmentsOfALicence(t *testing.T, s usage.Store) {
	for i, span := range [][2]core.Hour{{10, 10}, {10, 12}, {11, 11}, {9, 11}, {12, 12}, {7, 20}} {
		if err := s.Append(t.Context(), segment(int64(i+1), span[0], span[1], "")); err != nil {
			t.Fatal(err)
		}
	}
	without := segment(7, 11, 11, "")
	without.Licenses = make([]byte, 8) // a filter that knows nobody
	if err := s.Append(t.Context(), without); err != nil {
		t.Fatal(err)
	}
	for hour, want := range map[core.Hour]string{6: "", 7: "6 ", 10: "1 2 4 6 ", 11: "2 3 4 6 ", 12: "2 5 6 ", 20: "6 ", 21: ""} {
		got := ""
		err := s.SegmentsOf(t.Context(), 0, "lic", hour, func(g usage.Segment) error { got += fmt.Sprint(g.Seq, " "); return nil })
		if err != nil || got != want {
			t.Errorf("hour %d: %q, %v; want %q", int64(hour), got, err, want)
		}
	}
}

func cuts(t *testing.T, s usage.Store) {
	ctx := t.Context()
	for _, c := range []usage.Cut{{Hour: 1, At: 9, Done: true}, {Hour: 2, At: 9}, {Hour: 3, At: 9}, {Scope: "lic", Hour: 4, At: 9}, {Scope: "lic", Hour: 4, At: 10}, {Part: 1, Hour: 50, At: 9}} {
		if err := s.Cut(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	check := func(want string) {
		t.Helper()
		cs, err := s.Cuts(ctx, 0)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, c := range cs {
			got += fmt.Sprintf("%s%d:%v:%d ", c.Scope, int64(c.Hour), c.Done, c.At)
		}
		if got != want {
			t.Errorf("cuts: %q, want %q", got, want)
		}
	}
	check("2:false:9 3:false:9 lic4:false:9 ")
	for range 2 {
		if err := s.Done(ctx, 0, "", 2, 11); err != nil {
			t.Fatal(err)
		}
	}
	check("3:false:9 lic4:false:9 ")
	if err := s.Done(ctx, 0, "", 3, 11); err != nil {
		t.Fatal(err)
	}
	check("3:true:9 lic4:false:9 ")
}

func runs(t *testing.T, s usage.Store) {
	ctx := t.Context()
	for _, body := range []string{"left by a crash", "chunk"} {
		if err := s.PutIDs(ctx, 0, 1, []usage.RunPiece{{Body: []byte(body)}, {No: 1, Body: []byte(body)}, {No: 2}}); err != nil {
			t.Fatal(err)
		}
	}
	list := func(want string) []usage.Run {
		t.Helper()
		rs, err := s.Runs(ctx, 0)
		got := ""
		for _, r := range rs {
			got += fmt.Sprint(r.No, "@", r.LastSeq, " ")
		}
		if err != nil || got != want {
			t.Fatalf("runs %q, %v; want %q", got, err, want)
		}
		return rs
	}
	list("") // without a header there is none
	long := bytes.Repeat([]byte{1, 2, 3}, 100_000)
	for no, last := range []int64{100, 200, 300} {
		r := usage.Run{No: int64(no + 1), LastSeq: last, FirstAt: last - 1, LastAt: last, IDs: 1, Places: no > 0, Chunks: 5, Lines: 6, Hours: []byte{7}}
		if no == 0 { // as versions before pages wrote them
			r.Chunks, r.Lines, r.Hours, r.FirstKeys = 0, 0, nil, bytes.Repeat([]byte{7}, 16)
			if err := s.PutIDs(ctx, 0, 1, []usage.RunPiece{{No: -2, Body: long[65536:]}, {No: -1, Body: long[:65536]}}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.PutRun(ctx, r, nil); err != nil {
			t.Fatal(err)
		}
		want := r
		if no == 0 {
			want.Filter = long
		}
		if got := list([]string{"1@100 ", "1@100 2@200 ", "1@100 2@200 3@300 "}[no])[no]; !reflect.DeepEqual(withoutEmpty(got), withoutEmpty(want)) {
			t.Errorf("run %d came back as %d, %d, %d…%d with a filter of %d bytes", r.No, got.No, got.LastSeq, got.FirstAt, got.LastAt, len(got.Filter))
		}
	}
	for chunk, want := range []string{"chunk", "chunk", ""} {
		if body, err := s.IDs(ctx, 0, 1, int64(chunk)); err != nil || string(body) != want {
			t.Errorf("chunk %d: %q, %v", chunk, body, err)
		}
	}
	merged := usage.Run{No: 4, LastSeq: 300, Filter: []byte{9}, FirstKeys: []byte{}}
	if err := s.PutIDs(ctx, 0, 4, []usage.RunPiece{{Body: []byte("merged")}}); err != nil {
		t.Fatal(err)
	}
	if err := s.PutRun(ctx, merged, []int64{2, 3}); err != nil {
		t.Fatal(err)
	}
	list("1@100 4@300 ")
	if err := s.DropRuns(ctx, 0, []int64{1}); err != nil {
		t.Fatal(err)
	}
	if got := list("4@300 ")[0]; !bytes.Equal(got.Filter, merged.Filter) {
		t.Errorf("the filter is %v", got.Filter)
	}
	if err := s.PutIDs(ctx, 0, 5, []usage.RunPiece{{Body: []byte("in the making")}}); err != nil {
		t.Fatal(err)
	}
	for more, n := true, 0; more; n++ {
		var err error
		if more, err = s.SweepIDs(ctx, 0); err != nil || n > 10 {
			t.Fatalf("sweep %d: %v", n, err)
		}
	}
	if _, err := s.IDs(ctx, 0, 1, 0); err == nil {
		t.Error("the chunks of a run that is no more are still there")
	}
	for run, want := range map[int64]string{4: "merged", 5: "in the making"} {
		if body, err := s.IDs(ctx, 0, run, 0); err != nil || string(body) != want {
			t.Errorf("run %d: %q, %v", run, body, err)
		}
	}
}

// withoutEmpty is r with nothing for what is empty.
func withoutEmpty(r usage.Run) usage.Run {
	for _, b := range []*[]byte{&r.Filter, &r.FirstKeys, &r.Hours} {
		if len(*b) == 0 {
			*b = nil
		}
	}
	return r
}

// filterPages reads pages of a filter as they are needed: some, and neighbours.
func filterPages(t *testing.T, s usage.Store) {
	const pages = 300
	page := func(n int64) []byte { return bytes.Repeat([]byte{byte(n), byte(n >> 8)}, 62*32) }
	for run := range int64(2) {
		var pieces []usage.RunPiece
		for n := range int64(pages) {
			body := page(n)
			if run == 1 {
				body = []byte("of another run")
			}
			pieces = append(pieces, usage.RunPiece{No: n, Body: []byte("ids")}, usage.RunPiece{No: -1 - n, Body: body})
		}
		if err := s.PutIDs(t.Context(), 0, run, pieces); err != nil {
			t.Fatal(err)
		}
	}
	all := make([]int64, pages)
	for i := range all {
		all[i] = int64(i)
	}
	var some []int64
	for n := int64(1); n < pages; n += 1 + n%3 {
		some = append(some, n)
	}
	for name, want := range map[string][]int64{"none": nil, "the first": {0}, "two": {0, 299}, "neighbours": all, "some": some, "beyond": {298, 300, 301}} {
		got := map[int64]bool{}
		err := s.FilterPages(t.Context(), 0, 0, want, func(n int64, body []byte) error {
			if !bytes.Equal(body, page(n)) || got[n] {
				t.Errorf("%s: page %d has %d bytes, and came before: %t", name, n, len(body), got[n])
			}
			got[n] = true
			return nil
		})
		there := 0
		for _, n := range want {
			if n < pages {
				there++
			}
		}
		if err != nil || len(got) != there {
			t.Errorf("%s: %d pages of %d, %v", name, len(got), there, err)
		}
	}
	stop := errors.New("enough")
	if err := s.FilterPages(t.Context(), 0, 0, some, func(int64, []byte) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of yield came back as %v", err)
	}
}
