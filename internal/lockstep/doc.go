// Package lockstep moves one business clock for several processes: a sandbox that leads, and gateways that follow it.
//
// Time moves from one due instant to the next. At each, the leader does what is due, tells every follower the
// instant, and waits until all of them have done what is due for them; work that this causes at the same instant is
// done too before time goes on. So a year can be played in minutes, with real HTTP between the parts, and nothing
// happens out of order.
//
// It owns: the protocol ([Poll], [Answer], on [Path]), the leader's side ([Leader]) and the follower's ([Follower]).
// It does not own: what is due (package job) or the clock itself (package clock). Followers connect to the leader, so
// they need no address of their own.
package lockstep

import "time"

// Path is where a leader serves polls: POST Path/{follower}. DELETE on the same path takes leave.
const Path = "/_sandbox/clock/followers"

// Poll is what a follower says: how far it has come and when it next has something to do. The leader holds the
// request until it has news, for at most 20 seconds.
type Poll struct {
	// Seq is the newest Answer.Seq whose work is all done; 0 at first.
	Seq int64 `json:"seq"`
	// NextDue is the follower's next due instant; absent when it has none.
	NextDue *time.Time `json:"nextDue,omitempty"`
	// Busy says that the follower has found work by itself and is about to do it: it takes the news that there are, and
	// is not held. Without this word it would seem to have died, because it ends its held poll to work.
	Busy bool `json:"busy,omitempty"`
}

// Answer is the leader's news.
type Answer struct {
	// Seq counts the leader's news. An answer whose Seq is the one polled with brings none (the wait ran out).
	Seq int64     `json:"seq"`
	Now time.Time `json:"now"`
	// Rate is business seconds per real second; Frozen says that time stands still until the next news.
	Rate   float64 `json:"rate"`
	Frozen bool    `json:"frozen"`
}
