package metering

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/usage"
)

// chunk is how many licence-and-dimension pairs are sealed in one transaction: few enough that events do not wait.
const chunk = 250

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
		if best == nil || (w.scope != "" && best.scope == "") || ((w.scope != "") == (best.scope != "") && w.hour < best.hour) {
			best = w
		}
	}
	return best
}

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

// close cuts an hour and queues it for sealing.
func (e *Engine) close(ctx context.Context, scope core.LicenseID, hour core.Hour) error {
	if err := e.cfg.Intake.Cut(ctx, scope, hour); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !slices.ContainsFunc(e.works, func(w *work) bool { return w.scope == scope && w.hour == hour }) {
		e.works = append(e.works, &work{scope: scope, hour: hour})
	}
	return nil
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
	e.books.Lock()
	defer e.books.Unlock()
	var s Sealing
	for _, b := range e.balances[l.ID] {
		if b.Amount.IsZero() {
			continue
		}
		s.WriteOffs = append(s.WriteOffs, WriteOff{Pair: b.Pair, Hour: lastHour(l.Standing.Since), At: now, Amount: b.Amount, Reason: ReasonEnded})
		b.Amount, b.Since = usage.Quantity{}, now
		s.Balances = append(s.Balances, b)
	}
	if len(s.WriteOffs) == 0 {
		return nil
	}
	if err := e.cfg.Store.Seal(ctx, s); err != nil {
		return fmt.Errorf("write off what is left of %s: %w", l.ID, err)
	}
	e.keep(s.Balances)
	for _, w := range s.WriteOffs {
		if w.Amount.Floor(1) == 1 {
			e.alert(ctx, Alert{Code: "ended_unbilled", License: l.ID, Say: fmt.Sprintf("The subscription ended before %s of %s could be billed.", w.Amount, w.Dimension)})
		}
	}
	return nil
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
	return max(next, to)
}

// list says what is to be sealed in w's hour: the sums, old balances, and idle dimensions of active licences.
func (e *Engine) list(ctx context.Context, w *work, now time.Time) error {
	have, err := e.cfg.Store.RecordKeys(ctx, w.scope, w.hour)
	if err != nil {
		return fmt.Errorf("list what is sealed of %s: %w", w.hour, err)
	}
	listed := make(map[Pair]bool, len(have))
	for _, p := range have {
		listed[p] = true // sealed before a crash
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
				w.keys = append(w.keys, usage.Total{Key: usage.Key{License: l.ID, Dimension: d}, Hour: w.hour})
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
			if b.Amount.IsZero() || listed[b.Pair] {
				continue
			}
			if l, ok := e.cfg.Licenses.ByID(b.License); ok && l.ID != b.License {
				w.keys = append(w.keys, usage.Total{Key: usage.Key{License: b.License, Dimension: d}, Hour: w.hour})
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
		if (b.Amount.Floor(1) == 1 || (living && !configured)) && !slices.Contains(ds, d) {
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
	part := w.keys[:min(chunk, len(w.keys))]
	e.books.Lock()
	p := page{e: e, now: now, balances: map[Pair]Balance{}}
	for _, t := range part {
		p.seal(t)
	}
	s := p.close()
	err := e.cfg.Store.Seal(ctx, s)
	if err == nil {
		e.keep(s.Balances)
	}
	e.books.Unlock()
	if err != nil {
		w.ready = false // list again: what is sealed may be more than we know
		return fmt.Errorf("seal %s: %w", w.hour, err)
	}
	keys := make([]usage.Key, len(part))
	for i, t := range part {
		keys[i] = t.Key
	}
	e.cfg.Intake.Forget(w.hour, keys)
	w.keys = w.keys[len(part):]
	if len(s.Records) > 0 {
		e.sendAnew()
	}
	e.reopen(s.Balances)
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

func (e *Engine) finishWork(ctx context.Context, w *work) error {
	if err := e.cfg.Intake.Done(ctx, w.scope, w.hour); err != nil {
		return err
	}
	e.mu.Lock()
	e.works = slices.DeleteFunc(e.works, func(o *work) bool { return o == w })
	e.mu.Unlock()
	e.log.DebugContext(ctx, "hour sealed", "hour", w.hour.String(), "license", w.scope)
	if w.scope != "" {
		return nil
	}
	return e.cfg.Intake.Rotate(ctx)
}
