package register

import "time"

// State is where a registration is.
type State string

// The states.
const (
	Open      State = "open"       // the buyer has arrived and has no account here yet
	SettingUp State = "setting_up" // an account owns the licence, and the seller's people make it ready
	Complete  State = "complete"   // an account owns the licence, and is ready
)

// States are all states, in the order in which they come.
var States = []State{Open, SettingUp, Complete}

// Standing is where a registration stands and why (law 7).
type Standing struct {
	State State     `json:"state"`
	Why   string    `json:"why"`
	Since time.Time `json:"since"`
	Next  string    `json:"next,omitempty"`
	By    time.Time `json:"by,omitzero"` // when Next has happened, as the buyer was told
}

// Standing is worked out from what the registration says.
func (r Registration) Standing() Standing {
	switch {
	case r.Account == "":
		return Standing{State: Open, Why: "The buyer has come from AWS Marketplace and has not made or chosen an account yet.", Since: r.ArrivedAt,
			Next: "The buyer finishes signing up, or comes again through Set up your account in AWS Marketplace."}
	case r.SettingUp():
		return Standing{State: SettingUp, Why: "The buyer has an account, which the seller's people make ready.", Since: r.ClaimedAt,
			Next: "The buyer is contacted; then somebody says here, or with POST /v1/registrations/ID/ready, that the account is ready.", By: r.DueAt}
	case r.AttachedAt.IsZero():
		return Standing{State: Complete, Why: "The buyer has an account; the licence is being told.", Since: r.since(), Next: "The licence is told within moments."}
	case !r.ReadyAt.IsZero():
		return Standing{State: Complete, Why: "The seller's people have made the buyer's account ready.", Since: r.ReadyAt}
	default:
		return Standing{State: Complete, Why: "The buyer has an account.", Since: r.ClaimedAt}
	}
}

// since is when the account was there and ready.
func (r Registration) since() time.Time {
	if !r.ReadyAt.IsZero() {
		return r.ReadyAt
	}
	return r.ClaimedAt
}
