package gateway

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/api"
	"souk.dev/souk/internal/gateway/intake"
	"souk.dev/souk/internal/lockstep"
)

// join takes over the clock that is to be followed. A gateway that meters towards the real AWS must never have its time
// moved by somebody: it follows only the sandbox that it also meters to, which is at metering.
func (g *Gateway) join(ctx context.Context, c Config, metering *url.URL) error {
	sandbox, err := url.Parse(c.ClockURL)
	if err != nil || sandbox.Host == "" {
		return fail.New(fail.Invalid, "clock_url", "The clock %q is not a URL; give a sandbox's address, such as http://127.0.0.1:4700.", c.ClockURL)
	}
	if origin(sandbox) != origin(metering) {
		return fail.New(fail.Invalid, "foreign_clock",
			"The clock is to be followed of %s, but usage is metered to %s. A clock is followed only of the sandbox that is metered to: set AWS_ENDPOINT_URL to it, or follow no clock.",
			origin(sandbox), origin(metering))
	}
	clk := clock.NewVirtual(time.Unix(0, 0))
	if g.follower, err = lockstep.Join(ctx, c.ClockURL, c.InstanceName, clk, c.Log); err != nil {
		return fail.Wrap(fail.Later, err, "clock_away", "The sandbox at %s, whose clock is to be followed, does not answer; start it first.", c.ClockURL)
	}
	g.clk = clk
	return nil
}

// origin is a URL's scheme, host and port, with what is usually left out filled in.
func origin(u *url.URL) string {
	host, port := u.Hostname(), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	if host == "localhost" || host == "::1" {
		host = "127.0.0.1"
	}
	return u.Scheme + "://" + net.JoinHostPort(host, port)
}

// quietLimit is how long, in real time, the queue may leave us without an answer before that is reported: a long poll
// takes 20 s, and a failed one is tried again within a minute.
const quietLimit = 90 * time.Second

// checks are what /readyz looks at.
func (g *Gateway) checks(c Config, in *intake.Intake) []api.Check {
	checks := []api.Check{{Name: "database", Run: func(ctx context.Context) (string, error) {
		var one int
		if err := g.db.Read().QueryRowContext(ctx, "select 1").Scan(&one); err != nil {
			return "", fmt.Errorf("it does not answer: %w", err)
		}
		return "it answers", nil
	}}}
	if o, _ := g.db.Ownership(); o.Epoch > 0 {
		checks = append(checks, api.Check{Name: "node", Run: func(context.Context) (string, error) {
			return fmt.Sprintf("it keeps the books, as owner number %d", o.Epoch), nil
		}})
	}
	if c.QueueURL != "" {
		checks = append(checks, api.Check{Name: "queue", Run: func(context.Context) (string, error) { return queueHeard(in, g.follower != nil) }})
	} else {
		checks = append(checks, api.Check{Name: "queue", Run: func(context.Context) (string, error) {
			return "none is configured: no notice from AWS is read", nil
		}})
	}
	if c.ClockURL != "" {
		checks = append(checks, api.Check{Name: "clock", Run: func(ctx context.Context) (string, error) { return clockAnswers(ctx, c.ClockURL) }})
	}
	return checks
}

func queueHeard(in *intake.Intake, stepped bool) (string, error) {
	ago, ok := in.Answered()
	switch {
	case !ok:
		return "", fmt.Errorf("it has not answered yet")
	case ago > quietLimit && !stepped: // a stepped gateway asks when the sandbox has news, and may be left alone for long
		return "", fmt.Errorf("it has not answered for %s; see the log", ago.Round(time.Second))
	}
	return fmt.Sprintf("it answered %s ago", ago.Round(time.Second)), nil
}

func clockAnswers(ctx context.Context, base string) (string, error) {
	u, err := url.JoinPath(base, "/_sandbox/clock")
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("the sandbox does not answer, and time stands still: %w", err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the sandbox answers %s", res.Status)
	}
	return "the sandbox's clock is followed", nil
}
