package credential

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
)

// Session is one browser's being signed in, as it is stored.
type Session struct {
	Hash      string // of the secret that the browser holds
	Owner     string // the id of the person, or of the operator
	Browser   string // by [BrowserOf]; empty: it is not known
	CreatedAt time.Time
	SeenAt    time.Time
	Expires   time.Time // the earlier of the two ends
}

// ID names the session to its owner. It opens nothing, and what it is made of is not what the store finds it by.
func (s Session) ID() string { return "ses_" + HashOf("session " + s.Hash)[:26] }

// Name is what its browser is called.
func (s Session) Name() string { return cmp.Or(s.Browser, "An unknown browser") }

// HeldBy reports whether it is the session of the browser that holds secret.
func (s Session) HeldBy(secret string) bool { return s.Hash == HashOf(secret) }

// SessionStore keeps sessions.
type SessionStore interface {
	// CreateSession keeps a new session and forgets the one whose hash is instead ("" for none), in one step.
	CreateSession(ctx context.Context, s Session, instead string) error
	// Session finds a session by its hash; fail.NotFound.
	Session(ctx context.Context, hash string) (Session, error)
	// TouchSession records that a session was used.
	TouchSession(ctx context.Context, hash string, seen, expires time.Time) error
	// DeleteSession forgets a session; one that is not there is no error.
	DeleteSession(ctx context.Context, hash string) error
	// SessionsOf lists an owner's sessions, those that are over and not yet forgotten, too; the oldest first.
	SessionsOf(ctx context.Context, owner string) ([]Session, error)
	// DeleteOtherSessions forgets an owner's sessions but the one whose hash is keep, and what else of theirs is on its way to be one.
	DeleteOtherSessions(ctx context.Context, owner, keep string) error
}

// OtherSessions, in place of a session's id, names all that its owner has but the one that asks.
const OtherSessions = "others"

// touchEvery is how often, at most, a session's use is written down, in business time.
const touchEvery = 5 * time.Minute

// Sessions starts sessions, finds them and ends them.
type Sessions struct {
	Store SessionStore
	Clock clock.Clock
	Idle  time.Duration // unused for so long, one is over
	Life  time.Duration // used or not
}

func (s Sessions) expiry(created, seen time.Time) time.Time {
	idle, life := seen.Add(s.Idle), created.Add(s.Life)
	if idle.Before(life) {
		return idle
	}
	return life
}

// Start signs a browser in, which calls itself userAgent, and returns the secret that it is to hold. old is the secret that it
// held before, if any: that session ends, so that a secret which somebody put there before sign-in is worth nothing after it.
func (s Sessions) Start(ctx context.Context, owner, userAgent, old string) (secret string, err error) {
	now := s.Clock.Now()
	secret = NewSecret()
	instead := ""
	if old != "" {
		instead = HashOf(old)
	}
	return secret, s.Store.CreateSession(ctx, Session{Hash: HashOf(secret), Owner: owner, Browser: BrowserOf(userAgent), CreatedAt: now, SeenAt: now, Expires: s.expiry(now, now)}, instead)
}

// Find finds the session whose secret is given. used says whether a person is using it: a page that looks again by
// itself does not keep a session alive. Errors: fail.Denied where it is nobody's, or over.
func (s Sessions) Find(ctx context.Context, secret string, used bool) (Session, error) {
	if secret == "" {
		return Session{}, SignedOut()
	}
	found, err := s.Kept(ctx, HashOf(secret))
	if err != nil {
		return Session{}, err
	}
	if now := s.Clock.Now(); used && now.Sub(found.SeenAt) >= touchEvery {
		found.SeenAt, found.Expires = now, s.expiry(found.CreatedAt, now)
		if err := s.Store.TouchSession(ctx, found.Hash, found.SeenAt, found.Expires); err != nil {
			return Session{}, err
		}
	}
	return found, nil
}

// Kept finds the session that is kept under hash, for who does not hold its secret, and does not use it. Errors: fail.Denied where
// there is none, or it is over.
func (s Sessions) Kept(ctx context.Context, hash string) (Session, error) {
	found, err := s.Store.Session(ctx, hash)
	if fail.Is(err, fail.NotFound) || err == nil && !s.Clock.Now().Before(found.Expires) {
		return Session{}, SignedOut()
	}
	return found, err
}

// End signs a browser out. A secret that is nobody's is no error.
func (s Sessions) End(ctx context.Context, secret string) error {
	if secret == "" {
		return nil
	}
	return s.Store.DeleteSession(ctx, HashOf(secret))
}

// Of lists where owner is signed in, the oldest first.
func (s Sessions) Of(ctx context.Context, owner string) ([]Session, error) {
	all, err := s.Store.SessionsOf(ctx, owner)
	if err != nil {
		return nil, fmt.Errorf("list where %s is signed in: %w", owner, err)
	}
	now := s.Clock.Now()
	return slices.DeleteFunc(all, func(n Session) bool { return !now.Before(n.Expires) }), nil
}

// Named finds that session of owner's whose id is given, a zero one for [OtherSessions]; fail.NotFound.
func (s Sessions) Named(ctx context.Context, owner, id string) (Session, error) {
	if id == OtherSessions {
		return Session{}, nil
	}
	all, err := s.Of(ctx, owner)
	if err != nil {
		return Session{}, err
	}
	for _, n := range all {
		if n.ID() == id {
			return n, nil
		}
	}
	return Session{}, fail.New(fail.NotFound, "no_such_session", "You are not signed in there, or not any more.")
}

// EndNamed ends that session of owner's whose id is given; with [OtherSessions] all but the one whose secret is given. Errors:
// fail.NotFound.
func (s Sessions) EndNamed(ctx context.Context, owner, id, secret string) error {
	if id == OtherSessions {
		return s.Store.DeleteOtherSessions(ctx, owner, HashOf(secret))
	}
	n, err := s.Named(ctx, owner, id)
	if err != nil {
		return err
	}
	return s.Store.DeleteSession(ctx, n.Hash)
}

// SignedOut is the failure of somebody who has to sign in first.
func SignedOut() error {
	return fail.New(fail.Denied, "signed_out", "You are not signed in; sign in first.")
}
