package account

import (
	"context"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/outbox"
)

// HasFactor reports whether a person has a second factor: then their password is not enough, and [Service.ProveFactor] lets
// them in.
func (s *Service) HasFactor(ctx context.Context, id core.PersonID) (bool, error) {
	return s.factors.Has(ctx, string(id))
}

// AddFactor gives a person, who has shown by a code that their program knows secret, a second factor, and returns its
// recovery codes: they are shown once.
//
// Errors: fail.Invalid for a code that is none of secret's; fail.Conflict where there is a factor.
func (s *Service) AddFactor(ctx context.Context, id core.PersonID, secret, code string) (recovery []string, err error) {
	recovery, err = s.factors.Add(ctx, string(id), secret, code, s.personTold(outbox.FactorAdded, id))
	if err == nil {
		s.log.InfoContext(ctx, "second factor added", "person", id)
	}
	return recovery, err
}

// RemoveFactor takes a person's second factor away. One that is not there is no error.
func (s *Service) RemoveFactor(ctx context.Context, id core.PersonID) error {
	if err := s.store.ForgetFactor(ctx, string(id), s.personTold(outbox.FactorRemoved, id)); err != nil {
		return err
	}
	s.log.InfoContext(ctx, "second factor removed", "person", id)
	return nil
}

// ProveFactor ends a sign-in that a password has begun: code is what their program shows, or a recovery code.
//
// Errors: fail.Denied for one that is wrong or was used; fail.TooMuch after too many attempts.
func (s *Service) ProveFactor(ctx context.Context, id core.PersonID, code, address string) (Who, error) {
	err := s.proveCode(ctx, id, code, address)
	if fail.Is(err, fail.NotFound) { // taken away since the password was given
		return Who{}, credential.SignedOut()
	}
	if err != nil {
		return Who{}, err
	}
	return s.seat(ctx, id, "")
}

// proveCode uses a code up. Errors: fail.Denied, fail.TooMuch; fail.NotFound where there is no second factor.
func (s *Service) proveCode(ctx context.Context, id core.PersonID, code, address string) error {
	try, err := s.codeBrakes.Try(ctx, string(id), address)
	if err != nil {
		return err
	}
	how, err := s.factors.Prove(ctx, string(id), code)
	if fail.Is(err, fail.Denied) {
		s.log.InfoContext(ctx, "sign-in refused: wrong code", "person", id)
	}
	if err != nil {
		return err
	}
	if how.ByRecovery {
		s.log.InfoContext(ctx, "a recovery code was used", "person", id, "left", how.Left)
	}
	return s.codeBrakes.Forgive(ctx, try)
}
