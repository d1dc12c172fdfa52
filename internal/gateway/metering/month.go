package metering

import (
	"context"
	"maps"
	"sync"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/usage"
)

// FirstOfMonth is the beginning of the calendar month, in UTC, that t lies in.
func FirstOfMonth(t time.Time) time.Time {
	y, m, _ := t.UTC().Date()
	return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
}

// months remembers what the sealed hours of the present month come to, of licences that were asked about: those hours do not
// change any more, and a licence may be asked about often.
type months struct {
	mu    sync.Mutex
	first core.Hour // of the month
	of    map[core.LicenseID]sealedPart
}

// sealedPart is what the hours up to one come to. It is never changed, only replaced.
type sealedPart struct {
	through core.Hour
	sums    map[core.Dimension]usage.Quantity // in what events count
}

func (m *months) get(first core.Hour, id core.LicenseID) sealedPart {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p, ok := m.of[id]; ok && m.first == first {
		return p
	}
	return sealedPart{through: first - 1}
}

func (m *months) put(first core.Hour, id core.LicenseID, p sealedPart) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.of == nil || m.first != first {
		m.first, m.of = first, map[core.LicenseID]sealedPart{}
	}
	m.of[id] = p
}

// MonthToDate is what a licence has used in the calendar month, in UTC, that now lies in, by dimension, in units that AWS bills, as
// far as events have come. What was late counts in the hour that it is billed in.
func (e *Engine) MonthToDate(ctx context.Context, id core.LicenseID, now time.Time) (map[core.Dimension]usage.Quantity, error) {
	first := core.HourOf(FirstOfMonth(now))
	known, final := e.months.get(first, id), e.final(id)
	rows, err := e.Usage(ctx, id, known.through+1, core.HourOf(now))
	if err != nil {
		return nil, err
	}
	sealed := sealedPart{max(known.through, final), maps.Clone(known.sums)}
	if sealed.sums == nil {
		sealed.sums = map[core.Dimension]usage.Quantity{}
	}
	open := map[core.Dimension]usage.Quantity{}
	for _, r := range rows {
		if r.Hour <= final {
			sealed.sums[r.Dimension] = sealed.sums[r.Dimension].Add(r.Accepted)
		} else {
			open[r.Dimension] = open[r.Dimension].Add(r.Accepted)
		}
	}
	e.months.put(first, id, sealed)
	l, _ := e.cfg.Licenses.ByID(id)
	all := map[core.Dimension]usage.Quantity{}
	for _, part := range []map[core.Dimension]usage.Quantity{sealed.sums, open} {
		for d, q := range part {
			all[d] = all[d].Add(q)
		}
	}
	for d, q := range all {
		all[d] = q.Units(e.measure(l.ProductCode, d).per)
	}
	return all, nil
}

// final is the newest hour of a licence up to which no sum changes any more: all of them are closed and sealed.
func (e *Engine) final(id core.LicenseID) core.Hour {
	hour := e.cfg.Intake.Closed(id)
	for _, c := range e.cfg.Intake.Unfinished() {
		if c.Scope == "" || c.Scope == id {
			hour = min(hour, c.Hour-1)
		}
	}
	if open := e.cfg.Intake.OpenHours(id); len(open) > 0 {
		hour = min(hour, open[0]-1)
	}
	return hour
}
