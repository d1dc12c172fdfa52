package api

import (
	"context"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/job"
)

// ForgetAnswers is the job that, once an hour, removes answers kept for Idempotency-Key that have outlived their time.
// Claim looks at the time itself, so that nothing depends on when this runs.
func ForgetAnswers(done AnswerStore, clk clock.Clock) job.Job {
	var next time.Time // of this process: a restart looks at once
	return job.Job{
		Name: "answers",
		Due:  func(context.Context) (time.Time, bool, error) { return next, true, nil },
		Run: func(ctx context.Context) (bool, error) {
			now := clk.Now()
			if _, err := done.Forget(ctx, now); err != nil {
				return false, err
			}
			next = now.Truncate(time.Hour).Add(time.Hour)
			return true, nil
		},
	}
}
