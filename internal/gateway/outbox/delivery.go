package outbox

import (
	"crypto/sha256"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"souk.dev/souk/internal/gateway/core"
)

// DeliveryID names a delivery ("dlv_…").
type DeliveryID string

// State is where a delivery stands. All but Pending are final, until somebody has it carried again.
type State string

// The states.
const (
	Pending   State = "pending"   // it is carried, now or later
	Delivered State = "delivered" // its receiver has taken it
	Dead      State = "dead"      // it was tried for three days, or can never be taken
	Dropped   State = "dropped"   // it is not wanted any more
)

// Known reports whether s is one of the states.
func (s State) Known() bool { return slices.Contains([]State{Pending, Delivered, Dead, Dropped}, s) }

// Target is to whom one event goes by one channel.
type Target struct {
	To   string // an endpoint, an account: as the channel names it
	Form string // where one event becomes several tellings to the same: which one; may be empty
	// Lane groups targets that fail together: one that fails holds up those of its lane for a while, and no others.
	Lane string
}

// Delivery is one event on its way to one target.
type Delivery struct {
	ID      DeliveryID
	Event   EventID
	Kind    Kind           // of the event
	License core.LicenseID // of the event
	Channel string
	Target
	State     State
	Why       string
	CreatedAt time.Time
	Since     time.Time // of State
	DueAt     time.Time // when it is carried, or carried again; zero unless Pending
	Tries     int       // since it was made, or somebody had it carried again
}

// Attempt is one try at carrying a delivery.
type Attempt struct {
	At     time.Time
	Took   time.Duration // in real time
	Status int           // the receiver's, in the channel's own numbers; 0: there was no answer
	Say    string        // what came of it
}

// newDelivery is event e's on its way to t. The same again has the same id.
func newDelivery(e Event, channel string, t Target, now time.Time) Delivery {
	sum := sha256.Sum256([]byte(strings.Join([]string{string(e.ID), channel, t.To, t.Form}, "\x00")))
	if t.Lane == "" {
		t.Lane = t.To
	}
	return Delivery{ID: DeliveryID("dlv_" + short(sum[:])), Event: e.ID, Kind: e.Kind, License: e.License, Channel: channel, Target: t,
		State: Pending, Why: "It is on its way.", CreatedAt: now, Since: now, DueAt: now}
}

// become is d in a final state from now on.
func (d Delivery) become(s State, why string, now time.Time) Delivery {
	d.State, d.Why, d.Since, d.DueAt = s, why, now, time.Time{}
	return d
}

// pauses are those between tries: almost three days in all. They are the schedule that the Standard Webhooks
// specification recommends, with one more step at its beginning, and cut to 72 hours.
var pauses = [...]time.Duration{5 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 16 * time.Hour, 24 * time.Hour}

// longestWish bounds how long a receiver may ask us to wait.
const longestWish = 24 * time.Hour

// pauseAfter is the pause after d's latest try; ok is false when there is no other. Up to a tenth is taken off, by
// the delivery's name, so that those which failed at once are not all tried again at once.
func (d Delivery) pauseAfter(wish time.Duration) (p time.Duration, ok bool) {
	if d.Tries < 1 || d.Tries > len(pauses) {
		return 0, false
	}
	p = pauses[d.Tries-1]
	h := fnv.New32a()
	_, _ = h.Write([]byte(d.ID)) // never fails
	p -= p / 1000 * time.Duration(h.Sum32()%100)
	return max(p, min(wish, longestWish)), true
}

// Result is what came of one try, as a channel tells it.
type Result struct {
	// State is Delivered, Dead (it can never be taken) or Dropped (it is not wanted any more); Pending: try again.
	State  State
	Status int
	Say    string        // for a person: what came of it
	Wish   time.Duration // how long the receiver wants us to wait before the next try
	// Ours says that the failure is not the target's but its lane's: others of the lane would fail as well now.
	Ours bool
}
