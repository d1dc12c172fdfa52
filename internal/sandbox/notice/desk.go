package notice

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/bus"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/parcel"
	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/topic"
	"souk.dev/souk/internal/sandbox/world"
)

// DefaultQueue is the queue that every seller has. Unless the world's file says otherwise, all its notices go there: by a
// built-in rule of this name, and by built-in subscriptions to its products' topics.
const DefaultQueue = "marketplace-notices"

// MakeQueues makes the default queue of every seller, open to what rules and topics send.
func MakeQueues(q *queue.Service, sellers []world.Seller) error {
	for _, s := range sellers {
		if q.Exists(s.AccountID, DefaultQueue) {
			continue
		}
		if err := q.Create(s.AccountID, DefaultQueue, map[string]string{"Policy": queue.Open(queue.ARN(s.AccountID, DefaultQueue))}); err != nil {
			return fmt.Errorf("make the default queue of %s: %w", s.AccountID, err)
		}
	}
	return nil
}

// BuiltinRules are the rules that lead every seller's events to its default queue, by account.
func BuiltinRules(sellers []world.Seller) map[string]bus.Rule {
	rules := make(map[string]bus.Rule, len(sellers))
	for _, s := range sellers {
		rules[s.AccountID] = bus.Rule{Name: DefaultQueue, Pattern: `{"source":["` + contract.EventSource + `"]}`,
			Description: "Built in: everything that AWS Marketplace tells goes to the seller's queue.",
			Targets:     []bus.Target{{ID: DefaultQueue, ARN: queue.ARN(s.AccountID, DefaultQueue)}}}
	}
	return rules
}

// Options are what a Desk needs of its surroundings. Draw, Record and Ready may be nil.
type Options struct {
	Clock interface{ Now() time.Time }
	// Queue takes the messages. It need not write them down: the desk's own changes bring them back.
	Queue *queue.Service
	// Topics and Bus say who gets what.
	Topics *topic.Service
	Bus    *bus.Service
	// Draw tells what, if anything, disturbs a notice: a fault, which has an ID, or the way in which notices travel. It is
	// asked once for each, with the world locked.
	Draw func(world.Notice) (fault.Rule, bool)
	// Record writes a change down before it takes effect.
	Record func(Change) error
	// Ready is called, with no lock held, when an HTTP endpoint took a notice: its program may have work now.
	Ready func()
	Log   *slog.Logger
}

// Desk delivers notices. Its methods are safe for concurrent use.
type Desk struct {
	opt  Options
	http *http.Client

	mu        sync.Mutex
	replaying bool
	made      int64 // counts deliveries since the start or the last reset
	list      []*Delivery
	byID      map[string]*Delivery
	kinds     map[string]bool // that there were
	unplanned []*Delivery     // while replaying: those whose plan has not come up yet
	due       calendar
	behind    map[string][]*attempt // by seller: those that wait for the next notice
	outbox    []*attempt            // to HTTP endpoints, and due
}

// NewDesk makes a desk without deliveries.
func NewDesk(opt Options) *Desk {
	d := &Desk{opt: opt, http: newClient(), byID: map[string]*Delivery{}, kinds: map[string]bool{}, behind: map[string][]*attempt{}}
	if d.opt.Draw == nil {
		d.opt.Draw = func(world.Notice) (fault.Rule, bool) { return fault.Rule{}, false }
	}
	if d.opt.Record == nil {
		d.opt.Record = func(Change) error { return nil }
	}
	if d.opt.Ready == nil {
		d.opt.Ready = func() {}
	}
	return d
}

// Change is one lasting change of the desk: that a notice was given a plan, more attempts, what came of one over HTTP, or
// that all was reset.
type Change struct {
	Notice   string     `json:"notice,omitempty"`  // its ID
	Posting  *Posting   `json:"posting,omitempty"` // the notice itself, where a client posted it
	Result   *Result    `json:"result,omitempty"`
	Attempts []Planned  `json:"attempts,omitempty"`
	Fault    fault.Kind `json:"fault,omitempty"`
	Reset    bool       `json:"reset,omitempty"`
	At       time.Time  `json:"at"`
}

// Accept takes a notice at the moment when it happens, and delivers it unless a fault holds it up. A buyer whose account
// has a rule on its bus is told its own side of it, always promptly; another buyer's events would reach nobody, and are not
// made. It is the world's sink: quick, and without a call back into the world.
func (d *Desk) Accept(n world.Notice) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.accept(n)
	if told, ok := world.ForAcceptor(n); ok && d.opt.Bus.Listens(told.Subject().Receiver()) {
		d.accept(told)
	}
}

func (d *Desk) accept(n world.Notice) {
	del := d.file(n)
	if d.replaying {
		d.unplanned = append(d.unplanned, del)
		return
	}
	d.decide(del)
}

// decide plans a delivery and begins it.
func (d *Desk) decide(del *Delivery) {
	rule := noFault
	if del.notice.Subject().Acceptor == "" { // what sellers have to bear is not drawn for buyers
		rule, _ = d.opt.Draw(del.notice)
	}
	now := d.opt.Clock.Now()
	c := Change{Notice: del.ID, Attempts: d.planned(del, plan(now, rule)), At: now}
	if rule.ID != "" {
		c.Fault = rule.Kind
	}
	// Unlike a client's act, a notice cannot be refused: it is delivered even if the plan could not be kept. After a
	// restart it would be planned anew, and delivered again.
	if err := d.opt.Record(c); err != nil {
		d.opt.Log.Error("a notice's plan was not written down", "notice", del.ID, "err", err)
	}
	d.begin(del, c, c.At)
}

