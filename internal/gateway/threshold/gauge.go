package threshold

import (
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/usage"
)

// Of is what usage is measured against.
type Of string

// The kinds of limit.
const (
	Entitlement Of = "entitlement" // what was bought in advance, for a contract's term or a month
	Budget      Of = "budget"      // what somebody wants to hear of in a calendar month; nothing stops there
)

// percents are the thresholds, the highest first.
var percents = [...]int{100, 80, 50}

// Limit is what one dimension's usage is measured against in one period.
type Limit struct {
	License   core.LicenseID
	Dimension core.Dimension // empty: all together, in money
	Of        Of
	Period    string         // names it: a month such as 2026-11, or a contract's term
	Most      usage.Quantity // in units that AWS bills; more than nothing
}

// Gauge is a limit and how far it is used up.
type Gauge struct {
	Limit
	Used     usage.Quantity // in units that AWS bills, or in Currency
	Until    time.Time      // the end of the period; zero: none is told
	Currency string         // of a budget of money; empty for units
}

// Share is how much of it is used, in percent, 100 at most.
func (g Gauge) Share() int {
	if !g.Used.Less(g.Most) {
		return 100
	}
	for p := 99; p > 0; p-- {
		if !g.Used.Times(100).Less(g.Most.Times(int64(p))) {
			return p
		}
	}
	return 0
}

// percent is the highest threshold that is reached; 0: none is.
func (g Gauge) percent() int {
	for _, p := range percents {
		if !g.Used.Times(100).Less(g.Most.Times(int64(p))) {
			return p
		}
	}
	return 0
}

// Told is the data of the event.
type Told struct {
	License   core.LicenseID `json:"license"`
	Dimension core.Dimension `json:"dimension,omitempty"` // left out of a budget of money
	Of        Of             `json:"of"`
	Percent   int            `json:"percent"` // 50, 80 or 100
	Used      usage.Quantity `json:"used"`    // when that was found; it may be more than Limit
	Limit     usage.Quantity `json:"limit"`
	Period    string         `json:"period"`
	Until     time.Time      `json:"until,omitzero"`
	Currency  string         `json:"currency,omitempty"` // of Used and Limit, of a budget of money
}

// tidings is what is to be told of g. The event is named by its threshold, and not by how much was used when it was found.
func (g Gauge) tidings(percent int, account core.AccountID, now time.Time) outbox.Event {
	told := Told{g.License, g.Dimension, g.Of, percent, g.Used, g.Most, g.Period, g.Until.UTC(), g.Currency}
	name := told
	name.Used, name.Until = usage.Quantity{}, time.Time{}
	return outbox.NewEvent(outbox.UsageThreshold, now, outbox.Subject{License: g.License, Account: account}, told).Named(name)
}
