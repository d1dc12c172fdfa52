package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// souk runs one command line with nothing in the environment.
func souk(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, func(string) (string, bool) { return "", false }, &out, &errs)
	return code, out.String(), errs.String()
}

func TestWrongUsageEndsWith2AndSaysWhatToDo(t *testing.T) {
	for line, want := range map[string]string{
		"frob":                          `unknown command "frob"`,
		"migrat":                        "migrate",
		"migrate --frob":                "--frob",
		"migrate extra":                 "extra",
		"migrate --database mysql://x":  "sqlite:PATH",
		"clock --freeze --release":      "freeze",
		"clock --advance soon":          "advance",
		"cancel":                        "takes one AGREEMENT",
		"buy --product x":               "--buyer",
		"records --config /no/such.yml": "/no/such.yml",
	} {
		code, stdout, stderr := souk(t, strings.Fields(line)...)
		if code != exitUsage || !strings.Contains(stderr, want) || !strings.Contains(stderr, "--help") || stdout != "" {
			t.Errorf("souk %s: code %d, stdout %q, stderr %q; want 2, %q and where to find help", line, code, stdout, stderr, want)
		}
	}
}

func TestFailureEndsWith1(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close() // nobody listens here now
	code, _, stderr := souk(t, "clock", "--sandbox", "http://"+ln.Addr().String())
	if code != exitFailed || !strings.Contains(stderr, "souk up") {
		t.Errorf("code %d, %q; want 1 and what to start", code, stderr)
	}
}

func TestSandboxChecksItsWorldFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "world.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("version: 1\nsellers: [{accountId: \"444455556666\", name: S}]\nbuyers: []\nproducts: []\n")
	if code, stdout, stderr := souk(t, "sandbox", "--world", path, "--check"); code != exitDone || !strings.Contains(stdout, "is sound") {
		t.Errorf("a sound file: exit %d, %q, %q", code, stdout, stderr)
	}
	write("version: 1\nsellers:\n  - accountId: \"4\"\n")
	if code, _, stderr := souk(t, "sandbox", "--world", path, "--check"); code != exitFailed || !strings.Contains(stderr, "Line 3") {
		t.Errorf("a file that cannot be: exit %d, %q", code, stderr)
	}
	if code, _, stderr := souk(t, "sandbox", "--check"); code != exitUsage || !strings.Contains(stderr, "--world") {
		t.Errorf("no file: exit %d, %q", code, stderr)
	}
}

func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		for _, c := range cmd.Commands() {
			visit(c)
		}
		if cmd.Name() == "help" || strings.HasPrefix(cmd.CommandPath(), "souk completion") {
			return // cobra's own
		}
		if cmd.Short == "" || (cmd.Runnable() && cmd.Example == "" && !cmd.Hidden) {
			t.Errorf("%s lacks a short description or an example", cmd.CommandPath())
		}
		if strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: its short description ends with a full stop", cmd.CommandPath())
		}
	}
	visit(newRoot(os.LookupEnv, io.Discard, io.Discard))
}

// Whatever a script may want to read, it can: a verb of the sandbox, and each command that prints data, has --json.
func TestEveryCommandThatPrintsDataHasJSON(t *testing.T) {
	printsNoData := []string{
		"souk sandbox", "souk gateway", "souk inkwell-app", // servers: a line with their address, and a log
		"souk keys revoke", "souk operators role", "souk operators factor", "souk operators remove", "souk world check", "souk statement verify", // the exit code says it
		"souk statement keys", // prints JSON, and nothing else
	}
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		for _, c := range cmd.Commands() {
			visit(c)
		}
		path := cmd.CommandPath()
		switch {
		case !cmd.Runnable() || cmd.HasSubCommands() || cmd.Name() == "help" || strings.HasPrefix(path, "souk completion"):
		case slices.Contains(printsNoData, path) && cmd.Flag("json") != nil:
			t.Errorf("%s has --json after all", path)
		case !slices.Contains(printsNoData, path) && (cmd.Flag("json") == nil || cmd.Flag("json").Value.Type() != "bool"):
			t.Errorf("%s prints data and has no --json", path)
		}
		if cmd.GroupID == groupDrive && !cmd.HasSubCommands() && cmd.Flag("sandbox") == nil {
			t.Errorf("%s drives a sandbox and cannot be told which", path)
		}
	}
	visit(newRoot(os.LookupEnv, io.Discard, io.Discard))
}

func TestVersion(t *testing.T) {
	code, stdout, stderr := souk(t, "version", "--json")
	var b build
	if err := json.Unmarshal([]byte(stdout), &b); code != exitDone || err != nil || b.Go == "" || b.Version == "" {
		t.Errorf("code %d, %q, %q, %v", code, stdout, stderr, err)
	}
}

func TestCompletion(t *testing.T) {
	code, stdout, _ := souk(t, "completion", "bash")
	if code != exitDone || !strings.Contains(stdout, "souk") {
		t.Errorf("code %d, %d bytes of script", code, len(stdout))
	}
}

func TestMigrate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "books.db")
	database := "sqlite:" + path
	code, stdout, stderr := souk(t, "migrate", "--database", database, "--dry-run")
	if code != exitDone || !strings.Contains(stdout, "would apply 1,") {
		t.Fatalf("dry run: %d %q %q", code, stdout, stderr)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the dry run made the database")
	}
	if code, stdout, stderr = souk(t, "migrate", "--database", database); code != exitDone || !strings.Contains(stdout, "applied 1,") {
		t.Fatalf("migrate: %d %q %q", code, stdout, stderr)
	}
	if code, stdout, stderr = souk(t, "migrate", "--database", database); code != exitDone || !strings.Contains(stdout, "up to date") {
		t.Errorf("again: %d %q %q", code, stdout, stderr)
	}
}

func TestListenSaysWhatToDo(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, err = listen(context.Background(), taken.Addr().String(), "gateway-listen")
	if err == nil || isUsage(err) || !strings.Contains(err.Error(), "--gateway-listen") {
		t.Errorf("a port in use: %v; want the flag that chooses another", err)
	}
	if _, err = listen(context.Background(), "nonsense", "listen"); err == nil || !isUsage(err) {
		t.Errorf("no address: %v; want wrong usage", err)
	}
}
