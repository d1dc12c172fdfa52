package account

import (
	"context"
	"time"

	"souk.dev/souk/internal/job"
)

// sweepBatch bounds one run of the sweep, in rows of each kind.
const sweepBatch = 500

// Sweep is the job that forgets what has expired. Expired things are refused whether swept or not, so it can take its
// time: it runs on the hour.
func (s *Service) Sweep() job.Job {
	return job.Job{Name: "forget expired sign-ins", Due: s.sweepDue, Run: s.sweep}
}

func (s *Service) sweepDue(ctx context.Context) (time.Time, bool, error) {
	at, ok, err := s.store.NextExpiry(ctx)
	return at.Truncate(time.Hour).Add(time.Hour), ok, err
}

func (s *Service) sweep(ctx context.Context) (did bool, err error) {
	n, err := s.store.DeleteExpired(ctx, s.clk.Now(), sweepBatch)
	return n > 0, err
}
