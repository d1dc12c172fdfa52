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
		return
	}
	pair := Pair{t.License, t.Dimension}
	b, known := p.balance(pair)
	l, found := p.e.cfg.Licenses.ByID(t.License) // one that is not known stands nowhere, and its usage waits
	total := SealedTotal{Total: t, CarriedIn: b.Amount, CarriedOut: b.Amount.Add(t.Sum)}
	if found && l.ID != t.License {
		p.move(&total, l.ID)
	} else if r, ok := p.e.record(l, pair, t.Hour, total.CarriedOut, p.now); ok {
		p.s.Records = append(p.s.Records, r)
		total.CarriedOut = total.CarriedOut.Sub(whole(r))
	}
	if t.Events > 0 || total.CarriedIn != total.CarriedOut {
		p.s.Totals = append(p.s.Totals, total)
	}
	if !known || total.CarriedOut != b.Amount {
		p.put(b, total.CarriedOut)
	}
}

// move gives all of t to the licence that t's was found to be the same as: AWS knows but one, and honours one record
// of it an hour.
func (p *page) move(t *SealedTotal, to core.LicenseID) {
	if t.CarriedOut.IsZero() {
		return
	}
	p.s.WriteOffs = append(p.s.WriteOffs, WriteOff{Pair: Pair{t.License, t.Dimension}, Hour: t.Hour, At: p.now, Amount: t.CarriedOut, Reason: ReasonMerged, MovedTo: to})
	b, _ := p.balance(Pair{to, t.Dimension})
	p.put(b, b.Amount.Add(t.CarriedOut))
	t.CarriedOut = usage.Quantity{}
}

// record makes the record of an hour from what there is to bill. ok is false when the hour can have none: then all of
// it stays in the balance.
func (e *Engine) record(l license.License, p Pair, hour core.Hour, amount usage.Quantity, now time.Time) (Record, bool) {
	ts, ok := stamp(l.Standing, hour, now, e.cfg.Skew)
	if !ok {
		return Record{}, false
	}
	q := amount.Floor(contract.MaxQuantity)
	if q == 0 && (e.cfg.NoZeros || !l.Standing.Access()) {
		return Record{}, false
	}
	expires := deadline(ts)
	by := expires
	if !now.Before(by.Add(-sendTime)) {
		return Record{}, false // too late for its own hour
	}
	if s := l.Standing; s.State == license.WindingDown && s.ClosesAt.Before(by) {
		by = s.ClosesAt
	}
	r := Record{ID: recordID(p.License, p.Dimension, hour), License: p.License, Dimension: p.Dimension, Hour: hour, Product: l.ProductCode,
		Line:  Line{Timestamp: Second(ts.Unix()), Dimension: p.Dimension, Quantity: q},
		State: Waiting, Why: "The hour is sealed; the record waits for its turn.", Since: now, Expires: expires, Deadline: by, RetryAt: now, Limit: contract.MaxUsageRecords}
	return r, identity(l, &r.Line)
}

// sendTime is how long before a deadline a record must be made to be worth making: the time a call takes, and clocks
// that differ.
const sendTime = 30 * time.Second
