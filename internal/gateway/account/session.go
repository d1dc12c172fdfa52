package account

import (
	"context"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
)

// Lives of a session, in business time.
const (
	SessionIdle = 24 * time.Hour      // unused for so long, it is over
	SessionLife = 14 * 24 * time.Hour // used or not
)

// StartSession signs a browser in and returns the secret that it is to hold, in place of old, the one that it held
// before, if any.
func (s *Service) StartSession(ctx context.Context, id core.AccountID, old string) (secret string, err error) {
	return s.sessions.Start(ctx, string(id), old)
}

// SignedIn finds whose session secret is. Errors: fail.Denied where it is nobody's, or over.
func (s *Service) SignedIn(ctx context.Context, secret string) (Account, error) {
	found, err := s.sessions.Find(ctx, secret, true)
	if err != nil {
		return Account{}, err
	}
	return s.owner(ctx, found)
}

// InSession finds the session that is kept under hash, without using it, and whose it is. Errors: fail.Denied where there is none,
// or it is over.
func (s *Service) InSession(ctx context.Context, hash string) (Account, credential.Session, error) {
	found, err := s.sessions.Kept(ctx, hash)
	if err != nil {
		return Account{}, credential.Session{}, err
	}
	a, err := s.owner(ctx, found)
	return a, found, err
}

func (s *Service) owner(ctx context.Context, of credential.Session) (Account, error) {
	a, err := s.store.Account(ctx, core.AccountID(of.Owner))
	if fail.Is(err, fail.NotFound) || !a.ErasedAt.IsZero() {
		return Account{}, credential.SignedOut()
	}
	return a, err
}

// EndSession signs a browser out. A secret that is nobody's is no error.
func (s *Service) EndSession(ctx context.Context, secret string) error {
	return s.sessions.End(ctx, secret)
}
