package operator

import (
	"context"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/credential"
)

// AddFactor gives p, who has shown by a code that their program knows secret, a second factor, and returns its recovery codes:
// they are shown once.
//
// Errors: fail.Invalid for a code that is none of secret's; fail.Conflict where there is a factor, or a provider vouches for p.
func (s *Service) AddFactor(ctx context.Context, by audit.Actor, p Person, secret, code string) (recovery []string, err error) {
	if _, err := s.own(ctx, p.ID); err != nil {
		return nil, err
	}
	err = s.audit.Do(ctx, by, audit.FactorAdded, string(p.ID), p.Email, func() (err error) {
		recovery, err = s.factors.Add(ctx, string(p.ID), secret, code)
		return err
	})
	return recovery, err
}

// RemoveFactor takes an operator's second factor away: because its owner, who has given the password once more, does not want it
// any more, or because an admin helps somebody whose telephone is gone. One that is not there is no error. Errors: fail.NotFound.
func (s *Service) RemoveFactor(ctx context.Context, by audit.Actor, id ID) error {
	p, err := s.store.Operator(ctx, id)
	if err != nil {
		return err
	}
	return s.audit.Do(ctx, by, audit.FactorRemoved, string(id), p.Email, func() error { return s.store.ForgetFactor(ctx, string(id)) })
}

// ProveFactor ends a sign-in that a password has begun: code is what the operator's program shows, or a recovery code.
//
// Errors: fail.Denied for one that is wrong or was used; fail.TooMuch after too many attempts.
func (s *Service) ProveFactor(ctx context.Context, id ID, code, address string) (Person, error) {
	try, err := s.codeBrakes.Try(ctx, string(id), address)
	if err != nil {
		return Person{}, err
	}
	p, err := s.store.Operator(ctx, id)
	if err != nil && !fail.Is(err, fail.NotFound) {
		return Person{}, err
	}
	if err != nil || !s.ways.opens(p) || !p.SecondFactor { // taken away since the password was given
		return Person{}, credential.SignedOut()
	}
	how, err := s.factors.Prove(ctx, string(id), code)
	if err != nil {
		s.log.InfoContext(ctx, "console sign-in refused: wrong code", "operator", id)
		return Person{}, err
	}
	if how.ByRecovery {
		s.log.WarnContext(ctx, "a recovery code was used", "operator", id, "left", how.Left)
		if err := s.audit.Note(ctx, p.Actor(address), audit.RecoveryUsed, string(id), ""); err != nil {
			return Person{}, err
		}
	}
	return p, s.codeBrakes.Forgive(ctx, try)
}

// MustAddFactor reports whether p may do nothing before they have added a second factor.
func (s *Service) MustAddFactor(p Person) bool {
	return s.ways.SecondFactor && !p.Vouched() && !p.SecondFactor
}
