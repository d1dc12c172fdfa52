package cancellation

import (
	"context"
	"fmt"
	"strings"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/proposal"
)

// step is c after one step, of which nothing is kept yet.
func (s *Service) step(ctx context.Context, c Cancellation) (Cancellation, error) {
	switch c.State {
	case Sending:
		return s.send(ctx, c)
	case Pending:
		return s.poll(ctx, c)
	case Withdrawing:
		return s.withdraw(ctx, c)
	case Agreed:
		return s.follow(ctx, c)
	}
	return c, fmt.Errorf("it is %s, and nothing is due", c.State)
}

// send asks AWS to ask the buyer, for the first time or again: the client token makes it one request.
func (s *Service) send(ctx context.Context, c Cancellation) (Cancellation, error) {
	seen, err := s.cfg.AWS.RequestCancellation(ctx, c.Request())
	if proposal.Refused(err) {
		// It may be refused because an earlier sending of it arrived, whose answer was lost.
		refused, ok := err, false
		if seen, ok, err = s.cfg.AWS.FindCancellation(ctx, c.Request()); err == nil && !ok {
			return c.become(Failed, fail.SayOf(refused), s.cfg.Clock.Now(), time.Time{}), nil
		}
	}
	if err != nil {
		return proposal.Unanswered(c, err, s.cfg.Clock.Now())
	}
	return c.take(seen, s.cfg.Clock.Now()), nil
}

// poll asks what became of a request that the buyer has. Only AWS's word on it ends it.
func (s *Service) poll(ctx context.Context, c Cancellation) (Cancellation, error) {
	seen, err := s.cfg.AWS.Cancellation(ctx, c.Agreement, c.AWSID)
	if err != nil {
		return proposal.Unanswered(c, err, s.cfg.Clock.Now())
	}
	return c.take(seen, s.cfg.Clock.Now()), nil
}

// withdraw takes a request back, and asks what became of it: the buyer, or an earlier withdrawal whose answer was lost, may
// have been faster.
func (s *Service) withdraw(ctx context.Context, c Cancellation) (Cancellation, error) {
	refused := s.cfg.AWS.WithdrawCancellation(ctx, c.Agreement, c.AWSID, c.WithdrawWhy)
	if refused != nil && !proposal.Refused(refused) {
		return proposal.Unanswered(c, refused, s.cfg.Clock.Now())
	}
	seen, err := s.cfg.AWS.Cancellation(ctx, c.Agreement, c.AWSID)
	now := s.cfg.Clock.Now()
	switch {
	case err != nil:
		return proposal.Unanswered(c, err, s.cfg.Clock.Now())
	case seen.Status == PendingApproval && refused == nil:
		return c.With(c.Again("AWS took the withdrawal, and still says that the buyer decides.", now)), nil
	case seen.Status == PendingApproval:
		return c.become(Pending, "AWS does not withdraw it: "+fail.SayOf(refused), now, now.Add(proposal.FirstPoll)), nil
	}
	return c.take(seen, now), nil
}

// follow waits for AWS to end the agreement whose end was agreed.
func (s *Service) follow(ctx context.Context, c Cancellation) (Cancellation, error) {
	a, err := s.cfg.AWS.Describe(ctx, c.Agreement)
	now := s.cfg.Clock.Now()
	switch {
	case err != nil:
		return proposal.Unanswered(c, err, s.cfg.Clock.Now())
	case a.Status == agreement.Active:
		return c.become(Agreed, c.Why, now, c.NextPoll(now)), nil
	}
	return c.become(Completed, fmt.Sprintf("AWS has ended the agreement (%s). Usage of its last hour is still billed; nothing is given back by itself.", a.Status), now, time.Time{}), nil
}

// take is c as AWS says that it stands.
func (c Cancellation) take(seen Seen, now time.Time) Cancellation {
	if c.State == Sending { // it is Pending from here on, whatever else AWS says
		c.Since = now
	}
	c.AWSID = seen.ID
	if c.RespondBy = seen.CreatedAt.Add(contract.CancellationSilence); seen.CreatedAt.IsZero() {
		c.RespondBy = c.DecidedAt.Add(contract.CancellationSilence)
	}
	if seen.Status != PendingApproval {
		c.SettledAt = seen.UpdatedAt
	}
	said := strings.TrimSpace(seen.Message)
	or := func(otherwise string) string {
		if said == "" {
			return otherwise
		}
		return said
	}
	switch seen.Status {
	case PendingApproval:
		return c.become(Pending, fmt.Sprintf("The buyer was asked, and has until %s; silence counts as a yes.", c.RespondBy.UTC().Format(time.RFC3339)), now, c.NextPoll(now))
	case Approved:
		why := "The buyer agreed; AWS ends the agreement."
		if !seen.UpdatedAt.Before(c.RespondBy) {
			why = "The buyer did not answer for seven days, which counts as a yes; AWS ends the agreement."
		}
		return c.become(Agreed, why, now, now.Add(proposal.FirstPoll))
	case Refused:
		return c.become(Denied, or("The buyer did not agree, and gave no reason."), now, time.Time{})
	case TakenBack:
		return c.become(Withdrawn, or("It was withdrawn."), now, time.Time{})
	case ValidationFailed:
		return c.become(Failed, or("AWS found that it cannot be, and gave no reason."), now, time.Time{})
	}
	return c.With(c.Again(fmt.Sprintf("AWS says %.40q of it, which is not known here.", seen.Status), now))
}
