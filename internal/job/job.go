// Package job runs work when it is due, in production as in a test that jumps over a year.
//
// It owns: waking jobs at their due instants, one at a time per job; holding a failing job back; and stepping
// through everything that is due at one instant ([Runner.Step]). It does not own: what is due. That is stored by the
// feature whose work it is (a deadline, a lease, a retry time), so a crash is nothing special: after a restart the
// same work is due again. No feature starts a goroutine or sets a timer of its own.
package job

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"souk.dev/souk/internal/clock"
)

// Job is one kind of work. Give it either Due and Run (work that the calendar or a wake-up makes due) or Poll (work
// that arrives from outside, such as a queue's messages).
type Job struct {
	Name string

	// Due tells when Run has something to do next. ok is false while there is nothing before the next wake-up.
	Due func(ctx context.Context) (at time.Time, ok bool, err error)
	// Run does one bounded piece of what is due and reports whether it did anything. It must be safe to repeat
	// after a crash at any point.
	Run func(ctx context.Context) (did bool, err error)

	// Poll asks outside for work and does it. With wait it may block until there is some (a long poll); without,
	// it returns at once when there is none.
	Poll func(ctx context.Context, wait bool) (did bool, err error)
}

// Back-off of a job that failed, in business time, so that a stepped clock stops where the retry is due.
const (
	firstHold = time.Second
	lastHold  = time.Minute
)

// Runner runs a fixed set of jobs under one clock.
type Runner struct {
	clk  clock.Clock
	log  *slog.Logger
	jobs []*state
}

type state struct {
	Job
	wake chan struct{}

	mu     sync.Mutex // held while the job works; guards the rest
	fails  int
	holdTo time.Time
}

// New makes a runner. The jobs run in the order given when stepped.
func New(clk clock.Clock, log *slog.Logger, jobs ...Job) *Runner {
	r := &Runner{clk: clk, log: log}
	for _, j := range jobs {
		r.jobs = append(r.jobs, &state{Job: j, wake: make(chan struct{}, 1)})
	}
	return r
}

// Wake makes the named job look again at what is due. Unknown names are ignored; waking is cheap and never blocks.
func (r *Runner) Wake(name string) {
	for _, j := range r.jobs {
		if j.Name == name {
			select {
			case j.wake <- struct{}{}:
			default:
			}
		}
	}
}

// Run works until ctx ends, each job in its own goroutine, and returns when all have stopped.
func (r *Runner) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, j := range r.jobs {
		wg.Go(func() { r.loop(ctx, j) })
	}
	wg.Wait()
}

func (r *Runner) loop(ctx context.Context, j *state) {
	for ctx.Err() == nil {
		did, next, ok := r.once(ctx, j, true)
		if did {
			continue
		}
		var rung <-chan struct{}
		stop := func() {}
		if ok {
			rung, stop = r.clk.Alarm(next)
		}
		select {
		case <-ctx.Done():
		case <-j.wake:
		case <-rung:
		}
		stop()
	}
}

// once runs j if it is due and tells when to come again (ok false: when woken).
func (r *Runner) once(ctx context.Context, j *state, wait bool) (did bool, next time.Time, ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := r.clk.Now()
	if j.holdTo.After(now) {
		return false, j.holdTo, true
	}
	did, next, ok, err := r.attempt(ctx, j, now, wait)
	if err == nil {
		j.fails, j.holdTo = 0, time.Time{}
		return did, next, ok
	}
	if ctx.Err() != nil {
		return false, time.Time{}, false
	}
	hold := min(firstHold<<min(j.fails, 10), lastHold)
	j.fails++
	j.holdTo = now.Add(hold)
	r.log.LogAttrs(ctx, level(err), "job failed", slog.String("job", j.Name), slog.Int("times", j.fails),
		slog.Time("again_at", j.holdTo), slog.Any("err", err))
	return false, j.holdTo, true
}

func (r *Runner) attempt(ctx context.Context, j *state, now time.Time, wait bool) (did bool, next time.Time, ok bool, err error) {
	if j.Poll != nil {
		did, err = j.Poll(ctx, wait)
		return did, now, wait, err // a waiting poller is called again at once
	}
	next, ok, err = j.Due(ctx)
	// A job may say "now" by a clock that runs: its now is later than ours was.
	if err != nil || !ok || next.After(r.clk.Now()) {
		return false, next, ok, err
	}
	did, err = j.Run(ctx)
	if err != nil {
		return did, next, ok, err
	}
	if !did { // due, yet nothing done: come back a little later instead of spinning
		return false, now.Add(firstHold), true, nil
	}
	return true, now, true, nil
}

// Step does everything that is due now, by every job, until nothing is, and tells when something is due next. Each job has
// been found idle after the last piece of work that any of them did, because that may have made work for it.
func (r *Runner) Step(ctx context.Context) (next time.Time, ok bool, err error) {
	later := make([]time.Time, len(r.jobs)) // when each is due next; zero: when woken
	for i, idle := 0, 0; idle < len(r.jobs); i, idle = (i+1)%len(r.jobs), idle+1 {
		for {
			did, at, has := r.once(ctx, r.jobs[i], false)
			if err := ctx.Err(); err != nil {
				return time.Time{}, false, err
			}
			if !did {
				later[i] = time.Time{}
				if has {
					later[i] = at
				}
				break
			}
			idle = 0
		}
	}
	for _, at := range later {
		if !at.IsZero() && (!ok || at.Before(next)) {
			next, ok = at, true
		}
	}
	return next, ok, nil
}

// ErrExpected marks failures that are part of life, such as AWS being away: they are logged as warnings.
var ErrExpected = errors.New("expected failure")

func level(err error) slog.Level {
	if errors.Is(err, ErrExpected) {
		return slog.LevelWarn
	}
	return slog.LevelError
}
