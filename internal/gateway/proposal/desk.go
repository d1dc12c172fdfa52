package proposal

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/job"
)

// Config is what a desk is made of: what tells one kind of proposal from the others, and the tools that all need.
type Config[C Proposal[C]] struct {
	Name   string // in logs: "cancellation"
	Called string // in sentences: "cancellation request"
	Job    string // the name of its job
	// Step takes one that is due a step further. Nothing of it is kept yet; an error is one of our own.
	Step func(ctx context.Context, c C) (C, error)
	// Tidings are what is to be told of a proposal that was before and is c from now on.
	Tidings func(before, c C, now time.Time) []outbox.Event

	Store    Store[C]
	Approval approval.Rule
	Clock    clock.Clock
	Log      *slog.Logger
	Wake     func() // makes the job look again; may be nil
}

// Desk is where the proposals of one kind are. It is safe for concurrent use.
type Desk[C Proposal[C]] struct {
	cfg   Config[C]
	heard atomic.Bool // a notice told that something became of some proposal
}

// New makes a desk.
func New[C Proposal[C]](cfg Config[C]) *Desk[C] {
	if cfg.Wake == nil {
		cfg.Wake = func() {}
	}
	return &Desk[C]{cfg: cfg}
}

// Find finds one. Errors: fail.NotFound.
func (d *Desk[C]) Find(ctx context.Context, id ID) (C, error) { return d.cfg.Store.Find(ctx, id) }

// List lists those that q chooses, oldest first.
func (d *Desk[C]) List(ctx context.Context, q Query) ([]C, error) {
	list, err := d.cfg.Store.List(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("list each %s: %w", d.cfg.Called, err)
	}
	return list, nil
}

// Heard tells that a notice came after which AWS may tell something new: AWS is asked at once after those that it has.
func (d *Desk[C]) Heard() {
	d.heard.Store(true)
	d.cfg.Wake()
}

// Reject ends a proposal without AWS. Rejecting again changes nothing. why may be empty.
//
// Errors: fail.NotFound; fail.Invalid where no person is named; fail.Conflict for one that is not a proposal any more.
func (d *Desk[C]) Reject(ctx context.Context, id ID, by approval.Actor, why string) (C, error) {
	if err := approval.Why(why); err != nil {
		var none C
		return none, err
	}
	return Decide(ctx, d, id, by, func(c C, _ []C, now time.Time) (C, error) {
		l := c.Stands()
		switch l.State {
		case Rejected:
			return c, nil
		case Proposed:
			if why == "" {
				why = "It was rejected, without a reason."
			}
			return c.With(l.Become(Rejected, why, now, time.Time{})), nil
		}
		return c, fail.New(fail.Conflict, "not_proposed", "The %s is %s; only a proposal can be rejected.", d.cfg.Called, l.State)
	})
}

// Propose keeps a new proposal, whose life has begun: it has its id, who asks for it, and its first state.
// check says what is wrong with it beside others; it may be called twice.
//
// Errors: check's.
func Propose[C Proposal[C]](ctx context.Context, d *Desk[C], c C, check func(others []C) error) error {
	l := c.Stands()
	var none C
	if err := d.cfg.Store.Add(ctx, c, check, d.cfg.Tidings(none, c, l.CreatedAt)...); err != nil {
		return fmt.Errorf("keep a %s: %w", d.cfg.Called, err)
	}
	d.cfg.Log.LogAttrs(ctx, slog.LevelInfo, d.cfg.Called+" asked for", slog.String(d.cfg.Name, string(l.ID)), slog.String("license", string(l.License)),
		slog.String("key", l.AskedBy.Key))
	d.cfg.Wake()
	return nil
}

// Approve is [Decide] for whoever may approve what another has proposed.
//
// Errors: as [Decide]; fail.Conflict for one's own proposal, unless the seller's rule allows it.
func Approve[C Proposal[C]](ctx context.Context, d *Desk[C], id ID, by approval.Actor, decision func(c C, others []C, now time.Time) (C, error)) (C, error) {
	return Decide(ctx, d, id, by, func(c C, others []C, now time.Time) (C, error) {
		if err := d.cfg.Approval.Approves(by, c.Stands().AskedBy); err != nil {
			return c, err
		}
		return decision(c, others, now)
	})
}

