package metering

import (
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/usage"
)

// What was bought in advance is used up first, and only what exceeds it is metered: AWS has charged for it already.
// Source: AWS Marketplace Seller Guide, "SaaS contracts with pay-as-you-go" (saas-contracts).

// Allowances tells what was bought in advance.
type Allowances interface {
	// Allowance is what l has bought of a dimension, as AWS last said; bought is false for a dimension of which nothing can
	// be bought. It is called with locks held and must answer from memory.
	Allowance(l license.License, d core.Dimension) (a Allowance, bought bool)
}

// Allowance is what was bought of a dimension for a contract's term.
type Allowance struct {
	Known     bool           // AWS has said so; if not, usage waits until it has
	Units     usage.Quantity // that AWS would bill
	Unlimited bool
	Until     time.Time // the end of the term; zero: none is told
}

// Cover is how much of an allowance has been used up.
type Cover struct {
	Period string         // in which Used was: a contract's term or a month; empty: there was none yet
	Bought usage.Quantity // for the period, in what events count
	Used   usage.Quantity // in the period, in what events count
	// Waiting is a part of the balance: usage of hours that were sealed while AWS had not said what was bought.
	Waiting usage.Quantity
}

// unlimited is more than can be used.
var unlimited = usage.Whole(1 << 62)

// cover takes from t's usage what was bought in advance. b is t's balance before it.
func (p *page) cover(t *SealedTotal, b *Balance, l license.License, m measure) {
	if p.e.cfg.Allowances == nil || m.allowance == core.AllowNothing {
		return
	}
	a, bought := p.e.cfg.Allowances.Allowance(l, t.Dimension)
	if !bought && b.Cover.Period == "" {
		return
	}
	c := &b.Cover
	switch ending := p.e.ending(l); { // AWS lists nothing any more when a licence has ended
	case a.Known && (!ending || c.Period == ""):
		c.begin(m.period(a, t.Hour), a, m)
	case c.Period == "":
		c.Waiting = c.Waiting.Add(t.Sum)
		return
	case m.allowance == core.AllowMonthly || m.allowance == core.AllowHourly:
		c.begin(m.period(Allowance{}, t.Hour), Allowance{Units: c.Bought}, plain)
	}
	waited := c.Waiting.Add(t.Sum)
	t.Covered, c.Waiting = c.rest(waited), usage.Quantity{}
	c.Used = c.Used.Add(t.Covered)
	t.CarriedOut = t.CarriedOut.Sub(t.Covered)
}

// begin starts a period, if it is another one, or takes over what was bought more in it.
func (c *Cover) begin(period string, a Allowance, m measure) {
	if c.Period != period {
		c.Period, c.Used = period, usage.Quantity{}
	}
	if c.Bought = a.Units.Of(m.per); a.Unlimited {
		c.Bought = unlimited
	}
}

// rest is what is left of the allowance for q.
func (c *Cover) rest(q usage.Quantity) usage.Quantity {
	if !c.Used.Less(c.Bought) {
		return usage.Quantity{}
	}
	if left := c.Bought.Sub(c.Used); left.Less(q) {
		return left
	}
	return q
}

// period names the time in which an allowance is used up once.
func (m measure) period(a Allowance, h core.Hour) string {
	switch m.allowance {
	case core.AllowHourly:
		return h.String()
	case core.AllowMonthly:
		return h.Start().Format("2006-01")
	default:
		return "until " + a.Until.UTC().Format(time.RFC3339)
	}
}

// ending reports whether l has come to its end: what had been bought until then goes on to cover its last hours.
func (e *Engine) ending(l license.License) bool {
	_, ends := usage.EndOf(l.Standing)
	return ends
}
