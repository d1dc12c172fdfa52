package agreement

import (
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/ops/opstest"
	"souk.dev/souk/internal/sandbox/world"
)

// payable is an agreement of Acme's whose seller may ask for payments, of 100 dollars altogether, and the term's id.
func (s *stand) payable() (a agreed, term string) {
	s.T.Helper()
	o, err := s.World.CreateOffer(s.Clock.Now(), world.Offer{ProductID: s.listed(teams).ProductID, Buyers: []string{acme}, Terms: world.OfferTerms{
		Fixed:    &world.FixedTerm{Duration: "P12M", Price: decimal.NewFromInt(10), Grants: []world.Grant{{Dimension: "seats"}}},
		Variable: &world.VariablePaymentTerm{MaxTotal: decimal.NewFromInt(100)}}})
	if err != nil {
		s.T.Fatal(err)
	}
	const waiting = `{"variablePaymentTermConfiguration":{"paymentRequestApprovalStrategy":"WAIT_FOR_APPROVAL"}}`
	a = s.accept(acme, s.quote(acme, accepting(o, map[world.TermType]string{world.TermVariable: waiting})).ID)
	s.Pass(2 * time.Minute)
	return a, world.TermID(o.OfferID, world.TermVariable)
}

func asking(a agreed, term string, more ...any) string {
	return inputs(append([]any{"agreementId", a.AgreementID, "termId", term, "name", "Second stage", "chargeAmount", "40.5"}, more...)...)
}

func TestPaymentRequests(t *testing.T) {
	s := open(t)
	a, term := s.payable()
	send := func(more ...any) (r paymentRequest) {
		t.Helper()
		s.read(seller, "SendAgreementPaymentRequest", asking(a, term, more...), &r)
		return r
	}
	end := func(account, op, id string, more ...any) (r paymentRequest) {
		t.Helper()
		s.read(account, op, inputs(append([]any{"agreementId", a.AgreementID, "paymentRequestId", id}, more...)...), &r)
		return r
	}
	first := send("clientToken", "one", "description", "As agreed on")
	if again := send("clientToken", "one", "description", "As agreed on"); again.ID != first.ID || first.Status != "PENDING_APPROVAL" || first.ChargeAmount != "40.5" {
		t.Errorf("%+v, and with the same token %+v", first, again)
	}
	named := inputs("agreementId", a.AgreementID, "paymentRequestId", first.ID)
	s.both(t, "payment-get", acme, "GetAgreementPaymentRequest", named)
	s.both(t, "payment-list", acme, "ListAgreementPaymentRequests", `{"partyType":"Acceptor","status":"PENDING_APPROVAL"}`)
	opstest.Golden(t, "payment-too-much", s.as(seller, "SendAgreementPaymentRequest", asking(a, term, "chargeAmount", "59.51")))

	if r := end(acme, "RejectAgreementPaymentRequest", send("chargeAmount", "59.5").ID, "rejectionReason", "not yet"); r.Status != "REJECTED" || r.StatusMessage != "not yet" {
		t.Errorf("rejected: %+v", r)
	}
	if r := end(seller, "CancelAgreementPaymentRequest", send("chargeAmount", "59.5").ID); r.Status != "CANCELLED" {
		t.Errorf("withdrawn: %+v", r)
	}
	s.Pass(time.Minute)
	if r := end(acme, "AcceptAgreementPaymentRequest", first.ID, "purchaseOrderReference", "PO-9"); r.Status != "APPROVED" {
		t.Errorf("accepted: %+v", r)
	}
	paid := end(seller, "GetAgreementPaymentRequest", first.ID)
	var charges struct{ Items []charge }
	s.read(acme, "ListAgreementCharges", inputs("agreementId", a.AgreementID), &charges)
	if last := charges.Items[len(charges.Items)-1]; last.ID != paid.ChargeID || last.Amount != "40.50" || last.Order != "PO-9" {
		t.Errorf("the charge is %+v, of %+v", last, paid)
	}
	for _, op := range []string{"AcceptAgreementPaymentRequest", "RejectAgreementPaymentRequest", "CancelAgreementPaymentRequest"} {
		account := map[bool]string{true: seller, false: acme}[op == "CancelAgreementPaymentRequest"]
		if e := s.failure(s.as(account, op, named)); e.Type != contract.Conflict || e.ResourceID != first.ID || e.ResourceType != paymentType {
			t.Errorf("%s of a settled one: %+v", op, e)
		}
	}
	var out struct{ Items []paymentSummary }
	if s.read(seller, "ListAgreementPaymentRequests", inputs("partyType", "Proposer", "agreementId", a.AgreementID, "maxResults", 2), &out); len(out.Items) != 2 {
		t.Errorf("listed %+v", out)
	}
}

