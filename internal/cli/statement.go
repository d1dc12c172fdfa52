package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/statement"
	"souk.dev/souk/internal/gateway/store"
)

func statementCommand() *cobra.Command {
	var database sealedDatabase
	var month, format string
	cmd := &cobra.Command{
		Use:     "statement LICENSE",
		GroupID: groupLook,
		Short:   "Write a license's signed statement of a month",
		Long: `Write what a license used in a month, what AWS was told and honoured, and what became of the rest. LICENSE is its ARN or the
gateway's id. As JSON the statement brings its signature; as CSV it goes to standard output and the signature to standard
error. It works beside a running gateway; hours that are not sealed yet are not in it.`,
		Example: "  souk statement lic_4t9… --month 2026-11\n  souk statement lic_4t9… --month 2026-11 --format csv >november.csv 2>november.csv.sig\n  souk statement verify november.json --keys keys.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withStatements(cmd.Context(), database, func(b books) error {
				l, ok := b.book.ByARN(core.LicenseARN(args[0]))
				if !ok {
					l, ok = b.book.ByID(core.LicenseID(args[0]))
				}
				if !ok {
					return fmt.Errorf("there is no license %s in this database", args[0])
				}
				m, err := statement.ParseMonth(month)
				if err != nil {
					return asUsage(fmt.Errorf("--month: %w", err))
				}
				s, err := b.maker.Make(cmd.Context(), l, m, clock.System{}.Now())
				if err != nil {
					return err
				}
				return b.write(cmd, s, format)
			})
		},
	}
	database.take(optionsOf(cmd))
	cmd.Flags().StringVar(&month, "month", "", "the month, such as 2026-11")
	cmd.Flags().StringVar(&format, "format", "json", "json or csv")
	cmd.AddCommand(verifyCommand(), statementKeysCommand())
	return cmd
}

// books are what statements are made from.
type books struct {
	maker  statement.Maker
	book   *license.Book
	signer *statement.Signer
}

func withStatements(ctx context.Context, database sealedDatabase, do func(books) error) error {
	return database.existing(ctx, func(db *store.DB) error {
		book, err := license.ReadBook(ctx, db.Licenses(), clock.System{})
		if err != nil {
			return err
		}
		signer, err := statement.NewSigner(ctx, db.Settings())
		if err != nil {
			return err
		}
		return do(books{statement.Maker{Ledger: store.NewMetering(db), Corrections: db.Corrections()}, book, signer})
	})
}

func (b books) write(cmd *cobra.Command, s statement.Statement, format string) error {
	switch format {
	case "json":
		signed, err := b.signer.Statement(s)
		if err != nil {
			return err
		}
		return printJSON(cmd.OutOrStdout(), signed)
	case "csv":
		text, err := s.CSV()
		if err != nil {
			return err
		}
		if _, err := cmd.OutOrStdout().Write(text); err != nil {
			return err
		}
		_, err = fmt.Fprintln(cmd.ErrOrStderr(), b.signer.Sign(text))
		return err
	}
	return usagef("--format: %q is neither json nor csv", format)
}

func statementKeysCommand() *cobra.Command {
	var database sealedDatabase
	cmd := &cobra.Command{
		Use:     "keys",
		Short:   "Print the public keys by which statements are checked, as a JSON Web Key Set",
		Example: "  souk statement keys >keys.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withStatements(cmd.Context(), database, func(b books) error { return printJSON(cmd.OutOrStdout(), b.signer.Keys()) })
		},
	}
	database.take(optionsOf(cmd))
	return cmd
}

