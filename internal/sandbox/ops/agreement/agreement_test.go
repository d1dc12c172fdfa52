package agreement

import (
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/ops/opstest"
	"souk.dev/souk/internal/sandbox/world"
)

var noon = opstest.Noon

const (
	seller  = opstest.Seller
	acme    = opstest.Acme
	globex  = opstest.Globex
	inkwell = opstest.Inkwell
	classic = opstest.Classic
	teams   = opstest.Teams
	press   = opstest.Press
)

// stand is the Agreement API on the built-in world.
type stand struct{ *opstest.Stand }

func open(t testing.TB) *stand {
	t.Helper()
	return &stand{opstest.Open(t, Service)}
}

const target = "AWSMPCommerceService_v20200301."

// as asks in JSON, as account.
func (s *stand) as(account, op, body string) *httptest.ResponseRecorder {
	s.T.Helper()
	return s.Send(account, opstest.JSON(target+op, body))
}

// inCBOR asks the same in CBOR.
func (s *stand) inCBOR(account, op, body string) *httptest.ResponseRecorder {
	s.T.Helper()
	return s.Send(account, opstest.CBOR(s.T, target+op, body))
}

// failure is an error's body; this API's have the request's id, too.
func (s *stand) failure(w *httptest.ResponseRecorder) opstest.Failure {
	s.T.Helper()
	e := s.Failure(w)
	if e.Type != "" && e.RequestID == "" {
		s.T.Errorf("an error without the request's id: %s", w.Body)
	}
	return e
}

// both holds the answers in JSON and in CBOR against golden files.
func (s *stand) both(t *testing.T, name, account, op, body string) {
	t.Helper()
	opstest.Golden(t, name+"-json", s.as(account, op, body))
	opstest.Golden(t, name+"-cbor", s.inCBOR(account, op, body))
}

func about(a world.Agreement) string { return `{"agreementId":"` + a.AgreementID + `"}` }

func TestAnswersToTheByte(t *testing.T) {
	s := open(t)
	a := s.Buy(acme, inkwell)
	s.Pass(2 * time.Minute)
	const mine = `{"filters":[{"name":"PartyType","values":["Proposer"]},{"name":"AgreementType","values":["PurchaseAgreement"]}]}`
	for _, c := range []struct{ name, account, op, body string }{
		{"describe", seller, "DescribeAgreement", about(a)},
		{"terms", seller, "GetAgreementTerms", about(a)},
		{"search", seller, "SearchAgreements", mine},
		{"missing-id", seller, "DescribeAgreement", `{}`},
		{"not-found", seller, "DescribeAgreement", `{"agreementId":"agmt-nobody"}`},
		{"denied", globex, "DescribeAgreement", about(a)},
	} {
		s.both(t, c.name, c.account, c.op, c.body)
	}
	opstest.Golden(t, "entitlements-json", s.as(acme, "GetAgreementEntitlements", about(a)))
	opstest.Golden(t, "cancel-json", s.as(acme, "CancelAgreement", about(a)))
	opstest.Golden(t, "conflict-json", s.as(acme, "CancelAgreement", about(a)))
	opstest.Golden(t, "conflict-cbor", s.inCBOR(acme, "CancelAgreement", about(a)))
}

// Who may call what: the two parties read, the buyer alone asks for tokens and cancels.
func TestWhoMayCallWhat(t *testing.T) {
	for op, allowed := range map[string][]string{
		"DescribeAgreement":        {seller, acme},
		"GetAgreementTerms":        {seller, acme},
		"GetAgreementEntitlements": {acme},
		"CancelAgreement":          {acme},
	} {
		for _, account := range []string{seller, acme, globex} {
			s := open(t)
			e := s.failure(s.as(account, op, about(s.Buy(acme, inkwell))))
			if want := slices.Contains(allowed, account); want != (e.Type == "") || (!want && (e.Type != contract.AccessDenied || e.Reason != "INVALID_ACCESS")) {
				t.Errorf("%s by %s: %+v", op, account, e)
			}
		}
		s := open(t)
		if e := s.failure(s.as(acme, op, `{"agreementId":"agmt-0"}`)); e.Type != contract.ResourceNotFound || e.ResourceID != "agmt-0" || e.ResourceType != "Agreement" {
			t.Errorf("%s of nothing: %+v", op, e)
		}
		for body, reason := range map[string]string{`{}`: "MISSING_AGREEMENT_ID", `{"agreementId":""}`: "MISSING_AGREEMENT_ID",
			`{"agreementId":"a b"}`: "INVALID_AGREEMENT_ID", `{"agreementId":"` + strings.Repeat("a", 65) + `"}`: "INVALID_AGREEMENT_ID"} {
			if e := s.failure(s.as(acme, op, body)); e.Type != contract.Validation || e.Reason != reason || len(e.Fields) != 1 || e.Fields[0].Name != "agreementId" {
				t.Errorf("%s with %s: %+v", op, body, e)
			}
		}
	}
}

