package account

import (
	"context"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
)

// HasFactor reports whether an account has a second factor: then its password is not enough, and [Service.ProveFactor] lets its
// owner in.
func (s *Service) HasFactor(ctx context.Context, id core.AccountID) (bool, error) {
	return s.factors.Has(ctx, string(id))
}

// AddFactor gives an account, whose owner has shown by a code that their program knows secret, a second factor, and returns its
// recovery codes: they are shown once.
//
// Errors: fail.Invalid for a code that is none of secret's; fail.Conflict where there is a factor.
func (s *Service) AddFactor(ctx context.Context, id core.AccountID, secret, code string) (recovery []string, err error) {
	recovery, err = s.factors.Add(ctx, string(id), secret, code)
	if err == nil {
		s.log.InfoContext(ctx, "second factor added", "account", id)
	}
	return recovery, err
}

// RemoveFactor takes an account's second factor away. One that is not there is no error.
func (s *Service) RemoveFactor(ctx context.Context, id core.AccountID) error {
	if err := s.store.ForgetFactor(ctx, string(id)); err != nil {
		return err
	}
	s.log.InfoContext(ctx, "second factor removed", "account", id)
	return nil
}

// ProveFactor ends a sign-in that a password has begun: code is what the owner's program shows, or a recovery code.
//
// Errors: fail.Denied for one that is wrong or was used; fail.TooMuch after too many attempts.
func (s *Service) ProveFactor(ctx context.Context, id core.AccountID, code, address string) (Account, error) {
	try, err := s.codeBrakes.Try(ctx, string(id), address)
	if err != nil {
		return Account{}, err
	}
	how, err := s.factors.Prove(ctx, string(id), code)
	if fail.Is(err, fail.NotFound) { // taken away since the password was given
		return Account{}, credential.SignedOut()
	}
	if err != nil {
		s.log.InfoContext(ctx, "sign-in refused: wrong code", "account", id)
		return Account{}, err
	}
	if how.ByRecovery {
		s.log.InfoContext(ctx, "a recovery code was used", "account", id, "left", how.Left)
	}
	a, err := s.store.Account(ctx, id)
	if err != nil {
		return Account{}, err
	}
	return a, s.codeBrakes.Forgive(ctx, try)
}
