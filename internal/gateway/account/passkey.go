package account

import (
	"context"
	"fmt"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/outbox"
)

// FieldKeyName is the name that somebody gives a passkey, as in [FieldErrors].
const FieldKeyName = "passkey"

// MaxKeyName bounds that, in characters.
const MaxKeyName = 60

// Passkeys lists a person's, the oldest first. Each is a way in by itself: the program that holds it has verified the person, so that it
// proves as much as a password and a second factor do. Where sign-in asks for a second factor's code it stands for that, too; that a
// password alone is not enough is what a second factor says, and no passkey does.
func (s *Service) Passkeys(ctx context.Context, id core.PersonID) ([]credential.Passkey, error) {
	return s.store.PasskeysOf(ctx, string(id))
}

// MayAddPasskey checks what somebody who wants to add a passkey called name has shown once more.
//
// Errors: fail.Invalid with [FieldErrors]; fail.TooMuch; fail.Conflict where there are too many already.
func (s *Service) MayAddPasskey(ctx context.Context, p Person, name string, c Confirmation) error {
	if name == "" {
		return FieldErrors{FieldKeyName: "Give it a name by which you know it again."}.OrNil()
	}
	if say := credential.CheckText(name, MaxKeyName); say != "" {
		return FieldErrors{FieldKeyName: say}.OrNil()
	}
	have, err := s.Passkeys(ctx, p.ID)
	if err != nil {
		return err
	}
	if len(have) >= credential.MaxPasskeys {
		return fail.New(fail.Conflict, "too_many_passkeys", "You have %d passkeys; remove one of them first.", len(have))
	}
	_, err = s.confirm(ctx, p, c)
	return err
}

// AddPasskey keeps a passkey that [Service.MayAddPasskey] has let a person add, and whose program has answered.
//
// Errors: fail.Conflict where it was added before.
func (s *Service) AddPasskey(ctx context.Context, id core.PersonID, k credential.Passkey, name string) error {
	k.ID, k.Owner, k.Name, k.AddedAt = credential.NewID("pky_"), string(id), name, s.clk.Now()
	if err := s.store.KeepPasskey(ctx, k, s.personTold(outbox.PasskeyAdded, id).Named(k.ID)); err != nil {
		return fmt.Errorf("add a passkey of %s: %w", id, err)
	}
	s.log.InfoContext(ctx, "passkey added", "person", id, "passkey", k.ID)
	return nil
}

// Passkey finds a person's; fail.NotFound.
func (s *Service) Passkey(ctx context.Context, id core.PersonID, passkey string) (credential.Passkey, error) {
	have, err := s.Passkeys(ctx, id)
	if err != nil {
		return credential.Passkey{}, err
	}
	for _, k := range have {
		if k.ID == passkey {
			return k, nil
		}
	}
	return credential.Passkey{}, fail.New(fail.NotFound, "no_such_passkey", "There is no such passkey, or not any more.")
}

// RemovePasskey takes a passkey of p's away.
//
// Errors: fail.NotFound; fail.Invalid with [FieldErrors]; fail.TooMuch.
func (s *Service) RemovePasskey(ctx context.Context, p Person, passkey string, c Confirmation) error {
	if _, err := s.Passkey(ctx, p.ID, passkey); err != nil {
		return err
	}
	if _, err := s.confirm(ctx, p, c); err != nil {
		return err
	}
	if err := s.store.ForgetPasskey(ctx, string(p.ID), passkey, s.personTold(outbox.PasskeyRemoved, p.ID).Named(passkey)); err != nil {
		return fmt.Errorf("remove a passkey of %s: %w", p.ID, err)
	}
	s.log.InfoContext(ctx, "passkey removed", "person", p.ID, "passkey", passkey)
	return nil
}

// SignInByPasskey finds whom the answer of a passkey signs in.
//
// Errors: fail.Denied for one that was given before.
func (s *Service) SignInByPasskey(ctx context.Context, a credential.Answer) (Who, error) {
	id := core.PersonID(a.Passkey.Owner)
	used, err := s.store.UsePasskey(ctx, a, s.clk.Now())
	if err != nil {
		return Who{}, err
	}
	if !used {
		s.log.InfoContext(ctx, "sign-in refused: the answer of a passkey was given before", "person", id)
		return Who{}, fail.New(fail.Denied, "used_passkey", "This answer of your passkey was used before. Use the passkey once more.")
	}
	w, err := s.seat(ctx, id, "")
	if err != nil {
		return Who{}, err
	}
	s.log.InfoContext(ctx, "signed in by a passkey", "person", id, "passkey", a.Passkey.ID)
	return w, nil
}
