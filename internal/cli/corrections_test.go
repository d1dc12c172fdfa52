package cli

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"time"
)

// overbilled is a licence whose usage was counted wrongly, seen from both sides.
type overbilled struct {
	t *testing.T
	b *bazaar
	agreement
}

func (o overbilled) market(method, path string, in, out any) {
	o.t.Helper()
	if err := marketplaceAt(o.b.Sandbox).call(o.t.Context(), method, path, in, out); err != nil {
		o.t.Fatal(err)
	}
}

func (o overbilled) advance(by string) {
	o.t.Helper()
	o.market(http.MethodPost, "clock", map[string]string{"advance": by}, nil)
}

// gateway calls the gateway and wants the status.
func (o overbilled) gateway(method, path string, in any, status int, out any) {
	o.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		o.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(o.t.Context(), method, o.b.Gateway+path, bytes.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+o.b.APIKey)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != status {
		var problem map[string]any
		_ = json.NewDecoder(res.Body).Decode(&problem)
		o.t.Fatalf("%s %s: %s, %v; want %d", method, path, res.Status, problem, status)
	}
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		o.t.Fatal(err)
	}
}

// fix is a correction as the gateway shows it.
type fix struct {
	ID, State, Why string
	Request        *struct {
		OriginalInvoiceID string `json:"originalInvoiceId"`
		AdjustmentAmount  string `json:"adjustmentAmount"`
	}
	MaxAdjustmentAmount        string `json:"maxAdjustmentAmount"`
	BillingAdjustmentRequestID string `json:"billingAdjustmentRequestId"`
}

// ask asks for a correction, and now shows it as it stands once its job has run.
func (o overbilled) ask(in map[string]any) fix {
	o.t.Helper()
	var f fix
	o.gateway(http.MethodPost, "/v1/corrections", in, http.StatusCreated, &f)
	return o.now(f)
}

func (o overbilled) now(f fix) fix {
	o.t.Helper()
	o.advance("1s")
	var now fix
	o.gateway(http.MethodGet, "/v1/corrections/"+f.ID, nil, http.StatusOK, &now)
	return now
}

func (o overbilled) clock() time.Time {
	o.t.Helper()
	var c clockState
	o.market(http.MethodGet, "clock", nil, &c)
	return c.Now
}

// bill is the total of what the buyer is charged in the present month.
func (o overbilled) bill() string {
	o.t.Helper()
	var bill struct{ Total string }
	o.market(http.MethodGet, "bill?accountId=111122223333", nil, &bill)
	return bill.Total
}

func (o overbilled) adjustments() []givenBack {
	o.t.Helper()
	all, err := list[givenBack](o.t.Context(), marketplaceAt(o.b.Sandbox), "adjustments", nil)
	if err != nil {
		o.t.Fatal(err)
	}
	return all
}

// Usage that was counted wrongly is put right, on both sides: what was too much comes back of the month's invoice when a
// person has approved it, and what was too little is billed in the hour that is open.
func TestCorrections(t *testing.T) {
	b := openTestBazaar(t, t.TempDir())
	o := overbilled{t: t, b: b}
	o.market(http.MethodPost, "clock", map[string]bool{"frozen": true}, nil)
	o.market(http.MethodPost, "agreements", map[string]any{"productCode": b.Product, "buyerAccountId": "111122223333"}, &o.agreement)
	o.advance("5m")
	events := []map[string]any{{"id": "one", "license": o.LicenseARN, "dimension": "pages", "quantity": "1000"}}
	var taken struct{ Accepted int }
	if o.gateway(http.MethodPost, "/v1/events", events, http.StatusOK, &taken); taken.Accepted != 1 {
		t.Fatalf("%+v", taken)
	}
	month := o.clock().Format("2006-01")
	over := map[string]any{"kind": "over_billed", "license": o.LicenseARN, "month": month, "dimension": "pages", "quantity": "400",
		"reason": "INCORRECT_METERING", "description": "Drafts were counted.", "by": "Ada"}
	wrong := o.ask(over)
	if wrong.State != "proposed" || wrong.Request != nil {
		t.Errorf("before there is an invoice: %+v", wrong)
	}
	by := map[string]string{"by": "Grace"}
	var refused struct{ Code string }
	if o.gateway(http.MethodPost, "/v1/corrections/"+wrong.ID+"/approve", by, http.StatusConflict, &refused); refused.Code != "not_ready" {
		t.Errorf("approved what is not known: %+v", refused)
	}
	under := o.ask(map[string]any{"kind": "under_billed", "license": o.LicenseARN, "dimension": "pages", "quantity": "50", "reason": "A queue was lost."})
	if under.State != "completed" {
		t.Errorf("added: %+v", under)
	}

	o.advance("P1M")
	if total := o.bill(); total != "0" {
		t.Errorf("the present month's bill before is %s", total)
	}
	if wrong = o.now(wrong); wrong.State != "proposed" || wrong.Request == nil || wrong.Request.AdjustmentAmount != "8" || wrong.MaxAdjustmentAmount != "21" {
		t.Fatalf("with the invoice of 1050 pages at 0.02: %+v, %+v", wrong, wrong.Request)
	}
	if all := o.adjustments(); len(all) != 0 {
		t.Errorf("AWS was asked for what nobody approved: %+v", all)
	}
	unwanted := o.ask(over)
	o.gateway(http.MethodPost, "/v1/corrections/"+unwanted.ID+"/reject", map[string]string{"by": "Grace", "why": "Twice."}, http.StatusOK, &unwanted)

	o.gateway(http.MethodPost, "/v1/corrections/"+wrong.ID+"/approve", by, http.StatusOK, &wrong)
	o.advance("48h")
	if wrong = o.now(wrong); wrong.State != "completed" || wrong.BillingAdjustmentRequestID == "" {
		t.Errorf("in the end: %+v", wrong)
	}
	if all := o.adjustments(); len(all) != 1 || all[0].ID != wrong.BillingAdjustmentRequestID || all[0].InvoiceID != wrong.Request.OriginalInvoiceID || all[0].Amount != "8" {
		t.Errorf("AWS has the adjustments %+v", all)
	}
	if unwanted = o.now(unwanted); unwanted.State != "rejected" || unwanted.Why != "Twice." {
		t.Errorf("rejected: %+v", unwanted)
	}
	if total := o.bill(); total != "-8" {
		t.Errorf("the present month's bill is %s; want the credit of 8", total)
	}
	tooMuch := o.ask(map[string]any{"kind": "over_billed", "license": o.LicenseARN, "month": month, "amount": "13.01", "reason": "OTHER"})
	if tooMuch.State != "failed" {
		t.Errorf("more than is left of the invoice: %+v", tooMuch)
	}
}
