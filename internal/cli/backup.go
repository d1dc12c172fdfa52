package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/store"
)

func backupCommand() *cobra.Command {
	var database string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "backup FILE",
		GroupID: groupLook,
		Short:   "Write a backup of a gateway's SQLite database, while it runs",
		Long: `Write the books of an SQLite database, as they are at one instant, to a new file. The gateway goes on meanwhile. The file is
there when it is whole, checked and on the disk, and not before. Everything is in it, secrets too.

A backup is for the day on which the disk is gone; read docs/backups.md before that day. PostgreSQL is backed up with its own tools.`,
		Example: "  souk backup --database sqlite:/var/lib/souk/gateway.db /backup/gateway-2026-11-23.db",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withDatabase(cmd.Context(), database, func(db *store.DB) error {
				b, err := db.Backup(cmd.Context(), args[0], clock.System{}.Now())
				switch {
				case fail.Is(err, fail.Invalid):
					return asUsage(err)
				case err != nil:
					return err
				case asJSON:
					return printJSON(cmd.OutOrStdout(), b)
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s has the books of %s, %s.\n", b.File, b.At.Format(time.RFC3339), plural(b.Bytes, "byte"))
				return nil
			})
		},
	}
	optionsOf(cmd).text(&database, "database", defaultDatabase)
	jsonFlag(cmd, &asJSON)
	return cmd
}
