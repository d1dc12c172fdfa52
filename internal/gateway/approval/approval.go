// Package approval says who may decide on what somebody proposed: a person who is named and, unless the seller has but
// one, another than whoever proposed it.
//
// It owns: how people are named, and that rule. It does not own: the life of what is proposed (package proposal), what a
// decision does (packages correction, cancellation and payment), nor who may sign in (operator) or call (keys).
package approval

import (
	"strings"
	"unicode/utf8"

	"souk.dev/souk/internal/fail"
)

// Actor is who did something: the API key that the call came with, or the operator whom the console knows; and the person
// whom the caller named.
type Actor struct {
	Key    string // "key_…", or "op_…"
	Person string // may be empty where a program acts by itself
}

// is reports whether a and b are surely the same person. A program that names nobody is nobody's.
func (a Actor) is(b Actor) bool {
	return a.Person != "" && strings.EqualFold(strings.TrimSpace(a.Person), strings.TrimSpace(b.Person))
}

// maxSaid is the longest name of a person, and the longest reason of theirs, in bytes.
const maxSaid = 500

// Asks checks the name of who proposes, which may be empty: fail.Invalid for one that cannot be kept.
func (a Actor) Asks() error {
	if len(a.Person) > maxSaid || !utf8.ValidString(a.Person) {
		return fail.New(fail.Invalid, "by", "The name of who asks may have at most %d bytes.", maxSaid)
	}
	return nil
}

// Decides checks that a person decides: fail.Invalid where none is named.
func (a Actor) Decides() error {
	if strings.TrimSpace(a.Person) == "" || len(a.Person) > maxSaid || !utf8.ValidString(a.Person) {
		return fail.New(fail.Invalid, "by", "Name the person who decides, in at most %d bytes.", maxSaid)
	}
	return nil
}

// Why checks the reason that a person gave for a decision, which may be empty: fail.Invalid for one that cannot be kept.
func Why(text string) error {
	if len(text) > maxSaid || !utf8.ValidString(text) {
		return fail.New(fail.Invalid, "why", "A reason may have at most %d bytes.", maxSaid)
	}
	return nil
}

// Rule is the seller's.
type Rule struct {
	Own bool // whoever proposes may approve: for a seller of one person
}

// Approves says whether by may approve what asked proposed.
//
// Errors: fail.Invalid where no person is named; fail.Conflict for one's own proposal.
func (r Rule) Approves(by, asked Actor) error {
	if err := by.Decides(); err != nil {
		return err
	}
	if !r.Own && by.is(asked) {
		return fail.New(fail.Conflict, "own_proposal", "You proposed this yourself; another person has to approve it.")
	}
	return nil
}
