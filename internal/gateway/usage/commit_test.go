package usage_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/usage"
)

// shaky is a store whose writes to the log fail now and then, before they took effect or after it.
type shaky struct {
	usage.Store
	mu  sync.Mutex
	rnd *rand.Rand
	off bool
}

var errShaky = errors.New("the disk is shaky")

func (s *shaky) write(w func() error) error {
	s.mu.Lock()
	n := s.rnd.IntN(10)
	if s.off {
		n = 9
	}
	s.mu.Unlock()
	if n == 0 {
		return errShaky
	}
	if err := w(); err != nil || n > 1 {
		return err
	}
	return errShaky
}

func (s *shaky) Append(ctx context.Context, g usage.Segment) error {
	return s.write(func() error { return s.Store.Append(ctx, g) })
}

func (s *shaky) Cut(ctx context.Context, c usage.Cut) error {
	return s.write(func() error { return s.Store.Cut(ctx, c) })
}

// While one segment is written the next is decided already, and rests on it. Whatever fails: what was acknowledged is
// in the log, once, and what is in the log is counted, once.
func TestASegmentThatFailsTakesThoseThatRestOnItAlong(t *testing.T) {
	for seed := range uint64(10) {
		c, _ := config(t)
		s := &shaky{Store: c.Store, rnd: rand.New(rand.NewPCG(seed, 1))}
		s.off = true // the beginning of the log
		c.Store = s
		in := open(t, c)
		s.off = false
		const callers, calls, size, ids = 8, 25, 100, 4000
		var wg sync.WaitGroup
		var mu sync.Mutex
		acked := map[string]bool{}
		for i := range callers {
			rnd := rand.New(rand.NewPCG(seed, uint64(i)+2))
			wg.Go(func() {
				for k := range calls {
					es := make([]usage.Event, size)
					for j := range es {
						es[j] = event(fmt.Sprint("e", rnd.IntN(ids)), "1") // others send the same
					}
					res, err := in.Accept(context.Background(), "", es)
					if err == nil && (len(res.Rejected) > 0 || res.Accepted+res.Duplicates != size) {
						t.Errorf("seed %d: %+v", seed, res)
					}
					if err == nil {
						mu.Lock()
						for _, e := range es {
							acked[e.ID] = true
						}
						mu.Unlock()
					}
					if k == calls/2 && i == 0 {
						_ = in.Cut(context.Background(), "", core.HourOf(noon)) // may fail too
					}
				}
			})
		}
		wg.Wait()
		s.off = true
		counted := func(in *usage.Intake) (n int64) {
			for _, h := range in.OpenHours("") {
				for _, total := range in.Totals("", h) {
					n += total.Events
				}
			}
			return n
		}
		accept(t, in, event("last", "1")) // reads again what it is not sure of
		again := open(t, c)
		stored := map[string]bool{}
		err := c.Store.Segments(t.Context(), 0, 0, 0, func(g usage.Segment) error {
			return g.Each(func(e *usage.Entry) error {
				if stored[e.ID] {
					t.Errorf("seed %d: %s is in the log twice", seed, e.ID)
				}
				stored[e.ID] = true
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		for id := range acked {
			if !stored[id] {
				t.Fatalf("seed %d: %s was acknowledged and is not in the log", seed, id)
			}
		}
		if n := int64(len(stored)); counted(in) != n || counted(again) != n {
			t.Fatalf("seed %d: %d events in the log, %d counted, %d after a restart", seed, n, counted(in), counted(again))
		}
	}
}
