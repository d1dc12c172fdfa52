package account

import (
	"context"
	"log/slog"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/outbox"
)

// Person is somebody who signs in: with their own password, second factor and sessions. Each is a member of an account at
// least; who is of none any more is forgotten.
type Person struct {
	ID        core.PersonID
	Email     string // as the person wrote it
	Name      string
	CreatedAt time.Time
	// VerifiedAt is when they proved that Email is theirs, QuietAt when they asked for no more reminders; zero: not yet.
	VerifiedAt, QuietAt time.Time
}

// Account is one of the seller's customers: what licences belong to, and people are members of.
type Account struct {
	ID        core.AccountID
	Company   string // may be empty
	CreatedAt time.Time
	// Reference is the seller's own name for a customer whose account the seller keeps; empty: it is kept here.
	Reference string
	// Email and Name are whom to ask: the owner who has been one for longest. Where the seller keeps the account they are what it
	// told of the customer.
	Email, Name string
	// VerifiedAt is when that owner proved that Email is theirs; zero: not yet.
	VerifiedAt time.Time
	// ErasedAt is when what it said of people was erased; zero: it was not.
	ErasedAt time.Time
}

// Role is what a member may do in an account.
type Role string

// The roles.
const (
	RoleOwner  Role = "owner"  // all, and decides who is in the account
	RoleMember Role = "member" // sees subscriptions, usage and statements
)

// Member is a person in an account.
type Member struct {
	Person
	Role  Role
	Since time.Time
}

// Who is a person who signs in, and the account that they are at.
type Who struct {
	Person
	Account Account
	Role    Role
}

// Owns reports whether who may decide what becomes of the account, and who is in it.
func (w Who) Owns() bool { return w.Role == RoleOwner }

// Store keeps accounts and people. Hashes are in hexadecimal.
type Store interface {
	credential.SessionStore // whose owners are people
	credential.AttemptStore
	credential.FactorStore // whose owners are people
	credential.PasskeyStore
	InvitationStore
	AddressStore

	// CreateAccount keeps a new account and a new person, its owner, with their password's hash, and what is to be told of it.
	// Where another person has the same email key it changes nothing and answers fail.Conflict.
	CreateAccount(ctx context.Context, w Who, emailKey, passwordHash string, tell ...outbox.Event) error
	// ReferAccount keeps a new account without people under its reference, and what is to be told of it, or, where one
	// has the same reference, puts what is not empty in the place of what that says. It returns what then stands.
	ReferAccount(ctx context.Context, a Account, tell ...outbox.Event) (Account, error)
	// EraseAccount empties what the account says of people, what they answered at registration included, ends its sign-in
	// handles and memberships, and forgets who is of no other account; a second time it changes nothing. It returns what then
	// stands; fail.NotFound.
	EraseAccount(ctx context.Context, id core.AccountID, at time.Time) (Account, error)
	// Account finds an account; fail.NotFound.
	Account(ctx context.Context, id core.AccountID) (Account, error)
	// Person finds a person; fail.NotFound.
	Person(ctx context.Context, id core.PersonID) (Person, error)
	// Credentials finds a person and their password's hash by email key; fail.NotFound.
	Credentials(ctx context.Context, emailKey string) (Person, string, error)
	// ReplacePassword changes the hash from was to now; where it is no longer was, nothing changes.
	ReplacePassword(ctx context.Context, id core.PersonID, was, now string) error
	// ChangePassword replaces the password's hash was by now, forgets the person's handles, what was mailed to them for another
	// password, and their sessions but the one whose hash is keep, and keeps what is to be told of it. fail.Conflict, and nothing
	// changes, where the hash is no longer was.
	ChangePassword(ctx context.Context, id core.PersonID, was, now, keep string, tell outbox.Event) error
	// ChangeName keeps a person's other name; fail.NotFound.
	ChangeName(ctx context.Context, id core.PersonID, name string) error
	// Accounts lists accounts in order of their creation, after the one called after ("" for the beginning).
	Accounts(ctx context.Context, after core.AccountID, limit int) ([]Account, error)

	// Seats lists the accounts that a person is a member of: first the one that the session with that hash is at, if any, then
	// those they have been in for longest.
	Seats(ctx context.Context, id core.PersonID, session string) ([]Who, error)
	// TakeSeat keeps at which account a session is.
	TakeSeat(ctx context.Context, session string, id core.AccountID) error
	// Members lists an account's members: those who have been in it for longest first.
	Members(ctx context.Context, id core.AccountID) ([]Member, error)
	// ChangeMember gives a member of the account another role, or with the role "" takes them out: ends their sessions and sign-in
	// handles, takes back their invitations to it, and forgets them where they are in no other. It keeps what is to be told of it. Where
	// check finds something wrong in sight of the others nothing changes; it may run twice. Errors: check's; fail.NotFound.
	ChangeMember(ctx context.Context, of core.AccountID, id core.PersonID, role Role, check func(others []Member) error, tell outbox.Event) error

	// CreateHandle keeps a sign-in handle.
	CreateHandle(ctx context.Context, h Handle) error
	// TakeHandle takes a handle out of the store, so that of two callers one gets it; fail.NotFound.
	TakeHandle(ctx context.Context, hash string) (Handle, error)

	// CreateProof keeps a proof.
	CreateProof(ctx context.Context, p Proof) error
	// Proof finds a proof by its hash; fail.NotFound.
	Proof(ctx context.Context, hash string) (Proof, error)
	// Verify notes that person id was verified at the instant at, uses up their proofs of that purpose, and keeps what is to be
	// told of it. fail.NotFound, and nothing changes, where the proof is not there any more: of two callers one succeeds.
	Verify(ctx context.Context, proof string, id core.PersonID, at time.Time, tell ...outbox.Event) error
	// ResetPassword replaces the password's hash, notes that the person was verified at the instant at unless they had been,
	// forgets their sessions, handles and proofs, and keeps what is to be told of it. fail.NotFound as of Verify.
	ResetPassword(ctx context.Context, proof string, id core.PersonID, passwordHash string, at time.Time, tell ...outbox.Event) error
	// Quiet keeps since when a person wants no reminders; zero: they want them. fail.NotFound.
	Quiet(ctx context.Context, id core.PersonID, at time.Time) error
	// Tell keeps what is to be told of nothing that is kept here.
	Tell(ctx context.Context, e outbox.Event) error

	// NextExpiry tells when the first session, handle, proof, invitation, change of address, answer of a passkey or count of attempts expires; ok is false if there is none.
	NextExpiry(ctx context.Context) (at time.Time, ok bool, err error)
	// DeleteExpired forgets up to limit sessions, handles, proofs, invitations, changes of address, answers and counts each that expired at or before now.
	DeleteExpired(ctx context.Context, now time.Time, limit int) (deleted int, err error)
}

