package usage_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"souk.dev/souk/internal/gateway/usage"
)

// deaf is a store that does what it is asked, and does not answer when a run is made.
type deaf struct {
	usage.Store
	lost int // answers that are still to be lost
}

func (s *deaf) PutRun(ctx context.Context, r usage.Run, instead []int64) error {
	err := s.Store.PutRun(ctx, r, instead)
	if err == nil && s.lost > 0 {
		s.lost--
		return errors.New("the answer was lost")
	}
	return err
}

// hundred are events from the i-th on.
func hundred(i int) (es []usage.Event) {
	for k := range 100 {
		es = append(es, event(fmt.Sprint("e", i+k), "1"))
	}
	return es
}

// A run may be made and nobody hear of it. If the next one took its number, the ids in it would be overwritten, and their events
// be billed twice.
func TestARunWhoseAnswerWasLostIsKept(t *testing.T) {
	const n = 1200
	for from := range 12 { // the first answers that are lost are of a run that leaves memory, or of one in the place of others
		c, _ := config(t)
		c.MaxIDs = 100
		store := &deaf{Store: c.Store}
		c.Store = store
		in := open(t, c)
		for i := 0; i < n; i += 100 {
			if i == from*100 {
				store.lost = 1 + from%2
			}
			if res := accept(t, in, hundred(i)...); res.Accepted != 100 {
				t.Fatalf("%+v", res)
			}
			for range 10 { // as the runner does, which comes back to what failed
				_, _ = in.Tidy(t.Context())
			}
		}
		if store.lost > 0 {
			t.Fatal("no answer was lost")
		}
		for _, in := range []*usage.Intake{in, open(t, c)} {
			for i := 0; i < n; i += 100 {
				if res := accept(t, in, hundred(i)...); res.Duplicates != 100 {
					t.Fatalf("answers lost after %d events: those from %d on again: %+v", from*100, i, res)
				}
			}
		}
	}
}
