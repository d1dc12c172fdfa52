package operator

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/credential"
)

// Lives of a session. They are shorter than a customer's: more can be done here.
const (
	SessionIdle = 2 * time.Hour  // unused for so long, it is over
	SessionLife = 12 * time.Hour // used or not
)

// Service is the feature. Make it with [New].
type Service struct {
	store    Store
	audit    *audit.Log
	log      *slog.Logger
	clk      clock.Clock
	hasher   *credential.Hasher
	sessions credential.Sessions
	brakes   credential.Brakes
	factors  credential.Factors
	// codeBrakes are for guessing codes, by who knows the password.
	codeBrakes credential.Brakes
	ways       Ways
}

// New makes the service. Its clock is the system's even where business time is a sandbox's: a person who moves that
// clock by a month has not been away for one.
func New(store Store, log *audit.Log, clk clock.Clock, logger *slog.Logger) *Service {
	return &Service{store: store, audit: log, log: logger, clk: clk, hasher: credential.NewHasher(),
		sessions: credential.Sessions{Store: store, Clock: clk, Idle: SessionIdle, Life: SessionLife},
		brakes:   credential.Brakes{Store: store, Clock: clk, Kind: "operator "},
		factors:  credential.Factors{Store: store, Clock: clk}, codeBrakes: credential.Brakes{Store: store, Clock: clk, Kind: "operator code "},
		ways: Ways{Passwords: true}}
}

// Ways are how operators may prove who they are.
type Ways struct {
	Passwords bool   // by the password that they have here
	Issuer    string // by this provider's word; empty: there is none
	// SecondFactor says that a password alone is not enough: who has no second factor yet must add one first.
	SecondFactor bool
}

// Open opens these ways and no others: sessions that were begun by another are over. Call it before anything else. Without it
// passwords are the only way.
func (s *Service) Open(w Ways) { s.ways = w }

// Ways are those that are open.
func (s *Service) Ways() Ways { return s.ways }

// opens reports whether p may be in here by one of the ways.
func (w Ways) opens(p Person) bool {
	if p.Vouched() {
		return p.Issuer == w.Issuer
	}
	return w.Passwords
}

// Add makes an operator. by is who does so.
//
// Errors: fail.Invalid, saying what is wrong; fail.Conflict where the address is another's.
func (s *Service) Add(ctx context.Context, by audit.Actor, p Person, password string) (Person, error) {
	p.Email, p.Name = strings.TrimSpace(p.Email), strings.Join(strings.Fields(p.Name), " ")
	if err := check(p, password); err != nil {
		return Person{}, err
	}
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return Person{}, err
	}
	p.ID, p.CreatedAt = ID(credential.NewID("op_")), s.clk.Now()
	err = s.audit.Do(ctx, by, audit.OperatorAdded, string(p.ID), fmt.Sprintf("%s, %s", p.Email, p.Role), func() error {
		return s.store.CreateOperator(ctx, p, credential.EmailKey(p.Email), hash)
	})
	if err != nil {
		return Person{}, fmt.Errorf("add an operator: %w", err)
	}
	return p, nil
}

func check(p Person, password string) error {
	for _, say := range []string{credential.CheckEmail(p.Email), credential.CheckText(p.Name, credential.MaxName), credential.CheckPassword(password, p.Email)} {
		if say != "" {
			return fail.New(fail.Invalid, "operator", "%s", say)
		}
	}
	switch {
	case p.Name == "":
		return fail.New(fail.Invalid, "operator", "Enter the person's name.")
	case !slices.Contains(Roles, p.Role):
		return fail.New(fail.Invalid, "operator", "There is no role %.40q; take viewer, operator or admin.", p.Role)
	}
	return nil
}

// Operators lists all, oldest first.
func (s *Service) Operators(ctx context.Context) ([]Person, error) { return s.store.Operators(ctx) }

// Find finds an operator by id or by e-mail address; fail.NotFound.
func (s *Service) Find(ctx context.Context, name string) (Person, error) {
	if strings.Contains(name, "@") {
		p, _, err := s.store.OperatorCredentials(ctx, credential.EmailKey(name))
		return p, err
	}
	return s.store.Operator(ctx, ID(name))
}

