package usage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"souk.dev/souk/internal/gateway/core"
)

// Find finds an event of a licence in the log that was accepted in the hour from or later; ok is false if there is none. It
// looks through one hour after the other, up to the one after the present one, so that from should not lie far back.
func (in *Intake) Find(ctx context.Context, source, id string, l core.LicenseID, from core.Hour) (found Entry, ok bool, err error) {
	for hour := from; hour <= core.HourOf(in.cfg.Clock.Now())+1; hour++ {
		err := in.cfg.Store.SegmentsOf(ctx, in.cfg.Part, l, hour, func(s Segment) error {
			var err error
			if found, ok, err = s.Find(source, id); ok {
				return errFound
			}
			return err
		})
		if ok {
			return found, true, nil
		}
		if err != nil {
			return found, false, fmt.Errorf("look for an event of %s in %s: %w", l, hour, err)
		}
	}
	return found, false, nil
}

// Named finds an event in the log by its name alone, with one look at the ids that repetitions are told by and one at the
// segment that they lead to. So it knows events for as long as repetitions are recognised (Config.KeepIDs) and hardly longer;
// ok is false for others. One that is not stored yet is none.
func (in *Intake) Named(ctx context.Context, source, id string) (found Entry, ok bool, err error) {
	first, last, err := in.segmentsOf(ctx, keyOf(source, id), hourNamed(id))
	if err != nil || last == 0 {
		return found, false, err
	}
	if first == last { // it may be packed: then the segment has the number of the last that it was made of
		spans, err := in.cfg.Store.Spans(ctx, in.cfg.Part, first-1, 1)
		if err != nil || len(spans) == 0 {
			return found, false, err
		}
		first, last = spans[0].Seq, spans[0].Seq
	}
	err = in.cfg.Store.Between(ctx, in.cfg.Part, first, last, func(s Segment) error {
		var err error
		if found, ok, err = s.Find(source, id); ok {
			return errFound
		}
		return err
	})
	if err != nil && !errors.Is(err, errFound) {
		return found, false, fmt.Errorf("look for an event in segments %d to %d: %w", first, last, err)
	}
	return found, ok, nil
}

// KeepsIDs is how long events are known by their names at least.
func (in *Intake) KeepsIDs() time.Duration { return in.cfg.KeepIDs }

// segmentsOf tells which segments may have the event with the key, whose id names the hour: nearly always one; with last 0, none has.
func (in *Intake) segmentsOf(ctx context.Context, key idKey, hour idHour) (first, last int64, err error) {
	in.commit.Lock()
	defer in.commit.Unlock()
	before := func(run int) int64 { // the newest segment of the runs before
		if run == 0 {
			return 0
		}
		return in.runs[run-1].LastSeq
	}
	if id, ok := in.ids.get(key); ok {
		first, last = place(id.seq, max(before(len(in.runs)), in.frozenSeq)+1, in.seq)
		return first, last, nil
	}
	if in.frozen != nil {
		if id, ok := in.frozen.get(key); ok {
			first, last = place(id.seq, before(len(in.runs))+1, in.frozenSeq)
			return first, last, nil
		}
	}
	p := prepared{key: key, hour: hour}
	if err := in.suspect(ctx, []*prepared{&p}); err != nil {
		return 0, 0, err
	}
	id, run, found, err := in.older(ctx, &p)
	if err == nil && found {
		first, last = place(id.seq, before(run)+1, in.runs[run].LastSeq)
	}
	return first, last, err
}
