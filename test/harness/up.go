package harness

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// Up is a running souk up: a sandbox, a gateway that trusts it, and the example application.
type Up struct {
	Proc    *Process
	Sandbox *Sandbox
	Gateway *API   // with a key
	App     string // its URL
	Console SignIn // to the gateway's console
	args    []string
	t       testing.TB
}

// SignIn is what a person signs in with.
type SignIn struct {
	User     string `json:"user"`
	Password string `json:"password"`
}

// StartUp starts souk up on free ports with args, its clock frozen at a quiet instant. With no --data among them it
// keeps nothing.
func StartUp(t testing.TB, args ...string) *Up {
	t.Helper()
	u := &Up{t: t}
	for _, name := range []string{"--sandbox-listen", "--gateway-listen", "--app-listen", "--smtp-listen"} {
		u.args = append(u.args, name, FreeAddress(t))
	}
	u.args = append(u.args, args...)
	u.Again()
	u.Sandbox.Post("/_sandbox/clock", map[string]any{"frozen": true}, nil)
	u.Sandbox.Post("/_sandbox/clock", map[string]any{"set": quiet(u.Sandbox.Now()).Format(time.RFC3339)}, nil)
	return u
}

// Again starts souk up as before, on the same ports and data, after it was ended.
func (u *Up) Again() {
	u.t.Helper()
	u.Proc = Start(u.t, nil, append([]string{"up", "--json", "--verbose"}, u.args...)...)
	var told struct {
		Sandbox string `json:"sandbox"`
		Gateway string `json:"gateway"`
		App     string `json:"app"`
		APIKey  string `json:"apiKey"`
		Console SignIn `json:"console"`
	}
	deadline := time.Now().Add(patience)
	for {
		err := json.Unmarshal([]byte(u.Proc.Output()), &told)
		if err == nil {
			break
		}
		select {
		case <-u.Proc.exited:
			u.t.Fatalf("souk up ended at once: %v\n%s", u.Proc.err, u.Proc.Log())
		default:
		}
		if time.Now().After(deadline) {
			u.t.Fatalf("souk up does not say where it is: %v; it said %q", err, u.Proc.Output())
		}
		time.Sleep(10 * time.Millisecond)
	}
	u.Sandbox = &Sandbox{API: API{URL: told.Sandbox, t: u.t}}
	u.Gateway = &API{URL: told.Gateway, Key: told.APIKey, t: u.t}
	u.App, u.Console = told.App, told.Console
	u.Proc.ready(told.Sandbox + "/_sandbox/clock")
	u.Proc.ready(told.Gateway + "/readyz")
	u.Proc.ready(told.App + "/")
}

// Together is a sandbox and a gateway that a test has started each by itself, as souk up has both; it has no application.
func Together(s *Sandbox, g *Gateway) *Up { return &Up{Sandbox: s, Gateway: &g.API, t: g.t} }

// quiet is the next instant far from the ends of an hour, a day and a month: no test meets one that it does not ask for.
func quiet(now time.Time) time.Time {
	t := time.Date(now.Year(), now.Month(), 10, 9, 20, 0, 0, time.UTC)
	if t.Before(now) {
		t = t.AddDate(0, 1, 0)
	}
	return t
}

// License is a gateway's licence.
type License struct {
	ID                 string `json:"id"`
	State              string `json:"state"`
	Why                string `json:"why"`
	LicenseARN         string `json:"licenseArn"`
	CustomerIdentifier string `json:"customerIdentifier"`
}

// Licenses are all of the gateway's.
func (u *Up) Licenses() []License { return All[License](u.Gateway, "/v1/licenses") }

// LicenseIn waits until the gateway has one licence of arn in state.
func (u *Up) LicenseIn(arn, state string) (found License) {
	u.t.Helper()
	Eventually(u.t, "the license is "+state, func() error {
		for _, l := range u.Licenses() {
			if l.LicenseARN == arn {
				if found = l; l.State == state {
					return nil
				}
				return fmt.Errorf("it is %s: %s", l.State, l.Why)
			}
		}
		return fmt.Errorf("the gateway does not know %s", arn)
	})
	return found
}
