package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// upOptions is what souk up is told.
type upOptions struct {
	sandboxAddr, gatewayAddr, appAddr string
	mailAddr                          string
	data, database                    string
	ephemeral, verbose, json          bool
}

func upCommand() *cobra.Command {
	var o upOptions
	cmd := &cobra.Command{
		Use:     "up",
		GroupID: groupTry,
		Short:   "Open a marketplace, a gateway and an example application on this machine",
		Long: `Open everything on this machine: a sandbox marketplace, a gateway that trusts it, and Inkwell, an example application that
is sold there. The state is kept in a folder: stop it, or kill it, and start it again, and everything goes on. With a
database, the gateway's books are there instead.`,
		Example: "  souk up\n  souk up --ephemeral --sandbox-listen 127.0.0.1:0 --gateway-listen 127.0.0.1:0 --app-listen 127.0.0.1:0",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return up(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	s := optionsOf(cmd)
	s.text(&o.sandboxAddr, "sandbox-listen", "127.0.0.1:4700")
	s.text(&o.gatewayAddr, "gateway-listen", "127.0.0.1:4710")
	s.text(&o.appAddr, "app-listen", "127.0.0.1:4720")
	s.text(&o.mailAddr, "smtp-listen", "")
	s.text(&o.data, "data", ".souk")
	s.text(&o.database, "database", "")
	cmd.Flags().BoolVar(&o.ephemeral, "ephemeral", false, "keep nothing once it ends")
	cmd.Flags().BoolVarP(&o.verbose, "verbose", "v", false, "log to standard error, not to a file in the data folder")
	jsonFlag(cmd, &o.json)
	return cmd
}

func up(ctx context.Context, o upOptions, out, errs io.Writer) (err error) {
	if o.ephemeral {
		if o.data, err = os.MkdirTemp("", "souk-up-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.data)) }()
	}
	logs, logFile, err := openLog(o, errs)
	if err != nil {
		return err
	}
	defer logs.Close()
	b, err := openBazaar(ctx, bazaarPlan{
		sandboxAddr: o.sandboxAddr, gatewayAddr: o.gatewayAddr, appAddr: o.appAddr, mailAddr: o.mailAddr, data: o.data, database: o.database,
		log: slog.New(slog.NewTextHandler(logs, nil)), logs: logs,
	})
	if err != nil {
		return err
	}
	if o.json {
		err = printJSON(out, upDocument{b.Sandbox, b.Gateway, b.App, b.APIKey, b.Console})
	} else {
		_, err = io.WriteString(out, firstScreen(b, o, logFile, styleOf(out)))
	}
	if err == nil {
		select {
		case <-ctx.Done():
		case <-b.failed():
			err = fmt.Errorf("one of the three has stopped; the log says more: %s", logFile)
		}
	}
	return errors.Join(err, b.close())
}

// upDocument is what `souk up --json` prints.
type upDocument struct {
	Sandbox string `json:"sandbox"`
	Gateway string `json:"gateway"`
	App     string `json:"app"`
	APIKey  string `json:"apiKey"`
	Console signIn `json:"console"`
}

// keepLog is how large, in bytes, the log may be when souk up starts; a larger one is put aside, in place of the one
// that was put aside before.
const keepLog = 10 << 20

// openLog opens what the log is written to, and names it.
func openLog(o upOptions, errs io.Writer) (io.WriteCloser, string, error) {
	if o.verbose {
		return unclosed{errs}, "standard error", nil
	}
	if err := os.MkdirAll(o.data, 0o700); err != nil {
		return nil, "", fmt.Errorf("make the folder for the state: %w", err)
	}
	path := filepath.Join(o.data, "souk.log")
	if info, err := os.Stat(path); err == nil && info.Size() > keepLog {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, "", fmt.Errorf("put the old log aside: %w", err)
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, "", fmt.Errorf("open the log: %w", err)
	}
	return f, path, nil
}

type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }
