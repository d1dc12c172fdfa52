// Package operator is the seller's own people: who may sign in to the console, and what they may do there.
//
// It owns: operators, their passwords, roles and sessions, and what an identity provider's word makes of somebody. It does not
// own: the customers (package account), the provider itself (package idp), pages and cookies (the console), or what was done
// (package audit, which is told of every change here).
//
// Always true: an e-mail address is one operator's at most; an operator has a password here or is vouched for by a provider,
// never both, so that there is one place to take their access away; an answer to a wrong password is the same, and takes as
// long, whether or not there is such an operator; who is removed, or is given another password, is signed out everywhere;
// nobody here takes the last admin's role away (a provider may: it can name another).
package operator

import (
	"context"
	"time"

	"souk.dev/souk/internal/gateway/credential"
)

// ID names an operator ("op_…").
type ID string

// Role is what an operator may do. Each may do what those before it may.
type Role string

// The roles.
const (
	Viewer   Role = "viewer"   // look at everything but the operators and the audit log
	Operator Role = "operator" // decide on corrections, replay notices
	Admin    Role = "admin"    // keys, operators, the audit log
)

// Roles are all of them, from the one that may least.
var Roles = []Role{Viewer, Operator, Admin}

var ranks = map[Role]int{Viewer: 1, Operator: 2, Admin: 3}

// May reports whether r may do what needs at least the role want. A role that is none may nothing.
func (r Role) May(want Role) bool { return ranks[want] > 0 && ranks[r] >= ranks[want] }

// Person is one operator.
type Person struct {
	ID        ID
	Email     string // as it was entered
	Name      string
	Role      Role
	CreatedAt time.Time
	// Issuer and Subject are by whom the person is vouched for, and as whom; empty: they have a password here.
	Issuer, Subject string
	// SecondFactor says that their password alone does not let them in.
	SecondFactor bool
}

// Vouched reports whether a provider vouches for the person.
func (p Person) Vouched() bool { return p.Issuer != "" }

// Store keeps operators. Hashes of passwords are PHC strings.
type Store interface {
	credential.SessionStore // whose owners are operators
	credential.AttemptStore
	credential.FactorStore // whose owners are operators

	// CreateOperator keeps a new one; fail.Conflict where another has the same email key.
	CreateOperator(ctx context.Context, p Person, emailKey, passwordHash string) error
	// Operator finds one; fail.NotFound.
	Operator(ctx context.Context, id ID) (Person, error)
	// OperatorCredentials finds one and its password's hash ("" if it has none) by email key; fail.NotFound.
	OperatorCredentials(ctx context.Context, emailKey string) (Person, string, error)
	// VouchedOperator finds the one whom issuer vouches for as subject; fail.NotFound.
	VouchedOperator(ctx context.Context, issuer, subject string) (Person, error)
	// KeepVouched keeps what a provider says of p: a new operator, or another Email, Name, Role, Issuer and Subject of one that
	// is there. A password that it had is forgotten, and its second factor and sessions with that. fail.Conflict where another has the same
	// email key, or the same issuer and subject.
	KeepVouched(ctx context.Context, p Person, emailKey string) error
	// Operators lists all, oldest first.
	Operators(ctx context.Context) ([]Person, error)
	// ReplaceOperatorPassword changes the hash and forgets the operator's sessions, in one step; fail.NotFound where there is no
	// such operator, or it has no password.
	ReplaceOperatorPassword(ctx context.Context, id ID, hash string) error
	// RehashOperator changes the hash from was to now and nothing else; where it is no longer was, nothing changes.
	RehashOperator(ctx context.Context, id ID, was, now string) error
	// ChangeRole gives the operator another role, or with the role "" forgets it and its sessions, unless check finds
	// something wrong in sight of the others. It is one step; check may run twice. Errors: check's; fail.NotFound.
	ChangeRole(ctx context.Context, id ID, role Role, check func(others []Person) error) error
	// ForgetSessions forgets the sessions that expired at or before now.
	ForgetSessions(ctx context.Context, now time.Time) error
}
