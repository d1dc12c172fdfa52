package agreement

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/ops/opstest"
	"souk.dev/souk/internal/sandbox/world"
)

// groups are an agreement's invoices, as "type amount maximum".
func (s *stand) groups(a world.Agreement, more ...any) (all []string, first invoiceGroup) {
	s.T.Helper()
	var out struct {
		Items []invoiceGroup `json:"agreementInvoiceLineItemGroupSummaries"`
	}
	s.read(seller, "ListAgreementInvoiceLineItems", inputs(append([]any{"agreementId", a.AgreementID, "groupBy", "INVOICE_ID"}, more...)...), &out)
	for _, g := range out.Items {
		all = append(all, g.Type+" "+g.Amount.Amount+" "+g.Amount.Max)
	}
	if len(out.Items) > 0 {
		first = out.Items[0]
	}
	return all, first
}

func refund(a world.Agreement, invoice, token, value string, more ...any) map[string]any {
	m := map[string]any{"agreementId": a.AgreementID, "originalInvoiceId": invoice, "adjustmentAmount": value, "currencyCode": "USD",
		"adjustmentReasonCode": "BUYER_DISSATISFACTION", "clientToken": token}
	for i := 0; i < len(more); i += 2 {
		m[more[i].(string)] = more[i+1]
	}
	return m
}

// An invoice is found, adjusted, and has a credit memo beside it in the end.
func TestInvoicesAndAdjustments(t *testing.T) {
	s := open(t)
	a := s.Buy(acme, teams, world.Terms{Quantities: map[string]int64{"seats": 2}, Duration: "P12M"})
	s.Pass(10 * time.Minute)
	all, invoice := s.groups(a)
	if fmt.Sprint(all) != "[INVOICE 240.00 240.00]" || *invoice.Period.Month != 11 || *invoice.Period.Year != 2026 {
		t.Fatalf("%v, %+v", all, invoice)
	}
	s.both(t, "invoices", seller, "ListAgreementInvoiceLineItems", inputs("agreementId", a.AgreementID, "groupBy", "INVOICE_ID"))
	batch := inputs("billingAdjustmentRequestEntries", []any{refund(a, invoice.InvoiceID, "one", "40.25"), refund(a, invoice.InvoiceID, "two", "240.01"), refund(a, "none", "three", "1"),
		refund(a, invoice.InvoiceID, "one", "1")})
	s.both(t, "adjustments-created", seller, "BatchCreateBillingAdjustmentRequest", batch)
	s.both(t, "adjustments", seller, "ListBillingAdjustmentRequests", `{}`)
	var made struct{ Items []adjustmentSummary }
	s.read(seller, "ListBillingAdjustmentRequests", inputs("agreementId", a.AgreementID, "status", "PENDING", "createdAfter", noon.Unix(), "createdBefore", noon.Add(time.Hour).Unix()), &made)
	if len(made.Items) != 1 {
		t.Fatalf("%+v", made)
	}
	id := inputs("agreementId", a.AgreementID, "billingAdjustmentRequestId", made.Items[0].ID)
	s.both(t, "adjustment", seller, "GetBillingAdjustmentRequest", id)
	s.Pass(15 * 24 * time.Hour) // business days
	var done adjustmentDetails
	if s.read(seller, "GetBillingAdjustmentRequest", id, &done); done.Status != "COMPLETED" || !done.UpdatedAt.After(done.CreatedAt.Time) {
		t.Errorf("%+v", done)
	}
	if all, _ := s.groups(a); fmt.Sprint(all) != "[CREDIT_MEMO -40.25 0.00 INVOICE 240.00 199.75]" {
		t.Errorf("in the end: %v", all)
	}
	for filters, want := range map[string][]any{
		"[CREDIT_MEMO -40.25 0.00]": {"invoiceType", "CREDIT_MEMO"},
		"[INVOICE 240.00 199.75]":   {"invoiceId", invoice.InvoiceID},
		"[]":                        {"invoiceBillingPeriod", map[string]int{"month": 10, "year": 2026}},
	} {
		if all, _ := s.groups(a, want...); fmt.Sprint(all) != filters {
			t.Errorf("%v: %v, want %s", want, all, filters)
		}
	}
	if all, _ := s.groups(a, "beforeIssuedTime", noon.Add(2*time.Minute).Unix(), "afterIssuedTime", noon.Unix()); len(all) != 1 {
		t.Errorf("issued in the first minutes: %v", all)
	}
	var nobody struct{ Items []adjustmentSummary }
	if s.read(acme, "ListBillingAdjustmentRequests", `{}`, &nobody); len(nobody.Items) != 0 {
		t.Errorf("the buyer is shown %+v", nobody)
	}
}

