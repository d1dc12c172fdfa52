package agreement

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/ops/opstest"
	"souk.dev/souk/internal/sandbox/world"
)

// send is the seller's cancellation request for a.
func (s *stand) send(a world.Agreement, more string) cancellationRequest {
	s.T.Helper()
	var out cancellationRequest
	s.read(seller, "SendAgreementCancellationRequest", `{"agreementId":"`+a.AgreementID+`","reasonCode":"TEST_AGREEMENT"`+more+`}`, &out)
	return out
}

// read asks in JSON and reads the answer.
func (s *stand) read(account, op, body string, out any) {
	s.T.Helper()
	opstest.Read(s.T, s.as(account, op, body), out)
}

// inputs writes members as an input in JSON.
func inputs(members ...any) string {
	m := map[string]any{}
	for i := 0; i < len(members); i += 2 {
		m[members[i].(string)] = members[i+1]
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // strings and numbers
	}
	return string(b)
}

func TestCancellationRequestsToTheByte(t *testing.T) {
	s := open(t)
	a := s.Buy(acme, inkwell)
	s.Pass(2 * time.Minute)
	r := s.send(a, `,"description":"Bought by mistake","clientToken":"once"`)
	named := inputs("agreementId", a.AgreementID, "agreementCancellationRequestId", r.ID)
	s.both(t, "cancellation-get", seller, "GetAgreementCancellationRequest", named)
	s.both(t, "cancellation-list", acme, "ListAgreementCancellationRequests", `{"partyType":"Acceptor"}`)
	s.both(t, "cancellation-open", seller, "SendAgreementCancellationRequest", inputs("agreementId", a.AgreementID, "reasonCode", "OTHER"))
	opstest.Golden(t, "cancellation-rejected", s.as(acme, "RejectAgreementCancellationRequest",
		inputs("agreementId", a.AgreementID, "agreementCancellationRequestId", r.ID, "rejectionReason", "We use it")))
	s.both(t, "cancellation-settled", acme, "AcceptAgreementCancellationRequest", named)
}

// The whole life of requests: withdrawn, rejected, accepted; and the same token is the same request.
func TestCancellationRequests(t *testing.T) {
	s := open(t)
	a := s.Buy(acme, inkwell)
	s.Pass(2 * time.Minute)
	first := s.send(a, `,"clientToken":"one"`)
	if first.Status != "PENDING_APPROVAL" || first.ReasonCode != "TEST_AGREEMENT" || !first.CreatedAt.Equal(first.UpdatedAt.Time) {
		t.Errorf("sent: %+v", first)
	}
	if again := s.send(a, `,"clientToken":"one"`); again.ID != first.ID {
		t.Errorf("the same token: %+v", again)
	}
	if e := s.failure(s.as(seller, "SendAgreementCancellationRequest", inputs("agreementId", a.AgreementID, "reasonCode", "OTHER", "clientToken", "one"))); e.Type != contract.Conflict {
		t.Errorf("the same token with another reason: %+v", e)
	}
	if e := s.failure(s.as(seller, "SendAgreementCancellationRequest", inputs("agreementId", a.AgreementID, "reasonCode", "OTHER"))); e.Type != contract.Conflict || e.ResourceID != first.ID {
		t.Errorf("a second one: %+v", e)
	}
	s.Pass(time.Minute)
	end := func(account, op, id string, more ...any) (out cancellationRequest) {
		t.Helper()
		s.read(account, op, inputs(append([]any{"agreementId", a.AgreementID, "agreementCancellationRequestId", id}, more...)...), &out)
		return out
	}
	if r := end(seller, "CancelAgreementCancellationRequest", first.ID, "cancellationReason", "never mind"); r.Status != "CANCELLED" || r.StatusMessage != "never mind" || !r.UpdatedAt.After(r.CreatedAt.Time) {
		t.Errorf("withdrawn: %+v", r)
	}
	second := s.send(a, "")
	if r := end(acme, "RejectAgreementCancellationRequest", second.ID, "rejectionReason", "no"); r.Status != "REJECTED" || r.StatusMessage != "no" {
		t.Errorf("rejected: %+v", r)
	}
	third := s.send(a, "")
	if r := end(acme, "AcceptAgreementCancellationRequest", third.ID); r.Status != "APPROVED" {
		t.Errorf("accepted: %+v", r)
	}
	for _, op := range []string{"AcceptAgreementCancellationRequest", "RejectAgreementCancellationRequest", "CancelAgreementCancellationRequest"} {
		account := map[bool]string{true: seller, false: acme}[op == "CancelAgreementCancellationRequest"]
		e := s.failure(s.as(account, op, inputs("agreementId", a.AgreementID, "agreementCancellationRequestId", third.ID, "rejectionReason", "x", "cancellationReason", "x")))
		if e.Type != contract.Conflict || e.ResourceID != third.ID || e.ResourceType != cancellationType {
			t.Errorf("%s of a settled one: %+v", op, e)
		}
	}
	s.Pass(time.Minute)
	if now, err := s.World.Agreement(a.AgreementID); err != nil || now.Status != world.Cancelled {
		t.Errorf("the agreement is %s, %v", now.Status, err)
	}
	if e := s.failure(s.as(seller, "SendAgreementCancellationRequest", inputs("agreementId", a.AgreementID, "reasonCode", "OTHER"))); e.Reason != "INACTIVE_AGREEMENT" {
		t.Errorf("of an agreement that has ended: %+v", e)
	}
}

