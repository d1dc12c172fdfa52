package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/vault"
)

// sealedDatabase is a gateway's database for commands that read or write the secrets in it.
type sealedDatabase struct {
	url   string
	vault vaultValue
}

// take adds the settings that say which database, and what its secrets are sealed with.
func (d *sealedDatabase) take(o options) {
	o.text(&d.url, "database", defaultDatabase)
	o.value(&d.vault, "secrets-key", "")
}

// existing runs do on the database, which has this program's schema.
func (d *sealedDatabase) existing(ctx context.Context, do func(*store.DB) error) error {
	return withDatabase(ctx, d.url, d.opened(do))
}

// migrated brings the database up to date, and runs do on it.
func (d *sealedDatabase) migrated(ctx context.Context, do func(*store.DB) error) error {
	return withMigrated(ctx, d.url, d.opened(do))
}

func (d *sealedDatabase) opened(do func(*store.DB) error) func(*store.DB) error {
	return func(db *store.DB) error {
		db.UseVault(d.vault.Vault)
		return do(db)
	}
}

// vaultValue is what secrets are sealed with, as a setting.
type vaultValue struct{ *vault.Vault }

func (v *vaultValue) Type() string   { return "keys" }
func (v *vaultValue) String() string { return "" } // never shown

func (v *vaultValue) Set(s string) (err error) {
	v.Vault, err = vault.Read(s)
	return err
}

func secretsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "secrets",
		GroupID: groupLook,
		Short:   "Look with which keys the secrets in the database are sealed, and do without lost ones",
		Long: `Look with which keys the secrets in a gateway's database are sealed, make a key, and do without secrets whose key is lost. Secrets
are sealed when the gateway starts with --secrets-key, and not before.`,
		Example: "  souk secrets key >/etc/souk/secrets-key\n  SOUK_SECRETS_KEY_FILE=/etc/souk/secrets-key souk secrets list",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(secretsKeyCommand(), secretsListCommand(), secretsForgetCommand())
	return cmd
}

func secretsKeyCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "key",
		Short:   "Make a key, and keep it nowhere",
		Long:    "Print a new key for --secrets-key: 32 random bytes in base64. It is kept nowhere. Without it, what it sealed is lost: keep a copy where the database's backups are not.",
		Example: "  souk secrets key >/etc/souk/secrets-key",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON {
				return printJSON(cmd.OutOrStdout(), map[string]string{"key": vault.NewKey()})
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), vault.NewKey())
			return err
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func secretsListCommand() *cobra.Command {
	var database sealedDatabase
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "Say how many secrets of each kind there are, and with which keys they are sealed",
		Example: "  souk secrets list --database sqlite:/var/lib/souk/gateway.db",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return database.existing(cmd.Context(), func(db *store.DB) error {
				list, err := db.Secrets(cmd.Context())
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), map[string]any{"items": append([]store.SecretsUnder{}, list...)})
				}
				w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
				fmt.Fprintln(w, "SECRETS\tHOW MANY\tKEY\t")
				for _, s := range list {
					key, note := s.Key, ""
					switch {
					case key == "":
						key = "none"
					case !s.Opens:
						note = "was not given"
					}
					fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", s.What, s.Number, key, note)
				}
				return w.Flush()
			})
		},
	}
	database.take(optionsOf(cmd))
	jsonFlag(cmd, &asJSON)
	return cmd
}

func secretsForgetCommand() *cobra.Command {
	var database sealedDatabase
	var yes, asJSON bool
	cmd := &cobra.Command{
		Use:   "forget --yes",
		Short: "Do without the secrets whose key is lost, so that the gateway starts again",
		Long: `Do without the secrets whose key is lost, which are all that none of the given keys opens. Stop the gateway first.

No usage, record or statement is touched. The gateway makes new keys of its own: whoever is signing up begins again, applications
sign their people in anew, and statements that were signed before are checked with the public key that was published then.
Customers choose another password by mail, operators get one by souk operators password. Second factors are added
anew. Webhooks get new secrets and are disabled until their receivers have them.`,
		Example: "  souk secrets list\n  souk secrets forget --yes",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return database.existing(ctx, func(db *store.DB) error {
				lost, err := lostSecrets(ctx, db)
				if err != nil {
					return err
				}
				if lost != "" && !yes {
					return usagef("--yes: this gives up %s; find the key if you can, and say --yes if you cannot", lost)
				}
				n, said := 0, "No secret is lost: the keys that were given open them all."
				if lost != "" {
					said = "Given up: " + lost + "."
					err = asShell(ctx, db, audit.SecretsForgotten, "secrets", func() (err error) {
						n, err = db.ForgetSecrets(ctx)
						return err
					})
					if err != nil {
						return err
					}
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), map[string]int{"forgotten": n})
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), said)
				return err
			})
		},
	}
	database.take(optionsOf(cmd))
	cmd.Flags().BoolVar(&yes, "yes", false, "the keys are lost for good")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// lostSecrets says how many secrets of which kinds no given key opens; empty, if there is none.
func lostSecrets(ctx context.Context, db *store.DB) (string, error) {
	list, err := db.Secrets(ctx)
	var lost []string
	for _, s := range list {
		if !s.Opens {
			lost = append(lost, fmt.Sprintf("%d %s", s.Number, s.What))
		}
	}
	return strings.Join(lost, ", "), err
}