// begin carries out what is due of a plan and puts the rest into the calendar.
func (d *Desk) begin(del *Delivery, c Change, now time.Time) {
	waiting := d.behind[del.Seller]
	delete(d.behind, del.Seller)
	if c.Fault != "" {
		del.Fault = c.Fault
	}
	for _, a := range d.add(del, c.Attempts) {
		switch {
		case a.Way == Behind:
			d.behind[del.Seller] = append(d.behind[del.Seller], a)
			d.due.add(a)
		case a.At.After(now):
			d.due.add(a)
		default:
			d.run(a, now)
		}
	}
	for _, a := range waiting {
		if a.index >= 0 { // else its own time had come before
			heap.Remove(&d.due, a.index)
			d.run(a, now)
		}
	}
}

// add gives del further attempts.
func (d *Desk) add(del *Delivery, all []Planned) []*attempt {
	first := len(del.tries)
	for _, p := range all {
		to := p.Target
		if p.Via == "" {
			to = queue.ARN(del.Seller, DefaultQueue)
		}
		del.tries = append(del.tries, &attempt{Planned: p, del: del, n: len(del.Attempts), index: -1})
		del.Attempts = append(del.Attempts, Attempt{At: p.At, Way: p.Way, Target: to, Via: p.Via, Outcome: Waiting})
	}
	if del.Body == "" {
		via := ""
		if len(all) > 0 {
			via = all[0].Via
		}
		del.Body = d.body(del.letter, via)
	}
	return del.tries[first:]
}

// run carries out one attempt, at its own time or at now, whichever is earlier: a notice that was to come behind another
// comes as soon as that one has.
func (d *Desk) run(a *attempt, now time.Time) {
	at := &a.del.Attempts[a.n]
	if now.Before(at.At) {
		at.At = now
	}
	if a.Way == Lose {
		at.Outcome, at.Why = Lost, "a fault lost it on the way"
		return
	}
	p, err := d.parcel(a)
	switch {
	case err != nil:
		at.Outcome, at.Why = Failed, err.Error()
	case p.Queue == "":
		d.outbox = append(d.outbox, a) // sent by RunDue, without the lock
	default:
		d.enqueue(a, p)
	}
}

// enqueue puts p into its queue. SQS refuses for good: the queue was deleted, or its policy does not let the message in.
// Neither EventBridge nor SNS tries that again by itself; the list says so, and Redeliver is there.
func (d *Desk) enqueue(a *attempt, p parcel.Parcel) {
	at := &a.del.Attempts[a.n]
	id := parcel.UUID(a.del.ID, "message", fmt.Sprint(a.n))
	err := error(nil)
	if !p.Trusted {
		err = d.opt.Queue.Admit(p.Queue, p.Service, p.Source)
	}
	if err == nil {
		err = d.opt.Queue.Deliver(p.Queue, queue.Message{ID: id, Body: p.Body, Attributes: p.Attributes, SenderID: sender, SentAt: at.At})
	}
	if err != nil {
		at.Outcome, at.Why = Failed, err.Error()
		f := parcel.Failure{Code: parcel.NoResource, Message: err.Error(), Attempts: 1}
		if e, ok := errors.AsType[*queue.Error](err); ok && e.Code == queue.AccessDenied {
			f.Code = parcel.NoPermissions
		}
		d.bury(a, p, f, at.At)
		return
	}
	at.Outcome, at.MessageID = Delivered, id
	if a.Way == Forge {
		at.Why = forged
	}
}

// forged is what the list says of a lie.
const forged = "a forgery: it is not from AWS and must change nothing"

// bury puts what cannot be delivered into its dead-letter queue, if it has one.
func (d *Desk) bury(a *attempt, p parcel.Parcel, f parcel.Failure, now time.Time) {
	if p.DeadLetter == "" {
		return
	}
	at := &a.del.Attempts[a.n]
	err := d.opt.Queue.Admit(p.DeadLetter, p.Service, p.Source)
	if err == nil {
		err = d.opt.Queue.Deliver(p.DeadLetter, queue.Message{ID: parcel.UUID(a.del.ID, "dead", fmt.Sprint(a.n)), Body: p.DeadBody,
			Attributes: p.DeadAttributes(f), SenderID: sender, SentAt: now})
	}
	if err != nil {
		at.Why += "; and its dead letter: " + err.Error()
		return
	}
	at.Why += "; it is in the dead-letter queue " + p.DeadLetter
}

// sender is the SenderId of messages from AWS's own services.
const sender = "AIDAIT2UOQQY3AUEKVGXU"

// Due tells when a delivery that was held up goes on.
func (d *Desk) Due() (at time.Time, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.outbox) > 0 {
		return d.opt.Clock.Now(), true
	}
	if len(d.due) == 0 {
		return time.Time{}, false
	}
	return d.due[0].At, true
}

// RunDue carries out every attempt whose time has come, waits for what HTTP endpoints answer, and reports whether there was
// any.
func (d *Desk) RunDue(ctx context.Context) (did bool) {
	d.mu.Lock()
	did = d.runDue(d.opt.Clock.Now())
	out := d.outbox
	d.outbox = nil
	d.mu.Unlock()
	d.sendAll(ctx, out)
	return did || len(out) > 0
}

func (d *Desk) runDue(now time.Time) (did bool) {
	for len(d.due) > 0 && !d.due[0].At.After(now) {
		a := heap.Pop(&d.due).(*attempt)
		d.run(a, a.At)
		did = true
	}
	return did
}

// Job is the desk's work in the shape that a job runner takes.
func (d *Desk) Job() (due func(context.Context) (time.Time, bool, error), run func(context.Context) (bool, error)) {
	due = func(context.Context) (time.Time, bool, error) { at, ok := d.Due(); return at, ok, nil }
	run = func(ctx context.Context) (bool, error) { return d.RunDue(ctx), nil }
	return due, run
}
