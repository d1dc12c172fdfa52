package register

import (
	"context"
	"fmt"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/outbox"
)

// MakeReady notes that the seller's people have made the account of a registration ready, which its owner is then told, as soon
// as the licence gives access. Again changes nothing.
//
// Errors: fail.NotFound; fail.Conflict with code [NotSettingUp] where there is no account yet, or nothing is done by hand.
func (s *Service) MakeReady(ctx context.Context, id ID) (Registration, error) {
	reg, err := s.store.Registration(ctx, id)
	if err != nil {
		return Registration{}, fmt.Errorf("make registration %s ready: %w", id, err)
	}
	switch {
	case reg.Account == "":
		return Registration{}, fail.New(fail.Conflict, NotSettingUp, "The buyer has not made or chosen an account yet.")
	case reg.DueAt.IsZero():
		return Registration{}, fail.New(fail.Conflict, NotSettingUp, "The accounts of this product were ready at once when the buyer registered; nobody is to set them up.")
	}
	if reg.SettingUp() {
		now := s.clk.Now()
		done := reg
		done.ReadyAt = now
		if reg, err = s.store.Ready(ctx, id, now, tidings(outbox.RegistrationCompleted, done, now)); err != nil {
			return Registration{}, fmt.Errorf("make registration %s ready: %w", id, err)
		}
		s.log.InfoContext(ctx, "account made ready", "registration", id, "license", reg.License, "account", reg.Account)
	}
	if reg.AttachedAt.IsZero() {
		// It is ready. Should the next step fail, the job does it.
		if err := s.attach(ctx, reg); err != nil {
			s.log.ErrorContext(ctx, "made ready, and the licence not told yet", "registration", id, "err", err)
		}
	}
	return reg, nil
}
