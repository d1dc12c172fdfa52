package clients

import (
	"testing"
	"time"

	"souk.dev/souk/contract"
)

// described is what both parties are told of an agreement.
type described struct {
	AgreementID, Status string
	Acceptor, Proposer  struct{ AccountID string }
	ProposalSummary     struct{ OfferID string }
}

func (m *market) describe(t *testing.T, s session, id string) described {
	t.Helper()
	return ask[described](t, s, agreementAPI, "DescribeAgreement", map[string]any{"agreementId": id})
}

// filters are those of a search, beside the agreement's type.
func filters(nameAndValue ...string) []any {
	all := []any{map[string]any{"name": "AgreementType", "values": []string{"PurchaseAgreement"}}}
	for i := 0; i < len(nameAndValue); i += 2 {
		all = append(all, map[string]any{"name": nameAndValue[i], "values": []string{nameAndValue[i+1]}})
	}
	return all
}

// search has both parties find what the control API has sold.
func (m *market) search(t *testing.T) {
	found := paged[described](m, t, m.seller, agreementAPI, "SearchAgreements", "agreementViewSummaries", 1, map[string]any{"filters": filters("PartyType", "Proposer")})
	if len(found) != 2 {
		t.Errorf("the seller found %+v", found)
	}
	own := paged[described](m, t, m.buyer, agreementAPI, "SearchAgreements", "agreementViewSummaries", 50, map[string]any{"filters": filters("PartyType", "Acceptor", "Status", "ACTIVE")})
	if len(own) != 1 || own[0].AgreementID != m.granted.AgreementID || own[0].Acceptor.AccountID != m.account {
		t.Errorf("the buyer found %+v", own)
	}
	if d := m.describe(t, m.seller, m.granted.AgreementID); d.Status != "ACTIVE" || d.Acceptor.AccountID != m.account {
		t.Errorf("described %+v", d)
	}
	terms := paged[term](m, t, m.seller, agreementAPI, "GetAgreementTerms", "acceptedTerms", 2, map[string]any{"agreementId": m.granted.AgreementID})
	if o := (offered{Terms: terms}); o.term("UsageBasedPricingTerm") == "" || o.term("LegalTerm") == "" {
		t.Errorf("terms %+v", terms)
	}
	refused := m.buyer.call(t, agreementAPI, "DescribeAgreement", map[string]any{"agreementId": m.subscribed.AgreementID})
	if refused.Code != contract.AccessDenied || !refused.Typed || refused.Message == "" {
		t.Errorf("somebody else's agreement: %+v", refused)
	}
}

// buy goes the whole way of a buyer's program, to the seller's landing page.
func (m *market) buy(t *testing.T) {
	var terms []any
	for _, one := range m.offer.Terms {
		for _, o := range one {
			term := map[string]any{"id": o.ID}
			if o.Type == "VariablePaymentTerm" {
				term["configuration"] = map[string]any{"variablePaymentTermConfiguration": map[string]any{"paymentRequestApprovalStrategy": "WAIT_FOR_APPROVAL"}}
			}
			terms = append(terms, term)
		}
	}
	quote := ask[struct {
		AgreementRequestID string
		ChargeSummary      struct {
			NewAgreementValue string
			ExpectedCharges   []struct{ ID, Amount, Timing string }
		}
	}](t, m.buyer, agreementAPI, "CreateAgreementRequest", map[string]any{"intent": "NEW", "agreementProposalIdentifier": m.offer.AgreementProposalID, "requestedTerms": terms})
	s := quote.ChargeSummary
	if s.NewAgreementValue != "1000.00" || len(s.ExpectedCharges) != 2 || s.ExpectedCharges[0].Timing != "ON_ACCEPTANCE" || s.ExpectedCharges[1].Amount != "400.00" {
		t.Fatalf("quoted %+v", quote)
	}
	made := ask[described](t, m.buyer, agreementAPI, "AcceptAgreementRequest", map[string]any{"agreementRequestId": quote.AgreementRequestID,
		"purchaseOrders": []any{map[string]any{"chargeId": s.ExpectedCharges[0].ID, "purchaseOrderReference": "PO-1"}}})
	m.Advance(5 * time.Minute)
	granted := paged[struct{ Status, LicenseARN, RegistrationToken string }](m, t, m.buyer, agreementAPI, "GetAgreementEntitlements", "agreementEntitlements", 1,
		map[string]any{"agreementId": made.AgreementID})
	if len(granted) != 1 || granted[0].Status != "PROVISIONED" {
		t.Fatalf("granted %+v", granted)
	}
	who := ask[resolved](t, m.seller, "meteringmarketplace", "ResolveCustomer", map[string]any{"RegistrationToken": granted[0].RegistrationToken})
	if who.CustomerAWSAccountId != m.account || who.LicenseArn != granted[0].LicenseARN {
		t.Errorf("the token is %+v's; want %s, %s", who, m.account, granted[0].LicenseARN)
	}
	if d := m.describe(t, m.seller, made.AgreementID); d.Status != "ACTIVE" || d.ProposalSummary.OfferID != m.offer.OfferID {
		t.Errorf("described %+v", d)
	}
	m.agreement = made.AgreementID
}

