package proposal

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/approval"
)

// Asking is what tells one kind of request from the others.
type Asking[C Request[C]] struct {
	Config[C]                             // its Step takes those a step further whose state is the kind's own; nil: there are none
	Buyers    Buyers[C]                   // whom AWS asks
	Beside    func(c C, others []C) error // what is wrong with asking c beside the others, when it is proposed and when it is approved; no error: nothing
	AtAWS     []State                     // those in which AWS may tell something new of a request
}

// Requests is a [Desk] of requests: it has the steps that all have which AWS puts to the buyer.
type Requests[C Request[C]] struct {
	*Desk[C]
	cfg Asking[C]
}

// NewRequests makes one.
func NewRequests[C Request[C]](cfg Asking[C]) Requests[C] {
	r := Requests[C]{cfg: cfg}
	desk := cfg.Config
	desk.Step = r.step
	r.Desk = New(desk)
	return r
}

// Propose keeps a new request, as [Propose].
func (r Requests[C]) Propose(ctx context.Context, c C) error {
	return Propose(ctx, r.Desk, c, func(others []C) error { return r.cfg.Beside(c, others) })
}

// Over reports whether nothing becomes of a request any more that is in state s.
func (r Requests[C]) Over(s State) bool {
	return s != Proposed && s != Sending && !slices.Contains(r.cfg.AtAWS, s)
}

// Approve lets a proposal go to AWS, which asks the buyer. Approving again changes nothing.
//
// Errors: fail.NotFound; fail.Invalid where no person is named; fail.Conflict for one's own proposal, for a request that was
// rejected or is over, and for what is wrong with it beside others.
func (r Requests[C]) Approve(ctx context.Context, id ID, by approval.Actor) (C, error) {
	return Approve(ctx, r.Desk, id, by, func(c C, others []C, now time.Time) (C, error) {
		switch l := c.Stands(); {
		case r.Over(l.State):
			return c, fail.New(fail.Conflict, "not_proposed", "The %s is %s, and nothing is to be approved; propose another.", r.cfg.Called, l.State)
		case l.State != Proposed:
			return c, nil
		}
		if err := r.cfg.Beside(c, others); err != nil {
			return c, err
		}
		return become(c, Sending, "It was approved, and goes to AWS.", now, now), nil
	})
}

// Withdraw takes a request back that the buyer has not answered. Withdrawing again changes nothing. The buyer may be faster:
// then AWS's word counts.
//
// Errors: fail.NotFound; fail.Invalid where no person is named; fail.Conflict for one that the buyer does not have.
func (r Requests[C]) Withdraw(ctx context.Context, id ID, by approval.Actor, why string) (C, error) {
	return Decide(ctx, r.Desk, id, by, func(c C, _ []C, now time.Time) (C, error) {
		switch l := c.Stands(); l.State {
		case Withdrawing, Withdrawn:
			return c, nil
		case Pending:
			a := c.Said()
			a.WithdrawnBy, a.WithdrawWhy = by, why
			return become(c.WithSaid(a), Withdrawing, "It is being withdrawn at AWS.", now, now), nil
		case Proposed:
			return c, fail.New(fail.Conflict, "not_sent", "AWS knows nothing of it yet; reject it.")
		case Sending, Validating:
			return c, fail.New(fail.Conflict, "not_sent", "It is on its way to AWS; withdraw it as soon as it is pending.")
		default:
			return c, fail.New(fail.Conflict, "not_pending", "The %s is %s; only one that waits for the buyer can be withdrawn.", r.cfg.Called, l.State)
		}
	})
}

// step is c after one step, of which nothing is kept yet.
func (r Requests[C]) step(ctx context.Context, c C) (C, error) {
	switch s := c.Stands().State; {
	case s == Sending:
		return r.send(ctx, c)
	case s == Pending, s == Validating:
		return r.poll(ctx, c)
	case s == Withdrawing:
		return r.withdraw(ctx, c)
	case r.cfg.Step != nil:
		return r.cfg.Step(ctx, c)
	default:
		return c, fmt.Errorf("it is %s, and nothing is due", s)
	}
}

