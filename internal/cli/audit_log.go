package cli

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/store"
)

func auditLogCommand() *cobra.Command {
	var database, witness string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "log",
		Short: "Check the log of who did what, and print it",
		Long: `Print what the seller's people did in the console and from a shell, and check the chain that ties each entry to the one before.

A change, a gap or an entry put in shows from there on. That the log's end was cut off, or all of it written anew, shows by a
copy of its last hash: keep the one that is printed somewhere else, and give it to the next check with --witness.`,
		Example: "  souk audit log\n  souk audit log --witness 9f2c… --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd.Context(), database, func(db *store.DB) error {
				report, err := audit.Check(cmd.Context(), db.Audit(), witness)
				if err != nil {
					return err
				}
				if asJSON {
					err = printLogJSON(cmd, db.Audit(), report)
				} else {
					err = printLog(cmd, db.Audit(), report)
				}
				if err == nil && len(report.Breaches) > 0 {
					err = &alreadySaid{"the audit log is broken"}
				}
				return err
			})
		},
	}
	optionsOf(cmd).text(&database, "database", defaultDatabase)
	cmd.Flags().StringVar(&witness, "witness", "", "a hash that was the last one once")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func printLog(cmd *cobra.Command, s audit.Store, r audit.Report) error {
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NO.\tWHEN\tWHO\tFROM\tWHAT\tTO WHAT\tMORE")
	err := s.EachEntry(cmd.Context(), func(e audit.Entry) error {
		_, err := fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", e.Seq, e.At.Format(time.RFC3339), e.By.Name, e.By.From, e.Action, e.Subject, e.Detail)
		return err
	})
	if err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	for _, b := range r.Breaches {
		fmt.Fprintf(out, "BREACH  %s\n", b)
	}
	if r.Entries > 0 {
		fmt.Fprintf(out, "%d entries; the last one's hash is %s\n", r.Entries, r.Head)
	} else {
		fmt.Fprintln(out, "The log is empty.")
	}
	return nil
}

// loggedEntry is an entry of the log for programs.
type loggedEntry struct {
	Seq     int64        `json:"seq"`
	At      time.Time    `json:"at"`
	Actor   string       `json:"actor"`
	Name    string       `json:"name"`
	From    string       `json:"from,omitempty"`
	Action  audit.Action `json:"action"`
	Subject string       `json:"subject"`
	Detail  string       `json:"detail,omitempty"`
	Hash    string       `json:"hash"`
}

func printLogJSON(cmd *cobra.Command, s audit.Store, r audit.Report) error {
	items := []loggedEntry{}
	err := s.EachEntry(cmd.Context(), func(e audit.Entry) error {
		items = append(items, loggedEntry{e.Seq, e.At, e.By.ID, e.By.Name, e.By.From, e.Action, e.Subject, e.Detail, e.Hash})
		return nil
	})
	if err != nil {
		return err
	}
	return printJSON(cmd.OutOrStdout(), map[string]any{"ok": len(r.Breaches) == 0, "head": r.Head, "breaches": append([]string{}, r.Breaches...), "items": items})
}
