package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/usage"
)

// trail is what leads from a licence's conservation line down to its events, and back.
type trail struct {
	ledger      metering.Ledger
	book        *license.Book
	corrections correction.Store
	log         audit.Store
}

// ledgerOf is what an audit reads.
func ledgerOf(db *store.DB, book *license.Book) metering.Ledger {
	return metering.Ledger{Store: store.NewMetering(db), Log: store.NewUsage(db), Licenses: book}
}

// license is the gateway's id of the licence that name, an id or an ARN, means. The id of one that was found to be the same as
// another is still an id: its hours stand under it.
func (t trail) license(name string) (core.LicenseID, error) {
	if l, ok := t.book.ByARN(core.LicenseARN(name)); ok {
		return l.ID, nil
	}
	if _, ok := t.book.ByID(core.LicenseID(name)); ok {
		return core.LicenseID(name), nil
	}
	return "", fmt.Errorf("there is no license %s in this database", name)
}

// hourLayouts are the ways in which an hour may be written.
var hourLayouts = []string{time.RFC3339, "2006-01-02T15:04Z", "2006-01-02T15Z", "2006-01-02T15"}

// parseHour reads the hour in which an instant lies.
func parseHour(text string) (core.Hour, error) {
	for _, layout := range hourLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return core.HourOf(t), nil
		}
	}
	return 0, usagef("%q is no hour; write it like 2026-11-10T09", text)
}

// hourRow is one sealed hour.
type hourRow struct {
	Hour       core.Hour      `json:"hour"`
	Events     int64          `json:"events"`
	Late       int64          `json:"lateEvents"`
	Used       usage.Quantity `json:"used"`
	Unbillable string         `json:"unbillable,omitempty"` // why all of it is
	CarriedIn  usage.Quantity `json:"carriedIn"`
	Covered    usage.Quantity `json:"covered"` // bought in advance
	CarriedOut usage.Quantity `json:"carriedOut"`
	Record     string         `json:"record,omitempty"`
	Quantity   int64          `json:"quantity"` // of the record, in the units that AWS bills
	State      metering.State `json:"state,omitempty"`
	Reason     string         `json:"reason,omitempty"`
	Receipt    string         `json:"meteringRecordId,omitempty"`
}

// hours lists the sealed hours of a licence and dimension, of one month or, if it is zero, all.
func (t trail) hours(ctx context.Context, p metering.Pair, month time.Time) (rows []hourRow, err error) {
	from, to := core.Hour(0), core.Hour(math.MaxInt32)
	if !month.IsZero() {
		from, to = core.HourOf(month), core.HourOf(month.AddDate(0, 1, 0))-1
	}
	hours, err := t.ledger.Hours(ctx, p, from, to)
	for _, h := range hours {
		row := hourRow{Hour: h.Hour, Events: h.Events, Late: h.Late, Used: h.Sum, Unbillable: h.SealedTotal.Reason, CarriedIn: h.CarriedIn, Covered: h.Covered, CarriedOut: h.CarriedOut}
		if r := h.Record; r != nil {
			row.Record, row.Quantity, row.State, row.Reason, row.Receipt = r.ID, r.Line.Quantity, r.State, r.Reason, r.Receipt
		}
		rows = append(rows, row)
	}
	return rows, err
}

