// Package cli is the command line: a file per command, and the wiring of both products.
//
// It owns: flags, environment, configuration file (one table, settings.go), exit codes (0 done, 1 what it checked or did
// failed, 2 wrong usage), listening and shutting down (serve.go), and what is printed. It does not own anything that a
// command does.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/fail"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// Main runs souk with args and returns its exit code. SIGINT and SIGTERM end what runs in good order; a second one
// ends it at once.
func Main(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second signal meets the default, which kills
	return run(ctx, args, os.LookupEnv, stdout, stderr)
}

// run is Main without the process around it.
func run(ctx context.Context, args []string, env lookup, stdout, stderr io.Writer) int {
	root := newRoot(env, stdout, stderr)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	if _, quiet := errors.AsType[*alreadySaid](err); !quiet {
		fmt.Fprintf(stderr, "souk: %s\n", sentence(err))
	}
	if _, ran := errors.AsType[*runError](err); ran && !isUsage(err) {
		return exitFailed
	}
	fmt.Fprintf(stderr, "See `%s --help`.\n", cmd.CommandPath())
	return exitUsage
}

// newRoot builds the whole tree of commands. Each sets its own flags; env answers for the environment.
func newRoot(env lookup, stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "souk",
		Short: "The AWS Marketplace SaaS purchase flow, both sides of the counter",
		Long: `souk is the AWS Marketplace SaaS purchase flow, both sides of the counter:
the gateway is the seller's side, for production; the sandbox is the marketplace's side, for a laptop and for CI.`,
		Example:       "  souk up      # sandbox, gateway and an example application, on this machine\n  souk demo    # plays a whole purchase unattended and says what happened",
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(stdout) // before the default commands are made: they keep it
	root.SetErr(stderr)
	root.PersistentFlags().String("config", "", "a YAML file of settings, named as the flags are [SOUK_CONFIG]")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return asUsage(err) })
	root.AddGroup(
		&cobra.Group{ID: groupTry, Title: "Try it:"},
		&cobra.Group{ID: groupRun, Title: "Run it:"},
		&cobra.Group{ID: groupLook, Title: "Look after a gateway:"},
		&cobra.Group{ID: groupDrive, Title: "Drive a running sandbox:"},
	)
	for _, c := range commands() {
		root.AddCommand(c)
	}
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	dress(root, env)
	return root
}

// The groups in which `souk --help` lists the commands.
const (
	groupTry   = "try"
	groupRun   = "run"
	groupLook  = "look"
	groupDrive = "drive"
)

// dress makes every command read its settings before it runs, and marks what fails while it runs, so that wrong usage
// (which fails before) is told from it.
func dress(cmd *cobra.Command, env lookup) {
	for _, c := range cmd.Commands() {
		dress(c, env)
	}
	body := cmd.RunE
	if body == nil {
		return
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := readSettings(cmd, env); err != nil {
			return asUsage(err)
		}
		if err := body(cmd, args); err != nil {
			return &runError{err}
		}
		return nil
	}
}

// runError marks an error of a command that was used rightly.
type runError struct{ error }

func (e *runError) Unwrap() error { return e.error }

// usageError marks an error that another command line, environment or file would not have: exit code 2.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

func asUsage(err error) error { return &usageError{err} }

func usagef(format string, args ...any) error { return asUsage(fmt.Errorf(format, args...)) }

func isUsage(err error) bool {
	_, ok := errors.AsType[*usageError](err)
	return ok
}

// alreadySaid ends a command with exit code 1 whose output has told everything.
type alreadySaid struct{ what string }

func (e *alreadySaid) Error() string { return e.what }

// sentence is what err says to a person. What was classified speaks for itself; the rest is shown whole, since whoever
// runs the command is its operator.
func sentence(err error) string {
	text := err.Error()
	if e, ok := errors.AsType[*fail.Error](err); ok && e.Kind != fail.Internal && e.Err == nil && strings.HasSuffix(text, e.Say) {
		return text
	}
	return strings.TrimSpace(text)
}
