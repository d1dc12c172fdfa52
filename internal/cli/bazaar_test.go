package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"souk.dev/souk/client"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/pgtest"
)

// TestMain lets the test binary be what souk up starts: this program with the example application's command.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == inkwellName {
		os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func TestDemo(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	code, stdout, stderr := souk(t, "demo", "--json")
	if code != exitDone {
		t.Fatalf("code %d\n%s\n%s", code, stdout, stderr)
	}
	documents := strings.Split(strings.TrimSpace(stdout), "\n")
	var last summary
	if err := json.Unmarshal([]byte(documents[len(documents)-1]), &last); err != nil || !last.OK || last.Steps != len(script()) {
		t.Errorf("the summary is %s, %v; want %d steps that are as they must be", documents[len(documents)-1], err, len(script()))
	}
	for _, d := range documents[:len(documents)-1] {
		var s told
		if err := json.Unmarshal([]byte(d), &s); err != nil || !s.OK || len(s.Saw) == 0 {
			t.Errorf("the step %s, %v; want what was seen", d, err)
		}
	}
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	if err != nil || len(left) != 0 {
		t.Errorf("the demo left %v, %v", left, err)
	}
}

// The same on PostgreSQL, in a database that nobody else uses: a second demo there is refused.
func TestDemoOnPostgres(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	url := pgtest.Start(t).Database(t)
	if code, stdout, stderr := souk(t, "demo", "--database", url); code != exitDone {
		t.Fatalf("code %d\n%s\n%s", code, stdout, stderr)
	}
	if code, stdout, stderr := souk(t, "audit", "--database", url); code != exitDone {
		t.Errorf("the audit: code %d\n%s\n%s", code, stdout, stderr)
	}
	if code, _, stderr := souk(t, "demo", "--database", url); code != exitUsage || !strings.Contains(stderr, "empty") {
		t.Errorf("again: code %d: %s", code, stderr)
	}
}

func TestDemoFailsWhenAStepDoes(t *testing.T) {
	b := openTestBazaar(t, t.TempDir())
	var out bytes.Buffer
	played := 0
	// Without the steps before it, nothing was bought that could be set up.
	err := b.perform(t.Context(), &prose{w: &out}, script()[2:3], &played)
	if err == nil || played != 0 || !strings.Contains(out.String(), "✗") {
		t.Errorf("played %d, %v:\n%s", played, err, out.String())
	}
}

func openTestBazaar(t testing.TB, data string) *bazaar {
	t.Helper()
	return openPlannedBazaar(t, bazaarPlan{data: data})
}

