package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/store"
)

func operatorsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "operators",
		GroupID: groupLook,
		Short:   "Add, list and remove the people who may sign in to the console",
		Long: `Add, list, change and remove the seller's own people, who sign in to the gateway's /console. It works beside a running gateway.

A viewer looks; an operator decides on corrections and replays notices too; an admin also sees to keys, operators and the audit
log, in which every change made here is written down as well.`,
		Example: "  souk operators add --email ada@example.com --name 'Ada Lovelace' --role admin\n  souk operators list\n  souk operators password ada@example.com",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(operatorsAddCommand(), operatorsListCommand(), operatorsRoleCommand(), operatorsPasswordCommand(), operatorsFactorCommand(), operatorsRemoveCommand())
	return cmd
}

// withOperators works on the operators in the database.
func withOperators(ctx context.Context, database sealedDatabase, do func(s *operator.Service, by audit.Actor) error) error {
	return database.migrated(ctx, func(db *store.DB) error { return do(operatorsOf(db), operator.Shell(whoAmI())) })
}

func operatorsOf(db *store.DB) *operator.Service {
	return operator.New(db.Operators(), audit.New(db.Audit(), clock.System{}), clock.System{}, slog.New(slog.DiscardHandler))
}

// asShell writes down in the audit log that whoever runs this does action to subject, and does it.
func asShell(ctx context.Context, db *store.DB, action audit.Action, subject string, do func() error) error {
	return audit.New(db.Audit(), clock.System{}).Do(ctx, operator.Shell(whoAmI()), action, subject, "", do)
}

// whoAmI is what the operating system calls whoever runs this.
func whoAmI() string {
	u, err := user.Current()
	if err != nil {
		return fmt.Sprintf("user %d", os.Getuid())
	}
	return u.Username
}

// newPassword makes a password that people can type: some 130 random bits.
func newPassword() string {
	text := strings.ToLower(rand.Text())
	var parts []string
	for len(text) > 0 {
		n := min(5, len(text))
		parts, text = append(parts, text[:n]), text[n:]
	}
	return strings.Join(parts, "-")
}

// passwordFrom is the password in file, "-" for standard input; a new one, made is true, where there is no file.
func passwordFrom(cmd *cobra.Command, file string) (password string, made bool, err error) {
	var text []byte
	switch file {
	case "":
		return newPassword(), true, nil
	case "-":
		text, err = io.ReadAll(io.LimitReader(cmd.InOrStdin(), 4096))
	default:
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return "", false, asUsage(fmt.Errorf("--password-file: %w", err))
	}
	return strings.TrimRight(string(text), "\r\n"), false, nil
}

const passwordFileHelp = "the file that the password is in, - for standard input (default: one is made and shown once)"

func operatorsAddCommand() *cobra.Command {
	var database sealedDatabase
	var email, name, role, file string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "add --email ADDRESS --name NAME --role viewer|operator|admin",
		Short:   "Let somebody in",
		Example: "  souk operators add --email ada@example.com --name 'Ada Lovelace' --role admin\n  pass show souk | souk operators add --email ada@example.com --name Ada --role viewer --password-file -",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			password, made, err := passwordFrom(cmd, file)
			if err != nil {
				return err
			}
			return withOperators(cmd.Context(), database, func(s *operator.Service, by audit.Actor) error {
				p, err := s.Add(cmd.Context(), by, operator.Person{Email: email, Name: name, Role: operator.Role(role)}, password)
				if err != nil {
					return configError(err)
				}
				return printOperator(cmd.OutOrStdout(), p, password, made, asJSON)
			})
		},
	}
	database.take(optionsOf(cmd))
	cmd.Flags().StringVar(&email, "email", "", "the address that they sign in with")
	cmd.Flags().StringVar(&name, "name", "", "what they are called")
	cmd.Flags().StringVar(&role, "role", string(operator.Viewer), "viewer, operator or admin")
	cmd.Flags().StringVar(&file, "password-file", "", passwordFileHelp)
	jsonFlag(cmd, &asJSON)
	return cmd
}

// listedOperator is an operator for programs.
type listedOperator struct {
	ID        operator.ID   `json:"id"`
	Email     string        `json:"email"`
	Name      string        `json:"name"`
	Role      operator.Role `json:"role"`
	CreatedAt time.Time     `json:"createdAt"`
	Issuer    string        `json:"issuer,omitempty"` // who vouches for them
	Factor    bool          `json:"secondFactor"`
	Password  string        `json:"password,omitempty"` // one that was just made
}

func listed(p operator.Person) listedOperator {
	return listedOperator{ID: p.ID, Email: p.Email, Name: p.Name, Role: p.Role, CreatedAt: p.CreatedAt, Issuer: p.Issuer, Factor: p.SecondFactor}
}

