package signon

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"log/slog"
	"slices"
	"strings"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/credential"
)

// Lives, in business time.
const (
	CodeLife   = time.Minute      // it travels in a URL, from one redirect to the next
	AccessLife = 15 * time.Minute // of an access token
)

// BadGrant is the code of refusing a code or a token, fail.Denied: whether it was never made, is spent, too old, another's, or
// over with its session is not told.
const BadGrant = "bad_grant"

// SignOn is one person's being signed in to one application, from one session here.
type SignOn struct {
	ID          string // "sgn_…"
	Application string // its id
	Session     string // the hash by which it is kept
	Scopes      []string
	Nonce       string // that the application asked with
	Redirect    string // where its code was sent
	Challenge   string // of PKCE
	MadeAt      time.Time
	// Secret is the hash of what the application has to bring next: its code while Redeemed is false, then its refresh token; empty:
	// there is none.
	Secret   string
	Redeemed bool
	// Expires is when neither its secret nor its access token can be good any more.
	Expires time.Time
}

// Has reports whether the application was given scope.
func (s SignOn) Has(scope string) bool { return slices.Contains(s.Scopes, scope) }

// Store keeps sign-ons. When a session is deleted its sign-ons are, in the same step.
type Store interface {
	// CreateSignOn keeps a new one; fail.NotFound where its session is not there.
	CreateSignOn(ctx context.Context, s SignOn) error
	// SignOn finds one; fail.NotFound.
	SignOn(ctx context.Context, id string) (SignOn, error)
	// Advance notes that s is redeemed, and its secret and end, where its secret is still was: of two callers one does. Otherwise
	// fail.Conflict, and nothing changes.
	Advance(ctx context.Context, s SignOn, was string) error
	// EndSignOn forgets one; one that is not there is no error.
	EndSignOn(ctx context.Context, id string) error
	// SignOnsOf lists those of a session, the oldest first.
	SignOnsOf(ctx context.Context, session string) ([]SignOn, error)

	// NextSignOnEnd tells when the first expires; ok is false if there is none.
	NextSignOnEnd(ctx context.Context) (at time.Time, ok bool, err error)
	// DeleteEndedSignOns forgets up to limit that expired at or before now.
	DeleteEndedSignOns(ctx context.Context, now time.Time, limit int) (deleted int, err error)
}

// Sessions tell whose a session is. It is fulfilled by [account.Service].
type Sessions interface {
	// InSession finds a session by its hash, without using it, whose it is, and at which account; fail.Denied where there is none, or it is over.
	InSession(ctx context.Context, hash string) (account.Who, credential.Session, error)
}

// Box seals. It is fulfilled by seal.Box.
type Box interface {
	Seal(purpose string, expires time.Time, content []byte) string
	Open(ctx context.Context, purpose, sealed string) ([]byte, error)
}

// Config is what the service is made of.
type Config struct {
	Store    Store
	Sessions Sessions
	Seal     Box
	Clock    clock.Clock
	Log      *slog.Logger
}

// Service is the feature. Make it with [New].
type Service struct{ Config }

// New makes the service.
func New(c Config) *Service { return &Service{c} }

// Granted is what an application has for its code or its refresh token.
type Granted struct {
	SignOn
	Who             account.Who
	AuthenticatedAt time.Time // when the person has signed in, in business time
	Access          string    // the access token
	Refresh         string    // empty: none was asked for
}

// accessPurpose binds the seal of an access token to its use. What is sealed is the sign-on's id.
const accessPurpose = "access token"

// Allow makes the sign-on that w asks for in the session kept under hash, and returns the code for it.
//
// Errors: fail.NotFound where the session ended meanwhile.
func (s *Service) Allow(ctx context.Context, w Wish, session string) (code string, err error) {
	now, secret := s.Clock.Now(), credential.NewSecret()
	n := SignOn{ID: credential.NewID("sgn_"), Application: w.Application.ID, Session: session, Scopes: w.Scopes, Nonce: w.Nonce, Redirect: w.Redirect, Challenge: w.Challenge,
		MadeAt: now, Secret: credential.HashOf(secret), Expires: now.Add(CodeLife)}
	if err := s.Store.CreateSignOn(ctx, n); err != nil {
		return "", err
	}
	s.Log.InfoContext(ctx, "signed on", "signon", n.ID, "application", n.Application)
	return join(n.ID, secret), nil
}

// What an application carries says which sign-on it is of.
func join(id, secret string) string { return id + "." + secret }

func part(token string) (id, secret string, ok bool) {
	id, secret, ok = strings.Cut(token, ".")
	return id, secret, ok && strings.HasPrefix(id, "sgn_") && secret != ""
}

// Redeem gives the application what its code stands for. A code is good for one try: who comes with it a second time, from
// another application, or without what the first request promised, ends what it stood for.
//
// Errors: fail.Denied with the code [BadGrant].
func (s *Service) Redeem(ctx context.Context, app Application, code, redirect, verifier string) (Granted, error) {
	return s.take(ctx, app, code, func(n SignOn) bool {
		return !n.Redeemed && n.Redirect == redirect && answers(verifier, n.Challenge)
	})
}

// answers reports whether verifier is what challenge was made of (RFC 7636, sections 4.1 and 4.6).
func answers(verifier, challenge string) bool {
	if len(verifier) < 43 || len(verifier) > 128 {
		return false
	}
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}

// Renew gives the application a new access token, and a new refresh token in the place of the one that it brings. Who comes
// with one that was replaced ends the sign-on: somebody has copied it (RFC 9700, section 4.14.2).
//
// Errors: fail.Denied with the code [BadGrant].
func (s *Service) Renew(ctx context.Context, app Application, refresh string) (Granted, error) {
	return s.take(ctx, app, refresh, func(n SignOn) bool { return n.Redeemed })
}

