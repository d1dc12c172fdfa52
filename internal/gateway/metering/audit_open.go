package metering

import (
	"context"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/usage"
)

// openLevels works out what levels come to in the hours that are not sealed: each counts for as long as it held, up to the
// newest event or closing of an hour in the books. It is told by the books and not by a clock, so that an audit of the same
// database always says the same.
func (a *audit) openLevels(ctx context.Context, l Ledger) error {
	if l.Licenses == nil {
		return nil
	}
	cuts, err := l.Log.Cuts(ctx, l.Part)
	if err != nil {
		return err
	}
	closed := map[core.LicenseID]core.Hour{}
	for _, c := range cuts {
		closed[c.Scope], a.at = max(closed[c.Scope], c.Hour), max(a.at, c.At)
	}
	for id, p := range a.pendingLevels() {
		p.closed = max(closed[""], closed[id])
		lic, _ := l.Licenses.ByID(id)
		p.soFar(lic.Standing, time.UnixMicro(a.at).UTC(), func(_ core.Hour, d core.Dimension, sum usage.Quantity) {
			line := a.line(Pair{id, d})
			line.Accepted, line.Open = line.Accepted.Add(sum), line.Open.Add(sum)
		})
	}
	return nil
}

// pendingLevels is what is not sealed of each licence that has a level: those that go on, and those that events set.
func (a *audit) pendingLevels() map[core.LicenseID]pending {
	all := map[core.LicenseID]pending{}
	of := func(id core.LicenseID) pending {
		if _, known := all[id]; !known {
			all[id] = pending{levels: map[core.Dimension]usage.Level{}, totals: map[core.Hour][]usage.Total{}}
		}
		return all[id]
	}
	for p, level := range a.levels {
		of(p.License).levels[p.Dimension] = level
	}
	for k, hours := range a.others {
		for h, t := range hours {
			if t.Meter == core.Average && t.Reason == "" {
				p := of(k.License)
				p.totals[h] = append(p.totals[h], *t)
			}
		}
	}
	return all
}
