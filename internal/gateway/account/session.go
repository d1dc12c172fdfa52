package account

import (
	"context"
	"fmt"
	"slices"
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

// StartSession signs a browser in, which calls itself userAgent, and returns the secret that it is to hold, in place of old, the
// one that it held before, if any.
func (s *Service) StartSession(ctx context.Context, id core.PersonID, userAgent, old string) (secret string, err error) {
	return s.sessions.Start(ctx, string(id), userAgent, old)
}

// SignedIn finds whose session secret is, and at which account it is. Errors: fail.Denied where it is nobody's, or over.
func (s *Service) SignedIn(ctx context.Context, secret string) (Who, error) {
	found, err := s.sessions.Find(ctx, secret, true)
	if err != nil {
		return Who{}, err
	}
	return s.seat(ctx, core.PersonID(found.Owner), found.Hash)
}

// InSession finds the session that is kept under hash, without using it, whose it is, and at which account. Errors: fail.Denied
// where there is none, or it is over.
func (s *Service) InSession(ctx context.Context, hash string) (Who, credential.Session, error) {
	found, err := s.sessions.Kept(ctx, hash)
	if err != nil {
		return Who{}, credential.Session{}, err
	}
	w, err := s.seat(ctx, core.PersonID(found.Owner), found.Hash)
	return w, found, err
}

// seat is the account that a person is at, in that session or, without one, at first.
func (s *Service) seat(ctx context.Context, id core.PersonID, session string) (Who, error) {
	seats, err := s.store.Seats(ctx, id, session)
	if err != nil {
		return Who{}, fmt.Errorf("find the accounts of %s: %w", id, err)
	}
	if len(seats) == 0 { // forgotten since
		return Who{}, credential.SignedOut()
	}
	return seats[0], nil
}

// Seats lists the accounts that a person is a member of, those they have been in for longest first.
func (s *Service) Seats(ctx context.Context, id core.PersonID) ([]Who, error) {
	return s.store.Seats(ctx, id, "")
}

// TakeSeat has the session of a browser be at another account of its person's.
//
// Errors: fail.Denied where it is nobody's session; fail.NotFound for an account that they are no member of.
func (s *Service) TakeSeat(ctx context.Context, secret string, id core.AccountID) error {
	found, err := s.sessions.Find(ctx, secret, true)
	if err != nil {
		return err
	}
	seats, err := s.store.Seats(ctx, core.PersonID(found.Owner), "")
	if err != nil {
		return fmt.Errorf("find the accounts of %s: %w", found.Owner, err)
	}
	if !slices.ContainsFunc(seats, func(w Who) bool { return w.Account.ID == id }) {
		return fail.New(fail.NotFound, "no_such_account", "There is no such account.")
	}
	return s.store.TakeSeat(ctx, found.Hash, id)
}

// EndSession signs a browser out. A secret that is nobody's is no error.
func (s *Service) EndSession(ctx context.Context, secret string) error {
	return s.sessions.End(ctx, secret)
}

// Sessions lists where a person is signed in, the oldest first.
func (s *Service) Sessions(ctx context.Context, id core.PersonID) ([]credential.Session, error) {
	return s.sessions.Of(ctx, string(id))
}

// NamedSession finds that session of a person's whose id is given, a zero one for [credential.OtherSessions]; fail.NotFound.
func (s *Service) NamedSession(ctx context.Context, id core.PersonID, session string) (credential.Session, error) {
	return s.sessions.Named(ctx, string(id), session)
}

// SignOut signs p out where they are signed in by the session whose id is given, or, with [credential.OtherSessions], everywhere
// but in the session whose secret is given; and so out of the applications that were opened from there.
//
// Errors: fail.NotFound where p has no such session; fail.Invalid with [FieldErrors]; fail.TooMuch.
func (s *Service) SignOut(ctx context.Context, p Person, session string, c Confirmation, secret string) error {
	if _, err := s.NamedSession(ctx, p.ID, session); err != nil {
		return err
	}
	if _, err := s.confirm(ctx, p, c); err != nil {
		return err
	}
	if err := s.sessions.EndNamed(ctx, string(p.ID), session, secret); err != nil {
		return fmt.Errorf("sign %s out elsewhere: %w", p.ID, err)
	}
	s.log.InfoContext(ctx, "signed out elsewhere", "person", p.ID, "session", session)
	return nil
}
