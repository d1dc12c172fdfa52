package correction

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/outbox"
)

// Approve lets a proposal's request go to AWS. Approving again changes nothing, at whatever instant. besides are the other
// corrections that the person knows of, and that are for other mistakes.
//
// Errors: fail.NotFound; fail.Invalid where no person is named; fail.Conflict for one's own proposal, while the request is not worked out, for a
// correction that was rejected or has failed, for one that would give back more than AWS honoured or than the invoice
// has, and for one that may put the same mistake right as another that was approved and that besides does not name.
func (s *Service) Approve(ctx context.Context, id ID, by approval.Actor, besides []ID) (Correction, error) {
	if len(besides) > maxBesides {
		return Correction{}, fail.New(fail.Invalid, "besides", "A correction may name at most %d others.", maxBesides)
	}
	c, err := s.cfg.Store.Correction(ctx, id)
	if err != nil {
		return c, err
	}
	bill, err := s.billed(ctx, c)
	if err != nil {
		return c, err
	}
	return s.decide(ctx, id, by, func(c Correction, others []Correction, now time.Time) (Correction, error) {
		if err := s.cfg.Approval.Approves(by, c.AskedBy); err != nil {
			return c, err
		}
		switch {
		case c.Kind != OverBilled || c.State == Rejected || c.State == Failed:
			return c, fail.New(fail.Conflict, "not_proposed", "The correction is %s, and nothing is to be approved; propose another.", c.State)
		case c.State != Proposed:
			return c, nil
		case c.Request == nil:
			return c, fail.New(fail.Conflict, "not_ready", "There is nothing to approve yet. %s", c.Why)
		}
		for _, err := range []error{c.within(bill, c.first(others)), c.unnamed(others, besides), c.fits(others)} {
			if err != nil {
				return c, err
			}
		}
		c.Besides = besides
		return c.become(Approved, "It was approved, and goes to AWS.", now, now), nil
	})
}

// Reject ends a proposal without AWS. Rejecting again changes nothing.
//
// Errors: fail.NotFound; fail.Invalid where no person is named; fail.Conflict for one that is not a proposal any more.
func (s *Service) Reject(ctx context.Context, id ID, by approval.Actor, why string) (Correction, error) {
	if err := approval.Why(why); err != nil {
		return Correction{}, err
	}
	return s.decide(ctx, id, by, func(c Correction, _ []Correction, now time.Time) (Correction, error) {
		switch c.State {
		case Rejected:
			return c, nil
		case Proposed:
			if why == "" {
				why = "It was rejected, without a reason."
			}
			return c.become(Rejected, why, now, time.Time{}), nil
		}
		return c, fail.New(fail.Conflict, "not_proposed", "The correction is %s; only a proposal can be rejected.", c.State)
	})
}

// decide does what a person decided, in sight of the others.
func (s *Service) decide(ctx context.Context, id ID, by approval.Actor, decision func(c Correction, others []Correction, now time.Time) (Correction, error)) (Correction, error) {
	if err := by.Decides(); err != nil {
		return Correction{}, err
	}
	now, decided := s.cfg.Clock.Now(), false
	c, err := s.cfg.Store.DecideCorrection(ctx, id, func(c Correction, others []Correction) (Correction, []outbox.Event, error) {
		next, err := decision(c, others, now)
		if decided = err == nil && next.State != c.State; decided {
			next.DecidedBy, next.DecidedAt = by, now
		}
		return next, tidings(c, next, now), err // of one that keeps its state nothing is told
	})
	if err != nil {
		return c, fmt.Errorf("keep a decision on %s: %w", id, err)
	}
	if decided {
		s.cfg.Log.LogAttrs(ctx, slog.LevelInfo, "correction decided", slog.String("correction", string(id)), slog.String("state", string(c.State)),
			slog.String("key", by.Key))
		s.cfg.Wake()
	}
	return c, nil
}
