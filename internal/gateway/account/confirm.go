package account

import (
	"context"
	"fmt"
	"strings"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/outbox"
)

// Names of the fields of a [Confirmation], as in [FieldErrors].
const (
	FieldPresent = "present"
	FieldCode    = "code"
)

// Confirmation is what somebody who is signed in shows once more before what they sign in with is changed: who has only their open
// browser cannot.
type Confirmation struct {
	Password string // the present one
	Code     string // of their second factor, where they have one
	Address  string // where they come from, for the brakes on guessing
}

// confirm checks c for p, and returns the hash that p's password has. What is to be changed should have been looked at before: a
// code is good once.
//
// Errors: fail.Invalid with [FieldErrors]; fail.TooMuch.
func (s *Service) confirm(ctx context.Context, p Person, c Confirmation) (hash string, err error) {
	_, hash, err = s.known(ctx, p.Email, c.Password, c.Address)
	if fail.Is(err, fail.Denied) {
		return "", FieldErrors{FieldPresent: "This is not your password."}.OrNil()
	}
	if err != nil {
		return "", err
	}
	has, err := s.HasFactor(ctx, p.ID)
	if err != nil || !has {
		return hash, err
	}
	if strings.TrimSpace(c.Code) == "" {
		return "", FieldErrors{FieldCode: "Enter the code that your program shows now, or a recovery code."}.OrNil()
	}
	err = s.proveCode(ctx, p.ID, c.Code, c.Address)
	if fail.Is(err, fail.Denied) {
		return "", FieldErrors{FieldCode: fail.SayOf(err)}.OrNil()
	}
	if fail.Is(err, fail.NotFound) { // taken away meanwhile
		err = nil
	}
	return hash, err
}

// ChangePassword gives a person who is signed in another password. It signs them out everywhere but in the session whose secret is
// given, and makes worthless what was mailed to them for another password.
//
// Errors: fail.Invalid with [FieldErrors]; fail.TooMuch; fail.Conflict where it was changed at the same time; fail.NotFound.
func (s *Service) ChangePassword(ctx context.Context, id core.PersonID, password string, c Confirmation, session string) error {
	p, err := s.store.Person(ctx, id)
	if err != nil {
		return err
	}
	if say := credential.CheckPassword(password, p.Email); say != "" {
		return FieldErrors{FieldPassword: say}.OrNil()
	}
	was, err := s.confirm(ctx, p, c)
	if err != nil {
		return err
	}
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	if err := s.store.ChangePassword(ctx, id, was, hash, credential.HashOf(session), s.personTold(outbox.PasswordChanged, id)); err != nil {
		return fmt.Errorf("change the password of %s: %w", id, err)
	}
	s.log.InfoContext(ctx, "password changed", "person", id)
	return nil
}

// ChangeName has a person be called by another name.
//
// Errors: fail.Invalid with [FieldErrors]; fail.NotFound.
func (s *Service) ChangeName(ctx context.Context, id core.PersonID, name string) error {
	name = SignUp{Name: name}.tidy().Name
	if say := checkName(name); say != "" {
		return FieldErrors{FieldName: say}.OrNil()
	}
	if err := s.store.ChangeName(ctx, id, name); err != nil {
		return fmt.Errorf("change the name of %s: %w", id, err)
	}
	s.log.InfoContext(ctx, "name changed", "person", id)
	return nil
}

// checkName says what is wrong with a person's name; "" if nothing is.
func checkName(name string) string {
	if name == "" {
		return "Enter your name."
	}
	return credential.CheckText(name, MaxName)
}

// personTold tells a person, in a mail, of what happened to their sign-in now.
func (s *Service) personTold(kind outbox.Kind, id core.PersonID) outbox.Event {
	now := s.clk.Now()
	return outbox.NewEvent(kind, now, outbox.Subject{}, Asked{id}).Named(struct {
		Person core.PersonID
		At     time.Time
	}{id, now.UTC()})
}