func TestAdjustmentsRefused(t *testing.T) {
	s := open(t)
	a, b := s.Buy(acme, teams, world.Terms{Quantities: map[string]int64{"seats": 2}, Duration: "P12M"}), s.Buy(globex, inkwell)
	s.Pass(10 * time.Minute)
	_, v := s.groups(a)
	batch := func(entries ...any) string { return inputs("billingAdjustmentRequestEntries", entries) }
	with := func(name string, value any) string { return batch(refund(a, v.InvoiceID, "t", "1", name, value)) }
	six := make([]any, contract.MaxAdjustments+1)
	for i := range six {
		six[i] = refund(a, v.InvoiceID, fmt.Sprint("t", i), "1")
	}
	items := func(more ...any) string {
		return inputs(append([]any{"agreementId", a.AgreementID, "groupBy", "INVOICE_ID"}, more...)...)
	}
	for _, c := range []struct{ account, op, body, code, reason string }{
		{seller, "BatchCreateBillingAdjustmentRequest", `{}`, contract.Validation, "MISSING_BILLING_ADJUSTMENT_REQUEST_ENTRY"},
		{seller, "BatchCreateBillingAdjustmentRequest", batch(six...), contract.Validation, "BILLING_ADJUSTMENTS_LIMIT_EXCEEDED"},
		{seller, "BatchCreateBillingAdjustmentRequest", batch(refund(a, v.InvoiceID, "t", "1"), refund(b, v.InvoiceID, "u", "1")), contract.Validation, "MULTIPLE_AGREEMENT_IDS"},
		{acme, "BatchCreateBillingAdjustmentRequest", batch(refund(a, v.InvoiceID, "t", "1")), contract.AccessDenied, "INVALID_ACCESS"},
		{seller, "BatchCreateBillingAdjustmentRequest", with("agreementId", nil), contract.Validation, "MISSING_AGREEMENT_ID"},
		{seller, "BatchCreateBillingAdjustmentRequest", with("originalInvoiceId", ""), contract.Validation, "MISSING_INVOICE_ID"},
		{seller, "BatchCreateBillingAdjustmentRequest", with("adjustmentAmount", nil), contract.Validation, "MISSING_ADJUSTMENT_AMOUNT"},
		{seller, "BatchCreateBillingAdjustmentRequest", with("adjustmentAmount", "1.123456789"), contract.Validation, "INVALID_ADJUSTMENT_AMOUNT"},
		{seller, "BatchCreateBillingAdjustmentRequest", with("currencyCode", nil), contract.Validation, "MISSING_CURRENCY_CODE"},
		{seller, "BatchCreateBillingAdjustmentRequest", with("currencyCode", "usd"), contract.Validation, "INVALID_CURRENCY_CODE"},
		{seller, "BatchCreateBillingAdjustmentRequest", with("adjustmentReasonCode", "WHIM"), contract.Validation, "INVALID_REASON_CODE"},
		{seller, "BatchCreateBillingAdjustmentRequest", with("description", strings.Repeat("x", 501)), contract.Validation, "INVALID_DESCRIPTION"},
		{seller, "BatchCreateBillingAdjustmentRequest", with("clientToken", nil), contract.Validation, "INVALID_CLIENT_TOKEN"},
		{seller, "GetBillingAdjustmentRequest", inputs("agreementId", a.AgreementID), contract.Validation, "OTHER"},
		{seller, "GetBillingAdjustmentRequest", inputs("agreementId", a.AgreementID, "billingAdjustmentRequestId", "ba-0"), contract.ResourceNotFound, ""},
		{acme, "GetBillingAdjustmentRequest", inputs("agreementId", a.AgreementID, "billingAdjustmentRequestId", "ba-0"), contract.AccessDenied, "INVALID_ACCESS"},
		{seller, "ListBillingAdjustmentRequests", `{"status":"PAID"}`, contract.Validation, "INVALID_STATUS"},
		{seller, "ListBillingAdjustmentRequests", `{"catalog":"Other"}`, contract.Validation, "INVALID_CATALOG"},
		{acme, "ListAgreementInvoiceLineItems", items(), contract.AccessDenied, "INVALID_ACCESS"},
		{seller, "ListAgreementInvoiceLineItems", items("groupBy", "MONTH"), contract.Validation, "OTHER"},
		{seller, "ListAgreementInvoiceLineItems", items("invoiceType", "BILL"), contract.Validation, "OTHER"},
		{seller, "ListAgreementInvoiceLineItems", items("invoiceId", "a b"), contract.Validation, "OTHER"},
		{seller, "ListAgreementInvoiceLineItems", items("invoiceBillingPeriod", map[string]int{"month": 13, "year": 2026}), contract.Validation, "OTHER"},
		{seller, "ListAgreementInvoiceLineItems", items("invoiceBillingPeriod", map[string]int{"month": 1, "year": 2022}), contract.Validation, "OTHER"},
		{seller, "ListAgreementInvoiceLineItems", inputs("agreementId", "agmt-0", "groupBy", "INVOICE_ID"), contract.ResourceNotFound, ""},
	} {
		if e := s.failure(s.as(c.account, c.op, c.body)); e.Type != c.code || e.Reason != c.reason {
			t.Errorf("%s %.200s: %+v, want %s %s", c.op, c.body, e, c.code, c.reason)
		}
	}
	opstest.Golden(t, "adjustments-unknown-json", s.as(seller, "BatchCreateBillingAdjustmentRequest", batch(refund(world.Agreement{AgreementID: "agmt-0"}, "1", "t", "1"))))
}
