package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/sandbox"
	"souk.dev/souk/internal/sandbox/world"
)

func sandboxCommand() *cobra.Command {
	var addr, mailAddr, worldFile, data, snapshot string
	var check, frozen bool
	var shuffle uint64
	var baseURL, fulfillment, signIn urlValue
	var now instantValue
	var logs logging
	cmd := &cobra.Command{
		Use:     "sandbox",
		GroupID: groupRun,
		Short:   "Run the marketplace's side, for a laptop and for CI",
		Long: `Run AWS Marketplace's side of a purchase on this machine: a storefront, Your Marketplace Software, the
seller's desk, the Metering, Entitlement, Agreement and Discovery APIs, SQS, SNS and EventBridge, and a clock that can be moved.
Any AWS SDK talks to it unchanged, given its endpoint.`,
		Example: `  souk sandbox
  souk sandbox --fulfillment-url http://127.0.0.1:3000/aws/register   # your own landing page
  souk sandbox --world market.yaml --check                             # is the file sound?
  eval "$(curl -s 'http://127.0.0.1:4700/_sandbox/env?format=sh')"     # point this shell's AWS clients at it`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if check {
				return checkWorld(cmd.OutOrStdout(), worldFile)
			}
			ctx := cmd.Context()
			log := logs.to(cmd.ErrOrStderr())
			ln, err := listen(ctx, addr, "listen")
			if err != nil {
				return err
			}
			defer ln.Close()
			base := string(baseURL)
			if base == "" {
				base = addressOf(ln)
			}
			market, err := readWorld(worldFile)
			if err != nil {
				return err
			}
			saved, err := readSnapshot(snapshot)
			if err != nil {
				return err
			}
			mail, err := listenMail(ctx, mailAddr)
			if err != nil {
				return err
			}
			s, err := sandbox.Open(ctx, sandbox.Config{
				World: market, FulfillmentURL: string(fulfillment), SignInURL: string(signIn), Now: time.Time(now), Frozen: frozen, Shuffle: shuffle, BaseURL: base, Data: data, Snapshot: saved, Mail: mail, Log: log,
			})
			if err != nil {
				return configError(err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "The marketplace is open at %s\n", base)
			if shuffle != 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "What AWS leaves open is chosen by the seed %d; --shuffle %d chooses the same again.\n", shuffle, shuffle)
			}
			if mail != nil {
				fmt.Fprintf(cmd.OutOrStdout(), "Mails to smtp://%s are caught, and shown at %s/inbox\n", mail.Addr(), base)
			}
			return sandboxServer.run(ctx, ln, s, log)
		},
	}
	o := optionsOf(cmd)
	o.text(&addr, "listen", "127.0.0.1:4700")
	o.text(&mailAddr, "smtp-listen", "")
	o.value(&baseURL, "base-url", "")
	o.text(&worldFile, "world", "")
	o.value(&fulfillment, "fulfillment-url", "http://127.0.0.1:4710/register")
	o.value(&signIn, "sign-in-url", "http://127.0.0.1:4720")
	o.value(&now, "now", "")
	o.text(&data, "data", "")
	o.text(&snapshot, "snapshot", "")
	logs.take(o)
	cmd.Flags().BoolVar(&frozen, "frozen", false, "the clock stands still until it is moved (with --data, only the first time)")
	cmd.Flags().Uint64Var(&shuffle, "shuffle", 0, "choose every behaviour that AWS leaves open, and how notices travel, by this seed (with --data, only the first time)")
	cmd.Flags().BoolVar(&check, "check", false, "only check the world file, and start nothing")
	return cmd
}

// checkWorld says whether a world file is sound; that it is not is what the check found, and no wrong usage.
func checkWorld(w io.Writer, path string) error {
	if path == "" {
		return usagef("--check needs --world FILE")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return asUsage(fmt.Errorf("read the world file: %w", err))
	}
	f, err := world.ParseFile(text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	_, err = fmt.Fprintf(w, "%s is sound. It has %d sellers, %d buyers and %d products.\n", path, len(f.Sellers), len(f.Buyers), len(f.Products))
	return err
}

// readSnapshot reads a snapshot; no path is none.
func readSnapshot(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, asUsage(fmt.Errorf("read the snapshot: %w", err))
	}
	return text, nil
}

// readWorld reads a world file; no path is the built-in world.
func readWorld(path string) (*world.File, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, asUsage(fmt.Errorf("read the world file: %w", err))
	}
	f, err := world.ParseFile(text)
	if err != nil {
		return nil, asUsage(fmt.Errorf("%s: %w", path, err))
	}
	return f, nil
}
