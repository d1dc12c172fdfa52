package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/gateway/store"
)

func migrateCommand() *cobra.Command {
	var database string
	var dryRun, asJSON bool
	cmd := &cobra.Command{
		Use:     "migrate",
		GroupID: groupLook,
		Short:   "Bring a gateway's database up to date",
		Long: `Bring the schema of a gateway's database up to date, an empty one too. A gateway does so by itself with an empty database; one
on whose schema this souk does not work is refused and left as it is. Nodes that run go on, if they work on the new schema; else nothing is changed.`,
		Example: "  souk migrate --database sqlite:/var/lib/souk/gateway.db --dry-run\n  souk migrate --database sqlite:/var/lib/souk/gateway.db",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dryRun && isNew(database) {
				database = "sqlite::memory:" // an empty one: looking must not make the file
			}
			db, err := store.Open(cmd.Context(), database)
			if err != nil {
				return databaseError(err)
			}
			defer db.Close()
			steps, err := pending(cmd, db, dryRun)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if asJSON {
				return printJSON(out, map[string]any{"applied": !dryRun, "migrations": steps})
			}
			if len(steps) == 0 {
				fmt.Fprintln(out, "The schema is up to date.")
				return nil
			}
			done := "applied"
			if dryRun {
				done = "would apply"
			}
			for _, s := range steps {
				fmt.Fprintf(out, "%s %d, %s\n", done, s.Version, s.Name)
			}
			return nil
		},
	}
	optionsOf(cmd).text(&database, "database", defaultDatabase)
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only say what would be done")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// migration is one step of the schema, as printed.
type migration struct {
	Version int64  `json:"version"`
	Name    string `json:"name"`
}

// pending lists the steps that db lacks and, unless this is a dry run, makes them.
func pending(cmd *cobra.Command, db *store.DB, dryRun bool) ([]migration, error) {
	steps := []migration{}
	if !dryRun {
		done, err := db.Migrate(cmd.Context())
		for _, m := range done {
			steps = append(steps, migration{m.Version, m.Name})
		}
		return steps, err
	}
	all, err := db.Migrations(cmd.Context())
	for _, m := range all {
		if !m.Applied {
			steps = append(steps, migration{m.Version, m.Name})
		}
	}
	return steps, err
}
