package metering

import (
	"context"
	"fmt"
	"slices"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/usage"
)

// How many pairs of licence and dimension are sealed in one transaction: few when events come in, so that they do not
// wait for long; else twice as many each time, because each transaction has a price.
const (
	smallChunk = 20
	largeChunk = 1600
)

// chunkNow is how many to seal next: events came in if the log has grown since it was asked last.
func (e *Engine) chunkNow() (pairs int, busy bool) {
	seq := e.cfg.Intake.Seq()
	busy = seq != e.logSeq
	if e.logSeq = seq; busy || e.chunk == 0 {
		e.chunk = smallChunk
	} else {
		e.chunk = min(2*e.chunk, largeChunk)
	}
	return e.chunk, busy
}

// longestRest is how long, in real time, sealing lets events go first at most.
const longestRest = 25 * time.Millisecond

// rest leaves the database and the processor to events that come in, for as long as sealing had them: else events would
// wait for every other transaction, each as long as sealing's.
func rest(ctx context.Context, took time.Duration) {
	_ = clock.Sleep(ctx, min(took, longestRest)) // it only ends early when the process does
}

// work is a closed hour that is not sealed yet.
type work struct {
	scope core.LicenseID // the one licence it is for; empty: all that are not sealed for themselves
	hour  core.Hour
	keys  []usage.Total // what is still to be sealed; a Total of nothing stands for an idle hour or an old balance
	ready bool          // keys were listed
}

// sealDue tells when the next hour is to be closed or sealed.
func (e *Engine) sealDue(context.Context) (at time.Time, ok bool, err error) {
	now := e.cfg.Clock.Now()
	e.takeUp()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.works) > 0 || len(e.hasten) > 0 {
		return now, true, nil
	}
	at = (e.cfg.Intake.Closed("") + 1).End().Add(e.cfg.SettleTime)
	for id := range e.closing {
		if due, _, ok := e.nextOf(id, now); ok && due.Before(at) {
			at = due
		}
	}
	return at, true, nil
}

// seal does one piece: it closes an hour that is due, or seals one chunk of one that is closed. Ending licences go first.
func (e *Engine) seal(ctx context.Context) (did bool, err error) {
	now := e.cfg.Clock.Now()
	if err := e.trustBooks(ctx); err != nil {
		return false, err
	}
	if did, err := e.applyHaste(ctx, now); did || err != nil {
		return did, err
	}
	if did, err := e.closeEnding(ctx, now); did || err != nil {
		return did, err
	}
	if w := e.nextWork(); w != nil {
		return true, e.sealChunk(ctx, w, now)
	}
	return e.closeHour(ctx, now)
}

// nextWork is the hour to go on with: ending licences first, then the oldest.
func (e *Engine) nextWork() *work {
	e.mu.Lock()
	defer e.mu.Unlock()
	var best *work
	for _, w := range e.works {
		if e.mustWait(w) {
			continue
		}
		if best == nil || (w.scope != "" && best.scope == "") || ((w.scope != "") == (best.scope != "") && w.hour < best.hour) {
			best = w
		}
	}
	return best
}

// mustWait reports whether w's hour is to be sealed after an earlier one of all licences: where a level goes on from hour
// to hour. Called with mu held.
func (e *Engine) mustWait(w *work) bool {
	if w.scope == "" || !slices.ContainsFunc(e.works, func(o *work) bool { return o.scope == "" && o.hour < w.hour }) {
		return false
	}
	l, _ := e.cfg.Licenses.ByID(w.scope)
	for _, m := range e.measures[l.ProductCode] {
		if m.meter == core.Average {
			return true
		}
	}
	return false
}

// close cuts an hour and queues it for sealing.
func (e *Engine) close(ctx context.Context, scope core.LicenseID, hour core.Hour) error {
	if err := e.cfg.Intake.Cut(ctx, scope, hour); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queue(scope, hour)
	return nil
}

// queue notes that an hour is to be sealed, once. Called with mu held.
func (e *Engine) queue(scope core.LicenseID, hour core.Hour) {
	if !slices.ContainsFunc(e.works, func(w *work) bool { return w.scope == scope && w.hour == hour }) {
		e.works = append(e.works, &work{scope: scope, hour: hour})
	}
}

// takeUp queues the hours that are closed and not sealed: those of a former process, and one whose closing took effect though
// the database's answer was lost. Were that left to the next attempt to close it, an event that came before would have
// shown the hour as closed, and it would never be sealed.
func (e *Engine) takeUp() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.cfg.Intake.Unfinished() {
		e.queue(c.Scope, c.Hour)
	}
}

// closeHour closes the next hour for all licences, if it is over and its settling time too.
func (e *Engine) closeHour(ctx context.Context, now time.Time) (did bool, err error) {
	next := e.cfg.Intake.Closed("") + 1
	if next.End().Add(e.cfg.SettleTime).After(now) {
		return false, nil
	}
	return true, e.close(ctx, "", e.jump(next, now))
}

// jump skips hours that AWS takes no more and in which nothing was used, so that a gateway that slept for a year does
// not close nine thousand hours one by one.
func (e *Engine) jump(next core.Hour, now time.Time) core.Hour {
	earliest, _ := contract.EarliestAccepted(now)
	to := core.HourOf(earliest) - 1
	if open := e.cfg.Intake.OpenHours(""); len(open) > 0 {
		to = min(to, open[0])
	}
	if e.levels() {
		return next // something is provisioned in every hour
	}
	return max(next, to)
}

// levels reports whether anything is billed by a level that goes on without events.
func (e *Engine) levels() bool {
	e.books.Lock()
	defer e.books.Unlock()
	for _, bs := range e.balances {
		for _, b := range bs {
			if !b.Level.Is.IsZero() {
				return true
			}
		}
	}
	return false
}

