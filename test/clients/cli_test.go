package clients

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"

	"souk.dev/souk/test/harness"
)

// cli is the AWS CLI: a process for each call.
type cli struct {
	path     string
	endpoint string // empty: the environment's
	env      []string
	// sqsEndpoint is for releases whose sqs command heeds no endpoint variable.
	sqsEndpoint string
	// host starts the processes with the CLI's modules loaded, which saves most of their time; nil: they are started as at
	// a prompt.
	host *lines
}

// hosted is c with a host, where a Python that is called name has the CLI's modules.
func (c cli) hosted(t *testing.T, name string) cli {
	t.Helper()
	c.env = append(c.env[:len(c.env):len(c.env)], "AWS_PAGER=")
	python, err := exec.LookPath(name)
	if err != nil || !hasCLI(python) {
		return c
	}
	c.host = begin(t, c.env, python, "python/cli.py")
	return c
}

// withCLI are the Pythons that were asked whether they have the CLI's modules, and what they said.
var withCLI sync.Map

func hasCLI(python string) bool {
	asked, _ := withCLI.LoadOrStore(python, sync.OnceValue(func() bool { return exec.Command(python, "-c", "import awscli").Run() == nil }))
	return asked.(func() bool)()
}

// result is what a command of the CLI left behind.
type result struct {
	Status   int
	Out, Err string
}

func (c cli) run(t *testing.T, args ...string) (r result) {
	t.Helper()
	if c.host != nil {
		c.host.ask(t, args, &r)
		return r
	}
	cmd := exec.Command(c.path, args...)
	cmd.Env = c.env
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		if _, ended := errors.AsType[*exec.ExitError](err); !ended {
			t.Fatalf("run %s: %v", c.path, err)
		}
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), log.String()}
}

// said is how the CLI reports an error that a service answered.
var said = regexp.MustCompile(`(?s)An error occurred \(([^)]*)\) when calling the \w+ operation(?: \([^)]*\))?: (.*)`)

func (c cli) call(t *testing.T, service, operation string, input map[string]any) answer {
	t.Helper()
	text, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{service, kebab(operation), "--cli-input-json", string(text), "--output", "json"}
	endpoint := c.endpoint
	if service == "sqs" && endpoint == "" {
		endpoint = c.sqsEndpoint
	}
	if endpoint != "" {
		args = append(args, "--endpoint-url", endpoint)
	}
	r := c.run(t, args...)
	switch m := said.FindStringSubmatch(r.Err); {
	case r.Status == 0 && r.Out == "":
		return answer{Output: json.RawMessage("{}")}
	case r.Status == 0:
		return answer{Output: json.RawMessage(r.Out)}
	case m != nil:
		return answer{Code: m[1], Typed: r.Status == 254 || r.Status == 255, Message: strings.TrimSpace(m[2])}
	case strings.Contains(r.Err, "nvalid choice"):
		return answer{Code: noSuchCall, Message: service + " " + operation}
	}
	return answer{Code: "NoAnswer", Message: fmt.Sprintf("%d: %s", r.Status, r.Err)}
}

// kebab is an operation's name as a command of the CLI.
func kebab(operation string) string {
	var b strings.Builder
	for i, r := range operation {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('-')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}

// TestTheCLIAtAPrompt starts the CLI as a user does, and wants what the hosted one says.
func TestTheCLIAtAPrompt(t *testing.T) {
	for _, d := range drivers {
		if !strings.HasSuffix(d.name, "AWS CLI") {
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			s := harness.StartSandbox(t, "")
			hosted := d.start(t, s.URL, append(s.ClientEnv(), "AWS_MAX_ATTEMPTS=1")).(cli)
			prompt := hosted
			prompt.host = nil
			for _, args := range [][]string{
				{"sqs", "create-queue", "--queue-name", "mine", "--endpoint-url", s.URL},
				{"sqs", "get-queue-url", "--queue-name", "none", "--endpoint-url", s.URL},
				{"sqs", "make-coffee"},
			} {
				want, got := prompt.run(t, args...), hosted.run(t, args...)
				if got != want {
					t.Errorf("aws %s: hosted %+v; at a prompt %+v", strings.Join(args, " "), got, want)
				}
			}
		})
	}
}
