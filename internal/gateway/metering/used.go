package metering

import (
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/usage"
)

// shown is how much of an allowance was used up in the hours that are sealed, for who may not wait for the books.
type shown struct {
	Cover
	through core.Hour // the newest sealed hour that is in it
}

// show lets others see the covers of balances that were written; hour is the one that was sealed with them.
func (e *Engine) show(bs []Balance, hour core.Hour) {
	for _, b := range bs {
		if b.Cover.Period != "" {
			e.covers.Store(b.Pair, shown{b.Cover, hour})
		} else {
			e.covers.Delete(b.Pair)
		}
	}
}

// Used is how much of what was bought in advance of a metered dimension is used up in the period that now lies in, in units
// that AWS bills, as far as events have come; until is the end of the term, as AWS told it. It may be more than was bought,
// while the hour in which that happened is not sealed. known is false where it is not this gateway that counts: the
// dimension is not metered, the application reports only what exceeds it, or it is billed by a mean that an hour has only
// at its end.
//
// It is answered from memory, and never waits for the database.
func (e *Engine) Used(l *license.License, d core.Dimension, until, now time.Time) (used usage.Quantity, known bool) {
	if !CountsUsed(e.cfg.Products, l.ProductCode, d) {
		return usage.Quantity{}, false
	}
	m := e.measure(l.ProductCode, d)
	hour := core.HourOf(now)
	from := core.Hour(0) // the first hour of the period
	switch m.allowance {
	case core.AllowHourly:
		from = hour
	case core.AllowMonthly:
		from = core.HourOf(FirstOfMonth(now))
	}
	if v, ok := e.covers.Load(Pair{l.ID, d}); ok {
		s := v.(shown)
		if s.Period == m.period(Allowance{Until: until}, hour) {
			used = s.Used.Add(s.Waiting)
		}
		from = max(from, s.through+1)
	}
	return used.Add(e.cfg.Intake.Open(l.ID, d, from)).Units(m.per), true
}

// CountsUsed reports whether [Engine.Used] is known for licences of a product.
func CountsUsed(products core.Catalogue, code core.ProductCode, d core.Dimension) bool {
	m, metered := products.Metered(code, d)
	return metered && m.Allowance != core.AllowNothing && m.Meter != core.Average
}

// Consumption is how far what was bought in advance of a dimension is used up in one period, in units that AWS bills.
type Consumption struct {
	Period       string // names it: a contract's term, or a month
	Bought, Used usage.Quantity
	Until        time.Time // the end of the period; zero: none is told
}

// Consumed tells how far what a licence has bought of a dimension is used up in the period that now lies in. known is false where
// [Engine.Used] is not known, where AWS has not said what was bought or it is no amount, and where it is bought for each hour
// anew. It is answered from memory.
func (e *Engine) Consumed(l *license.License, d core.Dimension, now time.Time) (c Consumption, known bool) {
	m := e.measure(l.ProductCode, d)
	if e.cfg.Allowances == nil || m.allowance == core.AllowHourly {
		return c, false
	}
	a, bought := e.cfg.Allowances.Allowance(*l, d)
	if !bought || !a.Known || a.Unlimited {
		return c, false
	}
	used, known := e.Used(l, d, a.Until, now)
	c = Consumption{Period: m.period(a, core.HourOf(now)), Bought: a.Units, Used: used, Until: a.Until}
	if m.allowance == core.AllowMonthly {
		c.Until = FirstOfMonth(now).AddDate(0, 1, 0)
	}
	return c, known
}