// hasher is credential.Hasher.
type hasher interface {
	Hash(ctx context.Context, password string) (string, error)
	Verify(ctx context.Context, password, phc string) (right, stale bool, err error)
	Burn(ctx context.Context, password string) error
}

// Service is the feature. Make it with [New].
type Service struct {
	store Store
	clk   clock.Clock
	log   *slog.Logger
	wake  func() // makes the outbox look again

	hasher   hasher
	sessions credential.Sessions
	brakes   credential.Brakes
	factors  credential.Factors
	// codeBrakes are for guessing codes, by who knows the password; inviteBrakes for mails that owners have sent to strangers, and
	// addressBrakes for those that people have sent to what they say is their next address.
	codeBrakes, inviteBrakes, addressBrakes credential.Brakes
}

// New makes the service.
func New(store Store, clk clock.Clock, log *slog.Logger) *Service {
	return &Service{store: store, clk: clk, log: log, wake: func() {}, hasher: credential.NewHasher(),
		sessions: credential.Sessions{Store: store, Clock: clk, Idle: SessionIdle, Life: SessionLife},
		brakes:   credential.Brakes{Store: store, Clock: clk},
		factors:  credential.Factors{Store: store, Clock: clock.System{}}, codeBrakes: credential.Brakes{Store: store, Clock: clk, Kind: "code "},
		inviteBrakes: credential.Brakes{Store: store, Clock: clk, Kind: "invite "}, addressBrakes: credential.Brakes{Store: store, Clock: clk, Kind: "address "}}
}

// OnAsking has wake called when somebody asks for a mail. Call it before anything else.
func (s *Service) OnAsking(wake func()) { s.wake = wake }

// Account finds an account; fail.NotFound.
func (s *Service) Account(ctx context.Context, id core.AccountID) (Account, error) {
	return s.store.Account(ctx, id)
}

// ByEmail finds the accounts of an e-mail address' person; fail.NotFound. It is for the seller's own people: to anybody else it
// would tell who is a customer.
func (s *Service) ByEmail(ctx context.Context, email string) ([]Who, error) {
	p, _, err := s.store.Credentials(ctx, credential.EmailKey(email))
	if err != nil {
		return nil, err
	}
	return s.store.Seats(ctx, p.ID, "")
}

// Accounts lists up to limit accounts, oldest first, after the one called after ("" for the beginning).
func (s *Service) Accounts(ctx context.Context, after core.AccountID, limit int) ([]Account, error) {
	return s.store.Accounts(ctx, after, limit)
}
