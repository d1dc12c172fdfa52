package outbox

import (
	"context"
	"time"

	"souk.dev/souk/internal/gateway/core"
)

// Store keeps events and deliveries. Events are written by the features' own stores, each in the transaction of its fact; one
// whose id is known stays as it is. What a method has changed is durable when it returns nil.
type Store interface {
	// Unspread lists up to limit events whose targets have not been worked out, oldest first.
	Unspread(ctx context.Context, limit int) ([]Event, error)
	// Spread keeps an event's deliveries and that they were worked out, in one step. One that is kept stays as it is. An
	// event that is not kept yet is (a test, which has no other fact).
	Spread(ctx context.Context, e Event, deliveries []Delivery, now time.Time) error

	// Lanes lists the lanes of a channel in which something is due or will be, with when.
	Lanes(ctx context.Context, channel string) ([]Lane, error)
	// Lease takes up to limit deliveries of a lane that are due at now, oldest due first, for whoever names the lease, until the
	// instant until: then they are due again.
	Lease(ctx context.Context, channel, lane, lease string, now, until time.Time, limit int) ([]Leased, error)
	// Settle keeps d, which has been leased, and the attempt; and, in the same step, that somebody should look at it where it was
	// given up. settled is false, and nothing is kept, where the lease was lost.
	Settle(ctx context.Context, d Delivery, lease string, a Attempt) (settled bool, err error)

	// Delivery finds one; otherwise fail.NotFound.
	Delivery(ctx context.Context, id DeliveryID) (Delivery, error)
	// Deliveries lists those that q chooses, newest first.
	Deliveries(ctx context.Context, q Query) ([]Delivery, error)
	// Attempts lists the tries of a delivery, oldest first.
	Attempts(ctx context.Context, id DeliveryID) ([]Attempt, error)
	// Event finds one; otherwise fail.NotFound.
	Event(ctx context.Context, id EventID) (Event, error)
	// Resend makes final deliveries that q chooses pending, due at now, and counts them; q.Limit and q.After are not
	// looked at.
	Resend(ctx context.Context, q Query, why string, now time.Time) (int, error)

	// OldestEvent is when the oldest event was written down; ok is false if there is none.
	OldestEvent(ctx context.Context) (at time.Time, ok bool, err error)
	// ForgetEvents forgets up to limit events from before the instant, with their deliveries.
	ForgetEvents(ctx context.Context, before time.Time, limit int) (forgotten int, err error)
}

// Lane is where deliveries queue.
type Lane struct {
	Name string
	Due  time.Time // of the first
}

// Leased is a delivery with its event.
type Leased struct {
	Delivery Delivery
	Event    Event
}

// Query chooses deliveries; what is empty chooses all.
type Query struct {
	ID      DeliveryID
	Channel string
	Target  string // whatever its form
	Event   EventID
	License core.LicenseID
	States  []State
	From    time.Time // made then or later
	To      time.Time // made before
	After   Cursor    // the last of the page before
	Limit   int
}

// Cursor is the place of a delivery in a list.
type Cursor struct {
	At time.Time
	ID DeliveryID
}

// CursorOf is d's place.
func CursorOf(d Delivery) Cursor { return Cursor{d.CreatedAt, d.ID} }
