package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/mail"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/letter"
	"souk.dev/souk/internal/gateway/mailer"
)

func mailCommand() *cobra.Command {
	var seller core.Brand
	var settings gateway.Mail
	var baseURL urlValue
	var to string
	var names []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "mail --to ADDRESS",
		GroupID: groupLook,
		Short:   "Send a sample of the letters, to try the mail server and your templates",
		Long: `Send a sample of the letters that the gateway sends to buyers, with the same settings: it shows whether the mail server takes
them, and how they look with your name, colour and templates. The links in them lead nowhere.

The letters: ` + strings.Join(letterNames(), ", ") + `.`,
		Example: `  souk mail --smtp-url smtp://user:password@mail.example.com:587 --mail-from 'Inkwell <hello@inkwell.example>' --to you@inkwell.example
  souk mail --config souk.yaml --to you@inkwell.example --letter all`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if settings.Server == "" {
				return usagef("no mail server is set; give --smtp-url")
			}
			if a, err := mail.ParseAddress(to); err != nil || a.Address != to {
				return usagef("--to is %q; give one address like you@inkwell.example", to)
			}
			chosen, err := chooseLetters(names)
			if err != nil {
				return err
			}
			post, err := settings.Post(seller, string(baseURL), slog.New(slog.DiscardHandler))
			if err != nil {
				return configError(err)
			}
			var failed error
			for _, name := range chosen {
				err := sendSample(cmd.Context(), post, name, seller, to)
				if err != nil {
					failed = errors.Join(failed, fmt.Errorf("send the letter %s: %w", name, err))
				}
				if err := tellSample(cmd.OutOrStdout(), asJSON, name, to, err); err != nil {
					return err
				}
			}
			return failed
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "whom to send it to")
	cmd.Flags().StringSliceVar(&names, "letter", []string{string(letter.Welcome)}, "which letters, or all")
	o := optionsOf(cmd)
	takeSeller(o, &seller)
	takeMail(o, &settings)
	o.value(&baseURL, "base-url", "")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// tellSample says what came of one letter; without --json a failure is told once, at the end.
func tellSample(w io.Writer, asJSON bool, name letter.Name, to string, failed error) (err error) {
	switch {
	case asJSON:
		say := ""
		if failed != nil {
			say = failed.Error()
		}
		err = printJSON(w, struct {
			Letter letter.Name `json:"letter"`
			To     string      `json:"to"`
			Sent   bool        `json:"sent"`
			Why    string      `json:"why,omitempty"` // it was not
		}{name, to, failed == nil, say})
	case failed == nil:
		_, err = fmt.Fprintf(w, "Sent the letter %s to %s.\n", name, to)
	}
	return err
}

func letterNames() (names []string) {
	for _, n := range letter.Names {
		names = append(names, string(n))
	}
	return names
}

func chooseLetters(names []string) (chosen []letter.Name, err error) {
	if slices.Equal(names, []string{"all"}) {
		return letter.Names, nil
	}
	for _, n := range names {
		if !slices.Contains(letter.Names, letter.Name(n)) {
			return nil, usagef("there is no letter %q; there are %s", n, strings.Join(letterNames(), ", "))
		}
		chosen = append(chosen, letter.Name(n))
	}
	return chosen, nil
}

// sendSample sends one letter, whose links lead nowhere.
func sendSample(ctx context.Context, post letter.Post, name letter.Name, seller core.Brand, to string) error {
	c := mailer.Sample(name)
	c.Email = to
	if seller.Name != "" {
		c.Seller = seller
	}
	answer, err := post.Send(ctx, letter.Letter{ID: "sample_" + strings.ToLower(rand.Text()), Name: name, Content: c, Date: clock.System{}.Now()})
	if err == nil && answer.Code > 299 {
		err = fmt.Errorf("the mail server answered %d %s", answer.Code, answer.Text)
	}
	return err
}
