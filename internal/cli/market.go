package cli

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// agreement is what the sandbox tells of one, as far as the command line prints it.
type agreement struct {
	AgreementID        string `json:"agreementId"`
	LicenseARN         string `json:"licenseArn,omitempty"`
	CustomerIdentifier string `json:"customerIdentifier,omitempty"`
	OfferID            string `json:"offerId,omitempty"`
	OfferType          string `json:"offerType,omitempty"` // posted beside the token
	RegistrationToken  string `json:"registrationToken,omitempty"`
	FulfillmentURL     string `json:"fulfillmentUrl,omitempty"`
	Status             string `json:"status"`
}

func buyCommand() *cobra.Command {
	var product, buyer string
	var p picked
	cmd := verb(&cobra.Command{
		Use:   "buy --product CODE --buyer ACCOUNT",
		Short: "Subscribe a buyer to a product",
		Long: `Subscribe a buyer to a product, as the storefront does. The registration token that is printed is what *Set up your
account* would post to the fulfilment URL. --offer accepts a private offer, or a free trial; a contract needs --quantity.`,
		Example: "  souk buy --product $CODE --buyer 111122223333\n  souk buy --product $CODE --buyer 111122223333 --json | jq -r .registrationToken\n  souk buy --product $CODE --buyer 111122223333 --duration P12M --quantity seats=10",
		Args:    cobra.NoArgs,
	}, func(ctx context.Context, m marketplace, out verbOutput, _ []string) error {
		if product == "" || buyer == "" {
			return usagef("souk buy needs --product and --buyer%s", choices(ctx, m, map[string]namer{"products": productCodes, "buyers": buyerIDs}))
		}
		var a agreement
		in, err := p.body(map[string]any{"productCode": product, "buyerAccountId": buyer})
		if err != nil {
			return err
		}
		if err := m.call(ctx, http.MethodPost, "agreements", in, &a); err != nil {
			return err
		}
		return out.tell(a, "agreement  %s, %s\nlicense    %s\ntoken      %s\npost it to %s",
			a.AgreementID, a.Status, cmpString(a.LicenseARN, "none: known by customer identifier "+a.CustomerIdentifier), a.RegistrationToken, a.FulfillmentURL)
	})
	p.flags(cmd)
	cmd.Flags().StringVar(&product, "product", "", "the product code")
	cmd.Flags().StringVar(&buyer, "buyer", "", "the buyer's AWS account id")
	completeFlags(cmd, map[string]namer{"product": productCodes, "buyer": buyerIDs})
	return cmd
}

func cmpString(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func cancelCommand() *cobra.Command {
	return verb(&cobra.Command{
		Use:     "cancel AGREEMENT",
		Short:   "Cancel a subscription, as its buyer",
		Example: "  souk cancel agmt-1234567890abcdef",
		Args:    oneAgreement,

		ValidArgsFunction: once(completeWith(running)),
	}, func(ctx context.Context, m marketplace, out verbOutput, args []string) error {
		return act(ctx, m, out, args[0], "cancel", nil)
	})
}

// honoured is a usage record that the sandbox, in AWS's place, has taken.
type honoured struct {
	MeteringRecordID     string    `json:"meteringRecordId"`
	Timestamp            time.Time `json:"timestamp"`
	Hour                 time.Time `json:"hour"`
	CustomerAWSAccountID string    `json:"customerAWSAccountId"`
	CustomerIdentifier   string    `json:"customerIdentifier,omitempty"`
	LicenseARN           string    `json:"licenseArn,omitempty"`
	ProductCode          string    `json:"productCode"`
	Dimension            string    `json:"dimension"`
	Quantity             int64     `json:"quantity"`
	ReceivedAt           time.Time `json:"receivedAt"`
}

func recordsCommand() *cobra.Command {
	var license, product, buyer, dimension, from, to string
	cmd := verb(&cobra.Command{
		Use:     "records",
		Short:   "List the usage records that the marketplace has honoured",
		Example: "  souk records\n  souk records --buyer 111122223333 --json",
		Args:    cobra.NoArgs,
	}, func(ctx context.Context, m marketplace, out verbOutput, _ []string) error {
		q := url.Values{"licenseArn": {license}, "productCode": {product}, "accountId": {buyer}, "dimension": {dimension}, "from": {from}, "to": {to}}
		records, err := list[honoured](ctx, m, "records", q)
		if err != nil {
			return err
		}
		return table(out, "HOUR\tBUYER\tDIMENSION\tQUANTITY\tRECEIVED\tRECORD", records, func(r honoured) []any {
			return []any{r.Hour.Format("2006-01-02 15:04"), r.CustomerAWSAccountID, r.Dimension, r.Quantity, r.ReceivedAt.Format("2006-01-02 15:04:05"), r.MeteringRecordID}
		})
	})
	cmd.Flags().StringVar(&license, "license", "", "only of this license ARN")
	cmd.Flags().StringVar(&product, "product", "", "only of this product code")
	cmd.Flags().StringVar(&buyer, "buyer", "", "only of this buyer's AWS account id")
	cmd.Flags().StringVar(&dimension, "dimension", "", "only of this dimension")
	cmd.Flags().StringVar(&from, "from", "", "only of hours from this instant on, RFC 3339")
	cmd.Flags().StringVar(&to, "to", "", "only of hours before this instant, RFC 3339")
	completeFlags(cmd, map[string]namer{"license": licenses, "product": productCodes, "buyer": buyerIDs})
	return cmd
}
