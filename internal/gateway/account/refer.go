package account

import (
	"context"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
)

// FieldReference is the name of that field of [Referred], as in [FieldErrors].
const FieldReference = "account"

// MaxReference is the length, in characters, that a [Referred]'s reference may have.
const MaxReference = 200

// Referred is a customer whose account the seller keeps. Reference is the seller's own name for them, and never changes
// its meaning; the rest may be empty, and is for people: on statements, in the console, in mails.
type Referred struct {
	Reference, Email, Name, Company string
}

func (r Referred) tidy() Referred {
	f := SignUp{Email: r.Email, Name: r.Name, Company: r.Company}.tidy()
	return Referred{strings.TrimSpace(r.Reference), f.Email, f.Name, f.Company}
}

func (r Referred) check() error {
	bad := FieldErrors{}
	switch {
	case r.Reference == "":
		bad[FieldReference] = "Say by what you know the customer: the id of their account with you."
	case credential.CheckText(r.Reference, MaxReference) != "":
		bad[FieldReference] = "This is too long, or has characters that cannot be shown; an id has 200 characters at most."
	}
	if r.Email != "" {
		bad.put(FieldEmail, credential.CheckEmail(r.Email))
	}
	bad.put(FieldName, credential.CheckText(r.Name, MaxName))
	bad.put(FieldCompany, credential.CheckText(r.Company, MaxName))
	// The receiver is a program: the sentence names the field.
	for _, field := range []string{FieldReference, FieldEmail, FieldName, FieldCompany} {
		if say := bad[field]; say != "" {
			return fail.Wrap(fail.Invalid, bad, "invalid_fields", "%s: %s", field, say)
		}
	}
	return nil
}

// Refer finds or makes the account that stands here for a customer whose account the seller keeps. What is told of the
// customer replaces what was told before; what is empty does not. Nobody signs in here with such an account.
//
// Errors: fail.Invalid with [FieldErrors].
func (s *Service) Refer(ctx context.Context, who Referred) (Account, error) {
	who = who.tidy()
	if err := who.check(); err != nil {
		return Account{}, err
	}
	a := Account{ID: core.AccountID(credential.NewID("acc_")), Reference: who.Reference, Email: who.Email, Name: who.Name, Company: who.Company, CreatedAt: s.clk.Now()}
	a, err := s.store.ReferAccount(ctx, a, created(a))
	if err != nil {
		return Account{}, err
	}
	s.log.InfoContext(ctx, "account referred to", "account", a.ID)
	return a, nil
}
