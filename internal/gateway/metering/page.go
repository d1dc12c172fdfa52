package metering

import (
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/usage"
)

// page is one chunk while it is worked out. It is used with books held.
type page struct {
	e        *Engine
	now      time.Time
	s        Sealing
	balances map[Pair]Balance // as they are after what is on the page so far, where that changed them
}

func (p *page) balance(pair Pair) (b Balance, known bool) {
	if b, ok := p.balances[pair]; ok {
		return b, true
	}
	b, known = p.e.balances[pair.License][pair.Dimension]
	b.Pair = pair
	return b, known
}

func (p *page) put(b Balance, amount usage.Quantity) {
	b.Amount, b.Since = amount, p.now
	p.balances[b.Pair] = b
}

func (p *page) close() Sealing {
	for _, b := range p.balances {
		p.s.Balances = append(p.s.Balances, b)
	}
	return p.s
}

// seal works out what becomes of one sum.
func (p *page) seal(t usage.Total) {
	if t.Reason != "" {
		p.s.Totals = append(p.s.Totals, SealedTotal{Total: t})
		if !t.Sum.IsZero() {
			l, _ := p.e.cfg.Licenses.ByID(t.License)
			p.s.Found = append(p.s.Found, givenAway(t, l.ProductCode, p.now))
		}
		return
	}
	pair := Pair{t.License, t.Dimension}
	b, known := p.balance(pair)
	l, found := p.e.cfg.Licenses.ByID(t.License) // one that is not known stands nowhere, and its usage waits
	total := SealedTotal{Total: t, CarriedIn: b.Amount}
	before := b
	if t.Meter == core.Average {
		total.average(l.Standing, &b)
	}
	total.CarriedOut = b.Amount.Add(total.Sum)
	if found && l.ID != t.License {
		p.move(&total, &b, l.ID)
	} else {
		m := p.e.measure(l.ProductCode, t.Dimension)
		p.cover(&total, &b, l, m)
		p.bill(&total, l, m, b.Cover.Waiting)
	}
	if t.Events > 0 || !total.Sum.IsZero() || total.CarriedIn != total.CarriedOut {
		p.s.Totals = append(p.s.Totals, total)
	}
	if !known || total.CarriedOut != b.Amount || b != before {
		p.put(b, total.CarriedOut)
	}
}

// bill makes the record of t's hour, if it can have one, and takes its quantity from what is carried on; but not from what
// waits to be told what was bought.
func (p *page) bill(t *SealedTotal, l license.License, m measure, waiting usage.Quantity) {
	if p.e.last(l, t.Hour) {
		t.Rounded = m.fill(t.CarriedOut.Sub(waiting))
		t.CarriedOut = t.CarriedOut.Add(t.Rounded)
	}
	r, ok := p.e.record(l, Pair{t.License, t.Dimension}, t.Hour, t.CarriedOut.Sub(waiting), m.per, p.now)
	if !ok {
		t.CarriedOut, t.Rounded = t.CarriedOut.Sub(t.Rounded), usage.Quantity{}
		return
	}
	r.Line.UsageAllocations = allocate(r.Line.Quantity, t.Total)
	p.s.Records = append(p.s.Records, r)
	if r.State == Unbillable {
		if f := r.needsLook(p.now); f != nil {
			p.s.Found = append(p.s.Found, *f)
		}
	}
	t.CarriedOut = t.CarriedOut.Sub(whole(r))
}

// average works out the mean of the hour's levels over the part of the hour in which the licence lived, and the level
// that goes on.
func (t *SealedTotal) average(s license.Standing, b *Balance) {
	from, to := lifeIn(s, t.Hour)
	t.Life = Life{From: from.UnixMicro(), To: to.UnixMicro(), Before: b.Level}
	t.Sum, b.Level = usage.Mean(b.Level, t.Levels(), t.Life.From, t.Life.To)
}

// move gives all of t to the licence that t's was found to be the same as: AWS knows but one, and honours one record
// of it an hour.
func (p *page) move(t *SealedTotal, from *Balance, to core.LicenseID) {
	b, _ := p.balance(Pair{to, t.Dimension})
	if b.Level.At < from.Level.At {
		b.Level = from.Level
	}
	b.Cover.Waiting = b.Cover.Waiting.Add(from.Cover.Waiting)
	from.Level, from.Cover = usage.Level{}, Cover{}
	if !t.CarriedOut.IsZero() {
		p.s.WriteOffs = append(p.s.WriteOffs, WriteOff{Pair: Pair{t.License, t.Dimension}, Hour: t.Hour, At: p.now, Amount: t.CarriedOut, Reason: ReasonMerged, MovedTo: to})
	}
	p.put(b, b.Amount.Add(t.CarriedOut))
	t.CarriedOut = usage.Quantity{}
}

// record makes the record of an hour from what there is to bill. ok is false when the hour can have none: then all of
// it stays in the balance. Of an hour that was perhaps billed by a gateway that was lost, nothing may stay there when AWS does not
// take the record any more, which would tell: its record is never sent.
func (e *Engine) record(l license.License, p Pair, hour core.Hour, amount, per usage.Quantity, now time.Time) (Record, bool) {
	ts, ok := stamp(l.Standing, hour, now, e.cfg.Skew)
	if !ok {
		return Record{}, false
	}
	n, _ := amount.Divide(per)
	q := min(n, contract.MaxQuantity)
	if q == 0 && (e.cfg.NoZeros || !l.Standing.Access()) {
		return Record{}, false
	}
	expires := deadline(ts)
	by := expires
	late := !now.Before(by.Add(-sendTime)) // for its own hour
	if late && (hour > e.restored || q == 0) {
		return Record{}, false
	}
	if s := l.Standing; s.State == license.WindingDown && s.ClosesAt.Before(by) {
		by = s.ClosesAt
	}
	r := Record{ID: recordID(p.License, p.Dimension, hour), License: p.License, Dimension: p.Dimension, Hour: hour, Product: l.ProductCode,
		Per:   per,
		Line:  Line{Timestamp: Second(ts.Unix()), Dimension: p.Dimension, Quantity: q},
		State: Waiting, Why: "The hour is sealed; the record waits for its turn.", Since: now, Expires: expires, Deadline: by, RetryAt: now, Limit: contract.MaxUsageRecords}
	if late {
		r.become(Unbillable, ReasonUnknown, "The books were brought back to an earlier moment after this hour, and AWS takes nothing for it any more: whether it was billed can only be seen in AWS's reports.", now)
	}
	return r, identity(l, hour, &r.Line)
}

// sendTime is how long before a deadline a record must be made to be worth making: the time a call takes, and clocks
// that differ.
const sendTime = 30 * time.Second
