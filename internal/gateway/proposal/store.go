package proposal

import (
	"context"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
)

// Proposal is one kind's: a struct that embeds [Life].
type Proposal[C any] interface {
	Stands() Life  // of the embedded [Life]
	With(l Life) C // the proposal with another life
}

// Store keeps the proposals of one kind. What a method has changed is durable when it returns nil.
type Store[C Proposal[C]] interface {
	// Add keeps a new one, unless check finds something wrong with it beside the others of [Store.Beside], of which none can
	// come or change meanwhile. check may be called twice, and touches nothing outside. tell is what is to be told of it, and
	// kept with it. Errors: check's.
	Add(ctx context.Context, c C, check func(others []C) error, tell ...outbox.Event) error
	// Decide keeps what a person's decision makes of a proposal, in the same manner: one decision at a time, in sight of all
	// others, and what is to be told of it. A decision that changes no state changes nothing. Errors: fail.NotFound, or
	// decision's.
	Decide(ctx context.Context, id ID, decision func(c C, others []C) (next C, tell []outbox.Event, err error)) (C, error)
	// Beside lists the others, in any state, that its kind looks at before c is proposed or approved, oldest first.
	Beside(ctx context.Context, c C) ([]C, error)
	// Change keeps c, which was read at its revision, with what is to be told of it, and counts the revision on. What AWS is
	// asked never changes once it is kept. Errors: fail.Conflict if c was changed since it was read, or AWS would be asked
	// something else.
	Change(ctx context.Context, c C, tell ...outbox.Event) error
	// Find finds one; otherwise fail.NotFound.
	Find(ctx context.Context, id ID) (C, error)
	// List lists those that q chooses, oldest first.
	List(ctx context.Context, q Query) ([]C, error)
	// Due is the one that is due first; ok is false while none is.
	Due(ctx context.Context) (c C, ok bool, err error)
	// Hasten makes all of which AWS may tell something new due at now, at the latest.
	Hasten(ctx context.Context, now time.Time) error
}

// Query chooses proposals; what is empty chooses all.
type Query struct {
	License core.LicenseID
	State   State
	After   ID // the last of the page before
	Limit   int
}
