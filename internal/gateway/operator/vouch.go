package operator

import (
	"context"
	"fmt"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/credential"
)

// Identity is what a provider says of somebody who has just signed in there, proven.
type Identity struct {
	Issuer, Subject string // who says so, and of whom: the two together never mean another person
	Email           string // empty: it told none
	EmailVerified   bool   // the provider knows that Email is theirs
	Name            string
	Role            Role // what they may do here; empty: nothing
}

// Admit makes an operator of whom a provider vouches for, at their first sign-in, and keeps it as the provider says at each
// later one. An operator with a password here becomes the provider's where that has proven that the address is theirs, and
// the password is forgotten. Who has no role any more is out. address is where the person comes from.
//
// Errors: fail.Denied for who may not come in, saying why.
func (s *Service) Admit(ctx context.Context, id Identity, address string) (Person, error) {
	by := audit.Actor{ID: "provider", Name: id.Issuer, From: address}
	p, err := s.admit(ctx, by, id)
	if fail.Is(err, fail.Conflict) { // the same person at once in two browsers, or the address is another's: the second look tells
		p, err = s.admit(ctx, by, id)
	}
	if fail.Is(err, fail.Conflict) {
		return Person{}, fail.Wrap(fail.Denied, err, "address_taken", "The sign-in provider says that your address is %s, which is another operator's here. An admin can remove that one.", id.Email)
	}
	return p, err
}

func (s *Service) admit(ctx context.Context, by audit.Actor, id Identity) (Person, error) {
	was, err := s.known(ctx, id)
	if err != nil {
		return Person{}, err
	}
	if id.Role == "" {
		return Person{}, s.turnAway(ctx, by, was, id)
	}
	if id.Email == "" {
		return Person{}, fail.New(fail.Denied, "no_address", "The sign-in provider does not say what your e-mail address is, and without one you cannot be known here. Whoever runs it must let this gateway have the claim email.")
	}
	now := was
	now.Email, now.Name, now.Role, now.Issuer, now.Subject = id.Email, id.Name, id.Role, id.Issuer, id.Subject
	now.SecondFactor = false // the provider sees to that
	if now == was {
		return was, nil
	}
	var action audit.Action
	switch {
	case was.ID == "":
		action, now.ID, now.CreatedAt = audit.OperatorAdded, ID(credential.NewID("op_")), s.clk.Now()
	case !was.Vouched():
		action = audit.OperatorVouched
	case was.Role != now.Role:
		action = audit.RoleChanged
	default:
		action = audit.OperatorUpdated
	}
	err = s.audit.Do(ctx, by, action, string(now.ID), fmt.Sprintf("%s, %s", now.Email, now.Role), func() error {
		return s.store.KeepVouched(ctx, now, credential.EmailKey(now.Email))
	})
	if err != nil {
		return Person{}, fmt.Errorf("admit an operator: %w", err)
	}
	return now, nil
}

// known finds the operator that id is of; a zero one where there is none yet.
//
// Errors: fail.Denied where there is one with the address who must not become theirs.
func (s *Service) known(ctx context.Context, id Identity) (Person, error) {
	p, err := s.store.VouchedOperator(ctx, id.Issuer, id.Subject)
	if !fail.Is(err, fail.NotFound) || id.Email == "" {
		return p, orNew(err)
	}
	p, _, err = s.store.OperatorCredentials(ctx, credential.EmailKey(id.Email))
	switch {
	case err != nil:
		return Person{}, orNew(err)
	case p.Issuer == id.Issuer: // an address that the provider has given to somebody else since
		return Person{}, fail.New(fail.Denied, "address_taken", "Another person was known here by the address %s. If that is you, an admin can remove the old one.", id.Email)
	case !id.EmailVerified:
		return Person{}, fail.New(fail.Denied, "address_unproven", "There is an operator with the address %s, and the sign-in provider has not proven that it is yours.", id.Email)
	}
	return p, nil
}

// orNew is err, unless that says that there is no such operator yet.
func orNew(err error) error {
	if fail.Is(err, fail.NotFound) {
		return nil
	}
	return err
}

// turnAway tells somebody without a role so; whom the provider vouched for before is out, wherever they are signed in.
func (s *Service) turnAway(ctx context.Context, by audit.Actor, was Person, id Identity) error {
	if was.Issuer == id.Issuer {
		err := s.audit.Do(ctx, by, audit.OperatorRemoved, string(was.ID), was.Email+", no role any more", func() error {
			return s.store.ChangeRole(ctx, was.ID, "", func([]Person) error { return nil })
		})
		if err != nil && !fail.Is(err, fail.NotFound) {
			return fmt.Errorf("turn %s away: %w", was.ID, err)
		}
	}
	s.log.InfoContext(ctx, "console sign-in refused: the provider gives no role", "issuer", id.Issuer)
	return fail.New(fail.Denied, "no_role", "The sign-in provider knows you, and you have no role in this console. Whoever runs the gateway says who has one (oidc-roles).")
}
