package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"souk.dev/souk/client"
	"souk.dev/souk/internal/browser"
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/store"
)

func demoCommand() *cobra.Command {
	var asJSON bool
	var database string
	cmd := &cobra.Command{
		Use:     "demo",
		GroupID: groupTry,
		Short:   "Play a whole purchase unattended, and say what each side saw",
		Long: `Play a whole purchase unattended, from Subscribe to the last record after Cancel, in a few seconds: the sandbox's clock is
moved. Everything is real but the money: the pages, the forms between them, the AWS SDK, the database, all on free ports
of this machine. Each step is checked on both sides; the exit code is 1 if one is not as it must be. Nothing is left behind, but what is in a database that was given; it must be an empty one.`,
		Example: "  souk demo\n  souk demo --json | jq -r 'select(.ok) | .title'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			var say transcript = &prose{w: out, style: styleOf(out)}
			if asJSON {
				say = lines{out}
			}
			return demo(cmd.Context(), say, database)
		},
	}
	optionsOf(cmd).text(&database, "database", "")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// mustBeEmpty refuses a database that has a gateway's books: the demo's purchases must not come among others'.
func mustBeEmpty(ctx context.Context, database string) error {
	return openDatabase(ctx, database, func(db *store.DB) error {
		s, err := db.Schema(ctx)
		if err == nil && !s.Empty() {
			err = usagef("--database: there are a gateway's books in it; give the demo an empty database")
		}
		return err
	})
}

// demoBegins is when the demo's time begins: no month ends nearby, and the hour has some way to go.
var demoBegins = time.Date(2026, 11, 10, 9, 20, 0, 0, time.UTC)

// play is a demo under way.
type play struct {
	b      *bazaar
	web    *browser.Browser // the buyer's
	souk   *client.Client   // the seller's own program, looking on
	market marketplace

	agreement string // what the buyer bought
	arn       string
	license   string // the gateway's id of it
	token     string // the registration token's text, as it stood in the form
	pages     int64  // published so far
	closes    time.Time
	said      []observation // of the step under way
}

// observation is what one side was seen to be.
type observation struct {
	Where string `json:"where"` // marketplace, gateway or app
	What  string `json:"what"`
}

func (p *play) saw(where, format string, args ...any) {
	p.said = append(p.said, observation{where, fmt.Sprintf(format, args...)})
}

// The sides of the counter, in observations.
const (
	atMarketplace = "marketplace"
	atGateway     = "gateway"
	atApp         = "app"
)

// step is one act of the demo. do acts, looks at both sides, and fails if they are not as they must be.
type step struct {
	title string
	do    func(*play, context.Context) error
}

// told is a step that has been played.
type told struct {
	Step  int           `json:"step"`
	At    time.Time     `json:"at"` // in the sandbox's time, when it ended
	Title string        `json:"title"`
	Saw   []observation `json:"saw"`
	OK    bool          `json:"ok"`
	Took  float64       `json:"seconds"` // of real time
	Error string        `json:"error,omitempty"`
}

// summary is how it ended.
type summary struct {
	OK      bool    `json:"ok"`
	Steps   int     `json:"steps"`
	Seconds float64 `json:"seconds"`
}

// transcript is where a demo is told.
type transcript interface {
	step(told) error
	end(s summary, log string) error
}

func demo(ctx context.Context, say transcript, database string) (err error) {
	if database != "" {
		if err := mustBeEmpty(ctx, database); err != nil {
			return err
		}
	}
	elapsed := clock.Stopwatch()
	dir, err := os.MkdirTemp("", "souk-demo-")
	if err != nil {
		return err
	}
	keep := false
	defer func() {
		if !keep {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	logPath := filepath.Join(dir, "souk.log")
	logs, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer logs.Close()

	const anyPort = "127.0.0.1:0"
	b, err := openBazaar(ctx, bazaarPlan{sandboxAddr: anyPort, gatewayAddr: anyPort, appAddr: anyPort, mailAddr: anyPort, data: dir, database: database, now: demoBegins,
		log: slog.New(slog.NewTextHandler(logs, nil)), logs: logs})
	if err != nil {
		return err
	}
	steps, played := script(), 0
	stepErr := b.perform(ctx, say, steps, &played)
	closeErr := b.close()
	s := summary{OK: stepErr == nil && closeErr == nil, Steps: played, Seconds: elapsed().Seconds()}
	keep = !s.OK && ctx.Err() == nil // the log is what somebody will want to read
	if !keep {
		logPath = ""
	}
	if err := errors.Join(ctx.Err(), closeErr, say.end(s, logPath)); err != nil {
		return err
	}
	if stepErr != nil {
		return &alreadySaid{"a step is not as it must be"}
	}
	return nil
}

// perform plays the steps until one fails.
func (b *bazaar) perform(ctx context.Context, say transcript, steps []step, played *int) error {
	souk, err := b.keyedClient()
	if err != nil {
		return err
	}
	p := &play{b: b, web: browser.New(), souk: souk, market: marketplaceAt(b.Sandbox)}
	for i, s := range steps {
		p.said = nil
		took := clock.Stopwatch()
		err := p.try(ctx, s)
		t := told{Step: i + 1, Title: s.title, Saw: p.said, OK: err == nil, Took: took().Seconds()}
		if err != nil {
			t.Error = err.Error()
		}
		if now, clockErr := p.now(ctx); clockErr == nil {
			t.At = now
		}
		if sayErr := say.step(t); sayErr != nil {
			return sayErr
		}
		if err != nil {
			return err
		}
		*played++
	}
	return nil
}

// stepLimit is how long, in real time, one step may take; it is there so that a demo never hangs.
const stepLimit = 90 * time.Second

func (p *play) try(ctx context.Context, s step) error {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	return s.do(p, ctx)
}

// prose tells a demo to a person.
type prose struct {
	w io.Writer
	style
	began bool
}

func (t *prose) step(s told) error {
	if !t.began {
		t.began = true
		if _, err := fmt.Fprintf(t.w, "\n  %s\n\n", t.bold("A purchase on AWS Marketplace, from Subscribe to the last record")); err != nil {
			return err
		}
	}
	mark := t.good("✓")
	if !s.OK {
		mark = t.bad("✗")
	}
	if _, err := fmt.Fprintf(t.w, "  %s %s  %s\n", mark, t.faint(s.At.Format("15:04")), t.bold(s.Title)); err != nil {
		return err
	}
	for _, o := range s.Saw {
		if _, err := fmt.Fprintf(t.w, "           %s %s\n", t.faint(fmt.Sprintf("%-12s", o.Where)), o.What); err != nil {
			return err
		}
	}
	if s.Error != "" {
		if _, err := fmt.Fprintf(t.w, "           %s\n", t.bad(s.Error)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(t.w)
	return err
}

func (t *prose) end(s summary, log string) error {
	if s.OK {
		_, err := fmt.Fprintf(t.w, "  %s %d steps in %.1f s. Every one was as it must be, on both sides.\n\n", t.good("Done."), s.Steps, s.Seconds)
		return err
	}
	text := t.bad("Not as it must be.")
	if log != "" {
		text += " What sandbox, gateway and application logged is in " + log
	}
	_, err := fmt.Fprintf(t.w, "  %s\n\n", text)
	return err
}

// lines tells a demo to a program, one JSON document a line.
type lines struct{ w io.Writer }

func (t lines) step(s told) error             { return printJSON(t.w, s) }
func (t lines) end(s summary, _ string) error { return printJSON(t.w, s) }
