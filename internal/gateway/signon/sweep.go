package signon

import (
	"context"
	"time"

	"souk.dev/souk/internal/job"
)

// sweepBatch bounds one run of the sweep, in sign-ons.
const sweepBatch = 500

// Sweep is the job that forgets sign-ons that have come to their end without their session. They are refused whether swept or
// not, so it runs on the hour.
func (s *Service) Sweep() job.Job {
	return job.Job{Name: "forget expired sign-ons", Due: s.sweepDue, Run: s.sweep}
}

func (s *Service) sweepDue(ctx context.Context) (time.Time, bool, error) {
	at, ok, err := s.Store.NextSignOnEnd(ctx)
	return at.Truncate(time.Hour).Add(time.Hour), ok, err
}

func (s *Service) sweep(ctx context.Context) (did bool, err error) {
	n, err := s.Store.DeleteEndedSignOns(ctx, s.Clock.Now(), sweepBatch)
	return n > 0, err
}