// A buyer's program sets up an account with the token that it is given, within 30 minutes.
func TestEntitlementsCarryAToken(t *testing.T) {
	s := open(t)
	a := s.Buy(acme, inkwell)
	ask := func() agreementEntitlement {
		t.Helper()
		var out agreementEntitlements
		w := s.as(acme, "GetAgreementEntitlements", about(a))
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || len(out.Items) != 1 || out.Next != nil {
			t.Fatalf("%s: %v", w.Body, err)
		}
		return out.Items[0]
	}
	if e := ask(); e.Status != "PENDING" || e.StatusReasonCode != "PROVISIONING_IN_PROGRESS" || e.RegistrationToken == "" {
		t.Errorf("at once: %+v", e)
	}
	s.Pass(2 * time.Minute)
	e := ask()
	if e.Status != "PROVISIONED" || e.StatusReasonCode != "" || e.LicenseARN != a.License.ARN || e.Resource != (resource{a.ProductID, "SaaSProduct"}) {
		t.Errorf("when provisioned: %+v", e)
	}
	s.Pass(30*time.Minute - time.Millisecond)
	if who, err := s.World.ResolveToken(s.Clock.Now(), seller, e.RegistrationToken); err != nil || who.LicenseARN != a.License.ARN {
		t.Errorf("just in time: %+v, %v", who, err)
	}
	s.Pass(time.Millisecond)
	if _, err := s.World.ResolveToken(s.Clock.Now(), seller, e.RegistrationToken); err == nil || !strings.Contains(err.Error(), contract.ExpiredToken) {
		t.Errorf("after 30 minutes: %v", err)
	}
	if got := s.failure(s.as(acme, "CancelAgreement", about(a))); got.Type != "" {
		t.Fatalf("%+v", got)
	}
	if e := ask(); e.RegistrationToken != "" {
		t.Errorf("after the end there is a token: %+v", e)
	}
	s.Pass(time.Hour)
	if e := ask(); e.Status != "DEPROVISIONED" || e.StatusReasonCode != "AGREEMENT_INACTIVE" {
		t.Errorf("after the last hour: %+v", e)
	}
}

// Cancelling over the API is the same act as cancelling on the page.
func TestCancel(t *testing.T) {
	s := open(t)
	a := s.Buy(acme, inkwell)
	s.Pass(2 * time.Minute)
	if got := s.as(acme, "CancelAgreement", about(a)).Body.String(); got != "{}" {
		t.Errorf("answered %s", got)
	}
	now, err := s.World.Agreement(a.AgreementID)
	if err != nil || now.Status != world.Cancelled || !now.License.MeteringUntil.After(s.Clock.Now()) {
		t.Errorf("%+v, %v", now, err)
	}
	if e := s.failure(s.as(acme, "CancelAgreement", about(a))); e.Type != contract.Conflict || e.ResourceID != a.AgreementID || e.ResourceType != "Agreement" {
		t.Errorf("again: %+v", e)
	}
}

// Every error that the API reference lists is reachable, at the least by a fault, with the model's HTTP status.
func TestEveryDocumentedErrorCanBeMet(t *testing.T) {
	status := map[string]int{contract.Validation: 400, contract.AccessDenied: 403, contract.ResourceNotFound: 404, contract.Conflict: 409, contract.Throttling: 429, contract.ServiceQuotaExceeded: 402, contract.InternalServer: 500}
	for name := range Service(nil).Ops {
		op, ok := contract.Operations[name]
		if !ok || len(op.Errors) == 0 {
			t.Errorf("the contract has no errors of %s", name)
		}
		for _, code := range op.Errors {
			s := open(t)
			if _, err := s.Faults.Add(fault.Rule{Operation: name, Kind: fault.Exception, Code: code}); err != nil {
				t.Fatal(err)
			}
			for _, w := range []*httptest.ResponseRecorder{s.as(acme, name, `{}`), s.inCBOR(acme, name, `{}`)} {
				if got := w.Header().Get("x-amzn-ErrorType"); got != code || w.Code != status[code] {
					t.Errorf("%s: %s came as %d %q, want %d", name, code, w.Code, got, status[code])
				}
			}
		}
	}
	s := open(t)
	if _, err := s.Faults.Add(fault.Rule{Operation: "*", Kind: fault.Error}); err != nil {
		t.Fatal(err)
	}
	if w := s.as(acme, "DescribeAgreement", `{}`); w.Code != 500 || w.Header().Get("x-amzn-ErrorType") != contract.InternalServer {
		t.Errorf("an outage is %d %q", w.Code, w.Header().Get("x-amzn-ErrorType"))
	}
}
