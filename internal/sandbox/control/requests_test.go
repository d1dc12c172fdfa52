package control_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// sign buys two seats for a month, 24, and lets them be invoiced.
func (st *stage) sign() (a agreement) {
	st.t.Helper()
	st.post("/_sandbox/agreements", map[string]any{"buyerAccountId": acme, "productCode": teams, "duration": "P1M", "quantities": map[string]int{"seats": 2}}, &a)
	st.advance("5m")
	return a
}

// A seller's request goes its ways over the control API, the seller is told, and a restart brings it all back.
func TestCancellationRequestsOverTheControlAPI(t *testing.T) {
	data := t.TempDir()
	st := open(t, data)
	a := st.sign()
	type request struct {
		ID     string `json:"agreementCancellationRequestId"`
		Status string
	}
	var first, second request
	ask := map[string]any{"agreementId": a.AgreementID, "reasonCode": "TEST_AGREEMENT"}
	st.post("/_sandbox/cancellation-requests", ask, &first)
	st.advance("1m")
	if status, p := st.do(http.MethodPost, "/_sandbox/cancellation-requests", ask, nil); status != http.StatusConflict || p.Code != "open_request" {
		t.Errorf("a second one: %d %s", status, p.Code)
	}
	if status, _ := st.do(http.MethodPost, "/_sandbox/cancellation-requests/"+first.ID+"/reject", nil, nil); status != http.StatusBadRequest {
		t.Errorf("denied without a reason: %d", status)
	}
	st.post("/_sandbox/cancellation-requests/"+first.ID+"/reject", map[string]any{"reason": "We need it."}, nil)
	st.post("/_sandbox/cancellation-requests", ask, &second)
	st.advance("1m")
	st.post("/_sandbox/cancellation-requests/"+second.ID+"/accept", nil, nil)
	st.advance("5m")
	check := func() {
		t.Helper()
		if got := all[request](st, "/_sandbox/cancellation-requests", url.Values{"agreementId": {a.AgreementID}}); len(got) != 2 || got[0].Status != "REJECTED" || got[1].Status != "APPROVED" {
			t.Errorf("requests %+v", got)
		}
		st.get("/_sandbox/agreements/"+a.AgreementID, &a)
		if a.Status != "CANCELLED" {
			t.Errorf("the agreement is %s", a.Status)
		}
	}
	check()
	var kinds []string
	for _, d := range all[struct{ Kind string }](st, "/_sandbox/deliveries", nil) {
		if kind, _, _ := strings.Cut(d.Kind, " - "); strings.Contains(kind, "Cancellation") {
			kinds = append(kinds, strings.TrimPrefix(kind, "Agreement Cancellation Request "))
		}
	}
	if want := []string{"Pending Approval", "Rejected", "Pending Approval", "Approved"}; !slices.Equal(kinds, want) {
		t.Errorf("told %q, want %q", kinds, want)
	}
	if status, _ := st.do(http.MethodPost, "/_sandbox/cancellation-requests/"+second.ID+"/sulk", nil, nil); status != http.StatusNotFound {
		t.Errorf("an unknown act: %d", status)
	}
	st.stop()
	st = again(t, data)
	check()
}

// Money that was paid upfront comes back by a refund, an adjustment and a support case; the bill says how, and where the
// usage on it comes from.
func TestMoneyComesBackOverTheControlAPI(t *testing.T) {
	data := t.TempDir()
	st := open(t, data)
	a := st.sign()
	st.post("/_sandbox/agreements/"+a.AgreementID+"/refund", map[string]any{"amount": "4", "reason": "Down for a day"}, nil)
	invoices := all[struct {
		InvoiceID           string
		MaxAdjustmentAmount string
	}](st, "/_sandbox/invoices", url.Values{"agreementId": {a.AgreementID}, "invoiceType": {"INVOICE"}})
	if len(invoices) != 1 || invoices[0].MaxAdjustmentAmount != "20" {
		t.Fatalf("invoices %+v", invoices)
	}
	entry := map[string]any{"agreementId": a.AgreementID, "originalInvoiceId": invoices[0].InvoiceID, "adjustmentAmount": "5", "currencyCode": "USD",
		"adjustmentReasonCode": "BUYER_DISSATISFACTION", "clientToken": "one"}
	var batch struct {
		Items  []struct{ Status string }
		Errors []struct{ Code string }
	}
	st.post("/_sandbox/adjustments", map[string]any{"entries": []any{entry, map[string]any{"agreementId": a.AgreementID, "clientToken": "two"}}}, &batch)
	if len(batch.Items) != 1 || batch.Items[0].Status != "PENDING" || len(batch.Errors) != 1 || batch.Errors[0].Code != "VALIDATION_EXCEPTION" {
		t.Errorf("the batch: %+v", batch)
	}
	if status, p := st.do(http.MethodPost, "/_sandbox/adjustments", map[string]any{"entries": []any{}}, nil); status != http.StatusBadRequest || p.Code != "missing_billing_adjustment_request_entry" {
		t.Errorf("an empty batch: %d %s", status, p.Code)
	}
	st.advance("48h")
	var c struct{ CaseID, Status, WaitsFor, Refunded string }
	st.post("/_sandbox/cases", map[string]any{"agreementId": a.AgreementID}, &c)
	if c.Status != "Pending" || c.WaitsFor != "seller" {
		t.Fatalf("the case: %+v", c)
	}
	if status, p := st.do(http.MethodPost, "/_sandbox/cases/"+c.CaseID+"/authorize", nil, nil); status != http.StatusBadRequest || p.Code != "refund_kind" {
		t.Errorf("authorised without a grant: %d %s", status, p.Code)
	}
	st.post("/_sandbox/cases/"+c.CaseID+"/authorize", map[string]any{"grant": "full"}, nil)
	st.post("/_sandbox/cases/"+c.CaseID+"/grant", nil, &c)
	if c.Status != "Completed" || c.Refunded != "15" {
		t.Errorf("granted: %+v", c)
	}
	var before, after struct {
		Total   string
		Charges []struct{ Kind, Amount, OriginalInvoiceID, Why string }
	}
	st.get("/_sandbox/bill?accountId="+acme, &before)
	var kinds []string
	for _, c := range before.Charges {
		kinds = append(kinds, c.Kind+" "+c.Amount)
		if c.Kind != "upfront" && c.OriginalInvoiceID != invoices[0].InvoiceID {
			t.Errorf("gives back of nothing: %+v", c)
		}
	}
	if want := []string{"upfront 24", "refund -4", "adjustment -5", "refund -15"}; !slices.Equal(kinds, want) || before.Total != "0" || before.Charges[1].Why != "Down for a day" {
		t.Errorf("billed %q, %s, want %q", kinds, before.Total, want)
	}
	if status, p := st.do(http.MethodPost, "/_sandbox/agreements/"+a.AgreementID+"/refund", nil, nil); status != http.StatusConflict || p.Code != "nothing_to_refund" {
		t.Errorf("more than was paid: %d %s", status, p.Code)
	}
	st.stop()
	st = again(t, data)
	st.get("/_sandbox/bill?accountId="+acme, &after)
	if !slices.Equal(before.Charges, after.Charges) {
		t.Errorf("after a restart, billed %+v", after.Charges)
	}
}

// Every line of usage names the call that lists its records: those of its licence, or those that named none.
func TestBillLinesLeadToTheirRecords(t *testing.T) {
	st := open(t, "")
	byLicense, legacy := st.buy(acme, inkwell), st.buy(acme, classic)
	st.advance("2h")
	st.meter(byLicense, legacy)
	var bill struct {
		Charges []struct {
			Quantity int64
			Records  string
		}
	}
	st.get("/_sandbox/bill?accountId="+acme, &bill)
	if len(bill.Charges) != 2 {
		t.Fatalf("billed %+v", bill)
	}
	for _, c := range bill.Charges {
		path, query, _ := strings.Cut(c.Records, "?")
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		sum := int64(0)
		for _, r := range all[struct{ Quantity int64 }](st, path, q) {
			sum += r.Quantity
		}
		if sum != c.Quantity || sum == 0 {
			t.Errorf("%s has %d, the line %d", c.Records, sum, c.Quantity)
		}
	}
}