type charge struct {
	ID, Amount, PurchaseOrderReference string
	Revision                           int
}

// charges are the buyer's to see, and to write its own references beside.
func (m *market) charges(t *testing.T) {
	list := func() []charge {
		t.Helper()
		return paged[charge](m, t, m.buyer, agreementAPI, "ListAgreementCharges", "items", 1, map[string]any{"agreementId": m.agreement})
	}
	all := list()
	if len(all) < 2 || all[0].Amount != "600.00" || all[0].PurchaseOrderReference != "PO-1" {
		t.Fatalf("charges %+v", all)
	}
	ask[struct{}](t, m.buyer, agreementAPI, "UpdatePurchaseOrders", map[string]any{"purchaseOrders": []any{
		map[string]any{"chargeId": all[0].ID, "chargeRevision": all[0].Revision, "purchaseOrderReference": "PO-2"}}})
	if now := list(); now[0].PurchaseOrderReference != "PO-2" || now[0].Revision != all[0].Revision+1 {
		t.Errorf("charges %+v; want another reference on the first", now)
	}
}

// refund adjusts the first invoice.
func (m *market) refund(t *testing.T) {
	invoices := paged[struct {
		InvoiceID             string
		PricingCurrencyAmount struct{ MaxAdjustmentAmount string }
	}](m, t, m.seller, agreementAPI, "ListAgreementInvoiceLineItems", "agreementInvoiceLineItemGroupSummaries", 1,
		map[string]any{"agreementId": m.agreement, "groupBy": "INVOICE_ID", "invoiceType": "INVOICE"})
	if len(invoices) == 0 {
		t.Fatal("there is no invoice")
	}
	first := invoices[len(invoices)-1] // the newest come first
	entry := func(token, amount string) map[string]any {
		return map[string]any{"agreementId": m.agreement, "originalInvoiceId": first.InvoiceID, "adjustmentAmount": amount, "currencyCode": "USD",
			"adjustmentReasonCode": "BUYER_DISSATISFACTION", "clientToken": token}
	}
	type adjustment struct{ BillingAdjustmentRequestID, Status, AdjustmentAmount, ClientToken, Code string }
	made := ask[struct{ Items, Errors []adjustment }](t, m.seller, agreementAPI, "BatchCreateBillingAdjustmentRequest",
		map[string]any{"billingAdjustmentRequestEntries": []any{entry("some", "40.25"), entry("too-much", "600.01")}})
	if len(made.Items) != 1 || len(made.Errors) != 1 || made.Items[0].ClientToken != "some" || made.Errors[0].Code != "VALIDATION_EXCEPTION" {
		t.Fatalf("made %+v of an invoice of which %s can be adjusted", made, first.PricingCurrencyAmount.MaxAdjustmentAmount)
	}
	one := ask[adjustment](t, m.seller, agreementAPI, "GetBillingAdjustmentRequest",
		map[string]any{"agreementId": m.agreement, "billingAdjustmentRequestId": made.Items[0].BillingAdjustmentRequestID})
	if one.Status != "PENDING" || one.AdjustmentAmount != "40.25" {
		t.Errorf("the adjustment is %+v", one)
	}
	if all := paged[adjustment](m, t, m.seller, agreementAPI, "ListBillingAdjustmentRequests", "items", 1, map[string]any{"agreementId": m.agreement}); len(all) != 1 {
		t.Errorf("the adjustments are %+v", all)
	}
}