// own finds an operator that is this program's own. Errors: fail.NotFound; fail.Conflict for one whom a provider vouches for.
func (s *Service) own(ctx context.Context, id ID) (Person, error) {
	p, err := s.store.Operator(ctx, id)
	if err == nil && p.Vouched() {
		return p, fail.New(fail.Conflict, "vouched_for", "%s signs in at %s, which says what they may: change it there.", p.Email, p.Issuer)
	}
	return p, err
}

// ChangePassword gives an operator another password, and signs it out everywhere.
//
// Errors: fail.Invalid for a password that is too weak; fail.NotFound; fail.Conflict for one whom a provider vouches for.
func (s *Service) ChangePassword(ctx context.Context, by audit.Actor, id ID, password string) error {
	p, err := s.own(ctx, id)
	if err != nil {
		return err
	}
	if say := credential.CheckPassword(password, p.Email); say != "" {
		return fail.New(fail.Invalid, "password", "%s", say)
	}
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	return s.audit.Do(ctx, by, audit.PasswordChanged, string(id), p.Email, func() error {
		return s.store.ReplaceOperatorPassword(ctx, id, hash)
	})
}

// ChangeRole gives an operator another role. Errors: fail.Invalid for a role that is none; fail.NotFound; fail.Conflict for
// the last admin, and for one whom a provider vouches for.
func (s *Service) ChangeRole(ctx context.Context, by audit.Actor, id ID, role Role) error {
	if !slices.Contains(Roles, role) {
		return fail.New(fail.Invalid, "role", "There is no role %.40q; take viewer, operator or admin.", role)
	}
	if _, err := s.own(ctx, id); err != nil {
		return err
	}
	return s.change(ctx, by, audit.RoleChanged, id, role)
}

// Remove forgets an operator, and signs it out everywhere; what it did stays in the log. Errors: fail.NotFound;
// fail.Conflict for the last admin.
func (s *Service) Remove(ctx context.Context, by audit.Actor, id ID) error {
	return s.change(ctx, by, audit.OperatorRemoved, id, "")
}

func (s *Service) change(ctx context.Context, by audit.Actor, action audit.Action, id ID, role Role) error {
	p, err := s.store.Operator(ctx, id)
	if err != nil {
		return err
	}
	detail := p.Email
	if role != "" {
		detail += ", " + string(role)
	}
	return s.audit.Do(ctx, by, action, string(id), detail, func() error {
		return s.store.ChangeRole(ctx, id, role, func(others []Person) error {
			if role.May(Admin) || slices.ContainsFunc(others, func(o Person) bool { return o.Role.May(Admin) }) {
				return nil
			}
			return fail.New(fail.Conflict, "last_admin", "%s is the only admin; make somebody else one first.", p.Email)
		})
	})
}

// SignIn finds the operator that email and password belong to. address is where the person comes from. One who has a
// SecondFactor is let in by [Service.ProveFactor] only.
//
// Errors: fail.Denied, the same whether the operator or the password is wrong; fail.TooMuch after too many attempts.
func (s *Service) SignIn(ctx context.Context, email, password, address string) (Person, error) {
	if !s.ways.Passwords {
		return Person{}, fail.New(fail.Denied, "no_passwords", "Passwords are switched off here. Sign in with the sign-in provider.")
	}
	key := credential.EmailKey(email)
	if key == "" || password == "" || len(key) > credential.MaxEmail || len(password) > credential.MaxTyped {
		return Person{}, denied()
	}
	try, err := s.brakes.Try(ctx, key, address)
	if fail.Is(err, fail.TooMuch) {
		s.log.InfoContext(ctx, "console sign-in refused: too many attempts")
	}
	if err != nil {
		return Person{}, err
	}
	p, hash, err := s.store.OperatorCredentials(ctx, key)
	if fail.Is(err, fail.NotFound) || err == nil && hash == "" {
		if err := s.hasher.Burn(ctx, password); err != nil {
			return Person{}, err
		}
		s.log.InfoContext(ctx, "console sign-in refused: nobody has this address and a password")
		return Person{}, denied()
	}
	if err != nil {
		return Person{}, err
	}
	right, stale, err := s.hasher.Verify(ctx, password, hash)
	if err != nil {
		return Person{}, fmt.Errorf("verify the password of %s: %w", p.ID, err)
	}
	if !right {
		s.log.InfoContext(ctx, "console sign-in refused: wrong password", "operator", p.ID)
		return Person{}, denied()
	}
	if stale {
		s.rehash(ctx, p.ID, password, hash)
	}
	return p, s.brakes.Forgive(ctx, try)
}

