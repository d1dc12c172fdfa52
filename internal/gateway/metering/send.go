package metering

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/job"
)

// sendDue tells when the next call may be made and has something to send.
func (e *Engine) sendDue(ctx context.Context) (at time.Time, ok bool, err error) {
	now := e.cfg.Clock.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	at, ok = e.nextAt, e.waits
	if e.fresh {
		at, ok = now, true
	}
	if !ok {
		return at, false, nil
	}
	if n, free := e.pace.free(maxTime(at, now)); n == 0 {
		at = maxTime(at, free)
	}
	return at, true, nil
}

// sendAnew makes the send job look at the records again.
func (e *Engine) sendAnew() {
	e.mu.Lock()
	e.fresh = true
	e.mu.Unlock()
	e.cfg.Wake(SendJob)
}

// shipment is a request on its way.
type shipment struct {
	room    int // in bytes, for more records
	attempt Attempt
	records []Record
	request Request
	answer  Answer
	err     error
}

// send makes as many calls as the pace allows now, at most Parallel, and stores what AWS said.
func (e *Engine) send(ctx context.Context) (did bool, err error) {
	now := e.cfg.Clock.Now()
	if e.adrift {
		if err := e.takeBack(ctx, now); err != nil {
			return false, err
		}
	}
	e.mu.Lock()
	calls, _ := e.pace.free(now)
	e.fresh = false // what is added from here on is looked at next time
	e.mu.Unlock()
	if calls == 0 {
		e.sendAnew()
		return false, nil
	}
	waiting, err := e.cfg.Store.Sendable(ctx, now, calls*contract.MaxUsageRecords*2)
	if err != nil {
		e.sendAnew()
		return false, fmt.Errorf("list records to send: %w", err)
	}
	if len(waiting) == 0 {
		return true, e.lookAhead(ctx)
	}
	carried, err := e.tooLate(ctx, waiting, now)
	if err != nil || carried {
		e.sendAnew()
		return carried, err
	}
	ships, err := pack(waiting, calls, now)
	if err == nil {
		err = e.begin(ctx, ships)
	}
	if err != nil {
		e.sendAnew()
		return false, err
	}
	e.mu.Lock()
	e.pace.take(now, len(ships))
	e.mu.Unlock()
	var wg sync.WaitGroup
	for _, s := range ships {
		wg.Go(func() { s.answer, s.err = e.cfg.Meter.Send(ctx, s.request) })
	}
	wg.Wait()
	e.sendAnew()
	// Whatever comes now, the answers must be kept; if this fails they are found as lost: by the next round or the next start.
	return true, e.settle(context.WithoutCancel(ctx), ships)
}

// lookAhead notes when the next record may be sent.
func (e *Engine) lookAhead(ctx context.Context) error {
	at, ok, err := e.cfg.Store.Next(ctx)
	if err != nil {
		return fmt.Errorf("find the next record to send: %w", err)
	}
	e.mu.Lock()
	e.nextAt, e.waits = at, ok
	e.mu.Unlock()
	return nil
}

// pack makes at most calls requests of records that may travel together, in the order given.
func pack(rs []Record, calls int, now time.Time) ([]*shipment, error) {
	var ships []*shipment
	open := map[group]*shipment{}
	for _, r := range rs {
		g := r.group()
		if now.After(r.Deadline) {
			g.limit = 1 // its timestamp may be refused: it must not spoil the others' request
		}
		s, size := open[g], r.Line.size()
		if s != nil && s.room < size {
			delete(open, g)
			s = nil
		}
		if s == nil {
			if len(ships) == calls {
				continue
			}
			s = &shipment{room: contract.MaxRequestBytes / 2, request: Request{ProductCode: g.product}}
			ships, open[g] = append(ships, s), s
		}
		s.records = append(s.records, r)
		s.request.UsageRecords = append(s.request.UsageRecords, r.Line)
		s.room -= size
		if len(s.records) >= g.limit {
			delete(open, g)
		}
	}
	for _, s := range ships {
		body, err := json.Marshal(s.request)
		if err != nil {
			return nil, fmt.Errorf("write a request: %w", err)
		}
		s.attempt = Attempt{ID: attemptID(now), At: now, Request: body}
		for _, r := range s.records {
			s.attempt.Records = append(s.attempt.Records, r.ID)
		}
	}
	return ships, nil
}