// list says what is to be sealed in w's hour: the sums, old balances, and idle dimensions of active licences.
func (e *Engine) list(ctx context.Context, w *work, now time.Time) error {
	have, err := e.cfg.Store.SealedKeys(ctx, w.scope, w.hour) // before a crash, or when the database's answer was lost
	if err != nil {
		return fmt.Errorf("list what is sealed of %s: %w", w.hour, err)
	}
	e.cfg.Intake.Forget(w.hour, have)
	listed := make(map[Pair]bool, len(have))
	for _, k := range have {
		if k.Reason == "" {
			listed[Pair{k.License, k.Dimension}] = true
		}
	}
	w.keys = e.cfg.Intake.Totals(w.scope, w.hour)
	for _, t := range w.keys {
		if t.Reason == "" {
			listed[Pair{t.License, t.Dimension}] = true
		}
	}
	add := func(l license.License) bool {
		if w.scope == "" && e.cfg.Intake.ClosedAlone(l.ID) >= w.hour {
			return true // sealed for itself
		}
		if _, ok := stamp(l.Standing, w.hour, now, e.cfg.Skew); !ok {
			return true
		}
		for _, d := range e.dimensions(l) {
			if !listed[Pair{l.ID, d}] {
				w.keys = append(w.keys, usage.Total{Key: usage.Key{License: l.ID, Dimension: d}, Hour: w.hour, Meter: e.measure(l.ProductCode, d).meter})
			}
		}
		return true
	}
	if w.scope == "" {
		e.listMerged(w, listed)
		e.cfg.Licenses.All(add)
	} else if l, ok := e.cfg.Licenses.ByID(w.scope); ok {
		add(l)
	}
	w.ready = true
	return nil
}

// listMerged adds balances of licences that were found to be the same as another.
func (e *Engine) listMerged(w *work, listed map[Pair]bool) {
	e.books.Lock()
	defer e.books.Unlock()
	for _, bs := range e.balances {
		for d, b := range bs {
			if b.nothing() || listed[b.Pair] {
				continue
			}
			if l, ok := e.cfg.Licenses.ByID(b.License); ok && l.ID != b.License {
				w.keys = append(w.keys, usage.Total{Key: usage.Key{License: b.License, Dimension: d}, Hour: w.hour, Meter: e.measure(l.ProductCode, d).meter})
			}
		}
	}
}

// dimensions are those of l that get a record although nothing was used: the product's metered ones, or, when the
// product is not configured, those that were ever used; and in any case those with a balance of a unit or more.
func (e *Engine) dimensions(l license.License) []core.Dimension {
	var ds []core.Dimension
	living := l.Standing.Access() && !e.cfg.NoZeros
	if living {
		for _, m := range e.cfg.Products.Product(l.ProductCode).Dimensions {
			ds = append(ds, m.Key)
		}
	}
	configured := len(ds) > 0
	e.books.Lock()
	for d, b := range e.balances[l.ID] {
		if (!b.Amount.Less(e.measure(l.ProductCode, d).per) || !b.Level.Is.IsZero() || (living && !configured)) && !slices.Contains(ds, d) {
			ds = append(ds, d)
		}
	}
	e.books.Unlock()
	slices.Sort(ds)
	return ds
}

// sealChunk seals the next few sums of w, or finishes w.
func (e *Engine) sealChunk(ctx context.Context, w *work, now time.Time) error {
	if !w.ready {
		if err := e.list(ctx, w, now); err != nil {
			return err
		}
	}
	if len(w.keys) == 0 {
		return e.finishWork(ctx, w)
	}
	pairs, busy := e.chunkNow()
	part, took := w.keys[:min(pairs, len(w.keys))], clock.Stopwatch()
	if err := e.openBooks(ctx); err != nil {
		return err
	}
	p := page{e: e, now: now, balances: map[Pair]Balance{}}
	for _, t := range part {
		p.seal(t)
	}
	s := p.close()
	err := e.cfg.Store.Seal(ctx, s)
	e.keep(s.Balances, err)
	e.books.Unlock()
	if err != nil {
		w.ready = false // list again: what is sealed may be more than we know
		e.sendAnew()
		return fmt.Errorf("seal %s: %w", w.hour, err)
	}
	keys := make([]usage.Key, len(part))
	for i, t := range part {
		keys[i] = t.Key
	}
	e.say(ctx, s.Found)
	e.show(s.Balances, w.hour) // and then forget: nothing is counted twice meanwhile
	e.cfg.Intake.Forget(w.hour, keys)
	w.keys = w.keys[len(part):]
	if len(s.Records) > 0 {
		e.sendAnew()
	}
	e.reopen(s.Balances)
	if busy && len(w.keys) > 0 {
		rest(ctx, took())
	}
	return nil
}

// reopen looks again at licences that had ended before their usage was sealed.
func (e *Engine) reopen(bs []Balance) {
	for _, b := range bs {
		if b.Amount.IsZero() {
			continue
		}
		if l, ok := e.cfg.Licenses.ByID(b.License); ok && l.Standing.State == license.Ended {
			e.mu.Lock()
			e.closing[b.License] = struct{}{}
			e.mu.Unlock()
		}
	}
}

func (e *Engine) finishWork(ctx context.Context, w *work) error {
	if err := e.cfg.Intake.Done(ctx, w.scope, w.hour); err != nil {
		return err
	}
	e.mu.Lock()
	e.works = slices.DeleteFunc(e.works, func(o *work) bool { return o == w })
	e.mu.Unlock()
	e.log.DebugContext(ctx, "hour sealed", "hour", w.hour.String(), "license", w.scope)
	return nil
}