func printOperator(w io.Writer, p operator.Person, password string, made, asJSON bool) error {
	out := listed(p)
	if made {
		out.Password = password
	}
	if asJSON {
		return printJSON(w, out)
	}
	text := fmt.Sprintf("%s may sign in at /console as %s.\n", p.Email, p.Role)
	if made {
		text = password + "\n\n" + text + "The password above is not shown again.\n"
	}
	_, err := io.WriteString(w, text)
	return err
}

func operatorsListCommand() *cobra.Command {
	var database sealedDatabase
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List who may sign in to the console",
		Example: "  souk operators list\n  souk operators list --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withOperators(cmd.Context(), database, func(s *operator.Service, _ audit.Actor) error {
				all, err := s.Operators(cmd.Context())
				if err != nil {
					return err
				}
				if asJSON {
					items := []listedOperator{}
					for _, p := range all {
						items = append(items, listed(p))
					}
					return printJSON(cmd.OutOrStdout(), map[string]any{"items": items})
				}
				w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
				fmt.Fprintln(w, "E-MAIL\tNAME\tROLE\tSINCE\tID")
				for _, p := range all {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", p.Email, p.Name, p.Role, when(p.CreatedAt), p.ID)
				}
				return w.Flush()
			})
		},
	}
	database.take(optionsOf(cmd))
	jsonFlag(cmd, &asJSON)
	return cmd
}

// onOperator makes cmd one that works on the operator whom its first argument names, by e-mail address or id.
func onOperator(cmd *cobra.Command, do func(cmd *cobra.Command, s *operator.Service, by audit.Actor, p operator.Person, rest []string) error) *cobra.Command {
	var database sealedDatabase
	database.take(optionsOf(cmd))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return withOperators(cmd.Context(), database, func(s *operator.Service, by audit.Actor) error {
			p, err := s.Find(cmd.Context(), args[0])
			if fail.Is(err, fail.NotFound) {
				return fmt.Errorf("there is no operator %s; `souk operators list` shows them", args[0])
			}
			if err != nil {
				return err
			}
			return configError(do(cmd, s, by, p, args[1:]))
		})
	}
	return cmd
}

func operatorsRoleCommand() *cobra.Command {
	return onOperator(&cobra.Command{
		Use:     "role ADDRESS viewer|operator|admin",
		Short:   "Let somebody do more, or less",
		Example: "  souk operators role ada@example.com operator",
		Args:    cobra.ExactArgs(2),
	}, func(cmd *cobra.Command, s *operator.Service, by audit.Actor, p operator.Person, rest []string) error {
		if err := s.ChangeRole(cmd.Context(), by, p.ID, operator.Role(rest[0])); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s has the role %s.\n", p.Email, rest[0])
		return nil
	})
}

func operatorsPasswordCommand() *cobra.Command {
	var file string
	var asJSON bool
	cmd := onOperator(&cobra.Command{
		Use:     "password ADDRESS",
		Short:   "Give somebody another password, and sign them out everywhere",
		Example: "  souk operators password ada@example.com",
		Args:    cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, s *operator.Service, by audit.Actor, p operator.Person, _ []string) error {
		password, made, err := passwordFrom(cmd, file)
		if err != nil {
			return err
		}
		if err := s.ChangePassword(cmd.Context(), by, p.ID, password); err != nil {
			return err
		}
		return printOperator(cmd.OutOrStdout(), p, password, made, asJSON)
	})
	cmd.Flags().StringVar(&file, "password-file", "", passwordFileHelp)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func operatorsFactorCommand() *cobra.Command {
	return onOperator(&cobra.Command{
		Use:     "factor ADDRESS",
		Short:   "Take somebody's second factor away, whose telephone is gone",
		Example: "  souk operators factor ada@example.com",
		Args:    cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, s *operator.Service, by audit.Actor, p operator.Person, _ []string) error {
		if !p.SecondFactor {
			return fmt.Errorf("%s has no second factor", p.Email)
		}
		if err := s.RemoveFactor(cmd.Context(), by, p.ID); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s signs in by the password alone, until they add another second factor.\n", p.Email)
		return nil
	})
}

func operatorsRemoveCommand() *cobra.Command {
	return onOperator(&cobra.Command{
		Use:     "remove ADDRESS",
		Short:   "Take somebody's access away, at once",
		Example: "  souk operators remove ada@example.com",
		Args:    cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, s *operator.Service, by audit.Actor, p operator.Person, _ []string) error {
		if err := s.Remove(cmd.Context(), by, p.ID); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s is out.\n", p.Email)
		return nil
	})
}
