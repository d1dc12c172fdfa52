package metering

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/usage"
)

// Records lists records, the newest hour first.
func (e *Engine) Records(ctx context.Context, q Query) ([]Record, error) {
	rs, err := e.cfg.Store.Records(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("list records: %w", err)
	}
	return rs, nil
}

// ledger is what e's books are read with.
func (e *Engine) ledger() Ledger {
	return Ledger{Store: e.cfg.Store, Log: e.cfg.Log, Licenses: e.cfg.Licenses}
}

// Detail is one record with the newest request it was in.
type Detail struct {
	Record
	Request *Attempt // nil: it was not sent yet, or RequestDropped
	// RequestDropped says that the request was older than the retention and is gone.
	RequestDropped bool
	// EventsDropped says that events of its hour, or all of them, were older than the retention and are gone.
	EventsDropped bool
}

// Record finds one record. Errors: fail.NotFound.
func (e *Engine) Record(ctx context.Context, id string) (Detail, error) {
	r, err := e.cfg.Store.Record(ctx, id)
	if err != nil {
		return Detail{}, fmt.Errorf("find record: %w", err)
	}
	gone, err := e.cfg.Log.Dropped(ctx, 0)
	if err != nil {
		return Detail{}, fmt.Errorf("find out whether record %s has its events: %w", id, err)
	}
	d := Detail{Record: r, EventsDropped: r.Hour <= gone.Hour}
	d.Request, d.RequestDropped, err = e.ledger().requestOf(ctx, r)
	return d, err
}

// EventDetail is an event with what became of it.
type EventDetail struct {
	usage.Entry
	SealsAt time.Time // when its hour is sealed, at the earliest; zero: that has happened
	Record  *Detail   // of the hour that it is billed in; nil: there is none, or none yet
}

// Event finds an event by its name and tells what became of it. One whose repetition would be recognised is found at once. For
// an older one the log is gone through, from the hour from on, in which it may be billed, and no further than 31 days; with 0 it
// is not. Errors: fail.NotFound.
func (e *Engine) Event(ctx context.Context, source, id string, from core.Hour) (d EventDetail, err error) {
	l := e.ledger()
	if d.Entry, err = e.eventNamed(ctx, l, source, id, from); err != nil {
		return d, err
	}
	if d.Hour > e.cfg.Intake.Closed(d.License) {
		d.SealsAt = d.Hour.End().Add(e.cfg.SettleTime)
	}
	if d.Unbillable != "" {
		return d, nil
	}
	r, err := l.recordOf(ctx, Pair{d.License, d.Dimension}, d.Hour)
	if err != nil || r == nil {
		return d, err
	}
	record, err := e.Record(ctx, r.ID)
	d.Record = &record
	return d, err
}

func (e *Engine) eventNamed(ctx context.Context, l Ledger, source, id string, from core.Hour) (usage.Entry, error) {
	found, ok, err := e.cfg.Intake.Named(ctx, source, id)
	switch {
	case err != nil:
		return found, fmt.Errorf("find an event by its name: %w", err)
	case ok:
		return found, nil
	case from == 0:
		return found, fail.New(fail.NotFound, "no_such_event", "No event %q of the source %q was taken in the last %d days. To look for an older one, say with from in which hour it may be billed.",
			id, source, int(e.cfg.Intake.KeepsIDs().Hours()/24))
	}
	return l.Event(ctx, source, id, from, from+maxHours)
}

