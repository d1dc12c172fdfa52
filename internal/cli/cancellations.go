package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// shownCancellation is what a person reads of a cancellation request.
type shownCancellation struct {
	ID          string    `json:"id"`
	State       string    `json:"state"`
	Why         string    `json:"why"`
	License     string    `json:"license"`
	Reason      string    `json:"reason"`
	Description string    `json:"description"`
	CreatedAt   time.Time `json:"createdAt"`
	RespondBy   time.Time `json:"respondBy"`
	AWSID       string    `json:"agreementCancellationRequestId"`
	Request     struct {
		AgreementID string `json:"agreementId"`
	} `json:"request"`
}

func (c shownCancellation) row() []any {
	return []any{when(c.CreatedAt), c.State, c.Reason, c.Request.AgreementID, c.License, c.ID}
}

// String tells a person all that a decision rests on.
func (c shownCancellation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s: %s\n  the agreement %s of %s is to end: %s", c.ID, c.State, c.Why, c.Request.AgreementID, c.License, c.Reason)
	if c.Description != "" {
		fmt.Fprintf(&b, "\n  the buyer reads: %s", c.Description)
	}
	if c.AWSID != "" {
		fmt.Fprintf(&b, "\n  AWS calls it %s; the buyer answers by %s", c.AWSID, when(c.RespondBy))
	}
	return b.String()
}

func cancellationsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "cancellations",
		GroupID: groupLook,
		Short:   "Ask buyers to end an agreement before its time: propose, approve, reject, withdraw",
		Long: `A contract ends before its time if its buyer agrees. Somebody proposes it, another person approves, and AWS asks the buyer, who agrees,
denies, or says nothing for seven days, which counts as a yes. AWS then ends the agreement; usage of its last hour is still billed.
Money is another matter: "souk corrections". Buyers cancel pay as you go themselves.`,
		Example: "  souk cancellations propose lic_4t9… --reason TEST_AGREEMENT --description 'It was our trial.' --by Ada\n" +
			"  souk cancellations list --state proposed\n  souk cancellations approve can_4t9… --by Grace",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	kind := proposals[shownCancellation]{name: "cancellations", called: "cancellation requests", one: "can_4t9…", head: "ASKED\tSTATE\tREASON\tAGREEMENT\tLICENSE\tID", state: "pending",
		states: []string{"proposed", "sending", "pending", "withdrawing", "agreed", "completed", "denied", "withdrawn", "rejected", "failed"}}
	cmd.AddCommand(kind.list(), kind.show("Show one request, and where it stands", "  souk cancellations show can_4t9…"), proposeCancellationCommand(kind))
	cmd.AddCommand(kind.decisions("why; AWS and the buyer are told")...)
	return cmd
}

func proposeCancellationCommand(kind proposals[shownCancellation]) *cobra.Command {
	f := bodyFlags{}
	cmd := kind.ask(f, &cobra.Command{
		Use:     "propose LICENSE",
		Short:   "Propose to ask the buyer of a license, named by its ARN or the gateway's id, to end its agreement",
		Example: "  souk cancellations propose lic_4t9… --reason PRODUCT_DISCONTINUED --description 'The yearly plan is no more.' --by Ada",
	})
	f.named(cmd, "agreement", "agreementId", "which of the license's agreements (default: its newest)")
	f.text(cmd, "reason", "AWS's reason, such as TEST_AGREEMENT, PRODUCT_DISCONTINUED, UNINTENDED_RENEWAL or OTHER")
	f.text(cmd, "description", "for AWS and the buyer")
	f.text(cmd, "by", "who asks")
	return cmd
}
