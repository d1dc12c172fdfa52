package cancellation

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/job"
)

// JobName is the name of the job of cancellation requests.
const JobName = "cancellations"

// While the buyer decides, and until AWS has ended the agreement: doubled each time, up to the last.
const (
	firstPoll = time.Minute
	lastPoll  = time.Hour
)

// Job sends what was approved, asks what became of it, and withdraws.
func (s *Service) Job() job.Job { return job.Job{Name: JobName, Due: s.due, Run: s.run} }

func (s *Service) due(ctx context.Context) (time.Time, bool, error) {
	if s.heard.Load() {
		return s.cfg.Clock.Now(), true, nil
	}
	c, ok, err := s.cfg.Store.DueCancellation(ctx)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("find the next cancellation request: %w", err)
	}
	return c.DueAt, ok, nil
}

// run takes the request that is due first one step further.
func (s *Service) run(ctx context.Context) (did bool, err error) {
	now := s.cfg.Clock.Now()
	if s.heard.Swap(false) {
		if err := s.cfg.Store.HastenCancellations(ctx, now); err != nil {
			s.heard.Store(true)
			return false, fmt.Errorf("hasten cancellation requests: %w", err)
		}
		return true, nil
	}
	c, ok, err := s.cfg.Store.DueCancellation(ctx)
	if err != nil || !ok || c.DueAt.After(now) {
		return false, err
	}
	next, err := s.step(ctx, c)
	if err != nil {
		return false, fmt.Errorf("cancellation request %s: %w", c.ID, err)
	}
	if err := s.cfg.Store.ChangeCancellation(ctx, next, tidings(c, next, s.cfg.Clock.Now())...); err != nil {
		if fail.Is(err, fail.Conflict) {
			return true, nil // somebody decided on it meanwhile; whatever AWS said is asked again
		}
		return false, fmt.Errorf("keep cancellation request %s: %w", c.ID, err)
	}
	s.tell(ctx, c, next)
	return true, nil
}

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

// refusal reports whether err says that AWS will not do what it was asked.
func refusal(err error) bool {
	return fail.Is(err, fail.Invalid) || fail.Is(err, fail.NotFound) || fail.Is(err, fail.Conflict)
}

// unanswered is c after AWS could not be asked: as it was, and looked at again. An error of our own is given back.
func (s *Service) unanswered(c Cancellation, err error) (Cancellation, error) {
	if fail.Is(err, fail.Internal) {
		return c, err
	}
	return c.again(fail.SayOf(err), s.cfg.Clock.Now()), nil
}

// send asks AWS to ask the buyer, for the first time or again: the client token makes it one request.
func (s *Service) send(ctx context.Context, c Cancellation) (Cancellation, error) {
	seen, err := s.cfg.AWS.RequestCancellation(ctx, c.Request())
	if refusal(err) {
		// It may be refused because an earlier sending of it arrived, whose answer was lost.
		refused, ok := err, false
		if seen, ok, err = s.cfg.AWS.FindCancellation(ctx, c.Request()); err == nil && !ok {
			return c.become(Failed, fail.SayOf(refused), s.cfg.Clock.Now(), time.Time{}), nil
		}
	}
	if err != nil {
		return s.unanswered(c, err)
	}
	return c.take(seen, s.cfg.Clock.Now()), nil
}

// poll asks what became of a request that the buyer has. Only AWS's word on it ends it.
func (s *Service) poll(ctx context.Context, c Cancellation) (Cancellation, error) {
	seen, err := s.cfg.AWS.Cancellation(ctx, c.Agreement, c.AWSID)
	if err != nil {
		return s.unanswered(c, err)
	}
	return c.take(seen, s.cfg.Clock.Now()), nil
}

// withdraw takes a request back, and asks what became of it: the buyer, or an earlier withdrawal whose answer was lost, may
// have been faster.
func (s *Service) withdraw(ctx context.Context, c Cancellation) (Cancellation, error) {
	refused := s.cfg.AWS.WithdrawCancellation(ctx, c.Agreement, c.AWSID, c.WithdrawWhy)
	if refused != nil && !refusal(refused) {
		return s.unanswered(c, refused)
	}
	seen, err := s.cfg.AWS.Cancellation(ctx, c.Agreement, c.AWSID)
	now := s.cfg.Clock.Now()
	switch {
	case err != nil:
		return s.unanswered(c, err)
	case seen.Status == PendingApproval && refused == nil:
		return c.again("AWS took the withdrawal, and still says that the buyer decides.", now), nil
	case seen.Status == PendingApproval:
		return c.become(Pending, "AWS does not withdraw it: "+fail.SayOf(refused), now, now.Add(firstPoll)), nil
	}
	return c.take(seen, now), nil
}

// follow waits for AWS to end the agreement whose end was agreed.
func (s *Service) follow(ctx context.Context, c Cancellation) (Cancellation, error) {
	a, err := s.cfg.AWS.Describe(ctx, c.Agreement)
	now := s.cfg.Clock.Now()
	switch {
	case err != nil:
		return s.unanswered(c, err)
	case a.Status == agreement.Active:
		return c.become(Agreed, c.Why, now, c.nextPoll(now)), nil
	}
	return c.become(Completed, fmt.Sprintf("AWS has ended the agreement (%s). Usage of its last hour is still billed; nothing is given back by itself.", a.Status), now, time.Time{}), nil
}

// nextPoll is when AWS is asked again about c, which has stood where it is since c.Since.
func (c Cancellation) nextPoll(now time.Time) time.Time {
	return now.Add(min(max(now.Sub(c.Since), firstPoll), lastPoll))
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
		return c.become(Pending, fmt.Sprintf("The buyer was asked, and has until %s; silence counts as a yes.", c.RespondBy.UTC().Format(time.RFC3339)), now, c.nextPoll(now))
	case Approved:
		why := "The buyer agreed; AWS ends the agreement."
		if !seen.UpdatedAt.Before(c.RespondBy) {
			why = "The buyer did not answer for seven days, which counts as a yes; AWS ends the agreement."
		}
		return c.become(Agreed, why, now, now.Add(firstPoll))
	case Refused:
		return c.become(Denied, or("The buyer did not agree, and gave no reason."), now, time.Time{})
	case TakenBack:
		return c.become(Withdrawn, or("It was withdrawn."), now, time.Time{})
	case ValidationFailed:
		return c.become(Failed, or("AWS found that it cannot be, and gave no reason."), now, time.Time{})
	}
	return c.again(fmt.Sprintf("AWS says %.40q of it, which is not known here.", seen.Status), now)
}

// tell logs what became of a request.
func (s *Service) tell(ctx context.Context, before, after Cancellation) {
	level := slog.LevelInfo
	switch {
	case after.State == Failed, after.Tries > 0:
		level = slog.LevelWarn
	case after.State == before.State:
		return
	}
	s.cfg.Log.LogAttrs(ctx, level, "cancellation request", slog.String("cancellation", string(after.ID)), slog.String("license", string(after.License)),
		slog.String("state", string(after.State)), slog.Int("failures", after.Tries))
}
