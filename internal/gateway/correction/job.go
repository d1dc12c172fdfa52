package correction

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/gateway/usage"
)

// step is c after one step, of which nothing is kept yet.
func (s *Service) step(ctx context.Context, c Correction) (Correction, error) {
	switch now := s.cfg.Clock.Now(); c.State {
	case Proposed:
		return s.compose(ctx, c)
	case Approved:
		if c.Kind == UnderBilled {
			return s.add(ctx, c)
		}
		// Kept before anything is sent: from here on AWS may have it.
		c = c.become(Sending, "It is being sent to AWS.", now, now)
		c.SentAt = now
		return c, nil
	case Sending:
		return s.send(ctx, c)
	case Pending:
		return s.poll(ctx, c)
	}
	return c, fmt.Errorf("it is %s, and nothing is due", c.State)
}

// send asks AWS for the adjustment, for the first time or again: the client token makes it one.
func (s *Service) send(ctx context.Context, c Correction) (Correction, error) {
	id, err := s.cfg.AWS.Adjust(ctx, *c.Request)
	if proposal.Refused(err) {
		// It may be refused because an earlier sending of it arrived, whose answer was lost.
		refused := err
		if id, err = s.cfg.AWS.Find(ctx, *c.Request, c.SentAt.Add(-skew)); err == nil && id == "" {
			err = refused
		}
	}
	now := s.cfg.Clock.Now()
	if err != nil {
		return c.after(err, now)
	}
	c.AWSID = id
	return c.become(Pending, "AWS has taken it, and decides.", now, now.Add(proposal.FirstPoll)), nil
}

// after is c after AWS did not do, or tell, what it was asked: c fails where AWS refused, and is looked at again otherwise.
func (c Correction) after(err error, now time.Time) (Correction, error) {
	if proposal.Refused(err) {
		return c.become(Failed, fail.SayOf(err), now, time.Time{}), nil
	}
	return proposal.Unanswered(c, err, now)
}

// skew is how far AWS's clock and ours may be apart.
const skew = 10 * time.Minute

func (s *Service) poll(ctx context.Context, c Correction) (Correction, error) {
	v, err := s.cfg.AWS.Adjustment(ctx, c.Request.AgreementID, c.AWSID)
	now := s.cfg.Clock.Now()
	switch {
	case err != nil: // AWS has it: only AWS's word on it ends it
		return proposal.Unanswered(c, err, now)
	case !v.Done:
		return c.become(Pending, "AWS has taken it, and decides.", now, c.NextPoll(now)), nil
	}
	if c.SettledAt = v.At; v.Given {
		return c.become(Completed, fmt.Sprintf("AWS gave back %s %s of the invoice %s.", c.Request.Amount, c.Request.CurrencyCode, c.Request.InvoiceID), now, time.Time{}), nil
	}
	why := strings.TrimSpace(v.Message)
	if why == "" {
		why = "AWS could not make the adjustment, and gave no reason."
	}
	return c.become(Failed, why, now, time.Time{}), nil
}

// reasonTag is the tag of an added event that says why it was added.
const reasonTag = "souk.reason"

// add reports what was missing, for the hour that is open now. The event is the same whenever it is sent: the intake
// knows it again.
func (s *Service) add(ctx context.Context, c Correction) (Correction, error) {
	tags := map[string]string{reasonTag: c.Reason}
	maps.Copy(tags, c.Tags)
	e := usage.Event{Source: Source, ID: string(c.ID), License: usage.Ref{Name: string(c.License)}, Dimension: c.Dimension, Quantity: c.Quantity, Time: c.CreatedAt, Tags: tags}
	res, err := s.cfg.Usage.Accept(ctx, Source, []usage.Event{e})
	now := s.cfg.Clock.Now()
	switch {
	case fail.Is(err, fail.TooMuch), fail.Is(err, fail.Later):
		return c.With(c.Again(fail.SayOf(err), now)), nil
	case err != nil:
		return c, err
	case len(res.Rejected) > 0:
		return c.become(Failed, res.Rejected[0].Message, now, time.Time{}), nil
	}
	entry, found, err := s.cfg.Usage.Find(ctx, Source, string(c.ID), c.License, core.HourOf(c.CreatedAt))
	switch {
	case err != nil:
		return c, err
	case !found:
		return c, errors.New("its event was accepted and is not in the log")
	case entry.Unbillable != "":
		return c.become(Failed, "It was counted, but AWS bills no such usage of the license any more ("+entry.Unbillable+").", now, time.Time{}), nil
	}
	c.Hour = entry.Hour
	return c.become(Completed, "It was added to the usage of the hour "+entry.Hour.String()+".", now, time.Time{}), nil
}
