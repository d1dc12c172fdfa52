package cli

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// The seller asks buyers to end their contracts: one denies, one is asked by mistake, one agrees, and one says nothing for a week.
// Nothing goes to AWS that nobody approved; of what was agreed, the usage of the last hour is billed.
func TestCancellationsFromAShell(t *testing.T) {
	b := openPlannedBazaar(t, bazaarPlan{data: t.TempDir(), now: time.Date(2026, 11, 3, 9, 20, 0, 0, time.UTC)})
	o := overbilled{t: t, b: b}
	o.market(http.MethodPost, "clock", map[string]bool{"frozen": true}, nil)
	buy := func(account string) (a agreement) {
		t.Helper()
		o.market(http.MethodPost, "agreements", map[string]any{"productCode": press, "buyerAccountId": account, "quantities": map[string]int{"handpress": 1}, "duration": "P12M"}, &a)
		return a
	}
	heard, silent := buy("111122223333"), buy("222233334444")
	o.advance("5m")

	do := func(want int, args ...string) string {
		t.Helper()
		code, out, errs := souk(t, append(append([]string{"cancellations"}, args...), "--api-key", b.APIKey, "--gateway", b.Gateway)...)
		if code != want {
			t.Fatalf("cancellations %q: exit %d: %s%s", args, code, out, errs)
		}
		return out + errs
	}
	holds := func(said string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !strings.Contains(said, want) {
				t.Errorf("without %q: %s", want, said)
			}
		}
	}
	type asked struct {
		ID, State, Why string
		AWSID          string `json:"agreementCancellationRequestId"`
	}
	now := func(id string) (a asked) {
		t.Helper()
		o.gateway(http.MethodGet, "/v1/cancellations/"+id, nil, http.StatusOK, &a)
		return a
	}
	is := func(id, state, why string) asked {
		t.Helper()
		a := now(id)
		if a.State != state || !strings.Contains(a.Why, why) {
			t.Errorf("%s is %s (%s), want %s (%s)", id, a.State, a.Why, state, why)
		}
		return a
	}
	propose := func(a agreement) asked {
		t.Helper()
		var c asked
		said := do(exitDone, "propose", a.LicenseARN, "--reason", "PRODUCT_DISCONTINUED", "--description", "Presses are sold no more.", "--by", "Ada", "--json")
		if err := json.Unmarshal([]byte(said), &c); err != nil {
			t.Fatal(err)
		}
		return c
	}
	// asks gives a request that the buyer has.
	asks := func(a agreement) asked {
		t.Helper()
		c := propose(a)
		holds(do(exitDone, "approve", c.ID, "--by", "Grace"), c.ID+", sending")
		o.advance("10s")
		return is(c.ID, "pending", "silence counts as a yes")
	}
	answer := func(c asked, act, why string) {
		t.Helper()
		o.market(http.MethodPost, "cancellation-requests/"+c.AWSID+"/"+act, map[string]string{"reason": why}, nil)
	}

	first := propose(heard)
	holds(do(exitFailed, "approve", first.ID, "--by", "Ada"), "another person has to approve")
	holds(do(exitFailed, "approve", first.ID), "Name the person")
	holds(do(exitFailed, "withdraw", first.ID, "--by", "Ada", "--why", "x"), "reject it")
	holds(do(exitFailed, "propose", heard.LicenseARN, "--reason", "OTHER"), "has the open request "+first.ID)
	var all []struct{ Status string }
	if all, _ = list[struct{ Status string }](t.Context(), marketplaceAt(b.Sandbox), "cancellation-requests", nil); len(all) != 0 {
		t.Fatalf("AWS was asked for what nobody approved: %+v", all)
	}
	holds(do(exitDone, "reject", first.ID, "--by", "Grace", "--why", "Not yet."), "rejected: Not yet.")
	waits := asks(silent)

	second := asks(heard)
	holds(do(exitDone, "show", second.ID), "the buyer reads: Presses are sold no more.", "AWS calls it acr-")
	answer(second, "reject", "We print on.")
	o.advance("1m")
	is(second.ID, "denied", "We print on.")

	third := asks(heard)
	holds(do(exitDone, "withdraw", third.ID, "--by", "Ada", "--why", "Sent to the wrong buyer."), "withdrawing")
	o.advance("1m")
	is(third.ID, "withdrawn", "Sent to the wrong buyer.")

	fourth := asks(heard)
	answer(fourth, "accept", "")
	o.advance("2m")
	is(fourth.ID, "completed", "CANCELLED")
	holds(do(exitDone, "list", "--license", heard.LicenseARN), first.ID, "denied", "withdrawn", "completed")

	// Its last hour: what is used beyond the contract is billed.
	var lic struct{ State string }
	if o.gateway(http.MethodGet, "/v1/licenses/"+url.PathEscape(heard.LicenseARN), nil, http.StatusOK, &lic); lic.State != "winding_down" {
		t.Errorf("the licence is %+v", lic)
	}
	var taken struct{ Accepted int }
	o.gateway(http.MethodPost, "/v1/events", map[string]any{"id": "last", "license": heard.LicenseARN, "dimension": "extra_pages", "quantity": "40"}, http.StatusOK, &taken)
	if taken.Accepted != 1 {
		t.Errorf("usage of the last hour: %+v", taken)
	}
	o.advance("2h")
	var records struct {
		Items []struct {
			State, Dimension string
			Quantity         json.Number
		}
	}
	o.gateway(http.MethodGet, "/v1/records?license="+url.QueryEscape(heard.LicenseARN), nil, http.StatusOK, &records)
	billed := false
	for _, r := range records.Items {
		billed = billed || r.Dimension == "extra_pages" && r.State == "honoured" && r.Quantity == "40"
	}
	if !billed {
		t.Errorf("the last hour's records: %+v", records.Items)
	}
	if o.gateway(http.MethodGet, "/v1/licenses/"+url.PathEscape(heard.LicenseARN), nil, http.StatusOK, &lic); lic.State != "ended" {
		t.Errorf("after its last hour the licence is %+v", lic)
	}
	holds(do(exitFailed, "propose", heard.LicenseARN, "--reason", "OTHER"), "nothing can be asked of its buyer any more")

	is(waits.ID, "pending", "silence")
	o.advance("P7D")
	is(waits.ID, "completed", "CANCELLED")
	if code, out, errs := souk(t, "audit", "--database", b.Database); code != exitDone {
		t.Errorf("the audit: exit %d: %s%s", code, out, errs)
	}
	if code, _, errs := souk(t, "cancellations", "list"); code != exitUsage || !strings.Contains(errs, "--api-key") {
		t.Errorf("without a key: exit %d: %s", code, errs)
	}
}
