package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/statement"
	"souk.dev/souk/internal/gateway/usage"
)

func auditCommand() *cobra.Command {
	var database, month string
	var asJSON bool
	var shown int
	cmd := &cobra.Command{
		Use:     "audit [LICENSE [DIMENSION [HOUR]]]",
		GroupID: groupLook,
		Short:   "Check the laws over a gateway's database, and follow any figure down to its events",
		Long: `Count every usage event anew and follow it into records, balances and the bill. For each license and dimension it prints

  accepted = honoured + open + waiting + carried + unbillable

and it ends with 1 if one of these does not add up, or anything was sent to AWS twice with different content. Corrections are
listed, and must have been approved, give back no more than AWS honoured, and be in the log; the log of who did what must be
unbroken. Events that
were dropped after their retention are counted by the sealed totals of their hours, and it says how many they are. It reads the
database as it is at one instant, so that a gateway may go on working.

With a LICENSE (its ARN or the gateway's id) it prints that license's lines only, with a DIMENSION also the hours that the line
adds up, each with its record and AWS's receipt, and with an HOUR, without counting anything else anew, that hour down to its
events. The commands record and event begin at the other end; log prints who did what.`,
		Example: "  souk audit --database sqlite:/var/lib/souk/gateway.db\n  souk audit lic_4t9… pages --month 2026-11\n  souk audit lic_4t9… pages 2026-11-10T09\n  souk audit event orders 7f3c…",
		Args:    cobra.MaximumNArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			var only time.Time
			if month != "" {
				var err error
				if only, err = statement.ParseMonth(month); err != nil {
					return asUsage(fmt.Errorf("--month: %w", err))
				}
			}
			return withTrail(cmd.Context(), database, func(t trail) error {
				a := auditing{trail: t, month: only, shown: max(shown, 0), json: asJSON, out: cmd.OutOrStdout()}
				return a.run(cmd.Context(), args)
			})
		},
	}
	optionsOf(cmd).text(&database, "database", defaultDatabase)
	cmd.Flags().StringVar(&month, "month", "", "with a DIMENSION: only the hours of this month, such as 2026-11")
	cmd.Flags().IntVar(&shown, "events", defaultShown, "with an HOUR: how many of its events to show")
	jsonFlag(cmd, &asJSON)
	cmd.AddCommand(auditRecordCommand(), auditEventCommand(), auditLogCommand())
	return cmd
}

// auditing is one run of the command.
type auditing struct {
	trail
	month time.Time // zero: all
	shown int       // events of an hour
	json  bool
	out   io.Writer
}

func (a auditing) run(ctx context.Context, args []string) error {
	var only metering.Pair
	if len(args) > 0 {
		var err error
		if only.License, err = a.license(args[0]); err != nil {
			return err
		}
	}
	if len(args) > 1 {
		only.Dimension = core.Dimension(args[1])
	}
	if len(args) > 2 {
		hour, err := parseHour(args[2])
		if err != nil {
			return err
		}
		h, err := a.hour(ctx, only, hour, a.shown)
		if err != nil {
			return err
		}
		return h.print(a.out, a.json)
	}
	report, err := a.ledger.Audit(ctx)
	if err != nil {
		return err
	}
	report.Lines = slices.DeleteFunc(report.Lines, func(l metering.AuditLine) bool {
		return only.License != "" && l.License != only.License || only.Dimension != "" && l.Dimension != only.Dimension
	})
	if only.Dimension != "" && len(report.Lines) == 0 {
		return fmt.Errorf("nothing was ever used of %s by the license %s", only.Dimension, only.License)
	}
	fixes, err := correction.Audit(ctx, a.corrections, a.ledger, report.Dropped.Hour)
	if err != nil {
		return err
	}
	log, err := audit.Check(ctx, a.log, "")
	if err != nil {
		return err
	}
	report.Breaches = slices.Concat(report.Breaches, fixes.Breaches, log.Breaches)
	doc := auditDocumentOf(report)
	doc.Corrections = correctionsOf(fixes, only)
	if only.Dimension != "" {
		if doc.Hours, err = a.hours(ctx, only, a.month); err != nil {
			return err
		}
	}
	if a.json {
		err = printJSON(a.out, doc)
	} else {
		err = printAudit(a.out, report, doc)
	}
	if err == nil && len(report.Breaches) > 0 {
		err = &alreadySaid{"the audit found breaches"}
	}
	return err
}

// auditDatabase checks the laws over the database at url, which it only reads.
func auditDatabase(ctx context.Context, url string) (r metering.Report, err error) {
	err = withTrail(ctx, url, func(t trail) (err error) {
		r, err = t.ledger.Audit(ctx)
		return err
	})
	return r, err
}

func sumOf(parts map[string]usage.Quantity) (sum usage.Quantity) {
	for _, q := range parts {
		sum = sum.Add(q)
	}
	return sum
}

