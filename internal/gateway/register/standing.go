package register

import "time"

// State is where a registration is.
type State string

// The states.
const (
	Open     State = "open"     // the buyer has arrived and has no account here yet
	Complete State = "complete" // an account owns the licence
)

// Standing is where a registration stands and why (law 7).
type Standing struct {
	State State     `json:"state"`
	Why   string    `json:"why"`
	Since time.Time `json:"since"`
	Next  string    `json:"next,omitempty"`
}

// Standing is worked out from what the registration says.
func (r Registration) Standing() Standing {
	switch {
	case r.Account == "":
		return Standing{Open, "The buyer has come from AWS Marketplace and has not made or chosen an account yet.", r.ArrivedAt,
			"The buyer finishes signing up, or comes again through Set up your account in AWS Marketplace."}
	case r.AttachedAt.IsZero():
		return Standing{Complete, "The buyer has an account; the licence is being told.", r.ClaimedAt, "The licence is told within moments."}
	default:
		return Standing{State: Complete, Why: "The buyer has an account.", Since: r.ClaimedAt}
	}
}
