package usage

import (
	"context"
	"fmt"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
)

// KeepJob is the name of the job that drops segments which are older than the retention, for [job.Runner.Wake].
const KeepJob = "usage.keep"

// DefaultKeepEvents is thirteen months and a little.
const DefaultKeepEvents = 400 * 24 * time.Hour

// The least that may be configured. A month is billed, adjusted and reconciled with AWS's reports in the course of the
// next one, and its events are wanted for that; repetitions are promised to be recognised for 35 days.
const (
	MinKeepEvents = 62 * 24 * time.Hour
	MinKeepIDs    = 35 * 24 * time.Hour
)

// CheckKeeping refuses, as fail.Invalid, to keep events or their ids for less than the least. Zero is the default.
func CheckKeeping(events, ids time.Duration) error {
	const day = 24 * time.Hour
	switch {
	case events != 0 && events < MinKeepEvents:
		return fail.New(fail.Invalid, "keep_events", "Events are to be kept for %s; give %d days or more, because a month's bill is settled in the course of the next.", events, MinKeepEvents/day)
	case ids != 0 && ids < MinKeepIDs:
		return fail.New(fail.Invalid, "keep_ids", "Repetitions are to be recognised for %s; give %d days or more, as is promised to who reports usage.", ids, MinKeepIDs/day)
	}
	return nil
}

// lookEvery is how often the log is looked at for segments that have become old. While there is work, and events come in,
// there is giveWay between two pieces.
const (
	lookEvery = 6 * time.Hour
	giveWay   = 100 * time.Millisecond
)

// What is dropped in one transaction: little enough that events do not notice.
const (
	dropSegments = 64
	dropBytes    = 1 << 20
)

func (in *Intake) keepDue(context.Context) (time.Time, bool, error) { return in.keepAt, true, nil }

// Keep does one piece of work that keeps the log no larger than it must be: it drops the oldest segments, if nothing
// rests on them any more and they are older than the retention, packs segments that are days old, or gives disk back.
// Events are taken meanwhile. Only the job may call it.
func (in *Intake) Keep(ctx context.Context) (did bool, err error) {
	now := in.cfg.Clock.Now()
	for _, piece := range []func(context.Context, time.Time) (bool, error){in.drop, in.pack, in.shrink} {
		if did, err = piece(ctx, now); err != nil {
			return false, err
		}
		if did {
			break
		}
	}
	seq := in.Seq()
	switch {
	case !did:
		in.keepAt = now.Add(lookEvery)
	case seq != in.keepSeq:
		in.keepAt = now.Add(giveWay)
	}
	in.keepSeq = seq
	return true, nil
}

func (in *Intake) shrink(ctx context.Context, _ time.Time) (bool, error) {
	more, err := in.cfg.Store.Shrink(ctx)
	if err != nil {
		return false, fmt.Errorf("give disk back: %w", err)
	}
	return more, nil
}

// drop deletes the oldest segments whose time is over.
func (in *Intake) drop(ctx context.Context, now time.Time) (did bool, err error) {
	spans, err := in.cfg.Store.Spans(ctx, in.cfg.Part, 0, dropSegments)
	if err != nil {
		return false, fmt.Errorf("look at the oldest segments: %w", err)
	}
	if len(spans) == 0 {
		return false, nil
	}
	seq, hour := in.settled()
	old := now.Add(-in.cfg.KeepEvents)
	if spans[0].Seq > seq || spans[0].LastHour > hour || !spans[0].before(old) {
		return false, nil // as nearly always: nothing else has to be asked
	}
	needed, some, err := in.cfg.Store.Unsettled(ctx)
	if err != nil {
		return false, err
	}
	if some {
		hour = min(hour, needed-1)
	}
	var last, bytes, events int64
	for i, s := range spans {
		if s.Seq > seq || s.LastHour > hour || !s.before(old) || (i > 0 && bytes+s.Bytes > dropBytes) {
			break
		}
		last, bytes, events = s.Seq, bytes+s.Bytes, events+int64(s.Events)
	}
	if last == 0 {
		return false, nil
	}
	if err := in.cfg.Store.Drop(ctx, in.cfg.Part, last, now.UnixMicro()); err != nil {
		return false, fmt.Errorf("drop segments up to %d: %w", last, err)
	}
	in.cfg.Log.InfoContext(ctx, "events older than the retention were dropped", "up_to_segment", last, "events", events, "bytes", bytes)
	return true, nil
}

// before reports whether all of s was received, and is billed in hours that were over, before the instant.
func (s Span) before(at time.Time) bool {
	return s.At < at.UnixMicro() && s.LastHour.End().Before(at)
}

// settled says up to which segment and up to which hour nothing rests on segments any more, but for the audit. Both
// together are needed:
//
//   - the ids of segments up to seq have left memory, so that a start does not read them for that;
//   - the hours up to hour are closed and recorded, so that a start does not count them again; and they are so long ago
//     that no late event has its own hour read again (see maxLate).
func (in *Intake) settled() (seq int64, hour core.Hour) {
	in.commit.Lock()
	defer in.commit.Unlock()
	for _, r := range in.runs {
		seq = max(seq, r.LastSeq)
	}
	in.state.RLock()
	defer in.state.RUnlock()
	hour = in.closed
	for _, c := range in.pending {
		hour = min(hour, c.Hour-1)
	}
	for h := range in.sums {
		hour = min(hour, h-1)
	}
	return seq, hour - core.Hour(maxLate/time.Hour)
}