// Decide keeps what a person's decision makes of a proposal, in sight of the others beside it. decision may be called twice,
// and touches nothing outside; of one that keeps the state nothing is kept.
//
// Errors: fail.NotFound; fail.Invalid where no person is named; decision's.
func Decide[C Proposal[C]](ctx context.Context, d *Desk[C], id ID, by approval.Actor, decision func(c C, others []C, now time.Time) (C, error)) (C, error) {
	if err := by.Decides(); err != nil {
		var none C
		return none, err
	}
	now, decided := d.cfg.Clock.Now(), false
	c, err := d.cfg.Store.Decide(ctx, id, func(c C, others []C) (C, []outbox.Event, error) {
		next, err := decision(c, others, now)
		before, after := c.Stands(), next.Stands()
		if decided = err == nil && after.State != before.State; !decided {
			return c, nil, err
		}
		if before.State == Proposed {
			after.DecidedBy, after.DecidedAt = by, now
			next = next.With(after)
		}
		return next, d.cfg.Tidings(c, next, now), nil
	})
	if err != nil {
		return c, fmt.Errorf("keep a decision on %s: %w", id, err)
	}
	if decided {
		d.cfg.Log.LogAttrs(ctx, slog.LevelInfo, d.cfg.Called+" decided", slog.String(d.cfg.Name, string(id)), slog.String("state", string(c.Stands().State)),
			slog.String("key", by.Key))
		d.cfg.Wake()
	}
	return c, nil
}

// Job takes what is due a step further, one at a time.
func (d *Desk[C]) Job() job.Job { return job.Job{Name: d.cfg.Job, Due: d.due, Run: d.run} }

func (d *Desk[C]) due(ctx context.Context) (time.Time, bool, error) {
	if d.heard.Load() {
		return d.cfg.Clock.Now(), true, nil
	}
	c, ok, err := d.cfg.Store.Due(ctx)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("find the next %s: %w", d.cfg.Called, err)
	}
	return c.Stands().DueAt, ok, nil
}

// run takes the one that is due first one step further.
func (d *Desk[C]) run(ctx context.Context) (did bool, err error) {
	now := d.cfg.Clock.Now()
	if d.heard.Swap(false) {
		if err := d.cfg.Store.Hasten(ctx, now); err != nil {
			d.heard.Store(true)
			return false, fmt.Errorf("hasten each %s: %w", d.cfg.Called, err)
		}
		return true, nil
	}
	c, ok, err := d.cfg.Store.Due(ctx)
	if err != nil {
		return false, fmt.Errorf("find the next %s: %w", d.cfg.Called, err)
	}
	l := c.Stands()
	if !ok || l.DueAt.After(now) {
		return false, nil
	}
	next, err := d.cfg.Step(ctx, c)
	if err != nil {
		return false, fmt.Errorf("%s %s: %w", d.cfg.Called, l.ID, err)
	}
	if err := d.cfg.Store.Change(ctx, next, d.cfg.Tidings(c, next, d.cfg.Clock.Now())...); err != nil {
		if fail.Is(err, fail.Conflict) {
			return true, nil // somebody decided on it meanwhile; whatever AWS said is asked again
		}
		return false, fmt.Errorf("keep %s %s: %w", d.cfg.Called, l.ID, err)
	}
	d.log(ctx, l, next.Stands())
	return true, nil
}

// log says what became of a proposal. Why is said of failures alone: a buyer's own words are nobody's here.
func (d *Desk[C]) log(ctx context.Context, before, l Life) {
	attrs := []slog.Attr{slog.String(d.cfg.Name, string(l.ID)), slog.String("license", string(l.License)), slog.String("state", string(l.State))}
	switch {
	case l.State == Failed, l.Tries > 0:
		d.cfg.Log.LogAttrs(ctx, slog.LevelWarn, d.cfg.Called, append(attrs, slog.String("why", l.Why), slog.Int("failures", l.Tries))...)
	case l.State != before.State:
		d.cfg.Log.LogAttrs(ctx, slog.LevelInfo, d.cfg.Called, attrs...)
	}
}

// Refused reports whether err says that AWS will not do what it was asked. It may be so because an earlier call arrived, whose
// answer was lost.
func Refused(err error) bool {
	return fail.Is(err, fail.Invalid) || fail.Is(err, fail.NotFound) || fail.Is(err, fail.Conflict)
}

// Unanswered is c after AWS could not be asked: as it was, and looked at again. An error of our own is given back.
func Unanswered[C Proposal[C]](c C, err error, now time.Time) (C, error) {
	if fail.Is(err, fail.Internal) {
		return c, err
	}
	return c.With(c.Stands().Again(fail.SayOf(err), now)), nil
}