func verifyCommand() *cobra.Command {
	var keysFile, signatureFile string
	cmd := &cobra.Command{
		Use:     "verify FILE --keys KEYS",
		Short:   "Check a statement's signature",
		Long:    "Check that a statement, as JSON or, with --signature, as CSV, was signed with one of the keys and not changed since; exit 1 if not.",
		Example: "  souk statement verify november.json --keys keys.json\n  souk statement verify november.csv --signature november.csv.sig --keys keys.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var keys statement.Keys
			if err := readJSON(keysFile, &keys); err != nil {
				return asUsage(fmt.Errorf("--keys: %w", err))
			}
			text, err := os.ReadFile(args[0])
			if err != nil {
				return asUsage(err)
			}
			if signatureFile != "" {
				signature, err := os.ReadFile(signatureFile)
				if err != nil {
					return asUsage(fmt.Errorf("--signature: %w", err))
				}
				err = keys.Verify(text, string(signature))
				return verified(cmd.OutOrStdout(), args[0], err)
			}
			var signed statement.Signed
			if err := json.Unmarshal(text, &signed); err != nil {
				return fmt.Errorf("%s is no signed statement: %w", args[0], err)
			}
			_, err = keys.VerifyStatement(signed)
			return verified(cmd.OutOrStdout(), args[0], err)
		},
	}
	cmd.Flags().StringVar(&keysFile, "keys", "", "the public keys, as souk statement keys or GET /v1/statement-keys gives them")
	cmd.Flags().StringVar(&signatureFile, "signature", "", "the signature's file, of a statement in CSV")
	return cmd
}

func verified(w io.Writer, file string, err error) error {
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s is as it was signed.\n", file)
	return err
}

func readJSON(path string, v any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

func reconcileCommand() *cobra.Command {
	var database sealedDatabase
	var month string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "reconcile REPORT…",
		GroupID: groupLook,
		Short:   "Compare a month of the ledger with AWS's reports",
		Long: `Compare what AWS honoured in a month, by the gateway's books, with AWS's daily business reports of that month's days (section
usage, as CSV), line by line: customer, product and dimension. With the section fees, what was given back is compared as well. It ends with 1 if any line does not agree.`,
		Example: "  souk reconcile --month 2026-11 daily-usage-2026-11-*.csv daily-fees-2026-11-*.csv",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := statement.ParseMonth(month)
			if err != nil {
				return asUsage(fmt.Errorf("--month: %w", err))
			}
			var parts []io.Reader
			for _, path := range args {
				f, err := os.Open(path)
				if err != nil {
					return asUsage(err)
				}
				defer f.Close()
				parts = append(parts, f)
			}
			var out statement.Reconciliation
			err = withStatements(cmd.Context(), database, func(b books) (err error) {
				out, err = b.maker.Reconcile(cmd.Context(), b.book, m, io.MultiReader(parts...))
				return err
			})
			if fail.Is(err, fail.Invalid) {
				return asUsage(err)
			}
			if err != nil {
				return err
			}
			if asJSON {
				err = printJSON(cmd.OutOrStdout(), out)
			} else {
				err = printReconciliation(cmd.OutOrStdout(), out)
			}
			if err == nil && !out.Sound() {
				err = &alreadySaid{"the ledger and AWS's reports differ"}
			}
			return err
		},
	}
	database.take(optionsOf(cmd))
	cmd.Flags().StringVar(&month, "month", "", "the month, such as 2026-11")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// refundWords say what a refund that does not agree may mean; the others are as in matchWords.
var refundWords = map[statement.Match]string{
	statement.OnlyHere:  "ONLY HERE: AWS gave it back, and the report does not have it (yet: fees come after 72 hours)",
	statement.OnlyAtAWS: "ONLY AT AWS: given back by AWS Support, at the seller's desk, or as a credit",
}

// matchWords say what a line that does not agree may mean.
var matchWords = map[statement.Match]string{
	statement.Agrees:      "agrees",
	statement.Differs:     "DIFFERS",
	statement.OnlyHere:    "ONLY HERE: AWS took it, and the report does not have it (yet)",
	statement.OnlyAtAWS:   "ONLY AT AWS: does another system meter this product?",
	statement.NoAccountID: "the customer's AWS account id is not known here",
}

func printReconciliation(w io.Writer, r statement.Reconciliation) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "CUSTOMER\tPRODUCT\tDIMENSION\tHERE\tAT AWS\t")
	for _, c := range r.Items {
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\t%s\n", c.Customer, c.ProductCode, c.Dimension, c.Here, c.AtAWS, matchWords[c.Match])
	}
	for _, f := range r.Refunds {
		fmt.Fprintf(t, "%s\t%s\trefund, %s\t%s\t%s\t%s\n", f.Customer, f.ProductCode, f.Currency, f.Here, f.AtAWS, cmp.Or(refundWords[f.Match], matchWords[f.Match]))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%d of %d lines of %s agree; %d rows of reports were read.\n", r.Agrees, len(r.Items)+len(r.Refunds), r.Month, r.Rows)
	return err
}
