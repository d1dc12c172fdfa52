package cli

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// shownCorrection is what a person reads of a correction.
type shownCorrection struct {
	ID        string    `json:"id"`
	Kind      string    `json:"kind"`
	State     string    `json:"state"`
	Why       string    `json:"why"`
	License   string    `json:"license"`
	Dimension string    `json:"dimension"`
	Quantity  string    `json:"quantity"`
	Amount    string    `json:"amount"`
	Month     string    `json:"month"`
	Reason    string    `json:"reason"`
	CreatedAt time.Time `json:"createdAt"`
	Request   *struct {
		InvoiceID string `json:"originalInvoiceId"`
		Amount    string `json:"adjustmentAmount"`
		Currency  string `json:"currencyCode"`
	} `json:"request"`
	Maximum  string `json:"maxAdjustmentAmount"`
	AWSID    string `json:"billingAdjustmentRequestId"`
	Overlaps []struct {
		ID    string `json:"id"`
		State string `json:"state"`
	} `json:"overlaps"`
}

// what is put right, such as "400 pages of 2026-11".
func (c shownCorrection) what() string {
	text := strings.TrimSpace(cmp.Or(c.Quantity, c.Amount) + " " + c.Dimension)
	if c.Month != "" {
		text += " of " + c.Month
	}
	return text
}

func (c shownCorrection) row() []any {
	return []any{when(c.CreatedAt), strings.ReplaceAll(c.Kind, "_", " "), c.what(), c.State, c.License, c.ID}
}

// String tells a person all that a decision rests on.
func (c shownCorrection) String() string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, "\n"+format, args...) }
	fmt.Fprintf(&b, "%s, %s: %s", c.ID, c.State, c.Why)
	say("  %s: %s of %s: %s", strings.ReplaceAll(c.Kind, "_", " "), c.what(), c.License, c.Reason)
	if r := c.Request; r != nil {
		say("  AWS is asked to give back %s %s of the invoice %s, which can give back %s", r.Amount, r.Currency, r.InvoiceID, c.Maximum)
	}
	if c.AWSID != "" {
		say("  AWS calls it %s", c.AWSID)
	}
	for _, o := range c.Overlaps {
		say("  it may be the same mistake as %s, %s", o.ID, o.State)
	}
	return b.String()
}

func correctionsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "corrections",
		GroupID: groupLook,
		Short:   "Put right what was billed wrongly: propose, approve or deny to give money back; add usage that was missed",
		Long: `AWS takes no negative usage and no usage of a month that is closed. What was billed too much is given back of the month's invoice:
somebody proposes it, the gateway works out what AWS is to be asked, and a person approves or denies it. What was billed too
little is added to the hour that is open.`,
		Example: "  souk corrections propose arn:aws:license-manager:… --month 2026-11 --dimension pages --quantity 400 --reason INCORRECT_METERING --by Ada\n" +
			"  souk corrections list --state proposed\n  souk corrections approve cor_4t9… --by Grace",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	kind := proposals[shownCorrection]{name: "corrections", called: "corrections", one: "cor_4t9…", head: "ASKED\tKIND\tWHAT\tSTATE\tLICENSE\tID", state: "proposed",
		states: []string{"proposed", "approved", "sending", "pending", "completed", "failed", "rejected"}}
	cmd.AddCommand(kind.list(), kind.show("Show one correction, and what AWS is to be asked", "  souk corrections show cor_4t9…\n  souk corrections show cor_4t9… --json | jq .request"),
		proposeCorrectionCommand(kind), addCorrectionCommand(kind), approveCorrectionCommand(kind), denyCorrectionCommand(kind))
	return cmd
}

func proposeCorrectionCommand(kind proposals[shownCorrection]) *cobra.Command {
	f := bodyFlags{"kind": "over_billed"}
	cmd := kind.ask(f, &cobra.Command{
		Use:   "propose LICENSE",
		Short: "Propose to give back what was billed too much",
		Long: `Propose to give back what a license, named by its ARN or the gateway's id, was billed too much in a month. Give --dimension and
--quantity, in units that AWS bills, or --amount, in the invoice's currency and without tax. The invoice is there after the month;
AWS hears of nothing before somebody approves.`,
		Example: "  souk corrections propose lic_4t9… --month 2026-11 --dimension pages --quantity 400 --reason INCORRECT_METERING --by Ada\n" +
			"  souk corrections propose lic_4t9… --month 2026-11 --amount 8.50 --reason BUYER_DISSATISFACTION --by Ada",
	})
	f.text(cmd, "month", "the month that was billed, such as 2026-11")
	f.text(cmd, "dimension", "of which too much was billed")
	f.text(cmd, "quantity", "how many units of it")
	f.text(cmd, "amount", "instead of a quantity: how much money, without tax")
	f.text(cmd, "reason", "AWS's reason, such as INCORRECT_METERING, TEST_ENVIRONMENT_CHARGES or OTHER")
	f.text(cmd, "description", "for AWS and the buyer")
	f.text(cmd, "invoice", "the month's invoice, where AWS has several")
	f.text(cmd, "record", "the metering record that billed too much, where it is known")
	f.text(cmd, "by", "who asks")
	return cmd
}

func addCorrectionCommand(kind proposals[shownCorrection]) *cobra.Command {
	f := bodyFlags{"kind": "under_billed"}
	cmd := kind.ask(f, &cobra.Command{
		Use:   "add LICENSE",
		Short: "Add usage that was missed to the hour that is open",
		Long: `Add usage that was never told to the hour that is open, of a license named by its ARN or the gateway's id. It is counted at once and
needs nobody's approval. Events that only come late need no correction.`,
		Example: "  souk corrections add lic_4t9… --dimension pages --quantity 50 --reason 'A queue was lost.' --by Ada",
	})
	f.text(cmd, "dimension", "of which too little was billed")
	f.text(cmd, "quantity", "how much of it, in what its events count")
	f.text(cmd, "reason", "why it was missed, in your own words")
	f.text(cmd, "by", "who asks")
	besidesFlag(f, cmd)
	return cmd
}

func besidesFlag(f bodyFlags, cmd *cobra.Command) {
	f.list(cmd, "besides", "another correction that is for another mistake; may be given several times")
}

func approveCorrectionCommand(kind proposals[shownCorrection]) *cobra.Command {
	f := bodyFlags{}
	cmd := kind.decision("approve", f, &cobra.Command{
		Use:   "approve ID",
		Short: "Let a proposal go to AWS",
		Long: `Let a proposal go to AWS, which then gives the money back without asking the buyer, and takes nothing back. Read it first:
"souk corrections show". One that may be for the same mistake as another that was approved is refused, unless --besides names that one.`,
		Example: "  souk corrections approve cor_4t9… --by Grace",
	})
	besidesFlag(f, cmd)
	return cmd
}

func denyCorrectionCommand(kind proposals[shownCorrection]) *cobra.Command {
	f := bodyFlags{}
	cmd := kind.decision("reject", f, &cobra.Command{
		Use:     "deny ID",
		Aliases: []string{"reject"},
		Short:   "End a proposal without AWS",
		Example: "  souk corrections deny cor_4t9… --by Grace --why 'It was given back in October.'",
	})
	f.text(cmd, "why", "why it is not wanted")
	return cmd
}