func TestPaymentRequestsRefused(t *testing.T) {
	s := open(t)
	a, term := s.payable()
	plain := s.Buy(acme, inkwell)
	var r paymentRequest
	s.read(seller, "SendAgreementPaymentRequest", asking(a, term, "clientToken", "one"), &r)
	about := func(more ...any) string {
		return inputs(append([]any{"agreementId", a.AgreementID, "paymentRequestId", r.ID}, more...)...)
	}
	long := strings.Repeat("x", 2001)
	for _, c := range []struct{ account, op, body, code, reason string }{
		{seller, "SendAgreementPaymentRequest", `{}`, contract.Validation, "MISSING_AGREEMENT_ID"},
		{acme, "SendAgreementPaymentRequest", asking(a, term), contract.AccessDenied, "INVALID_ACCESS"},
		{seller, "SendAgreementPaymentRequest", inputs("agreementId", a.AgreementID), contract.Validation, "MISSING_TERM_ID"},
		{seller, "SendAgreementPaymentRequest", asking(a, "term-0"), contract.Validation, "INVALID_TERM_ID"},
		{seller, "SendAgreementPaymentRequest", asking(agreed{plain.AgreementID}, term), contract.Validation, "INVALID_TERM_ID"},
		{seller, "SendAgreementPaymentRequest", asking(a, term, "name", ""), contract.Validation, "MISSING_NAME"},
		{seller, "SendAgreementPaymentRequest", asking(a, term, "name", "four"), contract.Validation, "INVALID_NAME"},
		{seller, "SendAgreementPaymentRequest", asking(a, term, "chargeAmount", ""), contract.Validation, "MISSING_CHARGE_AMOUNT"},
		{seller, "SendAgreementPaymentRequest", asking(a, term, "chargeAmount", "-1"), contract.Validation, "INVALID_CHARGE_AMOUNT"},
		{seller, "SendAgreementPaymentRequest", asking(a, term, "chargeAmount", "0"), contract.Validation, "INVALID_CHARGE_AMOUNT"},
		{seller, "SendAgreementPaymentRequest", asking(a, term, "description", long), contract.Validation, "INVALID_DESCRIPTION"},
		{seller, "SendAgreementPaymentRequest", asking(a, term, "clientToken", "a b"), contract.Validation, "INVALID_CLIENT_TOKEN"},
		{seller, "SendAgreementPaymentRequest", asking(a, term, "clientToken", "one", "chargeAmount", "1"), contract.Conflict, ""},
		{seller, "GetAgreementPaymentRequest", inputs("agreementId", a.AgreementID), contract.Validation, "MISSING_PAYMENT_REQUEST_ID"},
		{seller, "GetAgreementPaymentRequest", about("paymentRequestId", "x"), contract.Validation, "INVALID_PAYMENT_REQUEST_ID"},
		{seller, "GetAgreementPaymentRequest", about("paymentRequestId", "pr-0"), contract.ResourceNotFound, ""},
		{seller, "GetAgreementPaymentRequest", about("agreementId", plain.AgreementID), contract.ResourceNotFound, ""},
		{globex, "GetAgreementPaymentRequest", about(), contract.AccessDenied, "INVALID_ACCESS"},
		{seller, "AcceptAgreementPaymentRequest", about(), contract.AccessDenied, "INVALID_ACCESS"},
		{acme, "AcceptAgreementPaymentRequest", about("purchaseOrderReference", ""), contract.Validation, "INVALID_PURCHASE_ORDER_REFERENCE"},
		{seller, "RejectAgreementPaymentRequest", about(), contract.AccessDenied, "INVALID_ACCESS"},
		{acme, "RejectAgreementPaymentRequest", about("rejectionReason", long[:251]), contract.Validation, "INVALID_REJECTION_REASON"},
		{acme, "CancelAgreementPaymentRequest", about(), contract.AccessDenied, "INVALID_ACCESS"},
		{seller, "ListAgreementPaymentRequests", `{}`, contract.Validation, "MISSING_PARTY_TYPE"},
		{seller, "ListAgreementPaymentRequests", `{"partyType":"Proposer","status":"PAID"}`, contract.Validation, "INVALID_STATUS"},
	} {
		if e := s.failure(s.as(c.account, c.op, c.body)); e.Type != c.code || e.Reason != c.reason {
			t.Errorf("%s %.120s: %+v, want %s %s", c.op, c.body, e, c.code, c.reason)
		}
	}
}
