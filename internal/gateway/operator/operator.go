// Package operator is the seller's own people: who may sign in to the console, and what they may do there.
//
// It owns: operators, their passwords, roles and sessions. It does not own: the customers (package account), pages and
// cookies (the console), or what was done (package audit, which is told of every change here).
//
// Always true: an e-mail address is one operator's at most; an answer to a wrong password is the same, and takes as long,
// whether or not there is such an operator; who is removed, or is given another password, is signed out everywhere;
// somebody is left who may change all this.
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
}

// Store keeps operators. Hashes of passwords are PHC strings.
type Store interface {
	credential.SessionStore // whose owners are operators
	credential.AttemptStore

	// CreateOperator keeps a new one; fail.Conflict where another has the same email key.
	CreateOperator(ctx context.Context, p Person, emailKey, passwordHash string) error
	// Operator finds one; fail.NotFound.
	Operator(ctx context.Context, id ID) (Person, error)
	// OperatorCredentials finds one and its password's hash by email key; fail.NotFound.
	OperatorCredentials(ctx context.Context, emailKey string) (Person, string, error)
	// Operators lists all, oldest first.
	Operators(ctx context.Context) ([]Person, error)
	// ReplaceOperatorPassword changes the hash and forgets the operator's sessions, in one step; fail.NotFound.
	ReplaceOperatorPassword(ctx context.Context, id ID, hash string) error
	// RehashOperator changes the hash from was to now and nothing else; where it is no longer was, nothing changes.
	RehashOperator(ctx context.Context, id ID, was, now string) error
	// ChangeRole gives the operator another role, or with the role "" forgets it and its sessions, unless check finds
	// something wrong in sight of the others. It is one step; check may run twice. Errors: check's; fail.NotFound.
	ChangeRole(ctx context.Context, id ID, role Role, check func(others []Person) error) error
	// ForgetSessions forgets the sessions that expired at or before now.
	ForgetSessions(ctx context.Context, now time.Time) error
}
