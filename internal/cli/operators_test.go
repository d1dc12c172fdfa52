package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOperatorsFromAShell lets somebody in, changes what they may, and takes it away; and finds it all in the log.
func TestOperatorsFromAShell(t *testing.T) {
	dir := t.TempDir()
	database := "sqlite:" + filepath.Join(dir, "gateway.db")
	run := func(want int, args ...string) (out, errs string) {
		t.Helper()
		code, out, errs := souk(t, append(args, "--database", database)...)
		if code != want {
			t.Fatalf("souk %s ends with %d, want %d: %s", strings.Join(args, " "), code, want, errs)
		}
		return out, errs
	}
	file := filepath.Join(dir, "password")
	if err := os.WriteFile(file, []byte("correct horse battery\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ := run(0, "operators", "add", "--email", "ida@example.com", "--name", "Ida", "--role", "admin", "--json")
	var ida listedOperator
	if err := json.Unmarshal([]byte(out), &ida); err != nil || len(ida.Password) < 20 || ida.Role != "admin" {
		t.Fatalf("%s: %v", out, err)
	}
	if out, _ = run(0, "operators", "add", "--email", "vera@example.com", "--name", "Vera", "--password-file", file); strings.Contains(out, "horse") {
		t.Errorf("a password that was given is printed: %s", out)
	}
	if _, errs := run(2, "operators", "add", "--email", "x@example.com", "--name", "X", "--role", "king"); !strings.Contains(errs, "no role") {
		t.Errorf("a role that is none: %s", errs)
	}
	if _, errs := run(1, "operators", "role", "ida@example.com", "viewer"); !strings.Contains(errs, "only admin") {
		t.Errorf("nobody may be left who can change this: %s", errs)
	}
	run(1, "operators", "remove", "nobody@example.com")
	run(0, "operators", "role", "vera@example.com", "operator")
	run(0, "operators", "password", "vera@example.com")
	if _, errs := run(1, "operators", "factor", "vera@example.com"); !strings.Contains(errs, "no second factor") {
		t.Errorf("a factor that is not there: %s", errs)
	}
	run(0, "operators", "remove", "Vera@example.com")
	out, _ = run(0, "operators", "list")
	if strings.Contains(out, "vera") || !strings.Contains(out, "ida@example.com") {
		t.Errorf("listed:\n%s", out)
	}
	run(0, "keys", "create", "--name", "till")
	run(1, "keys", "revoke", "key_none")
	out, _ = run(0, "audit", "log")
	for _, want := range []string{"key.create", "till", "key.revoke", "operator.add", "vera@example.com, viewer", "operator.role", "operator.role: last_admin", "operator.password", "operator.remove", "10 entries; the last one's hash is"} {
		if !strings.Contains(out, want) {
			t.Errorf("the log does not say %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, ida.Password) {
		t.Error("a password is in the log")
	}
	out, _ = run(1, "audit", "log", "--witness", strings.Repeat("0", 64), "--json")
	if !strings.Contains(out, `"ok": false`) && !strings.Contains(out, `"ok":false`) {
		t.Errorf("a witness that is not in the log: %s", out)
	}
	run(0, "audit")
}