// take takes a secret that is good once, where fits says so of its sign-on, and gives what comes after it.
func (s *Service) take(ctx context.Context, app Application, token string, fits func(SignOn) bool) (Granted, error) {
	id, secret, ok := part(token)
	if !ok {
		return Granted{}, badGrant()
	}
	n, err := s.Store.SignOn(ctx, id)
	if fail.Is(err, fail.NotFound) {
		return Granted{}, badGrant()
	}
	if err != nil {
		return Granted{}, err
	}
	was, now := n.Secret, s.Clock.Now()
	right := subtle.ConstantTimeCompare([]byte(credential.HashOf(secret)), []byte(was)) == 1
	if !right || n.Application != app.ID || !fits(n) {
		return Granted{}, s.over(ctx, n, "a code or token came that was used before, or was not its bringer's")
	}
	w, in, err := s.Sessions.InSession(ctx, n.Session)
	if fail.Is(err, fail.Denied) || err == nil && !now.Before(n.Expires) {
		return Granted{}, badGrant()
	}
	if err != nil {
		return Granted{}, err
	}
	g := Granted{Who: w, AuthenticatedAt: in.CreatedAt}
	n.Secret, n.Redeemed, n.Expires = "", true, now.Add(AccessLife)
	if n.Has(ScopeOffline) {
		next := credential.NewSecret()
		g.Refresh, n.Secret, n.Expires = join(n.ID, next), credential.HashOf(next), in.CreatedAt.Add(account.SessionLife)
	}
	err = s.Store.Advance(ctx, n, was)
	if fail.Is(err, fail.Conflict) { // twice at once
		return Granted{}, s.over(ctx, n, "a code or token came twice at once")
	}
	if err != nil {
		return Granted{}, err
	}
	g.SignOn, g.Access = n, s.Seal.Seal(accessPurpose, now.Add(AccessLife), []byte(n.ID))
	return g, nil
}

// over ends a sign-on whose secrets have got about.
func (s *Service) over(ctx context.Context, n SignOn, why string) error {
	s.Log.WarnContext(ctx, "sign-on ended: "+why, "signon", n.ID, "application", n.Application)
	if err := s.Store.EndSignOn(ctx, n.ID); err != nil {
		return err
	}
	return badGrant()
}

func badGrant() error {
	return fail.New(fail.Denied, BadGrant, "this is not good, or not any more; send the person to sign in again")
}

// Bearer finds whom an access token speaks of. Errors: fail.Denied with the code [BadGrant].
func (s *Service) Bearer(ctx context.Context, access string) (Granted, error) {
	id, err := s.Seal.Open(ctx, accessPurpose, access)
	if fail.Is(err, fail.Denied) {
		return Granted{}, badGrant()
	}
	if err != nil {
		return Granted{}, err
	}
	return s.standing(ctx, string(id))
}

// Refreshing finds whom a refresh token speaks of, without using it. Errors: fail.Denied with the code [BadGrant].
func (s *Service) Refreshing(ctx context.Context, refresh string) (Granted, error) {
	id, secret, ok := part(refresh)
	if !ok {
		return Granted{}, badGrant()
	}
	g, err := s.standing(ctx, id)
	if err != nil {
		return Granted{}, err
	}
	if !g.Redeemed || subtle.ConstantTimeCompare([]byte(credential.HashOf(secret)), []byte(g.Secret)) == 0 || !s.Clock.Now().Before(g.Expires) {
		return Granted{}, badGrant()
	}
	return g, nil
}

func (s *Service) standing(ctx context.Context, id string) (Granted, error) {
	n, err := s.Store.SignOn(ctx, id)
	if fail.Is(err, fail.NotFound) {
		return Granted{}, badGrant()
	}
	if err != nil {
		return Granted{}, err
	}
	w, in, err := s.Sessions.InSession(ctx, n.Session)
	if fail.Is(err, fail.Denied) {
		return Granted{}, badGrant()
	}
	return Granted{SignOn: n, Who: w, AuthenticatedAt: in.CreatedAt}, err
}

// Revoke ends the sign-on that token is of, an access token or a refresh token, if it is the application's. A token that is
// not good is no error (RFC 7009, section 2.2).
func (s *Service) Revoke(ctx context.Context, app Application, token string) error {
	g, err := s.Bearer(ctx, token)
	if fail.Is(err, fail.Denied) {
		g, err = s.Refreshing(ctx, token)
	}
	switch {
	case fail.Is(err, fail.Denied):
		return nil
	case err != nil:
		return err
	case g.Application != app.ID:
		return nil
	}
	s.Log.InfoContext(ctx, "sign-on revoked", "signon", g.ID, "application", app.ID)
	return s.Store.EndSignOn(ctx, g.ID)
}

// Of lists the sign-ons of the session kept under hash that are good, the oldest first.
func (s *Service) Of(ctx context.Context, session string) ([]SignOn, error) {
	all, err := s.Store.SignOnsOf(ctx, session)
	now := s.Clock.Now()
	return slices.DeleteFunc(all, func(n SignOn) bool { return !n.Redeemed || !now.Before(n.Expires) }), err
}

// End ends a sign-on whose person wants it so.
func (s *Service) End(ctx context.Context, n SignOn) error {
	s.Log.InfoContext(ctx, "sign-on ended by its person", "signon", n.ID, "application", n.Application)
	return s.Store.EndSignOn(ctx, n.ID)
}

// SessionID names a session towards applications, by its hash; the hash cannot be told from it.
func SessionID(hash string) string { return credential.HashOf("sid " + hash)[:32] }
