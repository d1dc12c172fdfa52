package cli

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/keys"
	"souk.dev/souk/internal/gateway/store"
)

func keysCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "keys",
		GroupID: groupLook,
		Short:   "Make, list and revoke the API keys of the seller's programs",
		Long:    "Make, list and revoke the API keys by which the seller's programs sign in to the gateway. It works beside a running gateway.",
		Example: "  souk keys create --name my-app\n  souk keys list\n  souk keys revoke key_3n7q…",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(keysCreateCommand(), keysListCommand(), keysRevokeCommand())
	return cmd
}

func keysCreateCommand() *cobra.Command {
	var database, name string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "create --name NAME",
		Short:   "Make a key and show it, once",
		Example: "  souk keys create --name my-app\n  export SOUK_API_KEY=$(souk keys create --name my-app --json | jq -r .key)",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withMigrated(cmd.Context(), database, func(db *store.DB) error {
				var text string
				var k keys.Key
				err := asShell(cmd.Context(), db, audit.KeyMade, name, func() (err error) {
					text, k, err = keys.Create(cmd.Context(), db.Keys(), clock.System{}, name)
					return err
				})
				if err != nil {
					return configError(err)
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), map[string]string{"key": text, "id": k.ID, "name": k.Name})
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s\n\nThis is %s, for %s. It is not shown again.\n", text, k.ID, k.Name)
				return nil
			})
		},
	}
	optionsOf(cmd).text(&database, "database", defaultDatabase)
	cmd.Flags().StringVar(&name, "name", "", "what the key is for, such as the program that will use it")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// listedKey is a key in a list.
type listedKey struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	CreatedAt time.Time  `json:"createdAt"`
	UsedAt    *time.Time `json:"usedAt,omitempty"`
	RevokedAt *time.Time `json:"revokedAt,omitempty"`
}

func keysListCommand() *cobra.Command {
	var database string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the keys, without showing them",
		Example: "  souk keys list\n  souk keys list --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withMigrated(cmd.Context(), database, func(db *store.DB) error {
				all, err := db.Keys().Keys(cmd.Context())
				if err != nil {
					return err
				}
				return printKeys(cmd, all, asJSON)
			})
		},
	}
	optionsOf(cmd).text(&database, "database", defaultDatabase)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func printKeys(cmd *cobra.Command, all []keys.Key, asJSON bool) error {
	out := cmd.OutOrStdout()
	if asJSON {
		items := []listedKey{}
		for _, k := range all {
			items = append(items, listedKey{k.ID, k.Name, k.CreatedAt, orNil(k.UsedAt), orNil(k.RevokedAt)})
		}
		return printJSON(out, map[string]any{"items": items})
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tNAME\tCREATED\tLAST USED\tSTATE")
	for _, k := range all {
		state := "works"
		if !k.RevokedAt.IsZero() {
			state = "revoked " + when(k.RevokedAt)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", k.ID, k.Name, when(k.CreatedAt), when(k.UsedAt), state)
	}
	return w.Flush()
}

func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// when is an instant in a table.
func when(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

func keysRevokeCommand() *cobra.Command {
	var database string
	cmd := &cobra.Command{
		Use:     "revoke ID",
		Short:   "End a key; a running gateway refuses it within a second",
		Example: "  souk keys revoke key_3n7qk2m5",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withMigrated(cmd.Context(), database, func(db *store.DB) error {
				err := asShell(cmd.Context(), db, audit.KeyRevoked, args[0], func() error {
					return db.Keys().RevokeKey(cmd.Context(), args[0], clock.System{}.Now())
				})
				if fail.Is(err, fail.NotFound) {
					return fmt.Errorf("there is no key %s; `souk keys list` shows them", args[0])
				}
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s is revoked.\n", args[0])
				return nil
			})
		},
	}
	optionsOf(cmd).text(&database, "database", defaultDatabase)
	return cmd
}