func openPlannedBazaar(t testing.TB, plan bazaarPlan) *bazaar {
	t.Helper()
	var logs bytes.Buffer
	plan.sandboxAddr, plan.gatewayAddr, plan.appAddr, plan.mailAddr = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	if plan.now.IsZero() {
		plan.now = demoBegins
	}
	plan.log, plan.logs = slog.New(slog.DiscardHandler), io.Discard
	if path := filepath.Join(plan.data, "gateway.db"); plan.database == "" {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			storetest.File(t, path)
		}
	}
	b, err := openBazaar(t.Context(), plan)
	if err != nil {
		t.Fatalf("%v\n%s", err, logs.String())
	}
	t.Cleanup(func() {
		if err := b.close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func TestUpGoesOnWhereItWas(t *testing.T) {
	data := t.TempDir()
	b := openTestBazaar(t, data)
	key, console := b.APIKey, b.Console
	var a agreement
	in := map[string]string{"productCode": b.Product, "buyerAccountId": "111122223333"}
	if err := marketplaceAt(b.Sandbox).call(t.Context(), http.MethodPost, "agreements", in, &a); err != nil {
		t.Fatal(err)
	}
	if err := b.close(); err != nil {
		t.Fatal(err)
	}
	b.app, b.gateway, b.sandbox = nil, nil, nil

	b = openTestBazaar(t, data)
	if b.APIKey != key {
		t.Error("the second start has another API key")
	}
	if console.Password == "" || b.Console != console {
		t.Errorf("the console opened with %+v, and at the second start with %+v", console, b.Console)
	}
	all, err := list[bought](t.Context(), marketplaceAt(b.Sandbox), "agreements", nil)
	if err != nil || len(all) != 1 || all[0].AgreementID != a.AgreementID {
		t.Errorf("after the restart the marketplace has %+v, %v; want %s", all, err, a.AgreementID)
	}
	souk, err := b.keyedClient()
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range souk.Licenses(t.Context(), client.LicenseFilter{}) {
		if err != nil {
			t.Errorf("the key does not open the gateway: %v", err)
		}
	}
}

func TestVerbsDriveASandbox(t *testing.T) {
	b := openTestBazaar(t, t.TempDir())
	at := func(args ...string) string {
		code, stdout, stderr := souk(t, append(args, "--sandbox", b.Sandbox)...)
		if code != exitDone {
			t.Fatalf("souk %v: %d %s", args, code, stderr)
		}
		return stdout
	}
	at("clock", "--freeze")
	var a agreement
	if err := json.Unmarshal([]byte(at("buy", "--product", b.Product, "--buyer", "111122223333", "--json")), &a); err != nil || a.RegistrationToken == "" {
		t.Fatalf("%+v, %v", a, err)
	}
	if text := at("clock", "--advance", "2m"); !strings.Contains(text, "09:22") || !strings.Contains(text, "standing still") {
		t.Errorf("the clock says %q", text)
	}
	if text := at("events"); !strings.Contains(text, "License Updated") {
		t.Errorf("the events are\n%s", text)
	}
	if text := at("cancel", a.AgreementID); !strings.Contains(text, "CANCELLED") {
		t.Errorf("cancelled: %s", text)
	}
	if text := at("records"); !strings.Contains(text, "QUANTITY") {
		t.Errorf("the records are\n%s", text)
	}
	code, _, stderr := souk(t, "cancel", "agmt-unknown", "--sandbox", b.Sandbox)
	if code != exitFailed || !strings.Contains(stderr, "agmt-unknown") {
		t.Errorf("an unknown agreement: %d %q", code, stderr)
	}
}

func TestAudit(t *testing.T) {
	data := t.TempDir()
	b := openTestBazaar(t, data)
	code, stdout, stderr := souk(t, "audit", "--database", b.Database, "--json")
	var d auditDocument
	if err := json.Unmarshal([]byte(stdout), &d); code != exitDone || err != nil || !d.OK {
		t.Errorf("code %d, %s, %s, %v", code, stdout, stderr, err)
	}
	if code, _, _ := souk(t, "audit", "--database", "sqlite:"+filepath.Join(data, "none.db")); code != exitUsage {
		t.Errorf("a database that is not there: code %d; want 2", code)
	}
}

func TestAPortInUseEndsUpWithAdvice(t *testing.T) {
	b := openTestBazaar(t, t.TempDir())
	for flag, taken := range map[string]string{"--sandbox-listen": b.Sandbox, "--gateway-listen": b.Gateway, "--app-listen": b.App} {
		args := []string{"up", "--ephemeral"}
		for _, f := range []string{"--sandbox-listen", "--gateway-listen", "--app-listen"} {
			addr := "127.0.0.1:0"
			if f == flag {
				u, err := url.Parse(taken)
				if err != nil {
					t.Fatal(err)
				}
				addr = u.Host
			}
			args = append(args, f, addr)
		}
		code, _, stderr := souk(t, args...)
		if code != exitFailed || !strings.Contains(stderr, "is in use") || !strings.Contains(stderr, flag) {
			t.Errorf("%s taken: code %d, %q; want 1 and the flag", flag, code, stderr)
		}
	}
}

func TestFirstScreen(t *testing.T) {
	b := &bazaar{Sandbox: "http://127.0.0.1:1", Gateway: "http://127.0.0.1:2", App: "http://127.0.0.1:3", APIKey: "souk_key"}
	text := firstScreen(b, upOptions{data: ".souk"}, ".souk/souk.log", style{})
	for _, want := range []string{b.Sandbox, b.Gateway, b.App, b.APIKey, ".souk/souk.log", "--sandbox http://127.0.0.1:1"} {
		if !strings.Contains(text, want) {
			t.Errorf("the first screen does not say %s:\n%s", want, text)
		}
	}
	if lines := strings.Split(text, "\n"); len(lines) > 22 || slices.ContainsFunc(lines, func(l string) bool { return len([]rune(l)) > 110 }) {
		t.Errorf("the first screen does not fit on one:\n%s", text)
	}
	if strings.Contains(text, "\x1b") {
		t.Error("colours for something that is no terminal")
	}
}
