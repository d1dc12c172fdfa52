package cli

import (
	"context"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFaultVerbs(t *testing.T) {
	url := openTestMarket(t)
	at := func(args ...string) string {
		t.Helper()
		code, stdout, stderr := souk(t, append(args, "--sandbox", url)...)
		if code != exitDone {
			t.Fatalf("souk %v: %d %s", args, code, stderr)
		}
		return stdout
	}
	if text := at("fault", "add", "BatchMeterUsage", "throttle", "--times", "3"); !strings.Contains(text, "fault-1: throttle of BatchMeterUsage, 3 times") {
		t.Errorf("added: %s", text)
	}
	var d disturbance
	if err := json.Unmarshal([]byte(at("fault", "add", "*", "error", "--probability", "0.5", "--seed", "7", "--json")), &d); err != nil || d.Seed != 7 || *d.Probability != 0.5 || d.Times != nil {
		t.Errorf("added %+v, %v", d, err)
	}
	if text := at("fault", "list"); !strings.Contains(text, "fault-1") || !strings.Contains(text, "with probability 0.5") {
		t.Errorf("the faults are\n%s", text)
	}
	at("fault", "clear", "fault-1")
	if text := at("fault", "list", "--json"); strings.Contains(text, "fault-1") || !strings.Contains(text, "fault-2") {
		t.Errorf("with one cleared: %s", text)
	}
	at("fault", "clear")
	if text := at("fault", "list", "--json"); text != "" {
		t.Errorf("with all cleared: %s", text)
	}
	if code, _, stderr := souk(t, "fault", "add", "ResolveCustomer", "sulk", "--sandbox", url); code != exitFailed || !strings.Contains(stderr, "throttle") {
		t.Errorf("no such kind: %d %s", code, stderr)
	}
	if code, _, stderr := souk(t, "fault", "add", "ResolveCustomer", "throttle", "--times", "0", "--sandbox", url); code != exitFailed || !strings.Contains(stderr, "times") {
		t.Errorf("no times at all: %d %s", code, stderr)
	}
}

func TestShellsCompleteWhatTheSandboxHas(t *testing.T) {
	url := openTestMarket(t)
	_, text, _ := souk(t, "buy", "--product", "1nkwe11payasyoug0abcdefgh", "--buyer", "111122223333", "--json", "--sandbox", url)
	var a agreement
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"buy --product ":             "1nkwe11payasyoug0abcdefgh\tInkwell",
		"buy --buyer ":               "111122223333\tAcme Corporation",
		"buy --offer ":               "offer-",
		"replace --offer ":           "offer-",
		"cancel ":                    a.AgreementID + "\t1nkwe11payasyoug0abcdefgh of 111122223333, ACTIVE",
		"events --agreement ":        a.AgreementID,
		"records --license ":         a.LicenseARN,
		"fault add ":                 "BatchMeterUsage",
		"fault add ResolveCustomer ": "expired-token",
		"fault add Notification ":    "duplicate",
	} {
		args := append([]string{"__complete"}, strings.Fields(line)...)
		if !strings.HasPrefix(line, "fault") {
			args = append(args[:2], append([]string{"--sandbox", url}, args[2:]...)...)
		}
		_, stdout, _ := souk(t, append(args, "")...)
		if !strings.Contains(stdout, want) {
			t.Errorf("souk %s completes with\n%swant %s", line, stdout, want)
		}
	}
	if _, stdout, _ := souk(t, "__complete", "fault", "add", "Notification", ""); strings.Contains(stdout, "throttle") {
		t.Errorf("a notification cannot be throttled: %s", stdout)
	}
	if _, stdout, _ := souk(t, "__complete", "cancel", "--sandbox", url, "x", ""); strings.Contains(stdout, "agmt-") {
		t.Errorf("a second agreement to cancel: %s", stdout)
	}
	if _, stdout, _ := souk(t, "__complete", "cancel", "--sandbox", "http://127.0.0.1:1", ""); strings.Contains(stdout, "agmt-") || !strings.HasPrefix(stdout, ":4") {
		t.Errorf("without a sandbox: %q", stdout)
	}
}

