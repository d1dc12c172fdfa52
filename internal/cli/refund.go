package cli

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// givenBack is an adjustment as the sandbox tells of it, as far as the command line prints it.
type givenBack struct {
	ID        string    `json:"billingAdjustmentRequestId"`
	InvoiceID string    `json:"originalInvoiceId"`
	Amount    string    `json:"adjustmentAmount"`
	Currency  string    `json:"currencyCode"`
	UpdatedAt time.Time `json:"updatedAt"`
}

func refundCommand() *cobra.Command {
	var amount, reason string
	var prorated bool
	cmd := verb(&cobra.Command{
		Use:   "refund AGREEMENT",
		Short: "Give a buyer money back, in AWS's place",
		Long: `Give a buyer money back, as an operator of AWS does: at once, without a support case. Without --amount or --prorated, it
is everything: of a contract, all that was paid upfront; of pay as you go, all usage that was invoiced. The agreement itself
goes on, or stays ended. What was given back of it so far is printed.`,
		Example: "  souk refund agmt-1234567890abcdef\n  souk refund agmt-1234567890abcdef --amount 12.50 --reason 'Down for a day'",
		Args:    oneAgreement,

		ValidArgsFunction: once(completeWith(agreements)),
	}, func(ctx context.Context, m marketplace, out verbOutput, args []string) error {
		if prorated && amount != "" {
			return usagef("souk refund takes --amount or --prorated, not both")
		}
		in := map[string]string{}
		for name, value := range map[string]string{"amount": amount, "reason": reason} {
			if value != "" {
				in[name] = value
			}
		}
		if prorated {
			in["kind"] = "prorated"
		}
		if err := m.call(ctx, http.MethodPost, "agreements/"+url.PathEscape(args[0])+"/refund", in, nil); err != nil {
			return err
		}
		all, err := list[givenBack](ctx, m, "adjustments", url.Values{"agreementId": {args[0]}, "status": {"COMPLETED"}})
		if err != nil {
			return err
		}
		return table(out, "GIVEN BACK\tOF INVOICE\tAT\tADJUSTMENT", all, func(g givenBack) []any {
			return []any{g.Amount + " " + g.Currency, g.InvoiceID, g.UpdatedAt.Format("2006-01-02 15:04:05"), g.ID}
		})
	})
	cmd.Flags().StringVar(&amount, "amount", "", "how many USD; everything, if not given")
	cmd.Flags().BoolVar(&prorated, "prorated", false, "of a contract, the part for the time that is left")
	cmd.Flags().StringVar(&reason, "reason", "", "what the bill says about it")
	return cmd
}
