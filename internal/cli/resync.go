package cli

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/clock"
)

// resyncRun is a comparison with AWS as the gateway tells it.
type resyncRun struct {
	ID         string          `json:"id"`
	Trigger    string          `json:"trigger"`
	License    string          `json:"license,omitempty"`
	DryRun     bool            `json:"dryRun"`
	StartedAt  time.Time       `json:"startedAt"`
	EndedAt    time.Time       `json:"endedAt,omitzero"`
	Failure    string          `json:"failure,omitempty"`
	Agreements int             `json:"agreements"`
	Repairs    int             `json:"repairs"`
	Links      int             `json:"links"`
	Unsettled  int             `json:"unsettled"`
	Findings   []resyncFinding `json:"findings,omitempty"`
}

type resyncFinding struct {
	AgreementID string    `json:"agreementId,omitempty"`
	License     string    `json:"license,omitempty"`
	LicenseARN  string    `json:"licenseArn,omitempty"`
	Outcome     string    `json:"outcome"`
	Fact        string    `json:"fact,omitempty"`
	FactAt      time.Time `json:"factAt,omitzero"`
	What        string    `json:"what"`
	At          time.Time `json:"at"`
}

// resyncPoll is how often, in real time, the gateway is asked whether it is done.
const resyncPoll = 200 * time.Millisecond

func resyncCommand() *cobra.Command {
	var dry bool
	cmd := officeCommand(&cobra.Command{
		Use:     "resync [LICENSE]",
		GroupID: groupLook,
		Short:   "Compare the licenses of a running gateway with AWS, and repair what lost notices left behind",
		Long: `Have a running gateway compare its licenses with AWS's agreements, and repair what a lost notice left behind. LICENSE is the
gateway's id or an ARN; without it, all are compared, and agreements of which nothing was heard become licenses. The gateway
does so by itself, too (--resync-every). Exits with 1 if AWS could not be asked, or a difference is left that somebody has to
look at.`,
		Example: "  souk resync --dry-run\n  souk resync lic_4t9…",
		Args:    cobra.MaximumNArgs(1),
	}, func(ctx context.Context, o office, out verbOutput, args []string) error {
		in := map[string]any{"dryRun": dry}
		if len(args) == 1 {
			in["license"] = args[0]
		}
		var run resyncRun
		if err := o.call(ctx, http.MethodPost, "/v1/resync", in, &run); err != nil {
			return err
		}
		for {
			if err := o.call(ctx, http.MethodGet, "/v1/resync/"+url.PathEscape(run.ID), nil, &run); err != nil {
				return err
			}
			if !run.EndedAt.IsZero() {
				return run.tell(out)
			}
			if err := clock.Sleep(ctx, resyncPoll); err != nil {
				return fmt.Errorf("the re-sync %s goes on without us: %w", run.ID, err)
			}
		}
	})
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say what would be done, and do nothing")
	return cmd
}

// tell writes what a run found. What is left for somebody to look at is a failure.
func (r resyncRun) tell(out verbOutput) error {
	var err error
	if out.json {
		err = out.tell(r, "")
	} else {
		if len(r.Findings) > 0 {
			err = table(out, "OUTCOME\tAGREEMENT\tLICENSE\tFACT\tWHAT", r.Findings, func(f resyncFinding) []any {
				return []any{f.Outcome, cmp.Or(f.AgreementID, "-"), cmp.Or(f.License, f.LicenseARN, "-"), cmp.Or(f.Fact, "-"), f.What}
			})
		}
		if err == nil {
			err = out.tell(r, "%d agreements of AWS's compared: %d repaired, %d linked, %d left.", r.Agreements, r.Repairs, r.Links, r.Unsettled)
		}
	}
	switch {
	case err != nil:
		return err
	case r.Failure != "":
		return fmt.Errorf("the re-sync was not done: %s", r.Failure)
	case r.Unsettled > 0 && !r.DryRun:
		return fmt.Errorf("%d differences are left; see what each says", r.Unsettled)
	}
	return nil
}
