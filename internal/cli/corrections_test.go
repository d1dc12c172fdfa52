package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/statement"
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

// try calls the gateway.
func (o overbilled) try(method, path string, in any) (status int, answer []byte) {
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
		o.t.Error(err)
		return 0, nil
	}
	defer res.Body.Close()
	if answer, err = io.ReadAll(res.Body); err != nil {
		o.t.Error(err)
	}
	return res.StatusCode, answer
}

// gateway calls the gateway and wants the status.
func (o overbilled) gateway(method, path string, in any, want int, out any) {
	o.t.Helper()
	status, answer := o.try(method, path, in)
	if status != want {
		o.t.Fatalf("%s %s: %d, %s; want %d", method, path, status, answer, want)
	}
	if err := json.Unmarshal(answer, out); err != nil {
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
	Overlaps                   []struct{ ID, State string }
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
	b := openPlannedBazaar(t, bazaarPlan{data: t.TempDir(), now: time.Date(2026, 11, 28, 9, 20, 0, 0, time.UTC)})
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

	o.advance("P4D")
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

	// The month's statement says so, and AWS's report of the month in which it was given back has the same.
	o.advance("72h") // fees are reported 72 hours later
	var signed statement.Signed
	var keys statement.Keys
	o.gateway(http.MethodGet, "/v1/licenses/"+url.PathEscape(o.LicenseARN)+"/statements/"+month, nil, http.StatusOK, &signed)
	o.gateway(http.MethodGet, "/v1/statement-keys", nil, http.StatusOK, &keys)
	st, err := keys.VerifyStatement(signed)
	if err != nil {
		t.Fatal(err)
	}
	if cs := st.Corrections; !st.Final || len(cs) != 2 || cs[0].Amount != "8" || cs[0].AWSID != wrong.BillingAdjustmentRequestID || cs[1].Quantity != "50" || cs[1].Reason != "A queue was lost." {
		t.Errorf("the statement: %+v", st)
	}
	for _, l := range st.Lines {
		if l.Dimension == "pages" && (l.Added.String() != "50" || l.Used.String() != "1050" || !l.Balanced()) {
			t.Errorf("the line %+v", l)
		}
	}
	given := o.clock().Format("2006-01")
	report := fetch(t, b.Sandbox+"/_sandbox/reports/daily_business_fees.csv?from="+given+"-01T00:00:00Z&to="+o.clock().Format(time.RFC3339))
	path := filepath.Join(t.TempDir(), "fees.csv")
	write(t, path, report)
	if code, out, errs := souk(t, "reconcile", "--database", b.Database, "--month", given, path); code != 0 || !strings.Contains(out, "refund, USD") || !strings.Contains(out, "1 of 1 lines") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	write(t, path, strings.Replace(report, ",-8,", ",-9,", 1))
	if code, out, _ := souk(t, "reconcile", "--database", b.Database, "--month", given, path); code != exitFailed || !strings.Contains(out, "DIFFERS") {
		t.Errorf("a report that says more: exit %d: %s", code, out)
	}
	code, out, errs := souk(t, "audit", o.LicenseARN, "--database", b.Database)
	for _, line := range []string{"8 USD for 400 pages of " + month + " given back (completed, " + wrong.BillingAdjustmentRequestID + "): INCORRECT_METERING", "50 were added, in the hour ", "): A queue was lost.", "The laws hold."} {
		if code != exitDone || !strings.Contains(out, line) {
			t.Errorf("exit %d, without %q: %s%s", code, line, out, errs)
		}
	}
	tooMuch := o.ask(map[string]any{"kind": "over_billed", "license": o.LicenseARN, "month": month, "amount": "13.01", "reason": "OTHER"})
	if tooMuch.State != "failed" {
		t.Errorf("more than is left of the invoice: %+v", tooMuch)
	}
}

// Two people propose to give the same 400 pages back, and both proposals are approved at the same instant, several times. AWS
// is asked once. What AWS then refuses, because it has given the rest of the invoice back meanwhile, ends as refused.
func TestTwoProposalsApprovedAtOnce(t *testing.T) {
	b := openPlannedBazaar(t, bazaarPlan{data: t.TempDir(), now: time.Date(2026, 11, 29, 9, 20, 0, 0, time.UTC)})
	o := overbilled{t: t, b: b}
	o.market(http.MethodPost, "clock", map[string]bool{"frozen": true}, nil)
	o.market(http.MethodPost, "agreements", map[string]any{"productCode": b.Product, "buyerAccountId": "111122223333"}, &o.agreement)
	o.advance("5m")
	const month = "2026-11"
	var taken struct{ Accepted int }
	o.gateway(http.MethodPost, "/v1/events", map[string]any{"id": "one", "license": o.LicenseARN, "dimension": "pages", "quantity": "1000"}, http.StatusOK, &taken)
	o.advance("72h")
	over := map[string]any{"kind": "over_billed", "license": o.LicenseARN, "month": month, "dimension": "pages", "quantity": "400", "reason": "INCORRECT_METERING"}
	twins := []fix{o.ask(over), o.ask(over)}
	if len(twins[1].Overlaps) != 1 || twins[1].Overlaps[0].ID != twins[0].ID {
		t.Errorf("the second does not tell of the first: %+v", twins[1])
	}

	var wg sync.WaitGroup
	var took, refused [2]atomic.Int64
	for i := range 8 {
		which := i % 2
		wg.Go(func() {
			switch status, answer := o.try(http.MethodPost, "/v1/corrections/"+twins[which].ID+"/approve", map[string]string{"by": "Grace"}); {
			case status == http.StatusOK:
				took[which].Add(1)
			case status == http.StatusConflict && strings.Contains(string(answer), `"overlaps"`):
				refused[which].Add(1)
			default:
				t.Errorf("%d: %s", status, answer)
			}
		})
	}
	wg.Wait()
	first := 0
	if took[1].Load() > 0 {
		first = 1
	}
	if took[first].Load() != 4 || refused[1-first].Load() != 4 {
		t.Errorf("approved %d and %d of 4 times, refused %d and %d", took[0].Load(), took[1].Load(), refused[0].Load(), refused[1].Load())
	}
	o.advance("2h")
	if f := o.now(twins[first]); f.State != "completed" {
		t.Errorf("the one: %+v", f)
	}
	if f := o.now(twins[1-first]); f.State != "proposed" {
		t.Errorf("the other: %+v", f)
	}
	if all := o.adjustments(); len(all) != 1 || all[0].Amount != "8" {
		t.Fatalf("AWS has the adjustments %+v", all)
	}

	var problem struct{ Code string }
	o.gateway(http.MethodPost, "/v1/corrections", map[string]any{"kind": "over_billed", "license": o.LicenseARN, "month": month, "dimension": "pages", "quantity": "601",
		"reason": "OTHER"}, http.StatusConflict, &problem)
	if problem.Code != "more_than_honoured" {
		t.Errorf("601 beside 400 of 1000: %+v", problem)
	}
	// Another 400 of the 12 that are left; but somebody gives 10 of them back at the seller's desk first.
	invoice := twins[first].Request.OriginalInvoiceID
	var batch struct{ Items []givenBack }
	o.market(http.MethodPost, "adjustments", map[string]any{"entries": []map[string]string{{"agreementId": o.AgreementID, "originalInvoiceId": invoice, "adjustmentAmount": "10",
		"currencyCode": "USD", "adjustmentReasonCode": "OTHER", "clientToken": "desk"}}}, &batch)
	var second fix
	o.gateway(http.MethodPost, "/v1/corrections/"+twins[1-first].ID+"/approve", map[string]any{"by": "Grace", "besides": []string{twins[first].ID}}, http.StatusOK, &second)
	o.advance("2h")
	if second = o.now(second); second.State != "failed" || second.BillingAdjustmentRequestID == "" || !strings.Contains(second.Why, "exceeds the maximum") {
		t.Errorf("what AWS refuses in the end: %+v", second)
	}
}
