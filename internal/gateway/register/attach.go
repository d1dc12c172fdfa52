package register

import (
	"context"
	"fmt"
	"time"

	"souk.dev/souk/internal/job"
)

// attachBatch bounds one run of the job, in registrations.
const attachBatch = 50

// Attach is the job that tells licences of accounts that have claimed them, and that were made ready. [Service.Claim] and
// [Service.MakeReady] do so themselves; this is for those whose process died, or whose database was away, between the two.
func (s *Service) Attach() job.Job {
	return job.Job{Name: "attach accounts to licences", Due: s.attachDue, Run: s.attachSome}
}

func (s *Service) attachDue(ctx context.Context) (time.Time, bool, error) {
	left, err := s.store.Unattached(ctx, 1)
	if err != nil || len(left) == 0 {
		return time.Time{}, false, err
	}
	return left[0].ClaimedAt, true, nil
}

func (s *Service) attachSome(ctx context.Context) (did bool, err error) {
	left, err := s.store.Unattached(ctx, attachBatch)
	if err != nil {
		return false, err
	}
	for _, reg := range left {
		if err := s.attach(ctx, reg); err != nil {
			return did, err
		}
		did = true
	}
	return did, nil
}

func (s *Service) attach(ctx context.Context, reg Registration) error {
	if err := s.book.AttachAccount(ctx, reg.License, reg.Account, reg.SettingUp()); err != nil {
		return fmt.Errorf("attach account %s to licence %s: %w", reg.Account, reg.License, err)
	}
	first, err := s.store.Attached(ctx, reg, s.clk.Now())
	if err != nil {
		return fmt.Errorf("note that registration %s is attached: %w", reg.ID, err)
	}
	if first { // the job and the claim itself may both have been at it
		s.log.InfoContext(ctx, "licence attached", "registration", reg.ID, "license", reg.License, "account", reg.Account, "setting_up", reg.SettingUp())
	}
	return nil
}
