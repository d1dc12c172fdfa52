package cli

import (
	"fmt"
	"strings"
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

// oldestRestored is how old a backup may be for everything that was told since to be told again within AWS's 24 hours.
const oldestRestored = 20 * time.Hour

func restoreCommand() *cobra.Command {
	var database string
	var old, asJSON bool
	cmd := &cobra.Command{
		Use:     "restore FILE",
		GroupID: groupLook,
		Short:   "Make a gateway's SQLite database of a backup",
		Long: `Make an SQLite database, where there is none, of a backup. What happened since the backup is not in it, but AWS was told; so
before hours are closed again, everything that reported usage since must report it once more. It prints how to start the gateway for that.

AWS takes usage of the last 24 hours. With a backup that is older than 20, some of what was sent to AWS since may be billed again in a later
hour: --old restores it all the same. docs/backups.md says which usage that is.`,
		Example: "  souk restore --database sqlite:/var/lib/souk/gateway.db /backup/gateway-2026-11-23.db",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, out := cmd.Context(), cmd.OutOrStdout()
			path, ok := strings.CutPrefix(database, "sqlite:")
			if !ok || path == "" || path == ":memory:" {
				return usagef("--database: a backup is restored to sqlite:PATH")
			}
			b, err := store.ReadBackup(ctx, args[0])
			if fail.Is(err, fail.Invalid) {
				return asUsage(err)
			}
			if err != nil {
				return err
			}
			age := clock.System{}.Now().Sub(b.At)
			if age > oldestRestored && !old {
				return fmt.Errorf("this backup is of %s, longer ago than AWS takes usage: read docs/backups.md, and then use --old", b.At.Format(time.RFC3339))
			}
			if _, err := store.Restore(ctx, args[0], path); err != nil {
				return err
			}
			settle := (age + time.Hour).Truncate(time.Hour) + time.Hour
			if asJSON {
				return printJSON(out, map[string]any{"file": b.File, "at": b.At, "database": database, "settleTime": settle.String()})
			}
			fmt.Fprintf(out, "%s has the books of %s.\n", path, b.At.Format(time.RFC3339))
			fmt.Fprintf(out, "Start the gateway with --settle-time %s, report again all usage since then with the ids it had, and start it as usual.\n", settle)
			return nil
		},
	}
	optionsOf(cmd).text(&database, "database", defaultDatabase)
	cmd.Flags().BoolVar(&old, "old", false, "restore a backup that is older than AWS takes usage")
	jsonFlag(cmd, &asJSON)
	return cmd
}
