package correction

import (
	"context"
	"fmt"
	"log/slog"
	"time"
	"unicode/utf8"

	"souk.dev/souk/internal/fail"
)

// maxSaid is the longest name of a person, and the longest reason of theirs, in bytes.
const maxSaid = 500

// Approve lets a proposal's request go to AWS. Approving again changes nothing.
//
// Errors: fail.NotFound; fail.Invalid where no person is named; fail.Conflict while the request is not worked out, and for
// a correction that was rejected or has failed.
func (s *Service) Approve(ctx context.Context, id ID, by Actor) (Correction, error) {
	return s.decide(ctx, id, by, func(c Correction, now time.Time) (Correction, error) {
		switch {
		case c.Kind != OverBilled || c.State == Rejected || c.State == Failed:
			return c, fail.New(fail.Conflict, "not_proposed", "The correction is %s, and nothing is to be approved; propose another.", c.State)
		case c.State != Proposed:
			return c, nil
		case c.Request == nil:
			return c, fail.New(fail.Conflict, "not_ready", "There is nothing to approve yet. %s", c.Why)
		}
		return c.become(Approved, "It was approved, and goes to AWS.", now, now), nil
	})
}

// Reject ends a proposal without AWS. Rejecting again changes nothing.
//
// Errors: fail.NotFound; fail.Invalid where no person is named; fail.Conflict for one that is not a proposal any more.
func (s *Service) Reject(ctx context.Context, id ID, by Actor, why string) (Correction, error) {
	if len(why) > maxSaid || !utf8.ValidString(why) {
		return Correction{}, fail.New(fail.Invalid, "why", "A reason may have at most %d bytes.", maxSaid)
	}
	return s.decide(ctx, id, by, func(c Correction, now time.Time) (Correction, error) {
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

// decide does what a person decided. The job may change a proposal meanwhile; then it is looked at again.
func (s *Service) decide(ctx context.Context, id ID, by Actor, decision func(Correction, time.Time) (Correction, error)) (Correction, error) {
	if by.Person == "" || len(by.Person) > maxSaid || !utf8.ValidString(by.Person) {
		return Correction{}, fail.New(fail.Invalid, "by", "Name the person who decides, in at most %d bytes.", maxSaid)
	}
	for tries := 0; ; tries++ {
		c, err := s.cfg.Store.Correction(ctx, id)
		if err != nil {
			return c, err
		}
		now := s.cfg.Clock.Now()
		next, err := decision(c, now)
		if err != nil || next.State == c.State {
			return c, err
		}
		next.DecidedBy, next.DecidedAt = by, now
		err = s.cfg.Store.ChangeCorrection(ctx, next)
		switch {
		case fail.Is(err, fail.Conflict) && tries < 3:
			continue
		case err != nil:
			return c, fmt.Errorf("keep a decision on %s: %w", id, err)
		}
		s.cfg.Log.LogAttrs(ctx, slog.LevelInfo, "correction decided", slog.String("correction", string(id)), slog.String("state", string(next.State)),
			slog.String("key", by.Key))
		s.cfg.Wake()
		next.Revision++
		return next, nil
	}
}
