package job

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"souk.dev/souk/internal/clock"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// diary is a job whose due instants are given, and which notes when it ran.
type diary struct {
	clk  clock.Clock
	due  []time.Time
	ran  []time.Time
	fail error
}

func (d *diary) job() Job {
	return Job{
		Name: "diary",
		Due: func(context.Context) (time.Time, bool, error) {
			if len(d.due) == 0 {
				return time.Time{}, false, nil
			}
			return d.due[0], true, nil
		},
		Run: func(context.Context) (bool, error) {
			d.ran = append(d.ran, d.clk.Now())
			if d.fail != nil {
				return false, d.fail
			}
			d.due = d.due[1:]
			return true, nil
		},
	}
}

func TestStepDoesAllThatIsDueAndTellsWhatComesNext(t *testing.T) {
	clk := clock.NewVirtual(noon)
	d := &diary{clk: clk, due: []time.Time{noon, noon, noon.Add(time.Hour)}}
	r := New(clk, slog.New(slog.DiscardHandler), d.job())
	next, ok, err := r.Step(t.Context())
	if err != nil || !ok || !next.Equal(noon.Add(time.Hour)) || len(d.ran) != 2 {
		t.Fatalf("next %v %v, err %v, ran %v", next, ok, err, d.ran)
	}
	clk.Set(next)
	if _, ok, _ = r.Step(t.Context()); ok || len(d.ran) != 3 {
		t.Fatalf("still due %v, ran %v", ok, d.ran)
	}
}

func TestFailingJobIsHeldBackLongerEachTimeInBusinessTime(t *testing.T) {
	clk := clock.NewVirtual(noon)
	d := &diary{clk: clk, due: []time.Time{noon}, fail: errors.New("away")}
	r := New(clk, slog.New(slog.DiscardHandler), d.job())
	var gaps []time.Duration
	for range 9 {
		next, ok, err := r.Step(t.Context())
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		gaps = append(gaps, next.Sub(clk.Now()))
		clk.Set(next)
	}
	if gaps[0] != time.Second || gaps[1] != 2*time.Second || gaps[8] != time.Minute || len(d.ran) != 9 {
		t.Errorf("gaps %v after %d runs", gaps, len(d.ran))
	}
	d.fail = nil
	if _, ok, _ := r.Step(t.Context()); ok || len(d.due) != 0 {
		t.Error("did not recover")
	}
}

func TestPollingJobDoesNotHoldUpAStep(t *testing.T) {
	clk, calls := clock.NewVirtual(noon), 0
	r := New(clk, slog.New(slog.DiscardHandler), Job{Name: "queue", Poll: func(_ context.Context, wait bool) (bool, error) {
		if wait {
			t.Error("a step must not wait")
		}
		calls++
		return calls < 3, nil
	}})
	if _, ok, err := r.Step(t.Context()); ok || err != nil || calls != 3 { // two with work, one empty
		t.Errorf("ok %v, err %v, calls %d", ok, err, calls)
	}
}

func TestRunWakesAtDueInstantsAndOnWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		clk := clock.System{}
		start := clk.Now()
		d := &diary{clk: clk, due: []time.Time{start.Add(time.Hour)}}
		r := New(clk, slog.New(slog.DiscardHandler), d.job())
		done := make(chan struct{})
		go func() { r.Run(ctx); close(done) }()
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		d.due = append(d.due, clk.Now())
		r.Wake("diary")
		synctest.Wait()
		cancel()
		<-done
		if len(d.ran) != 2 || d.ran[0].Sub(start) != time.Hour {
			t.Errorf("ran %v", d.ran)
		}
	})
}

// A job that is due at once says so by its own reading of the clock, which on a running clock is later than the
// runner's. It must run all the same, and not be put off for ever.
func TestDueNowRunsOnARunningClock(t *testing.T) {
	clk := clock.NewVirtual(noon)
	clk.Apply(clock.Setting{Now: noon, Rate: 1})
	left := 1
	r := New(clk, slog.New(slog.DiscardHandler), Job{
		Name: "eager",
		Due:  func(context.Context) (time.Time, bool, error) { return clk.Now(), left > 0, nil },
		Run:  func(context.Context) (bool, error) { left--; return true, nil },
	})
	if _, ok, err := r.Step(t.Context()); left != 0 || ok || err != nil {
		t.Errorf("left %d, due %v, %v", left, ok, err)
	}
}
