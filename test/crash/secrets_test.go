package crash

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"souk.dev/souk/test/harness"
)

// TestSecretsAreWorthNothingWithoutTheirKey runs a gateway whose secrets are sealed. Whoever has a copy of its database has no
// password's hash and no key in it; a gateway without the key is refused; another key takes its place; and when all keys are
// lost, the gateway works on without what they sealed.
func TestSecretsAreWorthNothingWithoutTheirKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	books := "sqlite:" + filepath.Join(dir, "books.db")
	file := filepath.Join(dir, "key")
	souk := func(want int, args ...string) string {
		t.Helper()
		p := harness.Start(t, []string{"SOUK_SECRETS_KEY_FILE=" + file}, args...)
		if code := p.Wait(); code != want {
			t.Fatalf("souk %s ends with %d, want %d: %s%s", strings.Join(args, " "), code, want, p.Output(), p.Log())
		}
		return p.Output() + p.Log()
	}
	write := func(keys ...string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(strings.Join(keys, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write()
	first, second := strings.TrimSpace(souk(0, "secrets", "key")), strings.TrimSpace(souk(0, "secrets", "key"))
	write(first)

	market := harness.StartSandbox(t, "")
	run := func(keys ...string) { // a gateway, from its start to its end
		t.Helper()
		harness.StartGateway(t, market, "", books, "--secrets-key", strings.Join(keys, " ")).Proc.Stop()
	}
	gateway := harness.StartGateway(t, market, "", books, "--secrets-key", first)
	souk(0, "operators", "add", "--email", "ida@example.com", "--name", "Ida", "--role", "admin", "--database", books)
	gateway.Proc.Stop()

	copied, err := os.ReadFile(strings.TrimPrefix(books, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"$argon2id$", `"secret":`} {
		if bytes.Contains(copied, []byte(secret)) {
			t.Errorf("the database has %s in it", secret)
		}
	}
	listed := souk(0, "secrets", "list", "--database", books)
	if strings.Contains(listed, "none") || strings.Contains(listed, "was not given") || !strings.Contains(listed, "operators' passwords") {
		t.Errorf("listed:\n%s", listed)
	}

	write(second)
	for _, says := range []string{souk(1, "gateway", "--listen", "127.0.0.1:0", "--database", books), souk(1, "operators", "password", "ida@example.com", "--database", books)} {
		if !strings.Contains(says, "SOUK_SECRETS_KEY_FILE") || strings.Contains(says, second) {
			t.Errorf("without the key it says %s", says)
		}
	}
	run(second, first)
	if listed := souk(0, "secrets", "list", "--database", books); strings.Contains(listed, "was not given") {
		t.Errorf("after another key took its place:\n%s", listed)
	}
	run(second)

	third := strings.TrimSpace(souk(0, "secrets", "key"))
	write(third) // the others are lost
	souk(2, "secrets", "forget", "--database", books)
	if says := souk(0, "secrets", "forget", "--yes", "--database", books); !strings.Contains(says, "operators' passwords") {
		t.Errorf("given up: %s", says)
	}
	run(third)
	souk(0, "operators", "password", "ida@example.com", "--database", books)
	if says := souk(0, "audit", "log", "--database", books); !strings.Contains(says, "secrets.forget") {
		t.Errorf("the log does not tell:\n%s", says)
	}
}
