package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// shownCancellation is a cancellation request as the gateway shows it: what a person reads of it, and all of it for
// programs.
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

	whole json.RawMessage
}

// UnmarshalJSON implements [json.Unmarshaler].
func (c *shownCancellation) UnmarshalJSON(text []byte) error {
	type fields shownCancellation
	if err := json.Unmarshal(text, (*fields)(c)); err != nil {
		return err
	}
	c.whole = json.RawMessage(strings.Clone(string(text)))
	return nil
}

// MarshalJSON implements [json.Marshaler]: what the gateway said.
func (c shownCancellation) MarshalJSON() ([]byte, error) { return c.whole, nil }

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
	cmd.AddCommand(listCancellationsCommand(), showCancellationCommand(), proposeCancellationCommand())
	for _, d := range []struct{ use, path, short, why string }{
		{"approve", "/approve", "Let a proposal go to AWS, which asks the buyer", ""},
		{"reject", "/reject", "End a proposal without AWS", "why it is not wanted"},
		{"withdraw", "/withdraw", "Take a request back that the buyer has not answered", "why; AWS and the buyer are told"},
	} {
		cmd.AddCommand(decideCancellationCommand(d.use, d.path, d.short, d.why))
	}
	return cmd
}

func listCancellationsCommand() *cobra.Command {
	var state, license string
	cmd := officeCommand(&cobra.Command{
		Use:     "list",
		Short:   "List cancellation requests, oldest first",
		Example: "  souk cancellations list --state pending\n  souk cancellations list --license lic_4t9… --json",
		Args:    cobra.NoArgs,
	}, func(ctx context.Context, o office, out verbOutput, _ []string) error {
		all, err := listOf[shownCancellation](ctx, o, "/v1/cancellations", url.Values{"state": {state}, "license": {license}})
		if err != nil {
			return err
		}
		return table(out, "ASKED\tSTATE\tREASON\tAGREEMENT\tLICENSE\tID", all, shownCancellation.row)
	})
	cmd.Flags().StringVar(&state, "state", "", "only in this state: proposed, sending, pending, withdrawing, agreed, completed, denied, withdrawn, rejected or failed")
	cmd.Flags().StringVar(&license, "license", "", "only of this license, by its ARN or the gateway's id")
	return cmd
}

func showCancellationCommand() *cobra.Command {
	return officeCommand(&cobra.Command{
		Use:     "show ID",
		Short:   "Show one request, and where it stands",
		Example: "  souk cancellations show can_4t9…",
		Args:    cobra.ExactArgs(1),
	}, func(ctx context.Context, o office, out verbOutput, args []string) error {
		return tellCancellation(ctx, o, out, http.MethodGet, "/"+url.PathEscape(args[0]), nil)
	})
}

func proposeCancellationCommand() *cobra.Command {
	f := bodyFlags{}
	cmd := officeCommand(&cobra.Command{
		Use:     "propose LICENSE",
		Short:   "Propose to ask the buyer of a license, named by its ARN or the gateway's id, to end its agreement",
		Example: "  souk cancellations propose lic_4t9… --reason PRODUCT_DISCONTINUED --description 'The yearly plan is no more.' --by Ada",
		Args:    cobra.ExactArgs(1),
	}, func(ctx context.Context, o office, out verbOutput, args []string) error {
		f["license"] = args[0]
		return tellCancellation(ctx, o, out, http.MethodPost, "", f)
	})
	f.named(cmd, "agreement", "agreementId", "which of the license's agreements (default: its newest)")
	f.text(cmd, "reason", "AWS's reason, such as TEST_AGREEMENT, PRODUCT_DISCONTINUED, UNINTENDED_RENEWAL or OTHER")
	f.text(cmd, "description", "for AWS and the buyer")
	f.text(cmd, "by", "who asks")
	return cmd
}

func decideCancellationCommand(use, path, short, why string) *cobra.Command {
	f := bodyFlags{}
	cmd := officeCommand(&cobra.Command{
		Use:     use + " ID",
		Short:   short,
		Example: "  souk cancellations " + use + " can_4t9… --by Grace",
		Args:    cobra.ExactArgs(1),
	}, func(ctx context.Context, o office, out verbOutput, args []string) error {
		return tellCancellation(ctx, o, out, http.MethodPost, "/"+url.PathEscape(args[0])+path, f)
	})
	f.text(cmd, "by", "who decides")
	if why != "" {
		f.text(cmd, "why", why)
	}
	return cmd
}

// tellCancellation makes a call about one request and prints what it answers.
func tellCancellation(ctx context.Context, o office, out verbOutput, method, path string, in any) error {
	var c shownCancellation
	if err := o.call(ctx, method, "/v1/cancellations"+path, in, &c); err != nil {
		return err
	}
	return out.tell(c, "%s", c)
}