// payment has the seller ask for two payments, of which the buyer approves one.
func (m *market) payment(t *testing.T) {
	type payment struct{ PaymentRequestID, Status, ChargeID string }
	send := func(name string) payment {
		t.Helper()
		return ask[payment](t, m.seller, agreementAPI, "SendAgreementPaymentRequest",
			map[string]any{"agreementId": m.agreement, "termId": m.offer.term("VariablePaymentTerm"), "name": name, "chargeAmount": "120.5"})
	}
	about := func(p payment, more ...string) map[string]any {
		in := map[string]any{"agreementId": m.agreement, "paymentRequestId": p.PaymentRequestID}
		for i := 0; i < len(more); i += 2 {
			in[more[i]] = more[i+1]
		}
		return in
	}
	first, second := send("The first stage"), send("The second stage")
	if first.Status != "PENDING_APPROVAL" {
		t.Errorf("sent %+v", first)
	}
	if p := ask[payment](t, m.buyer, agreementAPI, "AcceptAgreementPaymentRequest", about(first, "purchaseOrderReference", "PO-9")); p.Status != "APPROVED" {
		t.Errorf("approved %+v", p)
	}
	if p := ask[payment](t, m.buyer, agreementAPI, "RejectAgreementPaymentRequest", about(second, "rejectionReason", "It is not done.")); p.Status != "REJECTED" {
		t.Errorf("rejected %+v", p)
	}
	if p := ask[payment](t, m.seller, agreementAPI, "GetAgreementPaymentRequest", about(first)); p.Status != "APPROVED" || p.ChargeID == "" {
		t.Errorf("the first is %+v", p)
	}
	if all := paged[payment](m, t, m.seller, agreementAPI, "ListAgreementPaymentRequests", "items", 1, map[string]any{"partyType": "Proposer"}); len(all) != 2 {
		t.Errorf("the requests are %+v", all)
	}
	again := m.buyer.call(t, agreementAPI, "RejectAgreementPaymentRequest", about(first))
	if again.Code != contract.Conflict || !again.Typed {
		t.Errorf("rejected when it was approved: %+v", again)
	}
}

// cancellation is asked for twice: the buyer denies it, then approves.
func (m *market) cancellation(t *testing.T) {
	type request struct{ AgreementCancellationRequestID, Status string }
	send := func() request {
		t.Helper()
		return ask[request](t, m.seller, agreementAPI, "SendAgreementCancellationRequest", map[string]any{"agreementId": m.agreement, "reasonCode": "TEST_AGREEMENT"})
	}
	about := func(r request) map[string]any {
		return map[string]any{"agreementId": m.agreement, "agreementCancellationRequestId": r.AgreementCancellationRequestID}
	}
	first := send()
	no := about(first)
	no["rejectionReason"] = "We need it."
	if r := ask[request](t, m.buyer, agreementAPI, "RejectAgreementCancellationRequest", no); r.Status != "REJECTED" {
		t.Errorf("denied: %+v", r)
	}
	if d := m.describe(t, m.buyer, m.agreement); d.Status != "ACTIVE" {
		t.Errorf("denied, the agreement is %s", d.Status)
	}
	second := send()
	if r := ask[request](t, m.buyer, agreementAPI, "AcceptAgreementCancellationRequest", about(second)); r.Status != "APPROVED" {
		t.Errorf("approved: %+v", r)
	}
	if r := ask[request](t, m.seller, agreementAPI, "GetAgreementCancellationRequest", about(second)); r.Status != "APPROVED" {
		t.Errorf("the second is %+v", r)
	}
	if all := paged[request](m, t, m.buyer, agreementAPI, "ListAgreementCancellationRequests", "items", 1, map[string]any{"partyType": "Acceptor"}); len(all) != 2 {
		t.Errorf("the requests are %+v", all)
	}
	m.Advance(5 * time.Minute)
	if d := m.describe(t, m.seller, m.agreement); d.Status != "CANCELLED" {
		t.Errorf("approved, the agreement is %s", d.Status)
	}
}
