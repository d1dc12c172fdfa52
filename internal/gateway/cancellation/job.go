package cancellation

import (
	"context"
	"fmt"
	"time"

	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/proposal"
)

// step is c after one step that only this kind has, of which nothing is kept yet.
func (s *Service) step(ctx context.Context, c Cancellation) (Cancellation, error) {
	if c.State != Agreed {
		return c, fmt.Errorf("it is %s, and nothing is due", c.State)
	}
	return s.follow(ctx, c)
}

// follow waits for AWS to end the agreement whose end was agreed.
func (s *Service) follow(ctx context.Context, c Cancellation) (Cancellation, error) {
	a, err := s.cfg.AWS.Describe(ctx, c.Agreement)
	now := s.cfg.Clock.Now()
	switch {
	case err != nil:
		return proposal.Unanswered(c, err, now)
	case a.Status == agreement.Active:
		return c.become(Agreed, c.Why, now, c.NextPoll(now)), nil
	}
	return c.become(Completed, fmt.Sprintf("AWS has ended the agreement (%s). Usage of its last hour is still billed; nothing is given back by itself.", a.Status), now, time.Time{}), nil
}
