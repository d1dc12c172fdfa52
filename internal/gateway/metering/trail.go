package metering

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/usage"
)

// SealedHour is what became of one hour of one dimension, and the record that was made of it.
type SealedHour struct {
	SealedTotal
	Record *Record // nil: there is none, because nothing whole was to be billed, or nothing can be
}

// Hours lists the sealed hours of a licence and dimension in which something was used or carried, oldest first. Hours in which
// nothing was, and of which AWS was told so by a record of 0, are not among them.
func (l Ledger) Hours(ctx context.Context, p Pair, from, to core.Hour) ([]SealedHour, error) {
	totals, err := l.Store.Totals(ctx, p.License, from, to)
	if err != nil {
		return nil, fmt.Errorf("read the totals of %s: %w", p.License, err)
	}
	var hours []SealedHour
	for _, t := range totals {
		if t.Dimension != p.Dimension {
			continue
		}
		h := SealedHour{SealedTotal: t}
		if t.Reason == "" {
			if h.Record, err = l.recordOf(ctx, p, t.Hour); err != nil {
				return nil, err
			}
		}
		hours = append(hours, h)
	}
	return hours, nil
}

// recordOf finds the record of an hour; nil if there is none.
func (l Ledger) recordOf(ctx context.Context, p Pair, h core.Hour) (*Record, error) {
	r, err := l.Store.Record(ctx, recordID(p.License, p.Dimension, h))
	switch {
	case fail.Is(err, fail.NotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the record of %s %s: %w", p.Dimension, h, err)
	}
	return &r, nil
}

// Honoured is how many units of a dimension AWS honoured of a licence's hours in a month. Records that still wait are none.
func (l Ledger) Honoured(ctx context.Context, license core.LicenseID, d core.Dimension, month time.Time) (units int64, err error) {
	hours, err := l.Hours(ctx, Pair{license, d}, core.HourOf(month), core.HourOf(month.AddDate(0, 1, 0))-1)
	for _, h := range hours {
		if h.Record != nil && h.Record.State == Honoured {
			units += h.Record.Line.Quantity
		}
	}
	return units, err
}

// Record finds one record. Errors: fail.NotFound.
func (l Ledger) Record(ctx context.Context, id string) (Record, error) {
	r, err := l.Store.Record(ctx, id)
	if err != nil {
		return r, fmt.Errorf("find record: %w", err)
	}
	return r, nil
}

// HourDetail is one hour of one dimension with all that leads to its bill: its totals, its record, the newest request to AWS
// with the answer, and its events.
type HourDetail struct {
	Pair
	Hour    core.Hour
	Totals  []SealedTotal // the billable one, and one for each reason why usage cannot be billed; none while it is not sealed
	Record  *Record       // nil: there is none
	Request *Attempt      // nil: it was not sent, or RequestDropped
	// RequestDropped says that the request was older than the retention and is gone.
	RequestDropped bool
	Events         []usage.Entry // in the order of their arrival
	More           bool          // there are more events than that
	Dropped        bool          // events of the hour were dropped after their retention
}

// Hour tells everything of one hour, with at most limit events.
func (l Ledger) Hour(ctx context.Context, p Pair, hour core.Hour, limit int) (HourDetail, error) {
	d := HourDetail{Pair: p, Hour: hour}
	totals, err := l.Store.Totals(ctx, p.License, hour, hour)
	if err != nil {
		return d, fmt.Errorf("read the totals of %s %s: %w", p.License, hour, err)
	}
	for _, t := range totals {
		if t.Dimension == p.Dimension {
			d.Totals = append(d.Totals, t)
		}
	}
	if d.Record, err = l.recordOf(ctx, p, hour); err != nil {
		return d, err
	}
	if d.Record != nil {
		if d.Request, d.RequestDropped, err = l.requestOf(ctx, *d.Record); err != nil {
			return d, err
		}
	}
	dropped, err := l.Log.Dropped(ctx, l.Part)
	if err != nil {
		return d, fmt.Errorf("read what was dropped: %w", err)
	}
	d.Dropped = dropped.Seq > 0 && hour <= dropped.Hour
	err = l.Log.SegmentsOf(ctx, l.Part, p.License, hour, func(s usage.Segment) error {
		return s.Each(func(e *usage.Entry) error {
			if e.Hour != hour || e.License != p.License || e.Dimension != p.Dimension {
				return nil
			}
			if d.More = len(d.Events) == limit; d.More {
				return errEnough
			}
			d.Events = append(d.Events, *e)
			return nil
		})
	})
	if err != nil && !errors.Is(err, errEnough) {
		return d, fmt.Errorf("read the events of %s: %w", hour, err)
	}
	return d, nil
}

var errEnough = errors.New("enough")

// Event finds an event that is billed in the hours from … to by going through the log: in segments that have no later hour alone,
// so that it may also find one of a little later. Errors: fail.NotFound.
func (l Ledger) Event(ctx context.Context, source, id string, from, to core.Hour) (found usage.Entry, err error) {
	err = l.Log.Segments(ctx, l.Part, math.MaxInt64, from-1, func(s usage.Segment) error {
		if s.FirstHour > to {
			return errEnough
		}
		e, ok, err := s.Find(source, id)
		if ok {
			found = e
			return errEnough
		}
		return err
	})
	switch {
	case errors.Is(err, errEnough) && found.ID != "":
		return found, nil
	case errors.Is(err, errEnough):
	case err != nil:
		return found, fmt.Errorf("go through the log: %w", err)
	}
	return found, fail.New(fail.NotFound, "no_such_event", "The log has no event %q of the source %q.", id, source)
}

// StatusOf is what AWS's answer to a says of r, such as Success; empty where it says nothing of it.
func (a Attempt) StatusOf(r Record) string {
	var answer Answer
	if json.Unmarshal(a.Answer, &answer) != nil {
		return "" // an error's words
	}
	for _, res := range answer.Results {
		if res.UsageRecord.key() == r.Line.key() {
			return res.Status
		}
	}
	return ""
}

// EventIn finds an event of a licence that is billed in an hour; ok is false if there is none.
func (l Ledger) EventIn(ctx context.Context, license core.LicenseID, hour core.Hour, source, id string) (found usage.Entry, ok bool, err error) {
	err = l.Log.SegmentsOf(ctx, l.Part, license, hour, func(s usage.Segment) error {
		e, in, err := s.Find(source, id)
		if in && e.Hour == hour && e.License == license {
			found, ok = e, true
			return errEnough
		}
		return err
	})
	if err != nil && !errors.Is(err, errEnough) {
		return found, false, fmt.Errorf("read the events of %s: %w", hour, err)
	}
	return found, ok, nil
}
