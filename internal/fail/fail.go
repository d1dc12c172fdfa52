// Package fail sorts errors by what their receiver can do about them.
//
// It owns: the kinds of failure and the sentence shown outside for each. It does not own: how a kind becomes an HTTP
// status (package httpx) or a page. Features return *Error for everything a caller may act on; whatever nobody has
// classified is Internal: logged with its cause, shown without it.
package fail

import (
	"errors"
	"fmt"
	"strings"
)

// Kind is what the caller can do about a failure.
type Kind uint8

// The kinds.
const (
	Internal Kind = iota // a bug or an outage here: log the cause, show nothing
	Invalid              // change the request
	Denied               // sign in, or use another key
	NotFound             // no such thing, or not yours to see
	Conflict             // same key, different content; or not in this state
	TooMuch              // slow down and repeat
	Later                // something outside is away: repeat unchanged after a pause
)

var kindNames = [...]string{"internal", "invalid", "denied", "not_found", "conflict", "too_much", "later"}

// String is the kind's name in logs and problem documents.
func (k Kind) String() string { return kindNames[k] }

// Error is a failure with its kind.
type Error struct {
	Kind Kind
	Code string // machine-readable, snake_case, for clients that branch on it; may be empty
	Say  string // for the user: no secrets, no SQL; ends with what to do
	Err  error  // for the log; may be nil
}

// Error gives the sentence and the cause, for logs.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Say
	}
	return fmt.Sprintf("%s: %v", strings.TrimSuffix(e.Say, "."), e.Err)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// New makes an error of kind k with the sentence that format and args give.
func New(k Kind, code, format string, args ...any) *Error {
	return &Error{Kind: k, Code: code, Say: fmt.Sprintf(format, args...)}
}

// Wrap makes an error of kind k around err.
func Wrap(k Kind, err error, code, format string, args ...any) *Error {
	e := New(k, code, format, args...)
	e.Err = err
	return e
}

// KindOf is the kind of the outermost *Error in err's chain: Internal when nobody has classified it.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// CodeOf is the code of the outermost *Error in err's chain, or "".
func CodeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// SayOf is what the outermost *Error in err's chain says to the user, or "".
func SayOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Say
	}
	return ""
}

// Is reports whether err is of kind k.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }
