package clients

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"souk.dev/souk/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// answer is what a client made of what the sandbox said.
type answer struct {
	Output  json.RawMessage `json:"output"`
	Code    string          `json:"code"`  // the error's name; "" when the call succeeded
	Typed   bool            `json:"typed"` // the client raised its own class of that name
	Message string          `json:"message"`
}

// session is a client that runs, with its environment.
type session interface {
	call(t *testing.T, service, operation string, input map[string]any) answer
}

// noSuchCall is the code of an operation, or a service, that the client does not know.
const noSuchCall = "NoSuchCall"

// driver is one official client.
type driver struct {
	name string
	// old clients are of 2022: their models know no license ARN, and they know no endpoint variables.
	old      bool
	optional bool // tried only where the machine has it
	gathers  bool // reads all pages of a list by itself
	// start starts the client with env, which points at the sandbox. It skips or fails the test when it is not there.
	start func(t *testing.T, endpoint string, env []string) session
}

var drivers = []driver{
	{name: "Debian's AWS CLI", old: true, start: func(t *testing.T, endpoint string, env []string) session {
		return cli{path: harness.Tool(t, "/usr/bin/aws"), endpoint: endpoint, env: env}.hosted(t, "/usr/bin/python3")
	}},
	{name: "Debian's boto3", old: true, start: func(t *testing.T, endpoint string, env []string) session {
		python := harness.Tool(t, "/usr/bin/python3")
		if exec.Command(python, "-c", "import boto3").Run() != nil {
			harness.Missing(t, "boto3")
		}
		return begin(t, env, python, "python/driver.py", endpoint)
	}},
	{name: "JavaScript SDK", start: func(t *testing.T, endpoint string, env []string) session {
		node := harness.Tool(t, ".tools/bin/node", "node")
		modules := filepath.Join(harness.Root(), ".tools", "js", "node_modules")
		if _, err := os.Stat(filepath.Join(modules, "@aws-sdk")); err != nil {
			harness.Missing(t, "the JavaScript SDK")
		}
		return begin(t, append(env, "NODE_PATH="+modules), node, "js/driver.cjs")
	}},
	{name: "Go SDK", start: func(t *testing.T, endpoint string, env []string) session {
		return begin(t, env, harness.Program(t, "./test/clients/gosdk"))
	}},
	{name: "newer AWS CLI", optional: true, gathers: true, start: func(t *testing.T, endpoint string, env []string) session {
		path, err := exec.LookPath("aws")
		if err != nil || path == "/usr/bin/aws" {
			t.Skip("this machine has no AWS CLI but Debian's")
		}
		return cli{path: path, env: env, sqsEndpoint: endpoint}.hosted(t, "python3")
	}},
	{name: "newer boto3", optional: true, start: func(t *testing.T, endpoint string, env []string) session {
		path, err := exec.LookPath("python3")
		if err != nil || path == "/usr/bin/python3" || exec.Command(path, "-c", "import boto3").Run() != nil {
			t.Skip("this machine has no boto3 but Debian's")
		}
		return begin(t, env, path, "python/driver.py")
	}},
}

// lines is a client in a process that answers one line to each.
type lines struct {
	in  io.Writer
	out *bufio.Scanner
	log *bytes.Buffer
}

func begin(t *testing.T, env []string, name string, args ...string) *lines {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = env
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	l := &lines{in: in, out: bufio.NewScanner(out), log: &bytes.Buffer{}}
	l.out.Buffer(nil, 4<<20)
	cmd.Stderr = l.log
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		kill := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		_ = cmd.Wait()
	})
	var hello struct{ Version string }
	l.read(t, &hello)
	t.Log(hello.Version)
	return l
}

func (l *lines) read(t *testing.T, v any) {
	t.Helper()
	if !l.out.Scan() {
		t.Fatalf("the client ended: %v\n%s", l.out.Err(), l.log)
	}
	if err := json.Unmarshal(l.out.Bytes(), v); err != nil {
		t.Fatalf("the client said %q: %v", l.out.Text(), err)
	}
}

func (l *lines) call(t *testing.T, service, operation string, input map[string]any) (a answer) {
	t.Helper()
	l.ask(t, map[string]any{"service": service, "operation": operation, "input": input}, &a)
	return a
}

// ask sends a line and reads the one that answers it.
func (l *lines) ask(t *testing.T, question, answer any) {
	t.Helper()
	text, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.in.Write(append(text, '\n')); err != nil {
		t.Fatalf("the client takes no more: %v\n%s", err, l.log)
	}
	l.read(t, answer)
}