func TestCancellationRequestsRefused(t *testing.T) {
	s := open(t)
	a, other := s.Buy(acme, inkwell), s.Buy(acme, classic)
	s.Pass(2 * time.Minute)
	r := s.send(a, "")
	long := strings.Repeat("x", contract.MaxRequestDescription+1)
	id := func(members ...any) string {
		return inputs(append([]any{"agreementId", a.AgreementID, "agreementCancellationRequestId", r.ID}, members...)...)
	}
	for _, c := range []struct{ account, op, body, code, reason string }{
		{seller, "SendAgreementCancellationRequest", `{"reasonCode":"OTHER"}`, contract.Validation, "MISSING_AGREEMENT_ID"},
		{seller, "SendAgreementCancellationRequest", inputs("agreementId", a.AgreementID), contract.Validation, "MISSING_REASON_CODE"},
		{seller, "SendAgreementCancellationRequest", inputs("agreementId", a.AgreementID, "reasonCode", "WHIM"), contract.Validation, "INVALID_REASON_CODE"},
		{seller, "SendAgreementCancellationRequest", inputs("agreementId", a.AgreementID, "reasonCode", "OTHER", "description", long), contract.Validation, "INVALID_DESCRIPTION"},
		{seller, "SendAgreementCancellationRequest", inputs("agreementId", a.AgreementID, "reasonCode", "OTHER", "clientToken", "a b"), contract.Validation, "INVALID_CLIENT_TOKEN"},
		{acme, "SendAgreementCancellationRequest", inputs("agreementId", a.AgreementID, "reasonCode", "OTHER"), contract.AccessDenied, "INVALID_ACCESS"},
		{seller, "GetAgreementCancellationRequest", about(a), contract.Validation, "MISSING_AGREEMENT_CANCELLATION_REQUEST_ID"},
		{seller, "GetAgreementCancellationRequest", id("agreementCancellationRequestId", "x-1"), contract.Validation, "INVALID_AGREEMENT_CANCELLATION_REQUEST_ID"},
		{seller, "GetAgreementCancellationRequest", id("agreementCancellationRequestId", "acr-0"), contract.ResourceNotFound, ""},
		{seller, "GetAgreementCancellationRequest", id("agreementId", other.AgreementID), contract.ResourceNotFound, ""},
		{globex, "GetAgreementCancellationRequest", id(), contract.AccessDenied, "INVALID_ACCESS"},
		{seller, "AcceptAgreementCancellationRequest", id(), contract.AccessDenied, "INVALID_ACCESS"},
		{seller, "RejectAgreementCancellationRequest", id("rejectionReason", "x"), contract.AccessDenied, "INVALID_ACCESS"},
		{acme, "RejectAgreementCancellationRequest", id(), contract.Validation, "INVALID_REJECTION_REASON"},
		{acme, "RejectAgreementCancellationRequest", id("rejectionReason", long), contract.Validation, "INVALID_REJECTION_REASON"},
		{acme, "CancelAgreementCancellationRequest", id("cancellationReason", "x"), contract.AccessDenied, "INVALID_ACCESS"},
		{seller, "CancelAgreementCancellationRequest", id(), contract.Validation, "MISSING_REASON"},
		{seller, "CancelAgreementCancellationRequest", id("cancellationReason", long), contract.Validation, "INVALID_REASON"},
		{seller, "ListAgreementCancellationRequests", `{}`, contract.Validation, "MISSING_PARTY_TYPE"},
		{seller, "ListAgreementCancellationRequests", `{"partyType":"Witness"}`, contract.Validation, "INVALID_PARTY_TYPE"},
		{seller, "ListAgreementCancellationRequests", `{"partyType":"Proposer","status":"VALIDATING"}`, contract.Validation, "INVALID_STATUS"},
		{seller, "ListAgreementCancellationRequests", `{"partyType":"Proposer","catalog":"Other"}`, contract.Validation, "INVALID_CATALOG"},
		{seller, "ListAgreementCancellationRequests", `{"partyType":"Proposer","agreementType":"Other"}`, contract.Validation, "INVALID_AGREEMENT_TYPE"},
		{seller, "ListAgreementCancellationRequests", `{"partyType":"Proposer","agreementId":"a b"}`, contract.Validation, "INVALID_AGREEMENT_ID"},
		{seller, "ListAgreementCancellationRequests", `{"partyType":"Proposer","maxResults":51}`, contract.Validation, "INVALID_MAX_RESULTS"},
		{seller, "ListAgreementCancellationRequests", `{"partyType":"Proposer","nextToken":"AAAA"}`, contract.Validation, "INVALID_NEXT_TOKEN"},
	} {
		if e := s.failure(s.as(c.account, c.op, c.body)); e.Type != c.code || e.Reason != c.reason {
			t.Errorf("%s %.120s: %+v, want %s %s", c.op, c.body, e, c.code, c.reason)
		}
	}
}

