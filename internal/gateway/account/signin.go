package account

import (
	"context"
	"fmt"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
)

// SignUp makes an account, and its owner. address is where the person comes from, for the brakes on guessing.
//
// Where the e-mail address already has a person, the right password makes this a sign-in: the person is known, and
// filling in the form once more is no mistake worth a page. With another password nothing is made. That answer does
// tell that there is one, which cannot be helped while an account is made without a mail being answered; it is
// given only to buyers whom AWS has just sent here, and only as often as the brakes on sign-in allow.
//
// Errors: fail.Invalid with [FieldErrors]; fail.TooMuch.
func (s *Service) SignUp(ctx context.Context, in SignUp, address string) (Who, error) {
	in = in.tidy()
	if err := in.Check(); err != nil {
		return Who{}, err
	}
	key := credential.EmailKey(in.Email)
	_, _, err := s.store.Credentials(ctx, key)
	if err == nil {
		return s.signUpAgain(ctx, in, address)
	}
	if !fail.Is(err, fail.NotFound) {
		return Who{}, err
	}
	hash, err := s.hasher.Hash(ctx, in.Password)
	if err != nil {
		return Who{}, err
	}
	now := s.clk.Now()
	w := Who{Role: RoleOwner, Person: Person{ID: core.PersonID(credential.NewID("per_")), Email: in.Email, Name: in.Name, CreatedAt: now},
		Account: Account{ID: core.AccountID(credential.NewID("acc_")), Email: in.Email, Name: in.Name, Company: in.Company, CreatedAt: now}}
	err = s.store.CreateAccount(ctx, w, key, hash, created(w.Account))
	if fail.Is(err, fail.Conflict) { // the same form, sent twice at once
		return s.signUpAgain(ctx, in, address)
	}
	if err != nil {
		return Who{}, err
	}
	s.log.InfoContext(ctx, "account created", "account", w.Account.ID, "person", w.ID)
	return w, nil
}

func (s *Service) signUpAgain(ctx context.Context, in SignUp, address string) (Who, error) {
	w, err := s.SignIn(ctx, in.Email, in.Password, address)
	if fail.Is(err, fail.Denied) {
		return Who{}, FieldErrors{FieldEmail: "This address cannot be used for a new account. If the account is yours, sign in with it instead."}.OrNil()
	}
	return w, err
}

// SignIn finds the person that email and password belong to, at the account that they have been in for longest. Whether that is enough, [Service.HasFactor] says.
//
// Errors: fail.Denied, the same whether the account or the password is wrong; fail.TooMuch after too many attempts.
func (s *Service) SignIn(ctx context.Context, email, password, address string) (Who, error) {
	p, _, err := s.known(ctx, email, password, address)
	if err != nil {
		return Who{}, err
	}
	w, err := s.seat(ctx, p.ID, "")
	if err != nil {
		return Who{}, err
	}
	s.log.InfoContext(ctx, "signed in", "person", p.ID)
	return w, nil
}

// known finds the person that email and password belong to, and the password's hash. Errors: as of [Service.SignIn].
func (s *Service) known(ctx context.Context, email, password, address string) (p Person, hash string, err error) {
	key := credential.EmailKey(email)
	if key == "" || password == "" || len(key) > MaxEmail || len(password) > credential.MaxTyped {
		return Person{}, "", denied()
	}
	try, err := s.brakes.Try(ctx, key, address)
	if fail.Is(err, fail.TooMuch) {
		s.log.InfoContext(ctx, "sign-in refused: too many attempts")
	}
	if err != nil {
		return Person{}, "", err
	}
	p, hash, err = s.store.Credentials(ctx, key)
	if fail.Is(err, fail.NotFound) {
		if err := s.hasher.Burn(ctx, password); err != nil {
			return Person{}, "", err
		}
		s.log.InfoContext(ctx, "sign-in refused: nobody has an account with this address")
		return Person{}, "", denied()
	}
	if err != nil {
		return Person{}, "", err
	}
	right, stale, err := s.hasher.Verify(ctx, password, hash)
	if err != nil {
		return Person{}, "", fmt.Errorf("verify the password of %s: %w", p.ID, err)
	}
	if !right {
		s.log.InfoContext(ctx, "sign-in refused: wrong password", "person", p.ID)
		return Person{}, "", denied()
	}
	if stale {
		if now, err := s.rehash(ctx, p.ID, password, hash); err != nil {
			s.log.WarnContext(ctx, "password not hashed anew; the old hash stays good", "person", p.ID, "err", err)
		} else {
			hash = now
		}
	}
	return p, hash, s.brakes.Forgive(ctx, try)
}

func (s *Service) rehash(ctx context.Context, id core.PersonID, password, was string) (now string, err error) {
	now, err = s.hasher.Hash(ctx, password)
	if err != nil {
		return "", err
	}
	return now, s.store.ReplacePassword(ctx, id, was, now)
}

func denied() error {
	return fail.New(fail.Denied, "wrong_credentials", "E-mail address and password do not belong together. Check both and try again.")
}