// attemptID names a request; ids sort by time.
func attemptID(now time.Time) string {
	return firstAttempt(now) + strings.ToLower(rand.Text()[:12])
}

// firstAttempt is the lowest id that a request made at the instant can have.
func firstAttempt(at time.Time) string { return fmt.Sprintf("att_%011x", at.UnixMilli()) }

// begin stores the requests and marks their records, before anything is sent.
func (e *Engine) begin(ctx context.Context, ships []*shipment) error {
	as := make([]Attempt, len(ships))
	for i, s := range ships {
		as[i] = s.attempt
	}
	if err := e.cfg.Store.Begin(ctx, as); err != nil {
		e.adrift = true // they may be marked all the same
		return fmt.Errorf("store the requests to send: %w", err)
	}
	for _, s := range ships {
		for i := range s.records {
			s.records[i].Tries++
			s.records[i].Attempt = s.attempt.ID
		}
	}
	return nil
}

// settle stores what AWS said to each request and what becomes of its records.
func (e *Engine) settle(ctx context.Context, ships []*shipment) error {
	now := e.cfg.Clock.Now()
	told, err := e.take(ctx, ships, now)
	if err != nil || e.cfg.Refused == nil {
		return err
	}
	for _, id := range told {
		if err := e.cfg.Refused(ctx, id, now); err != nil {
			return fmt.Errorf("note that AWS refused the records of %s: %w", id, err)
		}
	}
	return nil
}

// take stores the answers. told are the licences that AWS says are not subscribed.
func (e *Engine) take(ctx context.Context, ships []*shipment, now time.Time) (told []core.LicenseID, err error) {
	if err := e.openBooks(ctx); err != nil {
		e.adrift = true
		return nil, err
	}
	defer e.books.Unlock()
	var as []Attempt
	var rs []Record
	var found []alert.Finding
	var failure error
	back := map[Pair]Balance{}
	for _, s := range ships {
		fault := faultOf(s.err)
		as = append(as, s.outcome(fault, now))
		if e.notePace(fault, now); fault != nil && fault.Class != Refused && fault.Class != OutOfBounds {
			failure = fault
		}
		if fault != nil && fault.Class == Denied {
			found = append(found, denied(fault, now))
		}
		answers := s.match()
		for i, r := range s.records {
			v := verdict{fault: fault, alone: len(s.records) == 1, of: len(s.records), answer: answers[i]}
			l, _ := e.cfg.Licenses.ByID(r.License)
			r, look := e.judge(r, v, l.Standing, now)
			if r.State == Carried {
				e.carry(back, r, now)
			}
			if r.Reason == ReasonNotSubscribed {
				told = append(told, r.License)
			}
			if r.Reason == contract.InvalidLicense && e.cfg.Doubted != nil {
				e.cfg.Doubted(r.License, now)
			}
			if look != nil {
				found = append(found, *look)
			}
			rs = append(rs, r)
		}
	}
	if err := e.store(ctx, as, rs, back, found); err != nil {
		return nil, err
	}
	if failure != nil {
		e.log.WarnContext(ctx, "AWS does not take records; they are kept and sent again", "err", failure, "again_at", e.holdTo())
	}
	slices.Sort(told)
	return slices.Compact(told), nil
}

// store keeps the outcome of a round of calls. When the database fails, the records' fate is unknown, as after a crash.
func (e *Engine) store(ctx context.Context, as []Attempt, rs []Record, back map[Pair]Balance, found []alert.Finding) error {
	var bs []Balance
	for _, b := range back {
		bs = append(bs, b)
	}
	err := e.cfg.Store.Settle(ctx, as, rs, bs, found...)
	if e.keep(bs, err); err != nil {
		e.adrift = true
		return fmt.Errorf("store AWS's answers: %w", err)
	}
	e.say(ctx, found)
	return nil
}