// send asks AWS to ask the buyer, for the first time or again: the client token makes it one request.
func (r Requests[C]) send(ctx context.Context, c C) (C, error) {
	seen, err := r.cfg.Buyers.Ask(ctx, c)
	if Refused(err) {
		// It may be refused because an earlier sending of it arrived, whose answer was lost.
		refused, ok := err, false
		if seen, ok, err = r.cfg.Buyers.Find(ctx, c); err == nil && !ok {
			return become(c, Failed, fail.SayOf(refused), r.cfg.Clock.Now(), time.Time{}), nil
		}
	}
	if err != nil {
		return Unanswered(c, err, r.cfg.Clock.Now())
	}
	return take(c, seen, r.cfg.Clock.Now()), nil
}

// poll asks what became of a request that AWS has. Only AWS's word on it ends it.
func (r Requests[C]) poll(ctx context.Context, c C) (C, error) {
	seen, err := r.cfg.Buyers.Look(ctx, c)
	if err != nil {
		return Unanswered(c, err, r.cfg.Clock.Now())
	}
	return take(c, seen, r.cfg.Clock.Now()), nil
}

// withdraw takes a request back, and asks what became of it: the buyer, or an earlier withdrawal whose answer was lost, may
// have been faster.
func (r Requests[C]) withdraw(ctx context.Context, c C) (C, error) {
	refused := r.cfg.Buyers.TakeBack(ctx, c)
	if refused != nil && !Refused(refused) {
		return Unanswered(c, refused, r.cfg.Clock.Now())
	}
	seen, err := r.cfg.Buyers.Look(ctx, c)
	now := r.cfg.Clock.Now()
	switch {
	case err != nil:
		return Unanswered(c, err, now)
	case seen.Status == PendingApproval && refused == nil:
		return c.With(c.Stands().Again("AWS took the withdrawal, and still says that the buyer decides.", now)), nil
	case seen.Status == PendingApproval:
		return become(c, Pending, "AWS does not withdraw it: "+fail.SayOf(refused), now, now.Add(FirstPoll)), nil
	}
	return take(c, seen, now), nil
}

// take is c as AWS says that it stands.
func take[C Request[C]](c C, seen Seen, now time.Time) C {
	l, a := c.Stands(), c.Said()
	if l.State == Sending { // it is at AWS from here on, whatever else AWS says
		l.Since = now
	}
	made := seen.CreatedAt
	if made.IsZero() {
		made = l.DecidedAt
	}
	l.AWSID, a.RespondBy = seen.ID, c.SilentUntil(made)
	if seen.Status != PendingApproval && seen.Status != Checking {
		l.SettledAt = seen.UpdatedAt
	}
	c = c.With(l).WithSaid(a)
	said := strings.TrimSpace(seen.Message)
	or := func(otherwise string) string {
		if said == "" {
			return otherwise
		}
		return said
	}
	switch seen.Status {
	case Checking:
		return become(c, Validating, "AWS has it, and checks it before the buyer is asked.", now, l.NextPoll(now))
	case PendingApproval:
		why := "The buyer was asked, and decides; silence changes nothing."
		if !a.RespondBy.IsZero() {
			why = fmt.Sprintf("The buyer was asked, and has until %s; silence counts as a yes.", a.RespondBy.UTC().Format(time.RFC3339))
		}
		return become(c, Pending, why, now, l.NextPoll(now))
	case Approved:
		return c.Agreed(seen, !a.RespondBy.IsZero() && !seen.UpdatedAt.Before(a.RespondBy), now)
	case Refusal:
		return become(c, Denied, or("The buyer did not agree, and gave no reason."), now, time.Time{})
	case TakenBack:
		return become(c, Withdrawn, or("It was withdrawn."), now, time.Time{})
	case ValidationFailed:
		return become(c, Failed, or("AWS found that it cannot be, and gave no reason."), now, time.Time{})
	}
	return c.With(l.Again(fmt.Sprintf("AWS says %.40q of it, which is not known here.", seen.Status), now))
}

// become is c in another state from now on, looked at again at due.
func become[C Proposal[C]](c C, s State, why string, now, due time.Time) C {
	return c.With(c.Stands().Become(s, why, now, due))
}
