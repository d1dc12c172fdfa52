package account

import (
	"context"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
)

// SessionsOf lists the sessions that are kept of a person, those that are over and not yet forgotten, too; the oldest first.
func (s *Service) SessionsOf(ctx context.Context, id core.PersonID) ([]credential.Session, error) {
	return s.store.SessionsOf(ctx, string(id))
}

// Person finds a person; fail.NotFound.
func (s *Service) Person(ctx context.Context, id core.PersonID) (Person, error) {
	return s.store.Person(ctx, id)
}

// Erase empties what the account says of people, and forgets those who are of no other account, in one step. The account stays,
// empty, under its id. Erasing again changes nothing; fail.NotFound.
func (s *Service) Erase(ctx context.Context, id core.AccountID) (Account, error) {
	return s.store.EraseAccount(ctx, id, s.clk.Now())
}
