package cli

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"souk.dev/souk/internal/pgtest"
)

// The books of a running gateway move; what runs on takes nothing any more, and a new one on PostgreSQL goes on with all of it.
func TestMove(t *testing.T) {
	url := pgtest.Start(t).Database(t)
	data := t.TempDir()
	b := openTestBazaar(t, data)
	var a agreement
	if err := marketplaceAt(b.Sandbox).call(t.Context(), http.MethodPost, "agreements", map[string]string{"productCode": b.Product, "buyerAccountId": "111122223333"}, &a); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := souk(t, "clock", "--advance", "5m", "--sandbox", b.Sandbox); code != exitDone {
		t.Fatal(stderr)
	}
	report := func(id string) (status int) {
		t.Helper()
		event := `{"id":"` + id + `","license":"` + a.LicenseARN + `","dimension":"pages","quantity":7}`
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.Gateway+"/v1/events", strings.NewReader(event))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+b.APIKey)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return res.StatusCode
	}
	if status := report("before"); status != http.StatusOK {
		t.Fatal(status)
	}

	if code, _, stderr := souk(t, "move", "--database", b.Database); code != exitUsage || !strings.Contains(stderr, "--to") {
		t.Errorf("to nowhere: %d %s", code, stderr)
	}
	if code, _, stderr := souk(t, "move", "--database", b.Database, "--to", b.Database); code != exitUsage || !strings.Contains(stderr, "postgres://") {
		t.Errorf("to itself: %d %s", code, stderr)
	}
	if code, _, stderr := souk(t, "move", "--database", b.Database, "--to", url, "--undo"); code != exitFailed || !strings.Contains(stderr, "No move") {
		t.Errorf("back from nowhere: %d %s", code, stderr)
	}
	code, stdout, stderr := souk(t, "move", "--database", b.Database, "--to", url, "--json")
	var doc moveDocument
	if err := json.Unmarshal([]byte(stdout), &doc); code != exitDone || err != nil || doc.Lines != 1 || doc.Rows < 10 || doc.Breaches != 0 || doc.Resumed {
		t.Fatalf("%d %s %s %v", code, stdout, stderr, err)
	}

	if status := report("after"); status != http.StatusServiceUnavailable {
		t.Errorf("what runs on the books that have moved answers %d; want 503", status)
	}
	if code, _, stderr := souk(t, "move", "--database", b.Database, "--to", url); code != exitFailed || !strings.Contains(stderr, "have moved to postgres://") {
		t.Errorf("again: %d %s", code, stderr)
	}
	if err := b.close(); err != nil {
		t.Errorf("the gateway whose books have moved ends with %v", err)
	}
	b.app, b.gateway, b.sandbox = nil, nil, nil

	*b = *openPlannedBazaar(t, bazaarPlan{data: data, database: url})
	if status := report("after"); status != http.StatusOK {
		t.Errorf("the new gateway answers %d", status)
	}
	if code, _, stderr := souk(t, "clock", "--advance", "3h", "--sandbox", b.Sandbox); code != exitDone {
		t.Fatal(stderr)
	}
	records, err := list[honoured](t.Context(), marketplaceAt(b.Sandbox), "records", nil)
	billed := int64(0)
	for _, r := range records {
		billed += r.Quantity
	}
	if err != nil || billed != 14 {
		t.Errorf("AWS has been told of %d pages, %v; want 14", billed, err)
	}
	if code, stdout, stderr := souk(t, "audit", "--database", url); code != exitDone {
		t.Errorf("the audit: %d\n%s\n%s", code, stdout, stderr)
	}
}
