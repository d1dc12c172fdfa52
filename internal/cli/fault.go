package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// disturbance is a fault that is switched on, as the control API has it.
type disturbance struct {
	ID          string   `json:"id,omitempty"`
	Operation   string   `json:"operation"`
	Kind        string   `json:"kind"`
	Times       *int     `json:"times,omitempty"`
	Probability *float64 `json:"probability,omitempty"`
	Seed        uint64   `json:"seed,omitempty"`
	Code        string   `json:"code,omitempty"`
	Message     string   `json:"message,omitempty"`
	Delay       string   `json:"delay,omitempty"`
	Records     int      `json:"records,omitempty"`
	Used        int      `json:"used,omitempty"`
}

// when says to which calls it applies.
func (d disturbance) when() string {
	var parts []string
	if d.Probability != nil {
		parts = append(parts, "with probability "+strconv.FormatFloat(*d.Probability, 'g', -1, 64))
	}
	switch {
	case d.Times == nil:
	case *d.Times == 1:
		parts = append(parts, "once")
	default:
		parts = append(parts, fmt.Sprintf("%d times", *d.Times))
	}
	if len(parts) == 0 {
		return "always"
	}
	return strings.Join(parts, ", ")
}

func faultCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "fault",
		GroupID: groupDrive,
		Short:   "Switch faults of the marketplace on and off",
		Long: `Switch faults of the marketplace on and off: calls that are throttled, fail, or fail after they took effect; notices
that come twice, late, or not from AWS.`,
		Example: "  souk fault add BatchMeterUsage error-after-commit --times 1\n  souk fault list\n  souk fault clear",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(faultAddCommand(), faultListCommand(), faultClearCommand())
	return cmd
}

func faultAddCommand() *cobra.Command {
	var in disturbance
	var times int
	var probability float64
	var cmd *cobra.Command
	cmd = verb(&cobra.Command{
		Use:   "add OPERATION KIND",
		Short: "Switch a fault on",
		Long: `Switch a fault on. OPERATION is an operation of AWS, "*" for every call, or Notification. Without --times and
--probability it lasts until it is cleared; several are drawn in the order in which they were added.`,
		Example: "  souk fault add BatchMeterUsage throttle --times 3\n  souk fault add '*' error --probability 0.1 --seed 7\n" +
			"  souk fault add BatchMeterUsage exception --code InvalidTagException --times 1\n  souk fault add Notification duplicate",
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: completeFault,
	}, func(ctx context.Context, m marketplace, out verbOutput, args []string) error {
		in.Operation, in.Kind = args[0], args[1]
		if cmd.Flags().Changed("times") {
			in.Times = &times
		}
		if cmd.Flags().Changed("probability") {
			in.Probability = &probability
		}
		var made disturbance
		if err := m.call(ctx, http.MethodPost, "faults", in, &made); err != nil {
			return err
		}
		return out.tell(made, "%s: %s of %s, %s", made.ID, made.Kind, made.Operation, made.when())
	})
	cmd.GroupID = "" // it belongs to fault, which has the group
	f := cmd.Flags()
	f.IntVar(&times, "times", 0, "how often it applies in all")
	f.Float64Var(&probability, "probability", 0, "that of applying to a call, above 0 and up to 1")
	f.Uint64Var(&in.Seed, "seed", 0, "repeats the draws of --probability")
	f.StringVar(&in.Code, "code", "", "the AWS error that an exception raises")
	f.StringVar(&in.Message, "message", "", "the AWS error's message")
	f.StringVar(&in.Delay, "delay", "", "how long slow and delay take, such as 3s")
	f.IntVar(&in.Records, "records", 0, "how many of a request's records are unprocessed (default: all)")
	return cmd
}

func faultListCommand() *cobra.Command {
	cmd := verb(&cobra.Command{
		Use:     "list",
		Short:   "List the faults that were switched on, and how often each has applied",
		Example: "  souk fault list\n  souk fault list --json",
		Args:    cobra.NoArgs,
	}, func(ctx context.Context, m marketplace, out verbOutput, _ []string) error {
		all, err := list[disturbance](ctx, m, "faults", nil)
		if err != nil {
			return err
		}
		return table(out, "FAULT\tOPERATION\tKIND\tWHEN\tUSED", all, func(d disturbance) []any {
			return []any{d.ID, d.Operation, d.Kind, d.when(), d.Used}
		})
	})
	cmd.GroupID = ""
	return cmd
}

func faultClearCommand() *cobra.Command {
	cmd := verb(&cobra.Command{
		Use:               "clear [FAULT...]",
		Short:             "Switch faults off: those named, or all",
		Example:           "  souk fault clear\n  souk fault clear fault-2",
		ValidArgsFunction: completeWith(faultNames),
	}, func(ctx context.Context, m marketplace, out verbOutput, args []string) error {
		if len(args) == 0 {
			if err := m.call(ctx, http.MethodDelete, "faults", nil, nil); err != nil {
				return err
			}
			return out.tell(map[string]bool{"cleared": true}, "All faults are off.")
		}
		for _, id := range args {
			if err := m.call(ctx, http.MethodDelete, "faults/"+url.PathEscape(id), nil, nil); err != nil {
				return err
			}
		}
		return out.tell(map[string]bool{"cleared": true}, "%s: off.", strings.Join(args, ", "))
	})
	cmd.GroupID = ""
	return cmd
}
