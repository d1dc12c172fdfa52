package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/store"
)

// oldestRestored is how old a backup may be for everything that was told since to be told again within AWS's 24 hours.
const oldestRestored = 20 * time.Hour

func restoreCommand() *cobra.Command {
	var database string
	var at instantValue
	var old, asJSON bool
	cmd := &cobra.Command{
		Use:     "restore [FILE]",
		GroupID: groupLook,
		Short:   "Make a gateway's database of a backup, or ready one that PostgreSQL has restored",
		Long: `Make an SQLite database, where there is none, of a backup. Or, with --at, make a PostgreSQL database ready that PostgreSQL's own tools have
brought back to an earlier instant; no gateway may run on it.

What happened since that instant is not in it, but AWS was told; so before hours are closed again, everything that reported usage since must
report it once more. What was on its way then is doubted. It prints how to start the gateway, and writes an entry into the audit log.

AWS takes usage of the last 24 hours. With a backup that is older than 20, some of what was sent to AWS since may be billed again in a later
hour: --old restores it all the same. docs/backups.md says which usage that is.`,
		Example: `  souk restore --database sqlite:/var/lib/souk/gateway.db /backup/gateway-2026-11-23.db
  souk restore --database postgres://souk@db.example.com/souk --at 2026-11-23T10:00:00Z`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			r, err := restoring(ctx, database, time.Time(at), args)
			if err != nil {
				return err
			}
			now := clock.System{}.Now()
			if r.age = now.Sub(r.At); r.age > oldestRestored && !old {
				return fmt.Errorf("this is of %s, longer ago than AWS takes usage: read docs/backups.md, and then use --old", r.At.Format(time.RFC3339))
			}
			if err := r.do(ctx, now); err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), map[string]any{"file": r.File, "at": r.At, "database": r.name(), "settleTime": r.settleTime().String(), "doubted": r.Records, "late": r.Late})
			}
			r.print(cmd.OutOrStdout())
			return nil
		},
	}
	optionsOf(cmd).text(&database, "database", defaultDatabase)
	cmd.Flags().Var(&at, "at", "the instant to which PostgreSQL has brought the database back, such as 2026-11-23T10:00:00Z")
	cmd.Flags().BoolVar(&old, "old", false, "restore what is older than AWS takes usage")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// restoration is one restore.
type restoration struct {
	store.Restored
	database string
	path     string // of the SQLite file to be made; empty: it is a PostgreSQL database
	age      time.Duration
}

// restoring looks at what is to be restored. args are a backup's file, or nothing.
func restoring(ctx context.Context, database string, at time.Time, args []string) (r *restoration, err error) {
	r = &restoration{database: database}
	if strings.HasPrefix(database, "postgres") {
		now := clock.System{}.Now()
		switch {
		case len(args) > 0 || at.IsZero():
			return nil, usagef("--at: PostgreSQL's own tools bring its database back (docs/backups.md); say to which instant they did, and give no file")
		case at.After(now):
			return nil, usagef("--at: %s is still to come", at.Format(time.RFC3339))
		}
		r.At = at
		return r, nil
	}
	path, ok := strings.CutPrefix(database, "sqlite:")
	switch {
	case !ok || path == "" || path == ":memory:":
		return nil, usagef("--database: a backup is restored to sqlite:PATH")
	case len(args) == 0:
		return nil, usagef("give the file that souk backup has made")
	case !at.IsZero():
		return nil, usagef("--at is for PostgreSQL; the backup says of when it is")
	}
	r.path = path
	r.Backup, err = store.ReadBackup(ctx, args[0])
	if fail.Is(err, fail.Invalid) {
		return nil, asUsage(err)
	}
	return r, err
}

// do restores it.
func (r *restoration) do(ctx context.Context, now time.Time) (err error) {
	note := func(ctx context.Context, db *store.DB) error {
		from := "PostgreSQL's own tools"
		if r.File != "" {
			from = r.File
		}
		return audit.New(db.Audit(), clock.System{}).Note(ctx, operator.Shell(whoAmI()), audit.BooksRestored, r.At.UTC().Format(time.RFC3339), "from "+from)
	}
	if r.path != "" {
		r.Restored, err = store.Restore(ctx, r.File, r.path, now, note)
		return err
	}
	return withDatabase(ctx, r.database, func(db *store.DB) error {
		// As long as these books are ours, no gateway begins to send.
		if err := db.Claim(ctx, slog.New(slog.DiscardHandler)); err != nil {
			return err
		}
		if err := note(ctx, db); err != nil {
			return err
		}
		r.Doubts, err = db.Doubt(ctx, now)
		return err
	})
}

// name is the database's for people, without a password.
func (r *restoration) name() string { return store.NameOf(r.database) }

// settleTime is how long hours must be left open, so that those since then are closed after their usage was reported again.
func (r *restoration) settleTime() time.Duration {
	return (r.age + time.Hour).Truncate(time.Hour) + time.Hour
}

// print says what was done, what that means for bills, and what is to be done next.
func (r *restoration) print(out io.Writer) {
	fmt.Fprintf(out, "%s has the books of %s.\n", r.name(), r.At.Format(time.RFC3339))
	if r.Records > 0 {
		fmt.Fprintf(out, "On the way to AWS then: %s. AWS may have billed them since; what it says of the same record again decides.\n", plural(r.Records, "record"))
	}
	for _, l := range r.Late {
		fmt.Fprintf(out, "Unbillable, because AWS takes their hours no more: %s of the dimension %s of the product %s, with a quantity of %d. Its own reports say whether it has billed them: souk reconcile compares.\n",
			plural(l.Records, "record"), l.Dimension, l.Product, l.Quantity)
	}
	if r.age > oldestRestored {
		fmt.Fprintf(out, "AWS takes no usage older than 24 hours: report again only what is of the last 20. What was used before %s and in no record yet becomes unbillable with the reason outcome_unknown: the lost gateway may have sent it. souk reconcile compares.\n", r.At.Format(time.RFC3339))
	}
	fmt.Fprintf(out, "Start the gateway with --settle-time %s, report again all usage since then with the ids it had, and start it as usual.\n", r.settleTime())
}
