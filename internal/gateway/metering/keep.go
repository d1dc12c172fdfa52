package metering

import (
	"context"
	"fmt"
	"time"

	"souk.dev/souk/internal/fail"
)

// KeepJob is the name of the job that drops requests which are older than the retention, for [job.Runner.Wake].
const KeepJob = "metering.keep"

// Requests are looked at so often; while there are old ones, so many go in one transaction, and so long lies between two,
// which is little enough that events do not notice.
const (
	lookEvery    = 6 * time.Hour
	dropAttempts = 256
	giveWay      = 100 * time.Millisecond
)

// DroppedAttempts says which requests to AWS were kept and are no more. Its zero value: all are there.
type DroppedAttempts struct {
	Newest string // the id of the newest that is gone; ids sort by time, and all before it are gone, too
	Count  int64
	At     time.Time // when some were dropped last
}

func (e *Engine) keepDue(context.Context) (time.Time, bool, error) { return e.keepAt, true, nil }

// dropOld deletes the oldest requests whose time is over: those made before the retention, and before the hour of any
// record that AWS has not answered for good, for that may have been in one of them.
//
// Records and totals are not dropped: what was billed, with AWS's receipt, rests on them once the events are gone, and so
// does law 1 for as long as a balance is carried on. A request says the same again in AWS's words, and is the larger.
func (e *Engine) dropOld(ctx context.Context) (did bool, err error) {
	now := e.cfg.Clock.Now()
	before := now.Add(-e.cfg.KeepRequests)
	hour, some, err := e.cfg.Log.Unsettled(ctx)
	if err != nil {
		return false, fmt.Errorf("find out what is not settled: %w", err)
	}
	if first := hour.Start(); some && first.Before(before) {
		before = first
	}
	n, err := e.cfg.Store.DropAttempts(ctx, firstAttempt(before), dropAttempts, now)
	if err != nil {
		return false, fmt.Errorf("drop requests made before %s: %w", before.UTC().Format(time.RFC3339), err)
	}
	if n == 0 {
		e.keepAt = now.Add(lookEvery)
		return true, nil
	}
	e.keepAt = now.Add(giveWay)
	e.log.InfoContext(ctx, "requests older than the retention were dropped", "requests", n, "before", before)
	return true, nil
}

// requestOf finds the newest request that r was in; nil if there was none, or if it is older than the retention and gone (an
// audit finds those that are missing for another reason).
func (l Ledger) requestOf(ctx context.Context, r Record) (a *Attempt, dropped bool, err error) {
	if r.Attempt == "" {
		return nil, false, nil
	}
	found, err := l.Store.Attempt(ctx, r.Attempt)
	switch {
	case fail.Is(err, fail.NotFound):
		return nil, true, nil
	case err != nil:
		return nil, false, fmt.Errorf("find the request of record %s: %w", r.ID, err)
	}
	return &found, false, nil
}
