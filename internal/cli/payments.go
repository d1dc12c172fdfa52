package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// shownPayment is what a person reads of a payment request.
type shownPayment struct {
	ID          string    `json:"id"`
	State       string    `json:"state"`
	Why         string    `json:"why"`
	License     string    `json:"license"`
	Name        string    `json:"name"`
	Amount      string    `json:"amount"`
	Currency    string    `json:"currencyCode"`
	Maximum     string    `json:"maxTotalChargeAmount"`
	Description string    `json:"description"`
	CreatedAt   time.Time `json:"createdAt"`
	RespondBy   time.Time `json:"respondBy"`
	AWSID       string    `json:"paymentRequestId"`
	ChargeID    string    `json:"chargeId"`
	Request     struct {
		AgreementID string `json:"agreementId"`
	} `json:"request"`
}

func (p shownPayment) row() []any {
	return []any{when(p.CreatedAt), p.State, p.Amount + " " + p.Currency, p.Name, p.License, p.ID}
}

// String tells a person all that a decision rests on.
func (p shownPayment) String() string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, "\n  "+format, args...) }
	fmt.Fprintf(&b, "%s, %s: %s", p.ID, p.State, p.Why)
	say("%s: %s %s, of %s for all payments under %s: %s", p.License, p.Amount, p.Currency, p.Maximum, p.Request.AgreementID, p.Name)
	if p.Description != "" {
		say("the buyer reads: %s", p.Description)
	}
	if p.AWSID != "" {
		say("AWS calls it %s", p.AWSID)
	}
	if !p.RespondBy.IsZero() {
		say("the buyer's silence is a yes from %s", when(p.RespondBy))
	}
	if p.ChargeID != "" {
		say("AWS charges it as %s", p.ChargeID)
	}
	return b.String()
}

func paymentsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "payments",
		GroupID: groupLook,
		Short:   "Ask buyers for payments that an agreement has room for: propose, approve, reject, withdraw",
		Long: `A private offer may let its seller ask for payments, one by one and up to a maximum (AWS's variable payment term). Somebody proposes
one, another person approves, and AWS asks the buyer, who accepts or denies it. Silence is a yes after a time only where the buyer
chose that with the offer.`,
		Example: "  souk payments propose lic_4t9… --name 'Second milestone' --amount 4000 --description 'The import is done.' --by Ada\n" +
			"  souk payments list --state proposed\n  souk payments approve pay_4t9… --by Grace",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	kind := proposals[shownPayment]{name: "payments", called: "payment requests", one: "pay_4t9…", head: "ASKED\tSTATE\tAMOUNT\tNAME\tLICENSE\tID", state: "pending",
		states: []string{"proposed", "sending", "validating", "pending", "withdrawing", "accepted", "denied", "withdrawn", "rejected", "failed"}}
	cmd.AddCommand(kind.list(), kind.show("Show one request, and where it stands", "  souk payments show pay_4t9…"), proposePaymentCommand(kind))
	cmd.AddCommand(kind.decisions("why; nobody outside is told")...)
	return cmd
}

func proposePaymentCommand(kind proposals[shownPayment]) *cobra.Command {
	f := bodyFlags{}
	cmd := kind.ask(f, &cobra.Command{
		Use:     "propose LICENSE",
		Short:   "Propose to ask the buyer of a license, named by its ARN or the gateway's id, for a payment",
		Example: "  souk payments propose lic_4t9… --name 'Second milestone' --amount 4000 --description 'The import is done.' --by Ada",
	})
	f.named(cmd, "agreement", "agreementId", "which of the license's agreements (default: its newest)")
	f.text(cmd, "name", "what the buyer reads first, in 5 to 64 characters")
	f.text(cmd, "amount", "how much, in the currency of the agreement's term")
	f.text(cmd, "description", "for AWS and the buyer")
	f.text(cmd, "by", "who asks")
	return cmd
}
