package storetest

import (
	"fmt"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/payment"
	"souk.dev/souk/internal/gateway/proposal"
)

// Payments is what every engine must do for package payment.
func Payments(t *testing.T, open func(t *testing.T) payment.Store) {
	proposals[payment.Payment]{
		fresh: newPayment, waiting: payment.Validating,
		grown: func(p payment.Payment) payment.Payment {
			p.DecidedBy, p.DecidedAt, p.AWSID, p.RespondBy = approval.Actor{Key: "op_1", Person: "Grace"}, noon.Add(time.Hour), "pr-1", noon.Add(10*24*time.Hour)
			p.WithdrawnBy, p.WithdrawWhy, p.SettledAt, p.ChargeID = approval.Actor{Key: "op_2", Person: "Ida"}, "A mistake.", noon.Add(2*time.Hour), "ch-1"
			p.State, p.Why, p.Since, p.DueAt, p.Tries = payment.Withdrawing, "It is being withdrawn.", noon.Add(3*time.Hour), noon.Add(4*time.Hour), 3
			return p
		},
		elsewhere: []func(payment.Payment) payment.Payment{
			func(p payment.Payment) payment.Payment { p.Agreement = "agmt-2"; return p },
		},
	}.run(t, open, map[string]func(*testing.T, payment.Store){"RequestNeverChanges": paymentRequestNeverChanges})
}

func newPayment(n int) payment.Payment {
	at := noon.Add(time.Duration(n) * time.Minute)
	return payment.Payment{Life: proposal.Life{ID: payment.ID(fmt.Sprint("pay_", n)), License: "lic_1", AskedBy: approval.Actor{Key: "key_1", Person: "Ada"},
		CreatedAt: at, State: payment.Proposed, Why: "New.", Since: at}, Agreement: "agmt-1", Term: "term-1", Name: "Second stage", Amount: "40.5", Currency: "USD",
		Description: "Done.", Maximum: "100", Silence: "P10D"}
}

// What AWS is asked does not change with the rest.
func paymentRequestNeverChanges(t *testing.T, s payment.Store) {
	p := newPayment(1)
	addProposal(t, s, p)
	other := p
	other.Agreement, other.Term, other.Name, other.Amount, other.Currency, other.Description, other.Tries = "agmt-9", "term-9", "Third stage", "41", "EUR", "Another.", 1
	other.Maximum, other.Silence = "200", "P1D"
	changeProposal(t, s, other)
	p.Tries, p.Revision = 1, 1
	wantProposal(t, s, p)
}