func TestEventsAreFollowed(t *testing.T) {
	url := openTestMarket(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r, w := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"events", "--follow", "--json", "--sandbox", url}, func(string) (string, bool) { return "", false }, w, io.Discard)
		w.Close()
	}()
	lines := json.NewDecoder(r)
	next := func() (d delivery) {
		t.Helper()
		if err := lines.Decode(&d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	souk(t, "fault", "add", "Notification", "delay", "--delay", "5m", "--times", "1", "--sandbox", url)
	souk(t, "buy", "--product", "1nkwe11payasyoug0abcdefgh", "--buyer", "111122223333", "--sandbox", url)
	souk(t, "clock", "--advance", "30s", "--sandbox", url)
	if d := next(); d.Outcome != "waiting" || !strings.HasPrefix(d.Kind, "Purchase Agreement Created") {
		t.Errorf("first %+v", d)
	}
	souk(t, "clock", "--advance", "10m", "--sandbox", url)
	got := []string{next().Outcome, next().Outcome} // the first one again, delivered, and the license's
	if got[0] != "delivered" || got[1] != "delivered" {
		t.Errorf("then %q", got)
	}
	stop()
	if code := <-done; code != exitDone {
		t.Errorf("ended with %d", code)
	}
}

// Who leaves out what to buy is told what there is.
func TestBuyNamesTheChoices(t *testing.T) {
	code, _, stderr := souk(t, "buy", "--sandbox", openTestMarket(t))
	if code != exitUsage || !strings.Contains(stderr, "1nkwe11payasyoug0abcdefgh") || !strings.Contains(stderr, "111122223333") {
		t.Errorf("%d %s", code, stderr)
	}
	code, _, stderr = souk(t, "buy", "--sandbox", "http://127.0.0.1:1")
	if code != exitUsage || !strings.Contains(stderr, "needs --product and --buyer") {
		t.Errorf("without a sandbox: %d %s", code, stderr)
	}
}

func TestSnapshotVerbs(t *testing.T) {
	url, file := openTestMarket(t), filepath.Join(t.TempDir(), "at.snapshot")
	must := func(args ...string) string {
		t.Helper()
		code, stdout, stderr := souk(t, append(args, "--sandbox", url)...)
		if code != exitDone {
			t.Fatalf("souk %v: %d %s", args, code, stderr)
		}
		return stdout
	}
	must("snapshot", "save", file)
	must("buy", "--product", "1nkwe11payasyoug0abcdefgh", "--buyer", "111122223333")
	must("clock", "--advance", "1h")
	if text := must("snapshot", "restore", file); !strings.HasPrefix(text, demoBegins.Format(time.RFC3339)+", standing still") {
		t.Errorf("restored: %s", text)
	}
	if text := must("events"); strings.Contains(text, "agmt-") {
		t.Errorf("there are events after all: %s", text)
	}
	if code, _, stderr := souk(t, "snapshot", "restore", filepath.Join(t.TempDir(), "none"), "--sandbox", url); code != exitUsage {
		t.Errorf("no such file: %d %s", code, stderr)
	}
}

func TestRefundVerb(t *testing.T) {
	url := openTestMarket(t)
	at := func(args ...string) (int, string, string) {
		t.Helper()
		return souk(t, append(args, "--sandbox", url)...)
	}
	_, text, _ := at("buy", "--product", "1nkwe11payasyoug0abcdefgh", "--buyer", "111122223333", "--json")
	var a agreement
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		t.Fatal(err)
	}
	for flags, want := range map[string]string{"": "Nothing of the agreement", "--prorated": "no time that was paid ahead", "--amount x": "positive number"} {
		if code, _, stderr := at(append([]string{"refund", a.AgreementID}, strings.Fields(flags)...)...); code != exitFailed || !strings.Contains(stderr, want) {
			t.Errorf("refund %s: %d %s", flags, code, stderr)
		}
	}
	if code, _, stderr := at("refund", a.AgreementID, "--prorated", "--amount", "1"); code != exitUsage {
		t.Errorf("both: %d %s", code, stderr)
	}
	m := marketplaceAt(url)
	var signed agreement
	if err := m.call(t.Context(), "POST", "agreements", map[string]any{"buyerAccountId": "111122223333", "productCode": "1nkwe11teams00upfr0ntabcd", "duration": "P1M", "quantities": map[string]int{"seats": 2}}, &signed); err != nil {
		t.Fatal(err)
	}
	at("clock", "--advance", "5m")
	if code, stdout, stderr := at("refund", signed.AgreementID, "--amount", "4.50", "--reason", "Down for a day"); code != exitDone || !strings.Contains(stdout, "4.5 USD") {
		t.Errorf("refund: %d %s%s", code, stdout, stderr)
	}
	var all []givenBack
	_, stdout, _ := at("refund", signed.AgreementID, "--json")
	for line := range strings.Lines(stdout) {
		var g givenBack
		if err := json.Unmarshal([]byte(line), &g); err != nil {
			t.Fatal(err)
		}
		all = append(all, g)
	}
	if len(all) != 2 || all[0].Amount != "4.5" || all[1].Amount != "19.5" || all[0].InvoiceID == "" {
		t.Errorf("gave back %+v", all)
	}
}