// rehash hashes a password with present costs; where that fails, the old hash stays good.
func (s *Service) rehash(ctx context.Context, id ID, password, was string) {
	now, err := s.hasher.Hash(ctx, password)
	if err == nil {
		err = s.store.RehashOperator(ctx, id, was, now)
	}
	if err != nil {
		s.log.WarnContext(ctx, "an operator's password was not hashed anew", "operator", id, "err", err)
	}
}

func denied() error {
	return fail.New(fail.Denied, "wrong_credentials", "E-mail address and password do not belong together. Check both and try again.")
}

// StartSession signs p's browser in, which calls itself userAgent, and returns the secret that it is to hold, in place of old, the
// one that it held before, if any.
func (s *Service) StartSession(ctx context.Context, p Person, address, userAgent, old string) (secret string, err error) {
	if err := s.store.ForgetSessions(ctx, s.clk.Now()); err != nil { // few are made, so that this is the moment to tidy up
		return "", err
	}
	if err := s.audit.Note(ctx, p.Actor(address), audit.SignedIn, string(p.ID), p.Issuer); err != nil {
		return "", err
	}
	return s.sessions.Start(ctx, string(p.ID), userAgent, old)
}

// SignedIn finds whose session secret is; used as in [credential.Sessions.Find]. Errors: fail.Denied where it is nobody's,
// or over, or its owner's way in is closed by now.
func (s *Service) SignedIn(ctx context.Context, secret string, used bool) (Person, error) {
	found, err := s.sessions.Find(ctx, secret, used)
	if err != nil {
		return Person{}, err
	}
	p, err := s.store.Operator(ctx, ID(found.Owner))
	if fail.Is(err, fail.NotFound) || err == nil && !s.ways.opens(p) {
		return Person{}, credential.SignedOut()
	}
	return p, err
}

// EndSession signs p's browser out.
func (s *Service) EndSession(ctx context.Context, p Person, address, secret string) error {
	if err := s.audit.Note(ctx, p.Actor(address), audit.SignedOut, string(p.ID), ""); err != nil {
		return err
	}
	return s.sessions.End(ctx, secret)
}

// Sessions lists where an operator is signed in, the oldest first.
func (s *Service) Sessions(ctx context.Context, id ID) ([]credential.Session, error) {
	return s.sessions.Of(ctx, string(id))
}

// NamedSession finds that session of an operator's whose id is given, a zero one for [credential.OtherSessions]; fail.NotFound.
func (s *Service) NamedSession(ctx context.Context, id ID, session string) (credential.Session, error) {
	return s.sessions.Named(ctx, string(id), session)
}

// SignOut signs p, who has just shown once more who they are, out where they are signed in by the session whose id is given, or,
// with [credential.OtherSessions], everywhere but in the session whose secret is given. Errors: fail.NotFound.
func (s *Service) SignOut(ctx context.Context, by audit.Actor, p Person, session, secret string) error {
	n, err := s.NamedSession(ctx, p.ID, session)
	if err != nil {
		return err
	}
	return s.audit.Do(ctx, by, audit.SignedOutThere, string(p.ID), cmp.Or(n.Browser, session), func() error {
		return s.sessions.EndNamed(ctx, string(p.ID), session, secret)
	})
}

// Actor is p as the audit log names it; address is where p's browser is.
func (p Person) Actor(address string) audit.Actor {
	return audit.Actor{ID: string(p.ID), Name: p.Email, From: address}
}

// Shell is who works with the database at hand, whom the operating system calls user.
func Shell(user string) audit.Actor { return audit.Actor{ID: "shell", Name: user} }
