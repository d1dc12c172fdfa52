package cli

import (
	"context"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// delivery is a notice of the marketplace's on its way to a seller.
type delivery struct {
	ID          string    `json:"id"`
	Channel     string    `json:"channel"`
	Kind        string    `json:"kind"`
	Target      string    `json:"target"`
	AgreementID string    `json:"agreementId"`
	LicenseARN  string    `json:"licenseArn,omitempty"`
	ProductCode string    `json:"productCode"`
	HappenedAt  time.Time `json:"happenedAt"`
	Outcome     string    `json:"outcome"`
	Fault       string    `json:"fault,omitempty"`
	Body        string    `json:"body"`
}

func eventsCommand() *cobra.Command {
	var agreement string
	cmd := verb(&cobra.Command{
		Use:     "events",
		Short:   "List the events that the marketplace has sent to sellers",
		Example: "  souk events\n  souk events --json | jq -r .body | jq .",
		Args:    cobra.NoArgs,
	}, func(ctx context.Context, m marketplace, out verbOutput, _ []string) error {
		all, err := list[delivery](ctx, m, "deliveries", url.Values{})
		if err != nil {
			return err
		}
		var wanted []delivery
		for _, d := range all {
			if agreement == "" || d.AgreementID == agreement {
				wanted = append(wanted, d)
			}
		}
		return table(out, "HAPPENED\tEVENT\tAGREEMENT\tBY\tOUTCOME", wanted, func(d delivery) []any {
			return []any{d.HappenedAt.Format("2006-01-02 15:04:05"), d.Kind, d.AgreementID, d.Channel, d.Outcome}
		})
	})
	cmd.Flags().StringVar(&agreement, "agreement", "", "only of this agreement")
	return cmd
}
