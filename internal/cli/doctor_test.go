package cli

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"souk.dev/souk/internal/gateway/doctor"
)

// Of a set-up on this machine everything is well but for what only production can have; and what is broken is found.
func TestDoctor(t *testing.T) {
	b := openTestBazaar(t, t.TempDir())
	var env map[string]string
	if err := marketplaceAt(b.Sandbox).call(t.Context(), http.MethodGet, "env", nil, &env); err != nil {
		t.Fatal(err)
	}
	for name, value := range env {
		t.Setenv(name, value)
	}
	examine := func(want int, args ...string) map[string]doctor.Finding {
		t.Helper()
		code, stdout, stderr := souk(t, append([]string{"doctor", "--json", "--base-url", b.Gateway, "--queue", env["SOUK_QUEUE_URL"], "--products", env["SOUK_PRODUCTS"]}, args...)...)
		if code != want || stderr != "" {
			t.Errorf("%v: code %d, want %d; %s", args, code, want, stderr)
		}
		found := map[string]doctor.Finding{}
		for line := range strings.Lines(stdout) {
			var f doctor.Finding
			if err := json.Unmarshal([]byte(line), &f); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			found[f.Check] = f
		}
		return found
	}

	folder := t.TempDir()
	found := examine(exitDone, "--database", "sqlite:"+folder+"/none.db")
	for check, want := range map[string]doctor.Verdict{"database": doctor.Doubt, "landing page": doctor.Doubt, "credentials": doctor.Well, "permissions": doctor.Well,
		"clock": doctor.Well, "queue": doctor.Well, "rule": doctor.Well, "products": doctor.Well} {
		if found[check].Verdict != want {
			t.Errorf("%s: %+v, want %s", check, found[check], want)
		}
	}
	database := "sqlite:" + folder + "/new.db"
	if code, _, stderr := souk(t, "migrate", "--database", database); code != exitDone {
		t.Fatal(stderr)
	}
	if f := examine(exitDone, "--database", database)["database"]; f.Verdict != doctor.Well {
		t.Errorf("a migrated database: %+v", f)
	}

	broken := examine(exitFailed, "--database", "mysql://x", "--queue", b.Sandbox+"/123456789012/none", "--smtp-url", "smtp://127.0.0.1:1")
	for _, check := range []string{"database", "queue", "mail"} {
		if broken[check].Verdict != doctor.Ill || broken[check].Do == "" {
			t.Errorf("%s: %+v; want what to do", check, broken[check])
		}
	}

	// For people, a line each, and below it what to do.
	code, stdout, _ := souk(t, "doctor", "--base-url", b.Gateway, "--database", database)
	if code != exitFailed || !strings.Contains(stdout, "✗ queue") || !strings.Contains(stdout, "→ Make an SQS queue") || !strings.Contains(stdout, "✓ database") {
		t.Errorf("code %d:\n%s", code, stdout)
	}
}
