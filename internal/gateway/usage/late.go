package usage

import (
	"context"
	"fmt"
	"time"

	"souk.dev/souk/internal/gateway/core"
)

// A late event of a meter that is not additive cannot simply count in a later hour: whoever was counted as a different
// user in an hour that is closed would be counted again in the next. It adds what its own hour's reading would have been
// more, had it come in time. For that the hour's events are read again from the log, once, and kept for those that follow.

// maxLate is how long after its hour such an event may come: as long as AWS takes a record at all. Later ones would have
// the log of many days read while all others wait.
const maxLate = 24 * time.Hour

// maxPast is how many closed hours are kept, of all licences or of one.
const maxPast = 48

// pastHour is an hour that is closed, for one licence or, with an empty scope, for all.
type pastHour struct {
	core.Hour
	scope core.LicenseID
}

// past are the readings of closed hours as they are known now, late events among them.
type past map[pastHour]sums

// late works out what p adds, if it is late, to the hour it is billed in. Called with commit held; e is not counted yet.
func (in *Intake) late(ctx context.Context, p *prepared) error {
	kind, tag := p.Meter.Parts()
	if !p.Late || p.Unbillable != "" || p.Meter.Additive() || kind == core.Average {
		return nil
	}
	own := core.HourOf(time.UnixMicro(p.Time))
	if p.Hour.Start().Sub(own.Start()) > maxLate {
		p.Unbillable = ReasonTooLate
		return nil
	}
	at := pastHour{Hour: own}
	if own > in.closed {
		at.scope = p.License
	}
	known, ok := in.past[at]
	if !ok {
		var err error
		if known, err = in.readAgain(ctx, at); err != nil {
			return fmt.Errorf("read %s again for a late event: %w", own, err)
		}
	}
	t := known.of(p.Entry.Key(), p.Meter, own)
	before := t.own().reading
	t.tally.take(&p.Entry, kind, tag)
	if p.Adds = (Quantity{}); before.Less(t.tally.reading) { // what was billed is not taken back
		p.Adds = t.tally.reading.Sub(before)
	}
	return nil
}

// readAgain goes through the log for the events whose own hour is at's, wherever they are billed.
func (in *Intake) readAgain(ctx context.Context, at pastHour) (sums, error) {
	in.disk.Lock() // the segment before may still be on its way into the log
	defer in.disk.Unlock()
	if in.unsure.Load() {
		return nil, errUnsure
	}
	known := sums{}
	const only = int64(1) << 62 // of the segments, those with events of the hour or later
	err := in.cfg.Store.Segments(ctx, in.cfg.Part, only, at.Hour-1, func(s Segment) error {
		return s.Each(func(e *Entry) error {
			if e.Meter.Additive() || e.Unbillable != "" || (at.scope != "" && e.License != at.scope) || core.HourOf(time.UnixMicro(e.Time)) != at.Hour {
				return nil
			}
			kind, tag := e.Meter.Parts()
			known.of(e.Key(), e.Meter, at.Hour).own().take(e, kind, tag)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	if in.past == nil || len(in.past) >= maxPast {
		in.past = past{}
	}
	in.past[at] = known
	return known, nil
}
