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
	a, err := s.store.Account(ctx, core.AccountID(found.Owner))
	if fail.Is(err, fail.NotFound) || !a.ErasedAt.IsZero() {
		return Account{}, credential.SignedOut()
	}
	return a, err
}

// EndSession signs a browser out. A secret that is nobody's is no error.
func (s *Service) EndSession(ctx context.Context, secret string) error {
	return s.sessions.End(ctx, secret)
}
