package notice

import (
	"container/heap"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/world"
)

// DefaultQueue is the queue that every seller has, and that all its notices go to: what an EventBridge rule and a
// subscription to the products' topics would have been set up to do.
const DefaultQueue = "marketplace-notices"

// Options are what a Desk needs of its surroundings. Draw and Record may be nil.
type Options struct {
	Clock interface{ Now() time.Time }
	// Queue takes the messages. It need not write them down: the desk's own changes bring them back.
	Queue *queue.Service
	// Draw tells which fault, if any, disturbs a notice. It is asked once for each.
	Draw func() (fault.Rule, bool)
	// Record writes a change down before it takes effect.
	Record func(Change) error
	// Base is the sandbox's own address.
	Base func() string
	Log  *slog.Logger
}

// Desk delivers notices. Its methods are safe for concurrent use.
type Desk struct {
	opt    Options
	signer *Signer

	mu        sync.Mutex
	replaying bool
	made      int64 // counts deliveries since the start or the last reset
	list      []*Delivery
	byID      map[string]*Delivery
	kinds     map[string]bool // that there were
	unplanned []*Delivery     // while replaying: those whose plan has not come up yet
	due       calendar
	behind    map[string][]*attempt // by seller: those that wait for the next notice
}

// NewDesk makes a desk without deliveries.
func NewDesk(opt Options) *Desk {
	d := &Desk{opt: opt, signer: NewSigner(), byID: map[string]*Delivery{}, kinds: map[string]bool{}, behind: map[string][]*attempt{}}
	if d.opt.Draw == nil {
		d.opt.Draw = func() (fault.Rule, bool) { return fault.Rule{}, false }
	}
	if d.opt.Record == nil {
		d.opt.Record = func(Change) error { return nil }
	}
	return d
}

// Signer is what the desk's SNS messages are signed with.
func (d *Desk) Signer() *Signer { return d.signer }

// Change is one lasting change of the desk: that a notice was given a plan, more attempts, or that all was reset.
type Change struct {
	Notice   string     `json:"notice,omitempty"` // its ID
	Attempts []Planned  `json:"attempts,omitempty"`
	Fault    fault.Kind `json:"fault,omitempty"`
	Reset    bool       `json:"reset,omitempty"`
	At       time.Time  `json:"at"`
}

// Accept takes a notice at the moment when it happens, and delivers it unless a fault holds it up. It is the world's
// sink: quick, and without a call back into the world.
func (d *Desk) Accept(n world.Notice) {
	d.mu.Lock()
	defer d.mu.Unlock()
	del := d.file(n)
	if d.replaying {
		d.unplanned = append(d.unplanned, del)
		return
	}
	d.decide(del)
}

// decide plans a delivery and begins it.
func (d *Desk) decide(del *Delivery) {
	rule, _ := d.opt.Draw()
	now := d.opt.Clock.Now()
	c := Change{Notice: del.ID, Attempts: plan(now, rule), Fault: rule.Kind, At: now}
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
	for _, p := range c.Attempts {
		a := &attempt{Planned: p, del: del, n: len(del.Attempts)}
		del.Attempts = append(del.Attempts, Attempt{At: p.At, Way: p.Way, Outcome: Waiting})
		switch {
		case p.Way == Behind:
			d.behind[del.Seller] = append(d.behind[del.Seller], a)
			d.due.add(a)
		case p.At.After(now):
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

// run carries out one attempt, at its own time or at now, whichever is earlier: a notice that was to come behind another
// comes as soon as that one has.
func (d *Desk) run(a *attempt, now time.Time) {
	del, at := a.del, &a.del.Attempts[a.n]
	if now.Before(at.At) {
		at.At = now
	}
	if a.Way == Lose {
		at.Outcome, at.Why = Lost, "a fault lost it on the way"
		return
	}
	body := del.Body
	switch a.Way {
	case Copy:
		body = d.render(del.notice, uuidOf(del.ID, "envelope", fmt.Sprint(a.n)))
	case Forge:
		body = d.forge(del.notice)
	}
	id := uuidOf(del.ID, "message", fmt.Sprint(a.n))
	err := d.opt.Queue.Deliver(del.Seller, DefaultQueue, queue.Message{ID: id, Body: body, SenderID: sender, SentAt: at.At})
	if err != nil {
		// SQS refuses for good: the queue was deleted, or its attributes do not let the message in. As with
		// EventBridge, nothing is tried again by itself; the list says so, and Redeliver is there.
		at.Outcome, at.Why = Failed, err.Error()
		return
	}
	at.Outcome, at.MessageID = Delivered, id
	if a.Way == Forge {
		at.Why = "a forgery: it is not from AWS and must change nothing"
	}
}

// sender is the SenderId of messages from AWS's own services.
const sender = "AIDAIT2UOQQY3AUEKVGXU"

// Due tells when a delivery that was held up goes on.
func (d *Desk) Due() (at time.Time, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.due) == 0 {
		return time.Time{}, false
	}
	return d.due[0].At, true
}

// RunDue carries out every attempt whose time has come, and reports whether there was any.
func (d *Desk) RunDue() (did bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.runDue(d.opt.Clock.Now())
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
	run = func(context.Context) (bool, error) { return d.RunDue(), nil }
	return due, run
}

// attempt is one that waits for its time.
type attempt struct {
	Planned
	del   *Delivery
	n     int // in del.Attempts
	seq   int64
	index int // in the calendar; -1 when it is not in it
}

// calendar is a heap of attempts, the earliest first, and those of one instant in the order of the notices.
type calendar []*attempt

func (c *calendar) add(a *attempt) {
	a.seq = a.del.seq
	heap.Push(c, a)
}

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (c calendar) Len() int { return len(c) }
func (c calendar) Less(i, j int) bool {
	if !c[i].At.Equal(c[j].At) {
		return c[i].At.Before(c[j].At)
	}
	return c[i].seq < c[j].seq
}
func (c calendar) Swap(i, j int) {
	c[i], c[j] = c[j], c[i]
	c[i].index, c[j].index = i, j
}
func (c *calendar) Push(x any) {
	a := x.(*attempt)
	a.index = len(*c)
	*c = append(*c, a)
}
func (c *calendar) Pop() any {
	last := len(*c) - 1
	a := (*c)[last]
	(*c)[last] = nil
	*c = (*c)[:last]
	a.index = -1
	return a
}
