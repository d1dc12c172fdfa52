package clock

import (
	"context"
	"time"
)

// Clock tells business time: which hour an event belongs to, whether a window is open, when to try again.
//
// Business time may be the operating system's ([System]), or a marketplace sandbox's, which can stand still, run
// fast or jump ([Virtual]). Code that only needs a timeout for a network call must not use it: such waiting is on
// real time whatever business time does, see [Sleep] and [Stopwatch].
type Clock interface {
	// Now is the present instant, in UTC.
	Now() time.Time
	// Alarm returns a channel that is closed once Now is at or after t, and a function that releases the alarm
	// when it is no longer wanted. A t in the past gives a channel that is closed already.
	Alarm(t time.Time) (rung <-chan struct{}, stop func())
}

// System is the operating system's clock.
type System struct{}

// Now implements [Clock].
func (System) Now() time.Time { return time.Now().UTC() }

// Alarm implements [Clock].
func (System) Alarm(t time.Time) (<-chan struct{}, func()) {
	rung := make(chan struct{})
	timer := time.AfterFunc(time.Until(t), func() { close(rung) })
	return rung, func() { timer.Stop() }
}

// Wait blocks until c reaches t or ctx ends, whichever comes first; in the latter case it returns ctx's error.
func Wait(ctx context.Context, c Clock, t time.Time) error {
	rung, stop := c.Alarm(t)
	defer stop()
	select {
	case <-rung:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Sleep pauses for d of real time, or until ctx ends, and then returns ctx's error. It is for back-off towards
// something outside (a port that is not open yet), never for business deadlines.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// After calls f in a goroutine of its own when d of real time has passed, unless stop was called before. It is for
// moments of waiting inside the program, never for business deadlines.
func After(d time.Duration, f func()) (stop func()) {
	timer := time.AfterFunc(d, f)
	return func() { timer.Stop() }
}

// Stopwatch starts measuring real time and returns a function that reports how much has passed. It is for
// latencies in logs and metrics.
func Stopwatch() func() time.Duration {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}
