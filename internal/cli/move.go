package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/store"
)

func moveCommand() *cobra.Command {
	var database, to string
	var undo, asJSON bool
	cmd := &cobra.Command{
		Use:     "move",
		GroupID: groupLook,
		Short:   "Move a gateway's books from SQLite to PostgreSQL",
		Long: `Move a gateway's books from an SQLite database to an empty PostgreSQL one, all or nothing. A gateway may be running: from the
first moment on it answers that nothing can be written, and whoever sends it usage repeats that. At no moment are the books in
both databases, or in neither.

Every table is compared byte for byte, and the laws are audited on both sides, before anything is committed. Then the
SQLite database is closed for good: a gateway that is started on it is refused. Start it with the new one.

A move that was broken off is run again with the same settings. One that never came to its end can be taken back with --undo.`,
		Example: "  souk move --database sqlite:/var/lib/souk/gateway.db --to postgres://souk@db.example.com/souk\n  souk move --database sqlite:/var/lib/souk/gateway.db --to postgres://souk@db.example.com/souk --undo",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if to == "" {
				return usagef("--to: give the PostgreSQL database to move to")
			}
			ctx, out := cmd.Context(), cmd.OutOrStdout()
			return withDatabase(ctx, database, func(from *store.DB) error {
				target, err := store.Open(ctx, to)
				if fail.Is(err, fail.Invalid) {
					return asUsage(fmt.Errorf("--to: %w", err))
				}
				if err != nil {
					return err
				}
				defer target.Close()
				m := mover{Moving: store.Moving{From: from, To: target, Name: store.NameOf(to), Now: clock.System{}.Now()}, out: out, json: asJSON}
				if undo {
					err = m.undo(ctx)
				} else {
					err = m.move(ctx)
				}
				if fail.Is(err, fail.Invalid) && fail.CodeOf(err) == "move_engines" {
					return asUsage(err)
				}
				return err
			})
		},
	}
	o := optionsOf(cmd)
	o.text(&database, "database", defaultDatabase)
	o.text(&to, "to", "")
	cmd.Flags().BoolVar(&undo, "undo", false, "take back a move that was broken off, so that the gateway goes on where it was")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// mover is one run of the command.
type mover struct {
	store.Moving
	out  io.Writer
	json bool
}

// moveDocument is what came of a move, for programs.
type moveDocument struct {
	To       string             `json:"to"`
	Resumed  bool               `json:"resumed"` // it had been committed, and was only finished
	Tables   []store.MovedTable `json:"tables"`
	Rows     int64              `json:"rows"`
	Lines    int                `json:"lines"`    // of the audit, which are the same on both sides
	Breaches int                `json:"breaches"` // of the laws: they move as they are
}

func (m *mover) move(ctx context.Context) error {
	var found findings
	m.Check = func(ctx context.Context, from, to *store.DB) (err error) {
		found, err = sameBooks(ctx, from, to, clock.NewVirtual(m.Now))
		return err
	}
	if !m.json {
		fmt.Fprintf(m.out, "The books go to %s. Until they are there nothing is written.\n", m.Name)
		m.Table = func(t store.MovedTable) {
			if t.Rows > 0 {
				fmt.Fprintf(m.out, "  %12d  %-24s %s…\n", t.Rows, t.Name, t.SHA256[:16])
			}
		}
	}
	tables, err := m.Run(ctx)
	if err != nil {
		return err
	}
	doc := moveDocument{To: m.Name, Resumed: tables == nil, Tables: append([]store.MovedTable{}, tables...),
		Lines: len(found.report.Lines), Breaches: len(found.breaches)}
	for _, t := range tables {
		doc.Rows += t.Rows
	}
	switch {
	case m.json:
		return printJSON(m.out, doc)
	case doc.Resumed:
		fmt.Fprintf(m.out, "The books had arrived in %s; the database that they have left is closed now.\n", m.Name)
	default:
		fmt.Fprintf(m.out, "%s, the same byte for byte; an audit finds the same on both sides: %s of usage, %s.\n",
			plural(doc.Rows, "row"), plural(int64(doc.Lines), "line"), breaches(doc.Breaches))
	}
	fmt.Fprintln(m.out, "End the gateway that still runs on the old database, and start it with the new one.")
	return nil
}

func (m *mover) undo(ctx context.Context) error {
	if err := m.Undo(ctx); err != nil {
		return err
	}
	if m.json {
		return printJSON(m.out, map[string]any{"undone": true})
	}
	fmt.Fprintln(m.out, "The move is taken back; the gateway goes on where it was.")
	return nil
}

// findings are what an audit finds.
type findings struct {
	report   metering.Report
	breaches []string
}

func breaches(n int) string {
	if n == 0 {
		return "and the laws hold"
	}
	return fmt.Sprintf("with the laws broken %d times, as before (see souk audit)", n)
}

// sameBooks audits both databases, as of one instant. What is wrong with the books moves along: it is explained where they are.
func sameBooks(ctx context.Context, from, to *store.DB, now clock.Clock) (was findings, err error) {
	if err := from.Snapshot(ctx, func(db *store.DB) error { was, err = auditBooks(ctx, db, now); return err }); err != nil {
		return findings{}, fmt.Errorf("audit the books that are left: %w", err)
	}
	is, err := auditBooks(ctx, to, now)
	if err != nil {
		return findings{}, fmt.Errorf("audit the books that have come: %w", err)
	}
	if !reflect.DeepEqual(was, is) {
		return findings{}, errors.New("an audit finds something else in the books that have come than in those that are left")
	}
	return was, nil
}

func auditBooks(ctx context.Context, db *store.DB, now clock.Clock) (b findings, err error) {
	book, err := license.ReadBook(ctx, db.Licenses(), now)
	if err != nil {
		return findings{}, err
	}
	ledger := ledgerOf(db, book)
	if b.report, err = ledger.Audit(ctx); err != nil {
		return findings{}, err
	}
	fixes, err := correction.Audit(ctx, db.Corrections(), ledger, b.report.Dropped.Hour)
	if err != nil {
		return findings{}, err
	}
	log, err := audit.Check(ctx, db.Audit(), "")
	if err != nil {
		return findings{}, err
	}
	b.breaches = slices.Concat(b.report.Breaches, fixes.Breaches, log.Breaches)
	return b, nil
}
