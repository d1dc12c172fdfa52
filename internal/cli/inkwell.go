package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"

	"souk.dev/souk/examples/inkwell/app"
)

// The example application is a process of its own, as a seller's product is: it shares nothing with the gateway but
// HTTP. It is this same binary, started with a hidden command. Parent and child talk over the child's pipes:
//
//	child  → parent  {"url":"http://127.0.0.1:4720"}   it listens (or {"error":"…"})
//	parent → child   an [app.Config]                   and from then on the pipe stays open
//
// When the pipe closes, the child ends: that happens however the parent dies, kill -9 included, on every system.

// appHello is the child's first line.
type appHello struct {
	URL   string `json:"url,omitempty"`
	Error string `json:"error,omitempty"`
}

const inkwellName = "inkwell-app"

func inkwellCommand() *cobra.Command {
	var addr string
	cmd := &cobra.Command{
		Use:    inkwellName,
		Short:  "The example application, as souk up starts it",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return inkwellChild(cmd.Context(), addr, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&addr, "listen", "127.0.0.1:4720", "host:port")
	return cmd
}

func inkwellChild(ctx context.Context, addr string, in io.Reader, out, logs io.Writer) error {
	// Ctrl-C reaches every process of the terminal; the parent decides the order of ending.
	signal.Ignore(os.Interrupt)
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	ln, err := listen(ctx, addr, "app-listen")
	if err != nil {
		return errors.Join(printJSON(out, appHello{Error: err.Error()}), &alreadySaid{"cannot listen"})
	}
	defer ln.Close()
	if err := printJSON(out, appHello{URL: addressOf(ln)}); err != nil {
		return err
	}
	var cfg app.Config
	dec := json.NewDecoder(in)
	if err := dec.Decode(&cfg); err != nil {
		return nil // the parent ended before it had anything to say
	}
	log := slog.New(slog.NewTextHandler(logs, nil)).With("part", "app")
	cfg.Log = log
	a, err := app.New(cfg)
	if err != nil {
		return err
	}
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, io.MultiReader(dec.Buffered(), in)) // until the parent is gone
	}()
	working := launch(ctx, func(ctx context.Context) error { a.Run(ctx); return nil })
	err = appServer.serve(ctx, ln, a.Handler(), log)
	return errors.Join(err, working.end())
}

// inkwell is the child, as its parent sees it.
type inkwell struct {
	url   string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	done  chan struct{}
	err   error // once done is closed
}

// startInkwell starts the child and returns when it listens on addr. Its log goes to logs.
func startInkwell(addr string, logs io.Writer) (*inkwell, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program, to start the example application: %w", err)
	}
	c := &inkwell{cmd: exec.Command(self, inkwellName, "--listen", addr), done: make(chan struct{})}
	c.cmd.Env = withoutOwn(os.Environ())
	c.cmd.Stderr = logs
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the example application: %w", err)
	}
	line, readErr := bufio.NewReader(stdout).ReadBytes('\n')
	go func() {
		c.err = c.cmd.Wait()
		close(c.done)
	}()
	var hello appHello
	if readErr == nil {
		readErr = json.Unmarshal(line, &hello)
	}
	switch {
	case hello.Error != "":
		return nil, errors.Join(errors.New(hello.Error), c.silence())
	case readErr != nil || hello.URL == "":
		return nil, errors.Join(fmt.Errorf("the example application did not start: %w", readErr), c.silence())
	}
	c.url = hello.URL
	return c, nil
}

// silence waits for a child that has failed by itself; how it ended is not news.
func (c *inkwell) silence() error {
	_ = c.stdin.Close()
	<-c.done
	return nil
}

// open tells the child what it needs; from then on it serves.
func (c *inkwell) open(cfg app.Config) error {
	if err := json.NewEncoder(c.stdin).Encode(cfg); err != nil {
		return fmt.Errorf("configure the example application: %w", err)
	}
	return nil
}

// end lets the child end in good order, and waits for it.
func (c *inkwell) end() error {
	_ = c.stdin.Close() // a child that has died has closed it already
	<-c.done
	if c.err != nil {
		return fmt.Errorf("the example application: %w", c.err)
	}
	return nil
}

// withoutOwn is env without souk's own variables, which are not meant for the child.
func withoutOwn(env []string) []string {
	var rest []string
	for _, kv := range env {
		if !strings.HasPrefix(kv, "SOUK_") {
			rest = append(rest, kv)
		}
	}
	return rest
}
