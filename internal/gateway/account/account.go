package account

import (
	"context"
	"log/slog"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
)

// Account is one person's account with the seller.
type Account struct {
	ID        core.AccountID
	Email     string // as the person wrote it
	Name      string
	Company   string // may be empty
	CreatedAt time.Time
}

// Store keeps accounts. Hashes are in hexadecimal.
type Store interface {
	// CreateAccount keeps a new account with its password's hash. Where another has the same email key it changes
	// nothing and answers fail.Conflict.
	CreateAccount(ctx context.Context, a Account, emailKey, passwordHash string) error
	// Account finds an account; fail.NotFound.
	Account(ctx context.Context, id core.AccountID) (Account, error)
	// Credentials finds an account and its password's hash by email key; fail.NotFound.
	Credentials(ctx context.Context, emailKey string) (Account, string, error)
	// ReplacePassword changes the hash from was to now; where it is no longer was, nothing changes.
	ReplacePassword(ctx context.Context, id core.AccountID, was, now string) error
	// Accounts lists accounts in order of their creation, after the one called after ("" for the beginning).
	Accounts(ctx context.Context, after core.AccountID, limit int) ([]Account, error)

	// CreateSession keeps a new session and forgets the one whose hash is instead ("" for none), in one step.
	CreateSession(ctx context.Context, s Session, instead string) error
	// Session finds a session by its hash; fail.NotFound.
	Session(ctx context.Context, hash string) (Session, error)
	// TouchSession records that a session was used.
	TouchSession(ctx context.Context, hash string, seen, expires time.Time) error
	// DeleteSession forgets a session; one that is not there is no error.
	DeleteSession(ctx context.Context, hash string) error

	// CreateHandle keeps a sign-in handle.
	CreateHandle(ctx context.Context, h Handle) error
	// TakeHandle takes a handle out of the store, so that of two callers one gets it; fail.NotFound.
	TakeHandle(ctx context.Context, hash string) (Handle, error)

	// CountAttempts lets count replace the attempts kept for subjects, in one atomic step. count gets one for each
	// subject in order (zero where nothing is known) and returns as many (with a Count of 0 for what is to be
	// forgotten); it may run twice, and touches nothing outside. Its error, if any, is returned and nothing is kept.
	CountAttempts(ctx context.Context, subjects []string, count func([]Attempts) ([]Attempts, error)) error

	// NextExpiry tells when the first session, handle or count of attempts expires; ok is false if there is none.
	NextExpiry(ctx context.Context) (at time.Time, ok bool, err error)
	// DeleteExpired forgets up to limit sessions, handles and counts each that expired at or before now.
	DeleteExpired(ctx context.Context, now time.Time, limit int) (deleted int, err error)
}

// Service is the feature. Make it with [New].
type Service struct {
	store  Store
	clk    clock.Clock
	log    *slog.Logger
	hasher *hasher
}

// New makes the service.
func New(store Store, clk clock.Clock, log *slog.Logger) *Service {
	return &Service{store: store, clk: clk, log: log, hasher: newHasher(present)}
}

// Account finds an account; fail.NotFound.
func (s *Service) Account(ctx context.Context, id core.AccountID) (Account, error) {
	return s.store.Account(ctx, id)
}

// Accounts lists up to limit accounts, oldest first, after the one called after ("" for the beginning).
func (s *Service) Accounts(ctx context.Context, after core.AccountID, limit int) ([]Account, error) {
	return s.store.Accounts(ctx, after, limit)
}
