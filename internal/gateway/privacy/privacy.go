package privacy

import (
	"context"
	"fmt"
	"log/slog"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/register"
)

// StillSubscribed is the code of refusing to erase the account of somebody whose subscription gives access.
const StillSubscribed = "still_subscribed"

// Accounts keeps accounts. It is fulfilled by [account.Service].
type Accounts interface {
	Account(ctx context.Context, id core.AccountID) (account.Account, error)
	// Members lists who is in an account.
	Members(ctx context.Context, id core.AccountID) ([]account.Member, error)
	// SessionsOf lists where a person is signed in, the oldest first.
	SessionsOf(ctx context.Context, id core.PersonID) ([]credential.Session, error)
	// Erase empties what an account says of people, and forgets those who are of no other.
	Erase(ctx context.Context, id core.AccountID) (account.Account, error)
}

// Registrations keeps registrations. It is fulfilled by [register.Service].
type Registrations interface {
	OfAccount(ctx context.Context, id core.AccountID) ([]register.Registration, error)
	Licenses(ctx context.Context, id core.AccountID) ([]license.License, error)
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
	Sessions []credential.Session // without what opens them
}

// Service is the feature. Make it with [New].
type Service struct {
	accounts      Accounts
	registrations Registrations
	clk           clock.Clock
	log           *slog.Logger
}

// New makes the service.
func New(accounts Accounts, registrations Registrations, clk clock.Clock, log *slog.Logger) *Service {
	return &Service{accounts, registrations, clk, log}
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
		sessions, err := s.accounts.SessionsOf(ctx, m.ID)
		if err != nil {
			return Data{}, fmt.Errorf("export account %s: %w", id, err)
		}
		for i := range sessions {
			sessions[i].Hash = ""
		}
		d.Members = append(d.Members, Member{m, sessions})
	}
	if d.Registrations, err = s.registrations.OfAccount(ctx, id); err != nil {
		return Data{}, fmt.Errorf("export account %s: %w", id, err)
	}
	if d.Licenses, err = s.registrations.Licenses(ctx, id); err != nil {
		return Data{}, fmt.Errorf("export account %s: %w", id, err)
	}
	return d, nil
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