// printHours prints rows as a table.
func printHours(w io.Writer, rows []hourRow) error {
	if len(rows) == 0 {
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  HOUR\tEVENTS\tUSED\tCARRIED IN\tRECORDED\tCARRIED ON\tSTATE\tRECORD\tAWS'S RECEIPT")
	for _, r := range rows {
		state, recorded := string(r.State), "-"
		switch {
		case r.Unbillable != "":
			state = "never billed: " + r.Unbillable
		case r.Record != "":
			recorded = fmt.Sprint(r.Quantity)
		}
		if r.Reason != "" {
			state += ": " + r.Reason
		}
		fmt.Fprintf(t, "  %s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Hour, r.Events, r.Used, r.CarriedIn, recorded, r.CarriedOut, state, r.Record, r.Receipt)
	}
	return t.Flush()
}

// trailCommand is a command that looks one thing up in the database's books.
func trailCommand(cmd *cobra.Command, do func(cmd *cobra.Command, t trail, args []string) (hourTrail, error)) *cobra.Command {
	var database string
	var asJSON bool
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return withTrail(cmd.Context(), database, func(t trail) error {
			found, err := do(cmd, t, args)
			if err != nil {
				return err
			}
			return found.print(cmd.OutOrStdout(), asJSON)
		})
	}
	optionsOf(cmd).text(&database, "database", defaultDatabase)
	jsonFlag(cmd, &asJSON)
	return cmd
}

// defaultShown is how many events of an hour are shown unless more are asked for.
const defaultShown = 100

func withTrail(ctx context.Context, database string, do func(trail) error) error {
	return withDatabase(ctx, database, func(db *store.DB) error {
		return db.Snapshot(ctx, func(db *store.DB) error { // a gateway may be writing
			book, err := license.ReadBook(ctx, db.Licenses(), clock.System{})
			if err != nil {
				return err
			}
			return do(trail{ledgerOf(db, book), book, db.Corrections(), db.Audit()})
		})
	})
}

func auditRecordCommand() *cobra.Command {
	var shown int
	cmd := trailCommand(&cobra.Command{
		Use:   "record RECORD",
		Short: "Follow a metering record down to its events and up to AWS's receipt",
		Long: `Show a metering record: the sum that it was made from, the exact request in which AWS was told, AWS's answer and receipt, and
the events that were billed in its hour.`,
		Example: "  souk audit record rec_0079c1b…\n  souk audit record rec_0079c1b… --json | jq .request.body",
		Args:    cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, t trail, args []string) (hourTrail, error) {
		r, err := t.ledger.Record(cmd.Context(), args[0])
		if err != nil {
			return hourTrail{}, errors.New(fail.SayOf(err))
		}
		return t.hour(cmd.Context(), metering.Pair{License: r.License, Dimension: r.Dimension}, r.Hour, max(shown, 0))
	})
	cmd.Flags().IntVar(&shown, "events", defaultShown, "how many of the hour's events to show")
	return cmd
}

func auditEventCommand() *cobra.Command {
	var from string
	cmd := trailCommand(&cobra.Command{
		Use:   "event SOURCE ID",
		Short: "Follow a usage event to its record and AWS's receipt",
		Long: `Show what became of a usage event: the hour in which it is billed, and that hour's record, with the exact request to AWS and its
receipt. An event that was sent without a source has the empty one: "". The log is gone through until it is found; --from
says from which hour on.`,
		Example: "  souk audit event orders 7f3c… --from 2026-11-10T09\n  souk audit event \"\" 7f3c…",
		Args:    cobra.ExactArgs(2),
	}, func(cmd *cobra.Command, t trail, args []string) (hourTrail, error) {
		var first core.Hour
		if from != "" {
			var err error
			if first, err = parseHour(from); err != nil {
				return hourTrail{}, err
			}
		}
		e, err := t.ledger.Event(cmd.Context(), args[0], args[1], first, math.MaxInt64)
		if fail.Is(err, fail.NotFound) {
			return hourTrail{}, errors.New(fail.SayOf(err))
		}
		if err != nil {
			return hourTrail{}, err
		}
		h, err := t.hour(cmd.Context(), metering.Pair{License: e.License, Dimension: e.Dimension}, e.Hour, 0)
		h.Event, h.Events, h.More = new(eventTrailOf(e)), nil, false
		return h, err
	})
	cmd.Flags().StringVar(&from, "from", "", "the hour from which on the event may be billed, such as 2026-11-10T09")
	return cmd
}