// Events calls yield with the events that were billed in r's hour, in the order of their arrival. What the record
// carries besides, from hours before, is not among them.
func (e *Engine) Events(ctx context.Context, r Record, yield func(*usage.Entry) error) error {
	err := e.cfg.Log.SegmentsOf(ctx, 0, r.License, r.Hour, func(s usage.Segment) error {
		return s.Each(func(en *usage.Entry) error {
			if en.Hour == r.Hour && en.License == r.License && en.Dimension == r.Dimension && en.Unbillable == "" {
				return yield(en)
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("find the events of record %s: %w", r.ID, err)
	}
	return nil
}

// HourUsage is what became of one hour's usage of one dimension.
//
// Accepted + (what earlier hours carried in) + Rounded = Sealed + Covered + Carried + Unbillable, once the hour is sealed.
type HourUsage struct {
	Hour      core.Hour
	Dimension core.Dimension
	Meter     core.Meter
	Per       usage.Quantity // how much of the quantities below is one unit that AWS bills

	Accepted   usage.Quantity // by events billed in this hour, as the dimension's meter counts them
	Covered    usage.Quantity // bought in advance: not metered
	Rounded    usage.Quantity // added to fill the licence's last unit
	CarriedIn  usage.Quantity // from earlier hours
	Open       usage.Quantity // of accepted: the hour is not sealed yet
	Sealed     usage.Quantity // in the hour's record
	Sent       usage.Quantity // of sealed: AWS was called with it
	Honoured   usage.Quantity // of sealed: AWS took it
	Carried    usage.Quantity // on to later hours, also by a record that was too late
	Unbillable usage.Quantity // with the reasons
	Reasons    []string
	Events     int64
	Late       int64  // events of earlier hours among them
	Record     string // the record's id; empty while there is none
}

// maxHours bounds what Usage looks at.
const maxHours = 31 * 24

// Usage tells, by hour and dimension, what became of a licence's usage in the hours from … to, both included. No more
// than the last 31 days of that are looked at.
func (e *Engine) Usage(ctx context.Context, l core.LicenseID, from, to core.Hour) ([]HourUsage, error) {
	from = max(from, to-maxHours+1)
	type at struct {
		core.Hour
		core.Dimension
	}
	rows := map[at]*HourUsage{}
	row := func(h core.Hour, d core.Dimension) *HourUsage {
		k := at{h, d}
		if rows[k] == nil {
			rows[k] = &HourUsage{Hour: h, Dimension: d}
		}
		return rows[k]
	}
	lic, _ := e.cfg.Licenses.ByID(l)
	open := e.pending(l) // before the sealed ones: an hour that is sealed meanwhile is then seen twice, not missed
	totals, err := e.cfg.Store.Totals(ctx, l, from, to)
	for tries := 0; err == nil && tries < 3 && e.moved(l, open); tries++ {
		open = e.pending(l)
		totals, err = e.cfg.Store.Totals(ctx, l, from, to)
	}
	if err != nil {
		return nil, fmt.Errorf("read the totals of %s: %w", l, err)
	}
	for h, ts := range open.totals {
		for _, t := range ts {
			if h >= from && h <= to {
				row(h, t.Dimension).addOpen(t)
			}
		}
	}
	open.soFar(lic.Standing, e.cfg.Clock.Now(), func(h core.Hour, d core.Dimension, sum usage.Quantity) {
		if h >= from && h <= to {
			r := row(h, d)
			r.Accepted, r.Open = r.Accepted.Add(sum), r.Open.Add(sum)
		}
	})
	reset := map[*HourUsage]bool{}
	for _, t := range totals {
		r := row(t.Hour, t.Dimension)
		if !r.Open.IsZero() && !reset[r] {
			*r = HourUsage{Hour: r.Hour, Dimension: r.Dimension} // it was sealed while we looked
		}
		reset[r] = true
		r.addSealed(t)
	}
	records, err := e.cfg.Store.Records(ctx, Query{License: l, From: from, To: to, Limit: 1 << 20})
	if err != nil {
		return nil, fmt.Errorf("read the records of %s: %w", l, err)
	}
	for _, r := range records {
		row(r.Hour, r.Dimension).addRecord(r)
	}
	var out []HourUsage
	for _, r := range rows {
		m := e.measure(lic.ProductCode, r.Dimension)
		r.Meter, r.Per = m.meter, m.per
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b HourUsage) int {
		return cmp.Or(cmp.Compare(a.Hour, b.Hour), cmp.Compare(a.Dimension, b.Dimension))
	})
	return out, nil
}

func (u *HourUsage) addOpen(t usage.Total) {
	u.Accepted, u.Events, u.Late = u.Accepted.Add(t.Sum), u.Events+t.Events, u.Late+t.Late
	if t.Reason != "" {
		u.giveUp(t.Sum, t.Reason)
		return
	}
	u.Open = u.Open.Add(t.Sum)
}

func (u *HourUsage) addSealed(t SealedTotal) {
	u.Accepted, u.Events, u.Late = u.Accepted.Add(t.Sum), u.Events+t.Events, u.Late+t.Late
	if t.Reason != "" {
		u.giveUp(t.Sum, t.Reason)
		return
	}
	u.CarriedIn, u.Carried = u.CarriedIn.Add(t.CarriedIn), u.Carried.Add(t.CarriedOut)
	u.Rounded, u.Covered = u.Rounded.Add(t.Rounded), u.Covered.Add(t.Covered)
}

func (u *HourUsage) addRecord(r Record) {
	u.Record, u.Sealed = r.ID, whole(r)
	if r.Tries > 0 {
		u.Sent = whole(r)
	}
	switch r.State {
	case Honoured:
		u.Honoured = whole(r)
	case Carried:
		u.Carried = u.Carried.Add(whole(r))
	case Unbillable:
		u.giveUp(whole(r), r.Reason)
	}
}

func (u *HourUsage) giveUp(q usage.Quantity, reason string) {
	u.Unbillable = u.Unbillable.Add(q)
	if !slices.Contains(u.Reasons, reason) {
		u.Reasons = append(u.Reasons, reason)
	}
}

// InUnits is a quantity of what a dimension's events count, in the units that AWS bills: a decimal for people, with at most
// six digits after the point.
func (e *Engine) InUnits(code core.ProductCode, d core.Dimension, q usage.Quantity) string {
	return q.In(e.measure(code, d).per)
}

// BalanceOf is what is carried of a dimension at present, and since when.
func (e *Engine) BalanceOf(l core.LicenseID, d core.Dimension) (usage.Quantity, time.Time) {
	e.books.Lock()
	defer e.books.Unlock()
	b := e.balances[l][d]
	return b.Amount, b.Since
}
