package usage

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"souk.dev/souk/internal/gateway/core"
)

// Closed is the newest hour in which no event of the licence is billed any more; with an empty scope, of any licence.
func (in *Intake) Closed(scope core.LicenseID) core.Hour {
	in.state.RLock()
	defer in.state.RUnlock()
	if scope == "" {
		return in.closed
	}
	return max(in.closed, in.closedFor[scope])
}

// Unfinished lists the cuts whose hours are not all recorded: those that were found at the start, and those made since, also
// one that was made though [Intake.Cut] failed.
func (in *Intake) Unfinished() []Cut {
	in.state.RLock()
	defer in.state.RUnlock()
	return slices.Clone(in.pending)
}

// Cut closes the hours up to hour, for one licence or, with an empty scope, for all. When it returns, the sums of
// those hours are final: what comes later is billed in a later hour. Cutting again changes nothing.
func (in *Intake) Cut(ctx context.Context, scope core.LicenseID, hour core.Hour) error {
	release, err := in.quiesce(ctx)
	defer release()
	if err != nil {
		return err
	}
	if hour <= in.closed || (scope != "" && hour <= in.closedFor[scope]) {
		return nil
	}
	c := Cut{Part: in.cfg.Part, Scope: scope, Hour: hour, Seq: in.seq, At: in.cfg.Clock.Now().UnixMicro()}
	if err := in.cfg.Store.Cut(ctx, c); err != nil {
		in.unsure.Store(true)
		return fmt.Errorf("close %s for %q: %w", hour, scope, err)
	}
	in.state.Lock()
	in.noteCut(c)
	in.state.Unlock()
	return nil
}

// Done says that everything of a closed hour is recorded, and lets go of what memory holds of it.
func (in *Intake) Done(ctx context.Context, scope core.LicenseID, hour core.Hour) error {
	if err := in.cfg.Store.Done(ctx, in.cfg.Part, scope, hour, in.cfg.Clock.Now().UnixMicro()); err != nil {
		return fmt.Errorf("finish %s for %q: %w", hour, scope, err)
	}
	in.state.Lock()
	defer in.state.Unlock()
	in.pending = slices.DeleteFunc(in.pending, func(c Cut) bool { return c.Scope == scope && c.Hour == hour })
	if scope == "" {
		delete(in.sums, hour)
		in.counted = nil
		for l, h := range in.closedFor {
			if h <= in.closed {
				delete(in.closedFor, l)
			}
		}
	}
	return nil
}

// Totals lists the sums of an hour that are not recorded yet, in order; with a scope, of that licence only. Those of
// an open hour are still growing.
func (in *Intake) Totals(scope core.LicenseID, hour core.Hour) []Total {
	in.state.RLock()
	found := in.sums[hour].list(nil, scope)
	ts := make([]Total, len(found))
	read := func() {
		for i, t := range found {
			ts[i] = t.copy()
		}
	}
	// The sums of a closed hour are final. They may be a million: events need not wait while these are read.
	final := hour <= in.closed || scope != "" && hour <= in.closedFor[scope]
	if !final {
		read()
	}
	in.state.RUnlock()
	if final {
		read()
	}
	slices.SortFunc(ts, func(a, b Total) int { return compareKeys(a.Key, b.Key) })
	return ts
}

// Open is the sum of what events brought of one dimension to hours from the one called from on that are not recorded yet.
func (in *Intake) Open(l core.LicenseID, d core.Dimension, from core.Hour) (sum Quantity) {
	in.state.RLock()
	defer in.state.RUnlock()
	for h, of := range in.sums {
		if t := of.find(Key{License: l, Dimension: d}); t != nil && h >= from {
			sum = sum.Add(t.Sum)
		}
	}
	return sum
}

func compareKeys(a, b Key) int {
	return cmp.Or(cmp.Compare(a.License, b.License), cmp.Compare(a.Dimension, b.Dimension), cmp.Compare(a.Reason, b.Reason))
}

// OpenHours lists the hours that have sums which are not recorded, oldest first; with a scope, of that licence only.
func (in *Intake) OpenHours(scope core.LicenseID) []core.Hour {
	in.state.RLock()
	defer in.state.RUnlock()
	var hs []core.Hour
	for h, of := range in.sums {
		if scope == "" || len(of[scope]) > 0 {
			hs = append(hs, h)
		}
	}
	slices.Sort(hs)
	return hs
}

// Forget lets go of sums that are recorded.
func (in *Intake) Forget(hour core.Hour, keys []Key) {
	in.state.Lock()
	defer in.state.Unlock()
	for _, k := range keys {
		in.sums[hour].drop(k)
	}
	in.counted = nil
	if len(in.sums[hour]) == 0 {
		delete(in.sums, hour)
	}
}

// ClosedAlone is the newest hour that was closed for the licence by itself; 0 if none was of late.
func (in *Intake) ClosedAlone(scope core.LicenseID) core.Hour {
	in.state.RLock()
	defer in.state.RUnlock()
	return in.closedFor[scope]
}