// takeBack lets records that are marked as on their way be sent again, because what AWS said of them is not known.
func (e *Engine) takeBack(ctx context.Context, now time.Time) error {
	n, err := e.cfg.Store.Recover(ctx, now)
	if err != nil {
		return fmt.Errorf("find records without an answer: %w", err)
	}
	if e.adrift = false; n > 0 {
		e.log.InfoContext(ctx, "records whose answer was lost will be sent again", "records", n)
	}
	return nil
}

// carry adds a record's quantity to the balance. Called with books held.
func (e *Engine) carry(back map[Pair]Balance, r Record, now time.Time) {
	p := Pair{r.License, r.Dimension}
	b, ok := back[p]
	if !ok {
		b = e.balances[r.License][r.Dimension]
	}
	b.Pair, b.Amount, b.Since = p, b.Amount.Add(whole(r)), now
	back[p] = b
}

// tooLate carries those of rs that AWS cannot take for their own hour any more and certainly never got, so that no
// call is wasted on them. What AWS may have got is sent all the same: only its answer can tell.
func (e *Engine) tooLate(ctx context.Context, rs []Record, now time.Time) (did bool, err error) {
	if err := e.openBooks(ctx); err != nil {
		return false, err
	}
	defer e.books.Unlock()
	var late []Record
	back := map[Pair]Balance{}
	for _, r := range rs {
		l, _ := e.cfg.Licenses.ByID(r.License)
		if r.Unsure || now.Before(r.Expires.Add(clockSlack)) || !lives(l.Standing) {
			continue
		}
		r.become(Carried, "", "It could not be sent in time; its quantity travels in a later hour.", now)
		e.carry(back, r, now)
		late = append(late, r)
	}
	if len(late) == 0 {
		return false, nil
	}
	if err := e.store(ctx, nil, late, back, nil); err != nil {
		return false, err
	}
	e.log.WarnContext(ctx, "records were too late for their hour and are carried", "records", len(late))
	return true, nil
}

// clockSlack is how far AWS's clock may be behind ours.
const clockSlack = 2 * time.Minute

func (e *Engine) notePace(f *Fault, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if f == nil || f.Class == Refused || f.Class == OutOfBounds {
		e.pace.ok()
		return
	}
	e.pace.failed(now)
}

func (e *Engine) holdTo() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.pace.holdTo
}

// faultOf makes any error of a call a Fault; nil stays nil.
func faultOf(err error) *Fault {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	return &Fault{Class: Lost, Code: "network", Message: err.Error(), Err: errors.Join(err, job.ErrExpected)}
}

// outcome is the request with what became of it.
func (s *shipment) outcome(f *Fault, now time.Time) Attempt {
	a := s.attempt
	a.Answered = now
	if f != nil {
		a.Outcome, a.Code, a.AWSID = string(f.Class), f.Code, f.RequestID
		a.Answer, _ = json.Marshal(map[string]string{"RequestId": f.RequestID, "message": f.Message}) // strings: cannot fail
		return a
	}
	a.Outcome, a.AWSID = "answered", s.answer.RequestID
	a.Answer, _ = json.Marshal(s.answer) // plain fields: cannot fail
	return a
}

// lineKey is what tells the records of one request apart, with the quantity that was sent. AWS may add to its echo of
// a record what it knows besides (the account of a customer identifier), so that is not compared.
type lineKey struct {
	at        Second
	dimension core.Dimension
	quantity  int64
	who       string
}

func (l Line) key() lineKey {
	k := lineKey{at: l.Timestamp, dimension: l.Dimension, quantity: l.Quantity, who: string(l.LicenseARN)}
	if k.who == "" {
		k.who = string(l.CustomerIdentifier)
	}
	return k
}

// match finds what AWS said of each record: a status, "unprocessed", or nothing. A result counts only for the record
// that it repeats, with the quantity that was sent.
func (s *shipment) match() []recordAnswer {
	said := map[lineKey]recordAnswer{}
	for _, l := range s.answer.UnprocessedRecords {
		said[l.key()] = recordAnswer{unprocessed: true}
	}
	for _, r := range s.answer.Results {
		said[r.UsageRecord.key()] = recordAnswer{status: r.Status, receipt: r.MeteringRecordID}
	}
	out := make([]recordAnswer, len(s.records))
	for i, r := range s.records {
		out[i] = said[r.Line.key()]
	}
	return out
}
