package metering

import (
	"maps"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/usage"
)

// pending is what is not sealed of a licence, as far as it is known in memory.
type pending struct {
	closed core.Hour // hours after it are open
	totals map[core.Hour][]usage.Total
	levels map[core.Dimension]usage.Level // as the newest sealed hour left them
}

func (e *Engine) pending(l core.LicenseID) pending {
	p := pending{levels: e.levelsOf(l), closed: e.cfg.Intake.Closed(l), totals: map[core.Hour][]usage.Total{}}
	for _, h := range e.cfg.Intake.OpenHours(l) {
		p.totals[h] = e.cfg.Intake.Totals(l, h)
	}
	return p
}

// levelsOf are the levels that go on, of a licence's dimensions that are billed by a level.
func (e *Engine) levelsOf(l core.LicenseID) map[core.Dimension]usage.Level {
	lic, _ := e.cfg.Licenses.ByID(l)
	e.books.Lock()
	defer e.books.Unlock()
	levels := map[core.Dimension]usage.Level{}
	for d, b := range e.balances[l] {
		if b.Level != (usage.Level{}) && e.measure(lic.ProductCode, d).meter == core.Average {
			levels[d] = b.Level
		}
	}
	return levels
}

// moved reports whether an hour was sealed since p was looked at, so that the levels are others now.
func (e *Engine) moved(l core.LicenseID, p pending) bool { return !maps.Equal(p.levels, e.levelsOf(l)) }

// soFar calls each with what every hour that is not sealed comes to until now, of dimensions that are billed by a level: the
// level counts for as long as it held, and for nothing of what is left of the hour.
func (p pending) soFar(s license.Standing, now time.Time, each func(core.Hour, core.Dimension, usage.Quantity)) {
	level, first := maps.Clone(p.levels), p.closed+1
	for h, ts := range p.totals {
		first = min(first, h)
		for _, t := range ts {
			if _, known := level[t.Dimension]; t.Meter == core.Average && t.Reason == "" && !known {
				level[t.Dimension] = usage.Level{}
			}
		}
	}
	if len(level) == 0 {
		return
	}
	for h := first; h <= core.HourOf(now); h++ {
		from, to := lifeIn(s, h)
		if now.Before(to) {
			to = now
		}
		for d := range level {
			events, told := p.of(h, d)
			if h <= p.closed && !told {
				continue // it is sealed, or is being sealed
			}
			var sum usage.Quantity
			sum, level[d] = usage.Mean(level[d], events, from.UnixMicro(), to.UnixMicro())
			if told || !sum.IsZero() {
				each(h, d, sum)
			}
		}
	}
}

// of are the levels that events set in an hour; told reports whether there were any.
func (p pending) of(h core.Hour, d core.Dimension) (levels []usage.Level, told bool) {
	for _, t := range p.totals[h] {
		if t.Dimension == d && t.Reason == "" && t.Meter == core.Average {
			return t.Levels(), true
		}
	}
	return nil, false
}

// lifeIn is the part of an hour in which a licence lives.
func lifeIn(s license.Standing, h core.Hour) (from, to time.Time) {
	from, to = h.Start(), h.End()
	if s.ActivatedAt.After(from) {
		from = s.ActivatedAt
	}
	if end, ends := usage.EndOf(s); ends && end.Before(to) {
		to = end
	}
	return from, to
}
