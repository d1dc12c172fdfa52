package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway"
	"souk.dev/souk/internal/gateway/awsapi"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/doctor"
	"souk.dev/souk/internal/gateway/store"
)

func doctorCommand() *cobra.Command {
	var database sealedDatabase
	var queue, secrets string
	var baseURL urlValue
	var products productsValue
	var seller core.Brand
	var mail gateway.Mail
	var way consoleWay
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "doctor",
		GroupID: groupLook,
		Short:   "Look whether a set-up is ready for buyers, and say what to do where it is not",
		Long: `Look at everything that a gateway needs before its product is launched: the landing page over HTTPS, AWS credentials and what
they allow, the machine's clock, the queue of AWS's notices and the rule that leads to it, the database, the mail server,
the provider at which the console's people sign in. Give it the settings that the gateway has; best, the same file.

It changes nothing and sends nothing: AWS is asked to resolve a token that nobody was given, and to take no record. It ends with 1
if something is in the way of buyers or of money.`,
		Example: "  souk doctor --config souk.yaml\n  souk doctor --config souk.yaml --json | jq 'select(.verdict == \"failed\")'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			aws, err := awsapi.Load(ctx, awsapi.Settings{})
			if err != nil {
				return err
			}
			out, ill := cmd.OutOrStdout(), false
			var written error
			doctor.Examine(ctx, doctor.Config{
				AWS: awsapi.NewProber(aws), BaseURL: string(baseURL), QueueURL: queue, Pushed: secrets != "", Products: core.Catalogue(products), Clock: clock.System{},
				HTTP:     &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
				Database: func(ctx context.Context) doctor.Finding { return lookAtDatabase(ctx, database) },
				Mail:     func(ctx context.Context) doctor.Finding { return lookAtMail(ctx, mail, seller, string(baseURL)) },
				SignIn:   way.look(string(baseURL)),
			}, func(f doctor.Finding) {
				ill = ill || f.Verdict == doctor.Ill
				if written == nil {
					written = tellFinding(out, asJSON, f)
				}
			})
			if written == nil && ill {
				written = &alreadySaid{"something is not ready"}
			}
			return written
		},
	}
	o := optionsOf(cmd)
	o.value(&baseURL, "base-url", "")
	database.take(o)
	o.text(&queue, "queue", "")
	o.text(&secrets, "events-secret", "")
	o.value(&products, "products", "")
	takeSeller(o, &seller)
	takeMail(o, &mail)
	way.take(o)
	jsonFlag(cmd, &asJSON)
	return cmd
}

// tellFinding writes a finding as one line of JSON, or as a line for people and what to do below it.
func tellFinding(w io.Writer, asJSON bool, f doctor.Finding) error {
	if asJSON {
		return printJSON(w, f)
	}
	s := styleOf(w)
	sign := map[doctor.Verdict]string{doctor.Well: s.good("✓"), doctor.Doubt: s.fair("!"), doctor.Ill: s.bad("✗"), doctor.Unasked: s.faint("-")}[f.Verdict]
	text := fmt.Sprintf("%s %s %s\n", sign, s.bold(fmt.Sprintf("%-13s", f.Check)), f.Says)
	if f.Do != "" {
		text += strings.Repeat(" ", 16) + "→ " + f.Do + "\n"
	}
	_, err := io.WriteString(w, text)
	return err
}

// lookAtDatabase opens the database as the gateway would, and changes nothing.
func lookAtDatabase(ctx context.Context, d sealedDatabase) doctor.Finding {
	const start = "Start the gateway, or run souk migrate."
	if isNew(d.url) {
		return doctor.Finding{Verdict: doctor.Doubt, Says: "There is none yet; the gateway makes it when it first starts.", Do: start}
	}
	var s store.Schema
	opened, locked := false, 0
	err := openDatabase(ctx, d.url, d.opened(func(db *store.DB) (err error) {
		opened = true
		if s, err = db.Schema(ctx); err != nil || s.Behind > 0 {
			return err
		}
		all, err := db.Secrets(ctx)
		for _, one := range all {
			if !one.Opens {
				locked += one.Number
			}
		}
		return err
	}))
	switch {
	case !opened:
		return doctor.Finding{Verdict: doctor.Ill, Says: saidOf(err), Do: "Set database to sqlite:PATH on a disk of this machine, or to a postgres:// URL that it reaches."}
	case err != nil:
		return doctor.Finding{Verdict: doctor.Ill, Says: saidOf(err), Do: "Run the souk that wrote it, or a newer one; nothing was changed."}
	case locked > 0:
		return doctor.Finding{Verdict: doctor.Ill, Says: fmt.Sprintf("%d secrets in it are sealed with a key that was not given, so that the gateway will not start.", locked), Do: "Set secrets-key to all keys that were ever used; souk secrets list tells which are."}
	case s.Behind == 0:
		return doctor.Finding{Verdict: doctor.Well, Says: "It opens, and its schema is this souk's."}
	case s.Empty():
		return doctor.Finding{Verdict: doctor.Doubt, Says: "It is empty; the gateway gives it its schema when it first starts.", Do: start}
	}
	return doctor.Finding{Verdict: doctor.Ill, Says: fmt.Sprintf("Its schema is %d steps behind this souk, whose gateway will not start on it.", s.Behind), Do: "Make a copy of it, then run souk migrate."}
}

// saidOf is what err says to people, on one line.
func saidOf(err error) string { return cmp.Or(fail.SayOf(err), sentence(err)) }

// lookAtMail greets the mail server.
func lookAtMail(ctx context.Context, m gateway.Mail, seller core.Brand, baseURL string) doctor.Finding {
	if m.Server == "" {
		return doctor.Finding{Verdict: doctor.Doubt, Says: "No server is set: nobody is sent a mail, and a forgotten password cannot be set anew.", Do: "Set smtp-url."}
	}
	post, err := m.Post(seller, baseURL, slog.New(slog.DiscardHandler))
	if err != nil {
		return doctor.Finding{Verdict: doctor.Ill, Says: saidOf(err), Do: "Correct the setting; the gateway does not start with it."}
	}
	if err := post.Reach(ctx); err != nil {
		return doctor.Finding{Verdict: doctor.Ill, Says: "The mail server does not let us in: " + err.Error() + ".", Do: "Look at smtp-url: its host, port, user and password."}
	}
	return doctor.Finding{Verdict: doctor.Well, Says: "The mail server lets us in. See a letter arrive with souk mail --to YOU."}
}
