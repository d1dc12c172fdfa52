package cli

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func clockCommand() *cobra.Command {
	var advance, set string
	var rate float64
	var freeze, release bool
	cmd := verb(&cobra.Command{
		Use:   "clock",
		Short: "Read or move the sandbox's clock",
		Long: `Read or move the sandbox's clock. Time moves from one due instant to the next, and at each the sandbox and every
gateway that follows it do what is due before time goes on; the command ends when all of it has happened.`,
		Example: "  souk clock\n  souk clock --advance 1h30m\n  souk clock --advance P1M    # a month\n  souk clock --rate 3600      # an hour a second\n  souk clock --freeze",
		Args:    cobra.NoArgs,
	}, func(ctx context.Context, m marketplace, out verbOutput, _ []string) error {
		change := map[string]any{}
		if advance != "" {
			if _, err := time.ParseDuration(advance); err != nil && !strings.HasPrefix(advance, "P") {
				return usagef("--advance takes a duration such as 90m, 36h, P7D or P1M, not %q", advance)
			}
			change["advance"] = advance
		}
		if set != "" {
			if _, err := time.Parse(time.RFC3339, set); err != nil {
				return usagef("--set takes an instant such as 2026-11-01T10:00:00Z: %w", err)
			}
			change["set"] = set
		}
		if rate != 0 {
			change["rate"] = rate
		}
		if freeze || release {
			change["frozen"] = freeze
		}
		var state clockState
		if len(change) == 0 {
			if err := m.call(ctx, http.MethodGet, "clock", nil, &state); err != nil {
				return err
			}
		} else if err := m.call(ctx, http.MethodPost, "clock", change, &state); err != nil {
			return err
		}
		return out.tell(state, "%s", state)
	})
	cmd.Flags().StringVar(&advance, "advance", "", "move on by this much, such as 90m, P7D or P1M")
	cmd.Flags().StringVar(&set, "set", "", "move on to this instant, RFC 3339")
	cmd.Flags().Float64Var(&rate, "rate", 0, "seconds of the sandbox's time in one second")
	cmd.Flags().BoolVar(&freeze, "freeze", false, "stand still")
	cmd.Flags().BoolVar(&release, "release", false, "run again")
	cmd.MarkFlagsMutuallyExclusive("freeze", "release")
	cmd.MarkFlagsMutuallyExclusive("advance", "set")
	return cmd
}
