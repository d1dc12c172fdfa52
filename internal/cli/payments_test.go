package cli

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The seller of a private offer with room for payments asks its buyer for some: one is denied, one is asked by mistake, and one is
// accepted though AWS throttles and its answer is lost. Nothing goes to AWS that nobody approved, and nothing twice.
func TestPaymentsFromAShell(t *testing.T) {
	b := openPlannedBazaar(t, bazaarPlan{data: t.TempDir(), now: time.Date(2026, 11, 3, 9, 20, 0, 0, time.UTC)})
	o := overbilled{t: t, b: b}
	o.market(http.MethodPost, "clock", map[string]bool{"frozen": true}, nil)
	var offer struct{ OfferID string }
	o.market(http.MethodPost, "offers", map[string]any{"productId": productID(t, b, press), "name": "In milestones", "buyerAccountIds": []string{"111122223333"}, "terms": map[string]any{
		"fixed":           map[string]any{"duration": "P12M", "price": "10", "grants": []any{map[string]any{"dimension": "handpress"}}},
		"variablePayment": map[string]any{"maxTotalChargeAmount": "100"}}}, &offer)
	var a, plain agreement
	o.market(http.MethodPost, "agreements", map[string]any{"buyerAccountId": "111122223333", "productCode": press, "offerId": offer.OfferID}, &a)
	o.market(http.MethodPost, "agreements", map[string]any{"productCode": press, "buyerAccountId": "222233334444", "quantities": map[string]int{"handpress": 1}, "duration": "P12M"}, &plain)
	o.advance("1h") // the agreements are listed, and their terms asked for

	do := func(want int, args ...string) string {
		t.Helper()
		code, out, errs := souk(t, append(append([]string{"payments"}, args...), "--api-key", b.APIKey, "--gateway", b.Gateway)...)
		if code != want {
			t.Fatalf("payments %q: exit %d: %s%s", args, code, out, errs)
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
		AWSID          string `json:"paymentRequestId"`
		ChargeID       string `json:"chargeId"`
	}
	is := func(id, state, why string) (p asked) {
		t.Helper()
		o.gateway(http.MethodGet, "/v1/payments/"+id, nil, http.StatusOK, &p)
		if p.State != state || !strings.Contains(p.Why, why) {
			t.Errorf("%s is %s (%s), want %s (%s)", id, p.State, p.Why, state, why)
		}
		return p
	}
	propose := func(amount string) (p asked) {
		t.Helper()
		said := do(exitDone, "propose", a.LicenseARN, "--name", "Second milestone", "--amount", amount, "--description", "The import is done.", "--by", "Ada", "--json")
		if err := json.Unmarshal([]byte(said), &p); err != nil {
			t.Fatal(err)
		}
		return p
	}
	approve := func(id string) {
		t.Helper()
		holds(do(exitDone, "approve", id, "--by", "Grace"), id+", sending")
		o.advance("10s")
	}
	type payment struct{ PaymentRequestID, Status, ChargeID string }
	atAWS := func() []payment {
		t.Helper()
		all, err := list[payment](t.Context(), marketplaceAt(b.Sandbox), "payment-requests", nil)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}

	holds(do(exitFailed, "propose", plain.LicenseARN, "--name", "Second milestone", "--amount", "5"), "no term for payments on request")
	first := propose("60.50")
	holds(do(exitFailed, "approve", first.ID, "--by", "Ada"), "another person has to approve")
	holds(do(exitFailed, "withdraw", first.ID, "--by", "Ada"), "reject it")
	holds(do(exitFailed, "propose", a.LicenseARN, "--name", "Third milestone", "--amount", "39.51"), "39.5 are left")
	if all := atAWS(); len(all) != 0 {
		t.Fatalf("AWS was asked for what nobody approved: %+v", all)
	}
	holds(do(exitDone, "reject", first.ID, "--by", "Grace", "--why", "Not yet."), "rejected: Not yet.")

	second := propose("60.50")
	approve(second.ID)
	second = is(second.ID, "pending", "silence changes nothing")
	holds(do(exitDone, "show", second.ID), "60.50 USD, of 100", "the buyer reads: The import is done.", "AWS calls it pr-")
	o.market(http.MethodPost, "payment-requests/"+second.AWSID+"/reject", map[string]string{"reason": "It is not done."}, nil)
	o.advance("2m")
	is(second.ID, "denied", "It is not done.")

	third := propose("1")
	approve(third.ID)
	holds(do(exitDone, "withdraw", third.ID, "--by", "Ada", "--why", "A slip."), "withdrawing")
	o.advance("1m")
	is(third.ID, "withdrawn", "It was withdrawn.")

	// AWS throttles, and then its answers are lost.
	fourth := propose("99.50")
	o.market(http.MethodPost, "faults", map[string]any{"operation": "SendAgreementPaymentRequest", "kind": "throttle", "times": 2}, nil)
	o.market(http.MethodPost, "faults", map[string]any{"operation": "SendAgreementPaymentRequest", "kind": "drop-after-commit", "times": 2}, nil)
	approve(fourth.ID)
	o.advance("30m")
	fourth = is(fourth.ID, "pending", "The buyer was asked")
	if all := atAWS(); len(all) != 3 {
		t.Errorf("AWS has %+v", all)
	}
	var paid payment
	o.market(http.MethodPost, "payment-requests/"+fourth.AWSID+"/accept", map[string]string{"purchaseOrderReference": "PO-7"}, &paid)
	o.advance("1h")
	if fourth = is(fourth.ID, "accepted", "AWS charges it"); fourth.ChargeID == "" || fourth.ChargeID != paid.ChargeID {
		t.Errorf("charged as %q, at AWS %+v", fourth.ChargeID, paid)
	}
	holds(do(exitDone, "list", "--license", a.LicenseARN), first.ID, "rejected", "denied", "withdrawn", "accepted", "99.50 USD")

	if code, out, errs := souk(t, "audit", "--database", b.Database); code != exitDone {
		t.Errorf("the audit: exit %d: %s%s", code, out, errs)
	}
}

// productID is AWS's id of the product with a code.
func productID(t *testing.T, b *bazaar, code string) string {
	t.Helper()
	all, err := list[struct{ ProductID, ProductCode string }](t.Context(), marketplaceAt(b.Sandbox), "products", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if p.ProductCode == code {
			return p.ProductID
		}
	}
	t.Fatalf("there is no product %s", code)
	return ""
}
