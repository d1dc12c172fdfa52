package storetest

import (
	"fmt"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/cancellation"
	"souk.dev/souk/internal/gateway/proposal"
)

// Cancellations is what every engine must do for package cancellation.
func Cancellations(t *testing.T, open func(t *testing.T) cancellation.Store) {
	proposals[cancellation.Cancellation]{
		fresh: newCancellation, waiting: cancellation.Agreed,
		grown: func(c cancellation.Cancellation) cancellation.Cancellation {
			c.DecidedBy, c.DecidedAt, c.AWSID, c.RespondBy = approval.Actor{Key: "op_1", Person: "Grace"}, noon.Add(time.Hour), "acr-1", noon.Add(7*24*time.Hour)
			c.WithdrawnBy, c.WithdrawWhy, c.SettledAt = approval.Actor{Key: "op_2", Person: "Ida"}, "A mistake.", noon.Add(2*time.Hour)
			c.State, c.Why, c.Since, c.DueAt, c.Tries = cancellation.Withdrawing, "It is being withdrawn.", noon.Add(3*time.Hour), noon.Add(4*time.Hour), 3
			return c
		},
		elsewhere: []func(cancellation.Cancellation) cancellation.Cancellation{
			func(c cancellation.Cancellation) cancellation.Cancellation { c.Agreement = "agmt-2"; return c },
		},
	}.run(t, open, map[string]func(*testing.T, cancellation.Store){"RequestNeverChanges": cancellationRequestNeverChanges})
}

func newCancellation(n int) cancellation.Cancellation {
	at := noon.Add(time.Duration(n) * time.Minute)
	return cancellation.Cancellation{Life: proposal.Life{ID: cancellation.ID(fmt.Sprint("can_", n)), License: "lic_1", AskedBy: approval.Actor{Key: "key_1", Person: "Ada"},
		CreatedAt: at, State: cancellation.Proposed, Why: "New.", Since: at}, Agreement: "agmt-1", Reason: "OTHER", Description: "Wanted so."}
}

// What AWS is asked does not change with the rest.
func cancellationRequestNeverChanges(t *testing.T, s cancellation.Store) {
	c := newCancellation(1)
	addProposal(t, s, c)
	other := c
	other.Agreement, other.Reason, other.Description, other.Tries = "agmt-9", "TEST_AGREEMENT", "Another.", 1
	changeProposal(t, s, other)
	c.Tries, c.Revision = 1, 1
	wantProposal(t, s, c)
}
