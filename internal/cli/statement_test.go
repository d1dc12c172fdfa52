package cli

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/statement"
)

// A month from both sides: what was used is billed, the seller's report of it agrees with the ledger, and the statement
// of the licence says the same and is signed. Then somebody changes each of them.
func TestAMonthsBooks(t *testing.T) {
	b := openPlannedBazaar(t, bazaarPlan{data: t.TempDir(), now: time.Date(2026, 11, 10, 9, 20, 0, 0, time.UTC)})
	s := seats{t: t, b: b}
	s.market("clock", map[string]bool{"frozen": true}, nil)
	s.market("agreements", map[string]any{"productCode": b.Product, "buyerAccountId": "111122223333"}, &s.agreement)
	s.advance("5m")
	var taken struct{ Accepted int }
	text := `{"id":"1","license":"` + s.LicenseARN + `","dimension":"pages","quantity":"40.5"}` + "\n" + `{"id":"2","license":"` + s.LicenseARN + `","dimension":"pages","quantity":"2"}`
	ask(t, b, http.MethodPost, "/v1/events", "application/x-ndjson", text, &taken)
	if taken.Accepted != 2 {
		t.Fatalf("%+v", taken)
	}
	s.advance("P21D") // into December, past the month's close at AWS

	report := fetch(t, b.Sandbox+"/_sandbox/reports/daily_business_usage_by_instance_type.csv?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z")
	path := filepath.Join(t.TempDir(), "november.csv")
	write(t, path, report)
	code, out, errs := souk(t, "reconcile", "--database", b.Database, "--month", "2026-11", path)
	if code != 0 || !strings.Contains(out, "1 of 1 lines of 2026-11 agree") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	var rec statement.Reconciliation
	ask(t, b, http.MethodPost, "/v1/reconciliations?month=2026-11", "text/csv", report, &rec)
	if !rec.Sound() || len(rec.Items) != 1 || rec.Items[0].Here != 42 {
		t.Errorf("%+v", rec)
	}
	write(t, path, strings.Replace(report, ",42,", ",43,", 1))
	if code, out, _ := souk(t, "reconcile", "--database", b.Database, "--month", "2026-11", path); code != exitFailed || !strings.Contains(out, "DIFFERS") {
		t.Errorf("a report that says more: exit %d: %s", code, out)
	}

	var signed statement.Signed
	var keys statement.Keys
	ask(t, b, http.MethodGet, "/v1/licenses/"+url.PathEscape(s.LicenseARN)+"/statements/2026-11", "", "", &signed)
	ask(t, b, http.MethodGet, "/v1/statement-keys", "", "", &keys)
	st, err := keys.VerifyStatement(signed)
	if err != nil {
		t.Fatal(err)
	}
	var honoured int64
	for _, r := range st.Records {
		honoured += r.Quantity
	}
	if !st.Final || honoured != 42 {
		t.Errorf("final %v, %d in its records", st.Final, honoured)
	}
	for _, l := range st.Lines {
		if !l.Balanced() || (l.Dimension == "pages" && l.CarriedOut.String() != "0.5") {
			t.Errorf("%+v", l)
		}
	}

	keysFile, file := filepath.Join(t.TempDir(), "keys.json"), filepath.Join(t.TempDir(), "november.json")
	_, out, _ = souk(t, "statement", "keys", "--database", b.Database)
	write(t, keysFile, out)
	_, out, _ = souk(t, "statement", s.LicenseARN, "--month", "2026-11", "--database", b.Database)
	write(t, file, out)
	if code, _, errs := souk(t, "statement", "verify", file, "--keys", keysFile); code != 0 {
		t.Errorf("exit %d: %s", code, errs)
	}
	write(t, file, strings.Replace(out, `"quantity":42`, `"quantity":24`, 1))
	if code, _, errs := souk(t, "statement", "verify", file, "--keys", keysFile); code != exitFailed || !strings.Contains(errs, "was changed") {
		t.Errorf("a changed statement: exit %d: %s", code, errs)
	}
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v: %s", url, res.Status, err, text)
	}
	return string(text)
}

// ask calls the gateway's API.
func ask(t *testing.T, b *bazaar, method, path, kind, body string, out any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.Gateway+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+b.APIKey)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s, %v: %s", method, path, res.Status, err, text)
	}
	if err := json.Unmarshal(text, out); err != nil {
		t.Fatalf("%s %s: %v: %s", method, path, err, text)
	}
}
