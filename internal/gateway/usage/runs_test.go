package usage_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/usage"
)

// send gives the intake events, a hundred at a time, and lets it tidy up after each.
func send(t *testing.T, in *usage.Intake, from, to int) (sum usage.Result) {
	t.Helper()
	for i := from; i < to; i += 100 {
		var es []usage.Event
		for k := i; k < min(i+100, to); k++ {
			e := event(fmt.Sprint("e", k), "1")
			e.Time = time.Time{}
			es = append(es, e)
		}
		res := accept(t, in, es...)
		sum.Accepted, sum.Duplicates = sum.Accepted+res.Accepted, sum.Duplicates+res.Duplicates
		tidy(t, in)
	}
	return sum
}

func runs(t *testing.T, c usage.Config) []usage.Run {
	t.Helper()
	rs, err := c.Store.Runs(t.Context(), c.Part)
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

func TestRunsOfIDsStayFewAndLoseNothing(t *testing.T) {
	c, _ := config(t)
	c.MaxIDs = 100
	in := open(t, c)
	const n = 8500 // 85 runs, if they were not merged
	if res := send(t, in, 0, n); res.Accepted != n {
		t.Fatalf("%+v", res)
	}
	rs := runs(t, c)
	var ids int64
	for _, r := range rs {
		ids += r.IDs
	}
	if len(rs) > 9 || ids != n {
		t.Errorf("%d runs with %d ids", len(rs), ids)
	}
	for _, in := range []*usage.Intake{in, open(t, c)} {
		if res := send(t, in, 0, n); res.Duplicates != n {
			t.Errorf("sent again: %+v", res)
		}
	}
}

// Merging must not keep ids for longer and longer, nor leave many runs, however many events there are in a day.
func TestRunsOfIDsExpireThoughTheyAreMerged(t *testing.T) {
	for _, daily := range []int{1, 10, 20, 40, 90} {
		c, clk := config(t)
		c.MaxIDs = 10
		in := open(t, c)
		const days = 120
		for day := range days {
			for i := 0; i < daily; i += 10 {
				clk.Set(noon.AddDate(0, 0, day).Add(time.Duration(i) * 24 * time.Hour / time.Duration(daily)))
				send(t, in, day*daily+i, day*daily+min(i+10, daily))
			}
		}
		clk.Set(noon.AddDate(0, 0, days))
		tidy(t, in)
		rs := runs(t, c)
		var ids int64
		for _, r := range rs {
			ids += r.IDs
		}
		if n := int64(daily); len(rs) > 12 || ids < 35*n || ids > (35+35/4+2)*n {
			t.Errorf("%d a day: %d runs with %d ids, want those of 35 days and a little more", daily, len(rs), ids)
		}
		t.Logf("%d a day: %d runs", daily, len(rs))
		if res := send(t, in, (days-35)*daily, days*daily); res.Duplicates != 35*daily {
			t.Errorf("%d a day: the last 35 days' again: %+v", daily, res)
		}
		if res := send(t, in, 0, 50*daily); res.Accepted != 50*daily {
			t.Errorf("%d a day: those of long ago again: %+v", daily, res)
		}
	}
}

// Ids that earlier versions moved out of memory have prints of another hash. They are repetitions all the same.
func TestPrintsOfEarlierVersionsAreKnown(t *testing.T) {
	c, clk := config(t)
	in := open(t, c)
	accept(t, in, event("e1", "1"))
	clk.Set(noon.AddDate(0, 0, 2))
	tidy(t, in)
	body, err := c.Store.IDs(t.Context(), 0, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	e, text := event("e1", "1"), func(b []byte, s string) []byte { return append(append(b, byte(len(s))), s...) }
	content := text(text(nil, string(active[0].ID)), "gb")
	content = binary.AppendUvarint(append(content, 0), 1_000_000_000_000)
	print := sha256.Sum256(binary.AppendVarint(content, e.Time.UnixMicro()))
	if err := c.Store.PutIDs(t.Context(), 0, 1, []usage.RunPiece{{Body: append(body[:16:16], print[:8]...)}}); err != nil {
		t.Fatal(err)
	}
	if res := accept(t, in, event("e1", "1")); res.Duplicates != 1 {
		t.Errorf("the same again: %+v", res)
	}
	if res := accept(t, in, event("e1", "2")); len(res.Rejected) != 1 || res.Rejected[0].Code != "conflict" {
		t.Errorf("another content: %+v", res)
	}
}
