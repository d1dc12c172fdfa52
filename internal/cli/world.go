package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// namedWorld is a world beside the main one, as the control API has it.
type namedWorld struct {
	Name            string    `json:"name"`
	URL             string    `json:"url"`
	Pages           string    `json:"pages"`
	AccessKeyID     string    `json:"accessKeyId"`
	SecretAccessKey string    `json:"secretAccessKey"`
	QueueURL        string    `json:"queueUrl"`
	Now             time.Time `json:"now"`
}

var worldNames = names("worlds", nil, func(w namedWorld) cobra.Completion { return cobra.CompletionWithDesc(w.Name, w.URL) })

func worldCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "world",
		GroupID: groupDrive,
		Short:   "Make and end marketplaces beside the main one, and check world files",
		Long: `Make and end worlds: marketplaces of their own beside the main one at the same address, each with its own clock, queues,
faults and profiles. Every verb drives one, given its URL as --sandbox.`,
		Example: "  souk world make blue\n  souk world list\n  souk world end blue\n  souk world check market.yaml",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(worldMakeCommand(), worldListCommand(), worldEndCommand(), worldCheckCommand())
	return cmd
}

func worldMakeCommand() *cobra.Command {
	var file, now, fulfillment string
	var frozen bool
	var seed, shuffle uint64
	cmd := verb(&cobra.Command{
		Use:     "make [NAME]",
		Short:   "Make a world",
		Example: "  souk world make blue\n  souk world make --file market.yaml --frozen --json | jq -r .url\n  export SOUK_SANDBOX=$(souk world make --json | jq -r .url)",
		Args:    cobra.MaximumNArgs(1),
	}, func(ctx context.Context, m marketplace, out verbOutput, args []string) error {
		in := map[string]any{"frozen": frozen}
		if len(args) > 0 {
			in["name"] = args[0]
		}
		for name, value := range map[string]string{"now": now, "fulfillmentUrl": fulfillment} {
			if value != "" {
				in[name] = value
			}
		}
		for name, n := range map[string]uint64{"seed": seed, "shuffle": shuffle} {
			if n != 0 {
				in[name] = n
			}
		}
		if file != "" {
			text, err := os.ReadFile(file)
			if err != nil {
				return asUsage(fmt.Errorf("read the world file: %w", err))
			}
			in["file"] = string(text)
		}
		var made namedWorld
		if err := m.call(ctx, http.MethodPost, "worlds", in, &made); err != nil {
			return err
		}
		return out.tell(made, "world      %s\nprograms   %s\npages      %s\naccess key %s", made.Name, made.URL, made.Pages, made.AccessKeyID)
	})
	cmd.GroupID = ""
	f := cmd.Flags()
	f.StringVar(&file, "file", "", "a world file (default: the built-in world)")
	f.StringVar(&now, "now", "", "the instant at which its clock starts, RFC 3339 (default: the system's time)")
	f.BoolVar(&frozen, "frozen", false, "its clock stands still until it is moved")
	f.Uint64Var(&seed, "seed", 0, "repeats its identifiers")
	f.Uint64Var(&shuffle, "shuffle", 0, "chooses every behaviour that AWS leaves open by this seed")
	f.StringVar(&fulfillment, "fulfillment-url", "", "where *Set up your account* posts the registration token (default: as the main world)")
	return cmd
}

func worldListCommand() *cobra.Command {
	cmd := verb(&cobra.Command{
		Use:     "list",
		Short:   "List the worlds beside the main one",
		Example: "  souk world list\n  souk world list --json",
		Args:    cobra.NoArgs,
	}, func(ctx context.Context, m marketplace, out verbOutput, _ []string) error {
		all, err := list[namedWorld](ctx, m, "worlds", nil)
		if err != nil {
			return err
		}
		return table(out, "WORLD\tNOW\tPROGRAMS\tPAGES", all, func(w namedWorld) []any {
			return []any{w.Name, w.Now.Format(time.RFC3339), w.URL, w.Pages}
		})
	})
	cmd.GroupID = ""
	return cmd
}

func worldEndCommand() *cobra.Command {
	cmd := verb(&cobra.Command{
		Use:               "end NAME...",
		Short:             "End worlds, and everything in them",
		Example:           "  souk world end blue",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeWith(worldNames),
	}, func(ctx context.Context, m marketplace, out verbOutput, args []string) error {
		for _, name := range args {
			if err := m.call(ctx, http.MethodDelete, "worlds/"+url.PathEscape(name), nil, nil); err != nil {
				return err
			}
		}
		return out.tell(map[string][]string{"ended": args}, "%s: ended.", strings.Join(args, ", "))
	})
	cmd.GroupID = ""
	return cmd
}

func worldCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "check FILE",
		Short:   "Say whether a world file is sound; exit code 1 if it is not",
		Example: "  souk world check market.yaml",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return checkWorld(cmd.OutOrStdout(), args[0]) },
	}
}
