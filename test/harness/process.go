package harness

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long something that is on its way may take, in real time, on a busy machine.
const patience = 60 * time.Second

// Process is a souk that runs.
type Process struct {
	Args []string

	t      testing.TB
	cmd    *exec.Cmd
	out    buffer // standard output
	log    buffer // standard error
	exited chan struct{}
	err    error // how it exited; read after exited is closed
	killed bool
}

// buffer keeps what a process prints, for a test that reads while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// Start starts souk with args, its own environment and env ("NAME=value"), and does not wait for it to be ready. The
// process is killed when the test ends, if it has not been before, and its log is shown if the test failed.
func Start(t testing.TB, env []string, args ...string) *Process {
	t.Helper()
	return StartProgram(t, Binary(t), env, args...)
}

// StartProgram is [Start] with another program than the one under test.
func StartProgram(t testing.TB, binary string, env []string, args ...string) *Process {
	t.Helper()
	p := &Process{Args: args, t: t, exited: make(chan struct{})}
	p.cmd = exec.Command(binary, args...)
	p.cmd.Dir = t.TempDir() // nothing of the repository is found by accident
	// What the process keeps for a while goes with the test, however the process ends.
	p.cmd.Env = append(append(bare(), "TMPDIR="+t.TempDir()), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start souk %s: %v", strings.Join(args, " "), err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.Kill()
		p.judge()
	})
	return p
}

// bare is this process's environment without what would point souk, or an AWS client, somewhere.
func bare() []string {
	var env []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "AWS_") && !strings.HasPrefix(kv, "SOUK_") {
			env = append(env, kv)
		}
	}
	// An AWS client must not look for the credentials of the machine it runs on, nor in somebody's home.
	return append(env, "AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null")
}

// Output is what the process has printed on standard output so far.
func (p *Process) Output() string { return p.out.String() }

// Log is what the process has printed on standard error so far.
func (p *Process) Log() string { return p.log.String() }

// PID is the process's id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Kill ends the process at once, as a power cut would, and waits until it is gone.
func (p *Process) Kill() {
	p.killed = true
	_ = p.cmd.Process.Kill() // an error means that it has exited already
	<-p.exited
}

// Pause stops the process where it is, as a machine does that hangs; [Process.Resume] lets it go on.
func (p *Process) Pause() { _ = p.cmd.Process.Signal(syscall.SIGSTOP) }

// Resume lets a process go on that was paused.
func (p *Process) Resume() { _ = p.cmd.Process.Signal(syscall.SIGCONT) }

// Stop asks the process to end, as Ctrl-C or a service manager would, and fails the test if it does not end cleanly.
func (p *Process) Stop() {
	p.t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
		if p.err != nil {
			p.t.Errorf("souk %s: asked to end: %v", p.Args[0], p.err)
		}
	case <-time.After(patience):
		p.t.Errorf("souk %s: did not end within %s of being asked", p.Args[0], patience)
	}
}

// Wait waits for the process to end by itself and returns its exit code.
func (p *Process) Wait() int {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(2 * patience):
		p.t.Fatalf("souk %s: still running after %s", strings.Join(p.Args, " "), 2*patience)
	}
	return p.cmd.ProcessState.ExitCode()
}

// judge fails the test for what no process of ours may do whatever the test expects, and shows the log of a failed test.
func (p *Process) judge() {
	text := p.Log()
	for _, sign := range []string{"WARNING: DATA RACE", "panic:", "panic recovered", "fatal error:"} {
		if strings.Contains(text, sign) {
			p.t.Errorf("souk %s: its log has %q", p.Args[0], sign)
		}
	}
	if p.t.Failed() {
		const most = 20_000
		if len(text) > most {
			text = "…" + text[len(text)-most:]
		}
		p.t.Logf("the log of souk %s:\n%s", strings.Join(p.Args, " "), text)
	}
}

// ready waits until url answers 200.
func (p *Process) ready(url string) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		select {
		case <-p.exited:
			p.t.Fatalf("souk %s ended before it was ready: %v\n%s", strings.Join(p.Args, " "), p.err, p.Log())
		default:
		}
		err := get(url)
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("souk %s is not ready after %s: %v\n%s", strings.Join(p.Args, " "), patience, err, p.Log())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func get(url string) error {
	res, err := http.Get(url)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, res.Status)
	}
	return nil
}

// FreeAddress is a loopback address with a port that was free a moment ago, another one each time: what was closed again is
// free for the system to give anew.
func FreeAddress(t testing.TB) string {
	t.Helper()
	for {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := l.Addr().String()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if _, before := given.LoadOrStore(addr, true); !before {
			return addr
		}
	}
}

// given are the addresses that FreeAddress has told.
var given sync.Map

// Eventually waits until check returns nil, and fails the test with its last error when it never does.
func Eventually(t testing.TB, what string, check func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s: %v", what, patience, err)
		}
		time.Sleep(pause)
	}
}
