package usage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
)

// rebuild makes memory what the log says.
func (in *Intake) rebuild(ctx context.Context) error {
	cuts, err := in.cfg.Store.Cuts(ctx, in.cfg.Part)
	if err != nil {
		return fmt.Errorf("read the cuts: %w", err)
	}
	begun := false
	for _, c := range cuts {
		begun = begun || c.Scope == ""
		in.noteCut(c)
	}
	if !begun {
		now := in.cfg.Clock.Now()
		first := Cut{Part: in.cfg.Part, Hour: core.HourOf(now) - 1, At: now.UnixMicro(), Done: true}
		if err := in.cfg.Store.Cut(ctx, first); err != nil {
			return fmt.Errorf("begin the log: %w", err)
		}
		in.noteCut(first)
	}
	recorded := in.closed // all of this hour and the earlier ones is recorded
	for _, c := range cuts {
		if !c.Done {
			recorded = min(recorded, c.Hour-1)
		}
	}
	type sealed struct {
		Key
		core.Hour
	}
	done := map[sealed]bool{}
	err = in.cfg.Store.Sealed(ctx, in.cfg.Part, recorded, func(k Key, h core.Hour) error { done[sealed{k, h}] = true; return nil })
	if err != nil {
		return fmt.Errorf("read the sealed totals: %w", err)
	}
	if in.runs, err = in.readRuns(ctx, nil); err != nil {
		return err
	}
	var after int64
	for _, r := range in.runs {
		after = max(after, r.LastSeq)
		in.rotated = time.UnixMicro(r.LastAt)
	}
	if in.rotated.IsZero() {
		in.rotated = in.cfg.Clock.Now()
	}

	elapsed, events := clock.Stopwatch(), 0
	in.seq = after
	var tags tagWriter
	err = in.cfg.Store.Segments(ctx, in.cfg.Part, after, recorded, func(s Segment) error {
		in.seq = max(in.seq, s.Seq)
		if events/1_000_000 != (events+s.Events)/1_000_000 {
			in.cfg.Log.Info("reading the log of usage", "events", events+s.Events, "took", elapsed())
		}
		events += s.Events
		return s.Each(func(e *Entry) error {
			if s.Seq > after {
				in.remember(e, tags.write(e.Tags), s.Seq)
			}
			if e.Hour > recorded && (len(done) == 0 || !done[sealed{Key{e.License, e.Dimension, e.Unbillable}, e.Hour}]) {
				in.count(e)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	in.written = in.seq
	if events > 0 {
		in.cfg.Log.Info("read the log of usage", "events", events, "took", elapsed(), "open_after", in.closed.String())
	}
	return nil
}

// remember notes the id of an event that is in the segment seq.
func (in *Intake) remember(e *Entry, tags string, seq int64) {
	key, print := identify(e, tags)
	in.ids.put(idSlot{key, print, uint32(seq)})
	in.ids.hours.note(hourNamed(e.ID))
}

// catchUp makes memory what the log says after a write whose outcome is unknown. Called with commit and disk held.
func (in *Intake) catchUp(ctx context.Context) error {
	if !in.unsure.Load() {
		return nil
	}
	cuts, err := in.cfg.Store.Cuts(ctx, in.cfg.Part)
	if err != nil {
		return fmt.Errorf("read the cuts again: %w", err)
	}
	var tail []Segment
	const never = core.Hour(1) << 40
	err = in.cfg.Store.Segments(ctx, in.cfg.Part, in.written, never, func(s Segment) error { tail = append(tail, s); return nil })
	if err != nil {
		return fmt.Errorf("read the log's tail again: %w", err)
	}
	in.ids.remove(in.failed) // those that are in the log come back
	in.failed, in.past, in.seq = nil, nil, in.written
	in.state.Lock()
	defer in.state.Unlock()
	for _, c := range cuts {
		in.noteCut(c)
	}
	var tags tagWriter
	for _, s := range tail {
		err := s.Each(func(e *Entry) error {
			in.remember(e, tags.write(e.Tags), s.Seq)
			in.count(e)
			return nil
		})
		if err != nil {
			return err
		}
		in.seq, in.written = s.Seq, s.Seq
	}
	in.unsure.Store(false)
	return nil
}

// noteCut makes memory know of a cut that is in the database, perhaps again.
func (in *Intake) noteCut(c Cut) {
	known := func(o Cut) bool { return o.Scope == c.Scope && o.Hour == c.Hour }
	if !c.Done && !slices.ContainsFunc(in.pending, known) {
		in.pending = append(in.pending, c)
	}
	if c.Scope == "" {
		in.closed = max(in.closed, c.Hour)
	} else {
		in.closedFor[c.Scope] = max(in.closedFor[c.Scope], c.Hour)
	}
}
