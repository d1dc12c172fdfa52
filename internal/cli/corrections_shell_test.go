package cli

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// What /v1/corrections does can be done from a shell, with the gateway's own words where it refuses.
func TestCorrectionsFromAShell(t *testing.T) {
	b := openPlannedBazaar(t, bazaarPlan{data: t.TempDir(), now: time.Date(2026, 11, 29, 9, 20, 0, 0, time.UTC)})
	o := overbilled{t: t, b: b}
	o.market(http.MethodPost, "clock", map[string]bool{"frozen": true}, nil)
	o.market(http.MethodPost, "agreements", map[string]any{"productCode": b.Product, "buyerAccountId": "111122223333"}, &o.agreement)
	o.advance("5m")
	var taken struct{ Accepted int }
	o.gateway(http.MethodPost, "/v1/events", map[string]any{"id": "one", "license": o.LicenseARN, "dimension": "pages", "quantity": "1000"}, http.StatusOK, &taken)
	o.advance("72h")

	do := func(want int, args ...string) string {
		t.Helper()
		code, out, errs := souk(t, append(append([]string{"corrections"}, args...), "--api-key", b.APIKey, "--gateway", b.Gateway)...)
		if code != want {
			t.Fatalf("corrections %q: exit %d: %s%s", args, code, out, errs)
		}
		return out + errs
	}
	propose := func(quantity, reason string) fix {
		t.Helper()
		var f fix
		said := do(exitDone, "propose", o.LicenseARN, "--month", "2026-11", "--dimension", "pages", "--quantity", quantity, "--reason", reason, "--by", "Ada", "--json")
		if err := json.Unmarshal([]byte(said), &f); err != nil {
			t.Fatal(err)
		}
		return o.now(f)
	}
	holds := func(said string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !strings.Contains(said, want) {
				t.Errorf("without %q: %s", want, said)
			}
		}
	}
	wrong, unwanted := propose("400", "INCORRECT_METERING"), propose("10", "OTHER")
	holds(do(exitDone, "list", "--state", "proposed"), "over billed", "400 pages of 2026-11", wrong.ID, unwanted.ID)
	holds(do(exitDone, "show", wrong.ID), "give back 8 USD of the invoice", "may be the same mistake as "+unwanted.ID)
	holds(do(exitFailed, "approve", wrong.ID), "Name the person who decides")
	if all := o.adjustments(); len(all) != 0 {
		t.Fatalf("AWS was asked for what nobody approved: %+v", all)
	}
	holds(do(exitDone, "approve", wrong.ID, "--by", "Grace"), wrong.ID+", approved")
	holds(do(exitFailed, "approve", unwanted.ID, "--by", "Grace"), "may be the same mistake as "+wrong.ID)
	holds(do(exitDone, "deny", unwanted.ID, "--by", "Grace", "--why", "Twice."), "rejected: Twice.")
	o.advance("2h")
	if all := o.adjustments(); len(all) != 1 || all[0].Amount != "8" {
		t.Errorf("AWS has the adjustments %+v", all)
	}

	add := []string{"add", o.LicenseARN, "--dimension", "pages", "--quantity", "50", "--reason", "A queue was lost."}
	holds(do(exitDone, add...), "under billed: 50 pages")
	holds(do(exitFailed, add...), "may be the same mistake")
	o.advance("1s")
	var items []fix
	for line := range strings.Lines(do(exitDone, "list", "--license", o.LicenseARN, "--json")) {
		var f fix
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		items = append(items, f)
	}
	if len(items) != 3 || items[0].State != "completed" || items[1].State != "rejected" || items[2].State != "completed" {
		t.Errorf("%+v", items)
	}
	holds(do(exitFailed, "show", "cor_none"), "no such correction")
	if code, _, errs := souk(t, "corrections", "list"); code != exitUsage || !strings.Contains(errs, "--api-key") {
		t.Errorf("without a key: exit %d: %s", code, errs)
	}
}
