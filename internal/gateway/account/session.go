package account

import (
	"context"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
)

// Lives of a session, in business time.
const (
	SessionIdle = 24 * time.Hour      // unused for so long, it is over
	SessionLife = 14 * 24 * time.Hour // used or not
	touchEvery  = 5 * time.Minute     // a use is written down at most this often
)

// Session is one browser's being signed in, as it is stored.
type Session struct {
	Hash      string // of the secret that the browser holds
	Account   core.AccountID
	CreatedAt time.Time
	SeenAt    time.Time
	Expires   time.Time // the earlier of the two ends
}

func expiry(created, seen time.Time) time.Time {
	idle, life := seen.Add(SessionIdle), created.Add(SessionLife)
	if idle.Before(life) {
		return idle
	}
	return life
}

// StartSession signs a browser in and returns the secret that it is to hold. old is the secret that it held before,
// if any: that session ends, so that a secret which somebody put there before sign-in is worth nothing after it.
func (s *Service) StartSession(ctx context.Context, id core.AccountID, old string) (secret string, err error) {
	now := s.clk.Now()
	secret = newSecret()
	instead := ""
	if old != "" {
		instead = hashOf(old)
	}
	err = s.store.CreateSession(ctx, Session{Hash: hashOf(secret), Account: id, CreatedAt: now, SeenAt: now, Expires: expiry(now, now)}, instead)
	return secret, err
}

// SignedIn finds whose session secret is. Errors: fail.Denied where it is nobody's, or over.
func (s *Service) SignedIn(ctx context.Context, secret string) (Account, error) {
	if secret == "" {
		return Account{}, notSignedIn()
	}
	ses, err := s.store.Session(ctx, hashOf(secret))
	if fail.Is(err, fail.NotFound) {
		return Account{}, notSignedIn()
	}
	if err != nil {
		return Account{}, err
	}
	now := s.clk.Now()
	if !now.Before(ses.Expires) {
		return Account{}, notSignedIn()
	}
	if now.Sub(ses.SeenAt) >= touchEvery {
		if err := s.store.TouchSession(ctx, ses.Hash, now, expiry(ses.CreatedAt, now)); err != nil {
			return Account{}, err
		}
	}
	a, err := s.store.Account(ctx, ses.Account)
	if fail.Is(err, fail.NotFound) {
		return Account{}, notSignedIn()
	}
	return a, err
}

// EndSession signs a browser out. A secret that is nobody's is no error.
func (s *Service) EndSession(ctx context.Context, secret string) error {
	if secret == "" {
		return nil
	}
	return s.store.DeleteSession(ctx, hashOf(secret))
}

func notSignedIn() error {
	return fail.New(fail.Denied, "signed_out", "You are not signed in; sign in first.")
}