// conservation is law 1 for one licence and dimension, in figures.
func conservation(l metering.AuditLine) string {
	had := fmt.Sprint("accepted ", l.Accepted)
	for _, more := range []struct {
		what string
		is   usage.Quantity
	}{{"rounded up", l.Rounded}, {"moved in", l.MovedIn}} {
		if !more.is.IsZero() {
			had += fmt.Sprintf(" + %s %s", more.what, more.is)
		}
	}
	is := fmt.Sprintf("honoured %s + open %s + waiting %s + carried %s + unbillable %s", l.Honoured, l.Open, l.Waiting, l.Carried, sumOf(l.Unbillable))
	if !l.Covered.IsZero() {
		is += fmt.Sprintf(" + bought in advance %s", l.Covered)
	}
	if !l.MovedOut.IsZero() {
		is += fmt.Sprintf(" + moved out %s", l.MovedOut)
	}
	return had + " = " + is
}

// printAudit tells people about r, and of doc about the hours of its only line, if they are wanted, and the corrections.
func printAudit(w io.Writer, r metering.Report, doc auditDocument) error {
	var err error
	say := func(format string, args ...any) {
		if err == nil {
			_, err = fmt.Fprintf(w, format+"\n", args...)
		}
	}
	for _, l := range r.Lines {
		say("%s  %s", l.License, l.Dimension)
		say("  %s", conservation(l))
		for _, reason := range slices.Sorted(maps.Keys(l.Unbillable)) {
			say("    unbillable %s: %s", l.Unbillable[reason], reason)
		}
	}
	if err == nil {
		err = printHours(w, doc.Hours)
	}
	for _, c := range doc.Corrections {
		say("%s", c)
	}
	if d := r.Dropped; d.Seq > 0 {
		say("Dropped, for they were older than the retention: %d events received up to %s. For hours up to %s the sealed totals stand for them.",
			d.Events, time.UnixMicro(d.Newest).UTC().Format(time.RFC3339), d.Hour)
	}
	if n := r.Gone.Count; n > 0 {
		say("Dropped likewise: %s to AWS, with the answers. Their records stand for them.", plural(n, "request"))
	}
	for _, b := range r.Breaches {
		say("BREACH  %s", b)
	}
	verdict := "The laws hold."
	if n := len(r.Breaches); n > 0 {
		verdict = fmt.Sprintf("The laws are broken, %d times.", n)
	}
	say("%s %d segments, %d records and %d requests were read.", verdict, r.Segments, r.Records, r.Requests)
	return err
}

// auditDocument is an audit for programs.
type auditDocument struct {
	OK       bool        `json:"ok"`
	Lines    []auditLine `json:"lines"`
	Breaches []string    `json:"breaches"`
	// Corrections are those that were approved and did not fail.
	Corrections []auditCorrection `json:"corrections"`
	Hours       []hourRow         `json:"hours,omitempty"` // of the only line, when they were asked for
	// Dropped is what was older than the retention; nil when nothing was.
	Dropped *auditDropped `json:"dropped,omitempty"`
	// RequestsDropped counts requests to AWS that were older than the retention.
	RequestsDropped int64 `json:"requestsDropped,omitempty"`
}

// auditDropped is what the log of events has no more.
type auditDropped struct {
	Events        int64     `json:"events"`
	Bytes         int64     `json:"bytes"`         // that they took, compressed
	ReceivedUpTo  time.Time `json:"receivedUpTo"`  // the newest of them
	HoursUpTo     core.Hour `json:"hoursUpTo"`     // hours whose sealed totals stand for their events
	SegmentsUpTo  int64     `json:"segmentsUpTo"`  // in the log
	LastDroppedAt time.Time `json:"lastDroppedAt"` // when the job did so last
}

type auditLine struct {
	License    string                    `json:"license"`
	Dimension  string                    `json:"dimension"`
	Events     int64                     `json:"events"`
	Dropped    int64                     `json:"eventsDropped"` // of them, older than the retention
	Accepted   usage.Quantity            `json:"accepted"`
	Honoured   usage.Quantity            `json:"honoured"`
	Open       usage.Quantity            `json:"open"`
	Waiting    usage.Quantity            `json:"waiting"`
	Carried    usage.Quantity            `json:"carried"`
	Unbillable map[string]usage.Quantity `json:"unbillable"` // by reason
	Covered    usage.Quantity            `json:"covered"`    // bought in advance
	Rounded    usage.Quantity            `json:"rounded"`
	MovedIn    usage.Quantity            `json:"movedIn"`
	MovedOut   usage.Quantity            `json:"movedOut"`
}

func auditDocumentOf(r metering.Report) auditDocument {
	d := auditDocument{OK: len(r.Breaches) == 0, Lines: []auditLine{}, Breaches: append([]string{}, r.Breaches...), RequestsDropped: r.Gone.Count}
	for _, l := range r.Lines {
		d.Lines = append(d.Lines, auditLine{string(l.License), string(l.Dimension), l.Events, l.Dropped, l.Accepted, l.Honoured, l.Open, l.Waiting, l.Carried, l.Unbillable, l.Covered, l.Rounded, l.MovedIn, l.MovedOut})
	}
	if g := r.Dropped; g.Seq > 0 {
		d.Dropped = &auditDropped{g.Events, g.Bytes, time.UnixMicro(g.Newest).UTC(), g.Hour, g.Seq, time.UnixMicro(g.At).UTC()}
	}
	return d
}
