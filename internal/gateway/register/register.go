package register

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/outbox"
)

// ID names a registration ("reg_…"). It is no secret: knowing it opens nothing.
type ID string

// Registration is one licence's way from the landing page to an account.
type Registration struct {
	ID      ID
	License core.LicenseID
	Buyer   license.Buyer // everything AWS answered, kept from the first arrival
	Offer   string        // the offer type that the browser posted, such as "free-trial"; believed in nothing

	ArrivedAt     time.Time // first
	LastArrivedAt time.Time
	Arrivals      int

	Account    core.AccountID // empty until claimed
	Answers    []Answer       // to the seller's own questions, in their order; none once they were erased
	ClaimedAt  time.Time
	AttachedAt time.Time // when the licence was told of its account, or that it is ready; zero: it is to be told

	// DueAt is when the seller's people have contacted the buyer, as the buyer was told, and ReadyAt when they had made the account
	// ready. A zero DueAt: nothing is done by hand.
	DueAt, ReadyAt time.Time
}

// SettingUp reports whether the seller's people are yet to make the account ready.
func (r Registration) SettingUp() bool {
	return r.Account != "" && !r.DueAt.IsZero() && r.ReadyAt.IsZero()
}

// Query asks for registrations, in order of first arrival.
type Query struct {
	State State // empty: of all
	After ID    // goes on after that one; empty: from the beginning
	Limit int
}

// Resolver asks AWS whom a registration token stands for.
type Resolver interface {
	// Resolve makes a bounded number of attempts in a bounded time. No error of it contains the token.
	//
	// Errors: fail.Invalid with code [TokenInvalid] or [TokenExpired]; fail.Later if AWS cannot be asked now.
	Resolve(ctx context.Context, token string) (license.Buyer, error)
}

// Codes of failures that a landing page tells apart.
const (
	TokenInvalid   = "token_invalid"   // AWS does not know the token, or it is another seller's
	TokenExpired   = "token_expired"   // AWS knew it once
	ForeignProduct = "foreign_product" // a purchase, but of a product that is not served here
	Claimed        = "claimed"         // the licence belongs to another account
	NotSettingUp   = "not_setting_up"  // nobody is to make the account ready
)

// Book keeps licences. It is fulfilled by [license.Book].
type Book interface {
	Arrive(ctx context.Context, buyer license.Buyer, at time.Time) (license.License, error)
	AttachAccount(ctx context.Context, id core.LicenseID, account core.AccountID, settingUp bool) error
	// ByID follows a licence that turned out to be the same customer's as another to that one.
	ByID(id core.LicenseID) (license.License, bool)
}

// Store keeps registrations.
type Store interface {
	// Arrived keeps a new registration, or, where the licence has one, counts the arrival in it and adds
	// identifiers that were not known before. It returns what then stands.
	// tell is kept with the first arrival.
	Arrived(ctx context.Context, r Registration, tell outbox.Event) (Registration, error)
	// Registration finds one; fail.NotFound.
	Registration(ctx context.Context, id ID) (Registration, error)
	// Claim keeps Account, ClaimedAt, Answers and DueAt of r unless the registration has an account, and returns what then stands;
	// fail.NotFound. tell is kept if it had none.
	Claim(ctx context.Context, r Registration, tell outbox.Event) (Registration, error)
	// Ready notes that the account of a registration that is being set up is ready, that its licence is to be told so, and keeps
	// tell; otherwise nothing changes. It returns what then stands; fail.NotFound.
	Ready(ctx context.Context, id ID, at time.Time, tell outbox.Event) (Registration, error)
	// Attached notes that the licence was told of what r says of its account; first is false where that had been noted before,
	// or something else is to be told by now.
	Attached(ctx context.Context, r Registration, at time.Time) (first bool, err error)
	// Unattached lists claimed registrations whose licence was not told yet, the oldest claim first.
	Unattached(ctx context.Context, limit int) ([]Registration, error)
	// OfAccount lists what the account has claimed, oldest first.
	OfAccount(ctx context.Context, account core.AccountID) ([]Registration, error)
	// Registrations lists the registrations that q asks for.
	Registrations(ctx context.Context, q Query) ([]Registration, error)
}

// Service is the feature. Make it with [New].
type Service struct {
	store    Store
	book     Book
	resolver Resolver
	products core.Catalogue
	clk      clock.Clock
	log      *slog.Logger
}

// New makes the service. products are those that are served here.
func New(store Store, book Book, resolver Resolver, products core.Catalogue, clk clock.Clock, log *slog.Logger) *Service {
	return &Service{store: store, book: book, resolver: resolver, products: products, clk: clk, log: log}
}

// Registration finds one; fail.NotFound.
func (s *Service) Registration(ctx context.Context, id ID) (Registration, error) {
	return s.store.Registration(ctx, id)
}

// Licenses lists the licences that the account owns, in the order in which it claimed them.
func (s *Service) Licenses(ctx context.Context, account core.AccountID) (owned []license.License, err error) {
	regs, err := s.store.OfAccount(ctx, account)
	if err != nil {
		return nil, err
	}
	for _, reg := range regs {
		lic, ok := s.book.ByID(reg.License)
		if !ok || (lic.Account != "" && lic.Account != account) { // "": claimed, and the licence not told yet
			continue
		}
		if !slices.ContainsFunc(owned, func(l license.License) bool { return l.ID == lic.ID }) {
			owned = append(owned, lic)
		}
	}
	return owned, nil
}

// OfAccount lists what the account has claimed, oldest first.
func (s *Service) OfAccount(ctx context.Context, account core.AccountID) ([]Registration, error) {
	return s.store.OfAccount(ctx, account)
}

// Registrations lists the registrations that q asks for.
func (s *Service) Registrations(ctx context.Context, q Query) ([]Registration, error) {
	return s.store.Registrations(ctx, q)
}
