package privacy

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/gateway/signon"
)

// StillSubscribed is the code of refusing to erase the account of somebody whose subscription gives access.
const StillSubscribed = "still_subscribed"

// Accounts keeps accounts. It is fulfilled by [account.Service].
type Accounts interface {
	Account(ctx context.Context, id core.AccountID) (account.Account, error)
	// Members lists who is in an account.
	Members(ctx context.Context, id core.AccountID) ([]account.Member, error)
	// SessionsOf lists the sessions that are kept of a person, the oldest first.
	SessionsOf(ctx context.Context, id core.PersonID) ([]credential.Session, error)
	// AddressChanges lists the addresses that a person has asked for, and had before.
	AddressChanges(ctx context.Context, id core.PersonID) ([]account.AddressChange, error)
	// Passkeys lists a person's, the oldest first.
	Passkeys(ctx context.Context, id core.PersonID) ([]credential.Passkey, error)
	// Erase empties what an account says of people, and forgets those who are of no other.
	Erase(ctx context.Context, id core.AccountID) (account.Account, error)
}

// Registrations keeps registrations. It is fulfilled by [register.Service].
type Registrations interface {
	OfAccount(ctx context.Context, id core.AccountID) ([]register.Registration, error)
	Licenses(ctx context.Context, id core.AccountID) ([]license.License, error)
}

// SignOns keeps at which of the seller's applications people are signed in. It is fulfilled by store.SignOns.
type SignOns interface {
	// SignOnsOf lists those of the session kept under a hash, the oldest first. They end with it.
	SignOnsOf(ctx context.Context, session string) ([]signon.SignOn, error)
}

// Data is all that is kept about an account's people.
type Data struct {
	Account       account.Account
	Members       []Member
	Registrations []register.Registration
	Licenses      []license.License
}

// Member is one of them.
type Member struct {
	account.Member
	Sessions  []Session
	Addresses []account.AddressChange
	Passkeys  []credential.Passkey
}

// Session is where a member is signed in, and at which applications from there; without what opens either.
type Session struct {
	Browser                    string // in words; empty: it is not known
	CreatedAt, SeenAt, Expires time.Time
	SignOns                    []SignOn
}

// SignOn is a member's being signed in to one of the seller's applications.
type SignOn struct {
	Application     string   // its client id
	Scopes          []string // what it may ask for
	MadeAt, Expires time.Time
}

// Service is the feature. Make it with [New].
type Service struct {
	accounts      Accounts
	registrations Registrations
	signOns       SignOns
	clk           clock.Clock
	log           *slog.Logger
}

// New makes the service.
func New(accounts Accounts, registrations Registrations, signOns SignOns, clk clock.Clock, log *slog.Logger) *Service {
	return &Service{accounts, registrations, signOns, clk, log}
}

// Export is what is kept about the people of an account; fail.NotFound.
func (s *Service) Export(ctx context.Context, id core.AccountID) (d Data, err error) {
	if d.Account, err = s.accounts.Account(ctx, id); err != nil {
		return Data{}, err
	}
	members, err := s.accounts.Members(ctx, id)
	if err != nil {
		return Data{}, fmt.Errorf("export account %s: %w", id, err)
	}
	for _, m := range members {
		sessions, err := s.sessionsOf(ctx, m.ID)
		if err != nil {
			return Data{}, fmt.Errorf("export account %s: %w", id, err)
		}
		addresses, err := s.accounts.AddressChanges(ctx, m.ID)
		if err != nil {
			return Data{}, fmt.Errorf("export account %s: %w", id, err)
		}
		passkeys, err := s.accounts.Passkeys(ctx, m.ID)
		if err != nil {
			return Data{}, fmt.Errorf("export account %s: %w", id, err)
		}
		d.Members = append(d.Members, Member{m, sessions, addresses, passkeys})
	}
	if d.Registrations, err = s.registrations.OfAccount(ctx, id); err != nil {
		return Data{}, fmt.Errorf("export account %s: %w", id, err)
	}
	if d.Licenses, err = s.registrations.Licenses(ctx, id); err != nil {
		return Data{}, fmt.Errorf("export account %s: %w", id, err)
	}
	return d, nil
}

// sessionsOf lists where a person is signed in.
func (s *Service) sessionsOf(ctx context.Context, id core.PersonID) (list []Session, err error) {
	kept, err := s.accounts.SessionsOf(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, k := range kept {
		one := Session{Browser: k.Browser, CreatedAt: k.CreatedAt, SeenAt: k.SeenAt, Expires: k.Expires}
		ons, err := s.signOns.SignOnsOf(ctx, k.Hash)
		if err != nil {
			return nil, fmt.Errorf("list sign-ons: %w", err)
		}
		for _, n := range ons {
			one.SignOns = append(one.SignOns, SignOn{n.Application, n.Scopes, n.MadeAt, n.Expires})
		}
		list = append(list, one)
	}
	return list, nil
}

// Erase empties the account, and forgets its people; who is a member of another account, too, stays known there. Its licences stay its own, and nobody else's: who comes back makes a new account with a new
// purchase. Erasing again changes nothing.
//
// While a licence of the account gives access, or may come to, it is refused unless force is set: nobody could sign in to
// what is still paid for. Errors: fail.NotFound; fail.Conflict with code [StillSubscribed].
func (s *Service) Erase(ctx context.Context, id core.AccountID, force bool) (account.Account, error) {
	owned, err := s.registrations.Licenses(ctx, id)
	if err != nil {
		return account.Account{}, fmt.Errorf("erase account %s: %w", id, err)
	}
	for _, l := range owned {
		if over := l.Standing.State == license.Ended || l.Standing.State == license.Failed; !over && !force {
			return account.Account{}, fail.New(fail.Conflict, StillSubscribed,
				"The account's subscription %s is %s: have it cancelled on AWS Marketplace first, or ask with force=true.", l.ID, l.Standing.State)
		}
	}
	a, err := s.accounts.Erase(ctx, id)
	if err != nil {
		return account.Account{}, err
	}
	s.log.InfoContext(ctx, "personal data erased", "account", id)
	return a, nil
}