func TestCancellationRequestsListed(t *testing.T) {
	s := open(t)
	var ids []string
	for i := range 5 {
		a := s.Buy([]string{acme, globex}[i%2], inkwell)
		s.Pass(2 * time.Minute)
		ids = append(ids, s.send(a, "").ID)
	}
	list := func(account, body string) (got []string) {
		t.Helper()
		token := ""
		for {
			var out struct {
				Items []cancellationSummary
				Next  string `json:"nextToken"`
			}
			s.read(account, "ListAgreementCancellationRequests", strings.TrimSuffix(body, "}")+token+"}", &out)
			for _, r := range out.Items {
				got = append(got, r.ID)
			}
			if out.Next == "" {
				return got
			}
			token = `,"nextToken":"` + out.Next + `"`
		}
	}
	for _, c := range []struct {
		account, body string
		want          []string
	}{
		{seller, `{"partyType":"Proposer","maxResults":2}`, []string{ids[4], ids[3], ids[2], ids[1], ids[0]}},
		{seller, `{"partyType":"Acceptor"}`, nil},
		{acme, `{"partyType":"Acceptor","status":"PENDING_APPROVAL","catalog":"AWSMarketplace","agreementType":"PurchaseAgreement"}`, []string{ids[4], ids[2], ids[0]}},
		{acme, `{"partyType":"Acceptor","status":"APPROVED"}`, nil},
		{seller, `{"partyType":"Proposer","agreementId":"agmt-nobody"}`, nil},
	} {
		if got := list(c.account, c.body); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s %s: %v, want %v", c.account, c.body, got, c.want)
		}
	}
}
