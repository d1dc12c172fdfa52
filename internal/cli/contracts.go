package cli

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// picked is what a buyer picks of an offer, as flags say it.
type picked struct {
	offer, duration string
	quantities      []string // such as seats=10
	autoRenew       bool
}

func (p *picked) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.offer, "offer", "", "the offer to accept; the listing's own, if not given")
	cmd.Flags().StringVar(&p.duration, "duration", "", "of a contract, such as P12M")
	cmd.Flags().StringArrayVar(&p.quantities, "quantity", nil, "of a contract, such as seats=10; may be given several times")
	cmd.Flags().BoolVar(&p.autoRenew, "auto-renew", false, "let the contract renew itself at its end")
	completeFlags(cmd, map[string]namer{"offer": offerIDs})
}

// body is what the control API is told of p, beside in.
func (p *picked) body(in map[string]any) (map[string]any, error) {
	units, err := quantitiesOf(p.quantities)
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{"offerId": p.offer, "duration": p.duration} {
		if value != "" {
			in[name] = value
		}
	}
	if len(units) > 0 {
		in["quantities"] = units
	}
	if p.autoRenew {
		in["autoRenew"] = true
	}
	return in, nil
}

// quantitiesOf reads quantities such as seats=10.
func quantitiesOf(texts []string) (map[string]int64, error) {
	units := map[string]int64{}
	for _, text := range texts {
		key, number, ok := strings.Cut(text, "=")
		n, err := strconv.ParseInt(number, 10, 64)
		if !ok || key == "" || err != nil {
			return nil, usagef("--quantity %q: write a dimension and how many of it, such as seats=10", text)
		}
		units[key] = n
	}
	return units, nil
}

func amendCommand() *cobra.Command {
	var quantities []string
	var autoRenew bool
	var cmd *cobra.Command
	cmd = verb(&cobra.Command{
		Use:   "amend AGREEMENT",
		Short: "Add to a running contract, or change whether it renews itself",
		Long: `Add to a running contract, as its buyer: --quantity gives the new total of a dimension, never less than before; of a
contract in tiers, the new tier alone. --auto-renew and --auto-renew=false change whether it renews itself.`,
		Example: "  souk amend agmt-1234567890abcdef --quantity seats=20\n  souk amend agmt-1234567890abcdef --auto-renew=false",
		Args:    oneAgreement,

		ValidArgsFunction: once(completeWith(running)),
	}, func(ctx context.Context, m marketplace, out verbOutput, args []string) error {
		units, err := quantitiesOf(quantities)
		if err != nil {
			return err
		}
		in := map[string]any{}
		if len(units) > 0 {
			in["quantities"] = units
		}
		if cmd.Flags().Changed("auto-renew") {
			in["autoRenew"] = autoRenew
		}
		if len(in) == 0 {
			return usagef("souk amend needs --quantity or --auto-renew")
		}
		return act(ctx, m, out, args[0], "amend", in)
	})
	cmd.Flags().StringArrayVar(&quantities, "quantity", nil, "a new total, such as seats=20; may be given several times")
	cmd.Flags().BoolVar(&autoRenew, "auto-renew", false, "let the contract renew itself at its end")
	return cmd
}

func renewCommand() *cobra.Command {
	return verb(&cobra.Command{
		Use:   "renew AGREEMENT",
		Short: "Renew a contract now, in the calendar's place",
		Long: `Renew a contract now, as the calendar does at its end if it renews itself: another agreement goes on in its place, which
is printed.`,
		Example: "  souk renew agmt-1234567890abcdef\n  souk renew agmt-1234567890abcdef --json | jq -r .agreementId",
		Args:    oneAgreement,

		ValidArgsFunction: once(completeWith(running)),
	}, func(ctx context.Context, m marketplace, out verbOutput, args []string) error {
		return act(ctx, m, out, args[0], "renew", nil)
	})
}

func replaceCommand() *cobra.Command {
	var p picked
	cmd := verb(&cobra.Command{
		Use:   "replace AGREEMENT",
		Short: "Accept an offer in place of a running agreement, as its buyer",
		Long: `Accept an offer for the same product in place of a running agreement, as its buyer: the old agreement ends at once, without
a gap in what is entitled. The new one is printed.`,
		Example: "  souk replace agmt-1234567890abcdef --offer offer-abcdefghijklm\n  souk replace agmt-1234567890abcdef --duration P12M --quantity seats=50",
		Args:    oneAgreement,

		ValidArgsFunction: once(completeWith(running)),
	}, func(ctx context.Context, m marketplace, out verbOutput, args []string) error {
		in, err := p.body(map[string]any{})
		if err != nil {
			return err
		}
		return act(ctx, m, out, args[0], "replace", in)
	})
	p.flags(cmd)
	return cmd
}

// oneAgreement wants an agreement's id and nothing else.
func oneAgreement(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usagef("souk %s takes one AGREEMENT, such as agmt-1234567890abcdef; `souk events` tells those that there are", cmd.Name())
	}
	return nil
}

// act does something to an agreement and prints what came of it.
func act(ctx context.Context, m marketplace, out verbOutput, id, what string, in any) error {
	var a agreement
	if err := m.call(ctx, http.MethodPost, "agreements/"+url.PathEscape(id)+"/"+what, in, &a); err != nil {
		return err
	}
	return out.tell(a, "agreement  %s, %s\nlicense    %s", a.AgreementID, a.Status, a.LicenseARN)
}
