package correction

import (
	"context"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/proposal"
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
	c, err := s.cfg.Store.Find(ctx, id)
	if err != nil {
		return c, err
	}
	bill, err := s.billed(ctx, c)
	if err != nil {
		return c, err
	}
	return proposal.Approve(ctx, s.Desk, id, by, func(c Correction, others []Correction, now time.Time) (Correction, error) {
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
