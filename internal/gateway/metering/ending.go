package metering

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/usage"
)

// applyHaste gives the unsent records of licences that began, or ceased, to wind down their deadline.
func (e *Engine) applyHaste(ctx context.Context, now time.Time) (did bool, err error) {
	e.mu.Lock()
	ids := slices.Sorted(maps.Keys(e.hasten))
	e.mu.Unlock()
	if len(ids) == 0 {
		return false, nil
	}
	id := ids[0]
	var by time.Time
	if l, ok := e.cfg.Licenses.ByID(id); ok && l.Standing.State == license.WindingDown {
		by = l.Standing.ClosesAt
	}
	if err := e.cfg.Store.Hasten(ctx, id, by, now); err != nil {
		return false, fmt.Errorf("hasten the records of %s: %w", id, err)
	}
	e.mu.Lock()
	delete(e.hasten, id)
	e.mu.Unlock()
	e.sendAnew()
	return true, nil
}

// nextOf tells what comes next for an ending licence: an hour to close at due, or, with hour 0, its last step. ok is
// false when nothing does. Called with mu held.
func (e *Engine) nextOf(id core.LicenseID, now time.Time) (due time.Time, hour core.Hour, ok bool) {
	l, known := e.cfg.Licenses.ByID(id)
	if !known {
		return time.Time{}, 0, false
	}
	end, ends := usage.EndOf(l.Standing)
	if !ends {
		return now, 0, true // not ending any more: let go of it
	}
	hour = e.cfg.Intake.Closed(id) + 1
	if hour > lastHour(end) {
		return maxTime(end, l.Standing.Since), 0, true
	}
	if l.Standing.State == license.Ended {
		return now, hour, true
	}
	return finalDue(l.Standing, hour, e.cfg.FinalSettle, e.cfg.FinalMargin), hour, true
}

// lastHour is the hour of the last instant before end.
func lastHour(end time.Time) core.Hour { return core.HourOf(end.Add(-1)) }

func maxTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// finalDue is when an hour of a licence that is winding down is closed: hours that are over when the window opens, at
// once; those that end inside it, shortly after their end; in any case in time before it closes, but never before the
// hour has begun.
func finalDue(s license.Standing, hour core.Hour, settle, margin time.Duration) time.Time {
	if !hour.End().After(s.OpensAt) {
		return s.OpensAt
	}
	due := hour.End().Add(settle)
	if last := s.ClosesAt.Add(-margin); last.Before(due) {
		due = last
	}
	return maxTime(due, hour.Start())
}

// closeEnding closes the next hour of a licence that is ending, or takes the last step with one that has ended.
func (e *Engine) closeEnding(ctx context.Context, now time.Time) (did bool, err error) {
	e.mu.Lock()
	var id core.LicenseID
	var hour core.Hour
	found := false
	for _, l := range slices.Sorted(maps.Keys(e.closing)) {
		if due, h, ok := e.nextOf(l, now); ok && !due.After(now) {
			id, hour, found = l, h, true
			if h != 0 {
				break
			}
		}
	}
	e.mu.Unlock()
	if !found {
		return false, nil
	}
	if hour == 0 {
		return e.finish(ctx, id, now)
	}
	return true, e.close(ctx, id, hour)
}

// finish lets go of a licence when all its hours are sealed. What is left in its balances when it has ended cannot be
// billed any more: it is written off, with the reason.
func (e *Engine) finish(ctx context.Context, id core.LicenseID, now time.Time) (did bool, err error) {
	e.mu.Lock()
	busy := slices.ContainsFunc(e.works, func(w *work) bool { return w.scope == id || w.scope == "" })
	e.mu.Unlock()
	l, _ := e.cfg.Licenses.ByID(id)
	if busy {
		return true, e.sealChunk(ctx, e.nextWork(), now) // its last hours first
	}
	switch l.Standing.State {
	case license.WindingDown: // the directory does not know yet that the window is over
		return false, nil
	case license.Ended:
		if err := e.writeOff(ctx, l, now); err != nil {
			return false, err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.closing, id)
	return true, nil
}

func (e *Engine) writeOff(ctx context.Context, l license.License, now time.Time) error {
	if err := e.openBooks(ctx); err != nil {
		return err
	}
	defer e.books.Unlock()
	var s Sealing
	for _, b := range e.balances[l.ID] {
		if b.nothing() && b.Cover == (Cover{}) {
			continue
		}
		if !b.Amount.IsZero() {
			w := WriteOff{Pair: b.Pair, Hour: lastHour(l.Standing.Since), At: now, Amount: b.Amount, Reason: ReasonEnded}
			s.WriteOffs = append(s.WriteOffs, w)
			if !w.Amount.Less(e.measure(l.ProductCode, w.Dimension).per) {
				s.Found = append(s.Found, w.needsLook(l.ProductCode))
			}
		}
		b.Amount, b.Since, b.Level, b.Cover = usage.Quantity{}, now, usage.Level{}, Cover{}
		s.Balances = append(s.Balances, b)
	}
	if len(s.Balances) == 0 {
		return nil
	}
	err := e.cfg.Store.Seal(ctx, s)
	if e.keep(s.Balances, err); err != nil {
		return fmt.Errorf("write off what is left of %s: %w", l.ID, err)
	}
	e.say(ctx, s.Found)
	return nil
}
