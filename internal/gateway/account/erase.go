package account

import (
	"context"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
)

// SessionsOf lists where the account is signed in, the oldest first.
func (s *Service) SessionsOf(ctx context.Context, id core.AccountID) ([]credential.Session, error) {
	return s.store.SessionsOf(ctx, id)
}

// Erase empties what the account says of a person, and ends its sessions, in one step. The account stays, empty, under its
// id. Erasing again changes nothing; fail.NotFound.
func (s *Service) Erase(ctx context.Context, id core.AccountID) (Account, error) {
	return s.store.EraseAccount(ctx, id, s.clk.Now())
}