// meter sends 30 pages for each, by the name that its generation has.
func (st *stage) meter(agreements ...agreement) {
	st.t.Helper()
	for _, a := range agreements {
		record := map[string]any{"Timestamp": st.now().Unix(), "Dimension": "pages", "Quantity": 30}
		in := map[string]any{"UsageRecords": []any{record}}
		if a.CustomerIdentifier != "" {
			in["ProductCode"], record["CustomerIdentifier"] = classic, a.CustomerIdentifier
		} else {
			record["LicenseArn"], record["CustomerAWSAccountId"] = a.LicenseARN, acme
		}
		text, err := json.Marshal(in)
		if err != nil {
			st.t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(st.t.Context(), http.MethodPost, st.url, bytes.NewReader(text))
		if err != nil {
			st.t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-amz-json-1.1")
		req.Header.Set("X-Amz-Target", "AWSMPMeteringService.BatchMeterUsage")
		req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=any/20261110/us-east-1/aws-marketplace/aws4_request, SignedHeaders=host, Signature=00")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			st.t.Fatal(err)
		}
		answer, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || !strings.Contains(string(answer), `"Success"`) {
			st.t.Fatalf("metered: %s %s, %v", res.Status, answer, err)
		}
	}
}

func TestPaymentRequestsOverTheControlAPI(t *testing.T) {
	st := open(t, "")
	var offer struct{ OfferID string }
	st.post("/_sandbox/offers", map[string]any{"productId": "prod-inkwell0teams", "name": "As it comes", "buyerAccountIds": []string{acme}, "terms": map[string]any{
		"fixed": map[string]any{"duration": "P12M", "grants": []any{map[string]any{"dimension": "seats"}}}, "variablePayment": map[string]any{"maxTotalChargeAmount": "50"}}}, &offer)
	var a agreement
	st.post("/_sandbox/agreements", map[string]any{"buyerAccountId": acme, "productCode": teams, "offerId": offer.OfferID}, &a)
	st.advance("5m")
	type payment struct{ PaymentRequestID, Status, ChargeID string }
	send := func(amount string) (p payment) {
		t.Helper()
		st.post("/_sandbox/payment-requests", map[string]any{"agreementId": a.AgreementID, "name": "Setting up", "chargeAmount": amount}, &p)
		return p
	}
	for act, want := range map[string]string{"reject": "REJECTED", "cancel": "CANCELLED"} {
		p := send("50")
		if st.post("/_sandbox/payment-requests/"+p.PaymentRequestID+"/"+act, nil, &p); p.Status != want {
			t.Errorf("%s made of it %+v", act, p)
		}
	}
	paid := send("20")
	if st.post("/_sandbox/payment-requests/"+paid.PaymentRequestID+"/accept", map[string]any{"purchaseOrderReference": "PO-7"}, &paid); paid.Status != "APPROVED" || paid.ChargeID == "" {
		t.Errorf("approved %+v", paid)
	}
	if got := all[payment](st, "/_sandbox/payment-requests", url.Values{"agreementId": {a.AgreementID}, "status": {"REJECTED"}}); len(got) != 1 {
		t.Errorf("rejected %+v", got)
	}
	if status, p := st.do(http.MethodPost, "/_sandbox/payment-requests", map[string]any{"agreementId": a.AgreementID, "name": "Setting up", "chargeAmount": "30.01"}, nil); status != http.StatusBadRequest || p.Code != "invalid_charge_amount" {
		t.Errorf("beyond the balance: %d %s", status, p.Code)
	}
}
