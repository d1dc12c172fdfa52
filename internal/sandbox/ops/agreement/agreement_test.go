package agreement

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/goldentest"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

var noon = time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)

const (
	seller  = "444455556666"
	acme    = "111122223333"
	globex  = "222233334444"
	inkwell = "1nkwe11payasyoug0abcdefgh"
	classic = "1nkwe11c1ass1c0abcdefghij"
)

// stand is the front door with the Agreement API on a world whose clock is moved by hand.
type stand struct {
	*wire.Front
	t     testing.TB
	clock *clock.Virtual
	world *world.World
}

func open(t testing.TB) *stand {
	t.Helper()
	w, err := world.New(world.Options{File: world.Builtin(), Seed: 1, FulfillmentURL: "http://127.0.0.1:4710/register"})
	if err != nil {
		t.Fatal(err)
	}
	clk := clock.NewVirtual(noon)
	s := &stand{t: t, clock: clk, world: w, Front: &wire.Front{Clock: clk, Accounts: w, Faults: &fault.Set{}, Calls: &wire.Calls{}, Log: slog.New(slog.DiscardHandler)}}
	s.Register(Service(w))
	return s
}

func (s *stand) pass(d time.Duration) {
	s.t.Helper()
	s.clock.Set(s.clock.Now().Add(d))
	if _, err := s.world.RunDue(s.clock.Now()); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stand) buy(buyer, product string) world.Agreement {
	s.t.Helper()
	a, err := s.world.Subscribe(s.clock.Now(), world.Subscribe{BuyerAccount: buyer, Product: product})
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// key is the access key of an account: a buyer's own, or any other for the seller.
func (s *stand) key(account string) string {
	s.t.Helper()
	if account == seller {
		return "AKIDEXAMPLE"
	}
	k, err := s.world.BuyerKey(account)
	if err != nil {
		s.t.Fatal(err)
	}
	return k.ID
}

// as asks in JSON, as account.
func (s *stand) as(account, op, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", "AWSMPCommerceService_v20200301."+op)
	return s.send(account, r)
}

// inCBOR asks the same in CBOR.
func (s *stand) inCBOR(account, op, body string) *httptest.ResponseRecorder {
	s.t.Helper()
	var in any
	if err := json.Unmarshal([]byte(body), &in); err != nil {
		s.t.Fatal(err)
	}
	b, err := cbor.Marshal(in)
	if err != nil {
		s.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/service/AWSMPCommerceService_v20200301/operation/"+op, strings.NewReader(string(b)))
	r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
	return s.send(account, r)
}

func (s *stand) send(account string, r *http.Request) *httptest.ResponseRecorder {
	s.t.Helper()
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+s.key(account)+"/20261110/us-east-1/aws-marketplace/aws4_request, SignedHeaders=host;x-amz-date, Signature=00")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// failed is what an error's body says.
type failed struct {
	Type, Message, Reason, RequestID, ResourceID, ResourceType string
	Fields                                                     []struct{ Name, Message string }
}

func (s *stand) failure(w *httptest.ResponseRecorder) failed {
	s.t.Helper()
	var e struct {
		Type string `json:"__type"`
		failed
	}
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil {
		s.t.Fatalf("%v: %s", err, w.Body)
	}
	e.failed.Type = e.Type
	if e.Type != w.Header().Get("x-amzn-ErrorType") || (e.Type != "") != (w.Code != http.StatusOK) || (e.Type != "" && (e.Message == "" || e.RequestID == "")) {
		s.t.Errorf("status %d, header %q, body %s", w.Code, w.Header().Get("x-amzn-ErrorType"), w.Body)
	}
	return e.failed
}

// golden compares an answer with testdata/name.golden.txt: status, headers and every byte but the request's id.
func golden(t *testing.T, name string, w *httptest.ResponseRecorder) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP %d\n", w.Code)
	for _, h := range []string{"Content-Type", "X-Amzn-Errortype", "Smithy-Protocol"} {
		if v := w.Header().Get(h); v != "" {
			fmt.Fprintf(&b, "%s: %s\n", h, v)
		}
	}
	id := w.Header().Get("X-Amzn-Requestid")
	body := strings.ReplaceAll(w.Body.String(), id, "00000000-0000-0000-0000-000000000000")
	if w.Header().Get("Content-Type") == "application/cbor" {
		body = hex.Dump([]byte(body))
	}
	fmt.Fprintf(&b, "\n%s\n", body)
	goldentest.Compare(t, name+".golden.txt", b.String())
}

func about(a world.Agreement) string { return `{"agreementId":"` + a.AgreementID + `"}` }

func TestAnswersToTheByte(t *testing.T) {
	s := open(t)
	a := s.buy(acme, inkwell)
	s.pass(2 * time.Minute)
	const mine = `{"filters":[{"name":"PartyType","values":["Proposer"]},{"name":"AgreementType","values":["PurchaseAgreement"]}]}`
	for _, c := range []struct{ name, account, op, body string }{
		{"describe", seller, "DescribeAgreement", about(a)},
		{"terms", seller, "GetAgreementTerms", about(a)},
		{"search", seller, "SearchAgreements", mine},
		{"missing-id", seller, "DescribeAgreement", `{}`},
		{"not-found", seller, "DescribeAgreement", `{"agreementId":"agmt-nobody"}`},
		{"denied", globex, "DescribeAgreement", about(a)},
	} {
		golden(t, c.name+"-json", s.as(c.account, c.op, c.body))
		golden(t, c.name+"-cbor", s.inCBOR(c.account, c.op, c.body))
	}
	golden(t, "entitlements-json", s.as(acme, "GetAgreementEntitlements", about(a)))
	golden(t, "cancel-json", s.as(acme, "CancelAgreement", about(a)))
	golden(t, "conflict-json", s.as(acme, "CancelAgreement", about(a)))
	golden(t, "conflict-cbor", s.inCBOR(acme, "CancelAgreement", about(a)))
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
			e := s.failure(s.as(account, op, about(s.buy(acme, inkwell))))
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
	a := s.buy(acme, inkwell)
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
	s.pass(2 * time.Minute)
	e := ask()
	if e.Status != "PROVISIONED" || e.StatusReasonCode != "" || e.LicenseARN != a.License.ARN || e.Resource != (resource{a.ProductID, "SaaSProduct"}) {
		t.Errorf("when provisioned: %+v", e)
	}
	s.pass(30*time.Minute - time.Millisecond)
	if who, err := s.world.ResolveToken(s.clock.Now(), seller, e.RegistrationToken); err != nil || who.LicenseARN != a.License.ARN {
		t.Errorf("just in time: %+v, %v", who, err)
	}
	s.pass(time.Millisecond)
	if _, err := s.world.ResolveToken(s.clock.Now(), seller, e.RegistrationToken); err == nil || !strings.Contains(err.Error(), contract.ExpiredToken) {
		t.Errorf("after 30 minutes: %v", err)
	}
	if got := s.failure(s.as(acme, "CancelAgreement", about(a))); got.Type != "" {
		t.Fatalf("%+v", got)
	}
	if e := ask(); e.RegistrationToken != "" {
		t.Errorf("after the end there is a token: %+v", e)
	}
	s.pass(time.Hour)
	if e := ask(); e.Status != "DEPROVISIONED" || e.StatusReasonCode != "AGREEMENT_INACTIVE" {
		t.Errorf("after the last hour: %+v", e)
	}
}

// Cancelling over the API is the same act as cancelling on the page.
func TestCancel(t *testing.T) {
	s := open(t)
	a := s.buy(acme, inkwell)
	s.pass(2 * time.Minute)
	if got := s.as(acme, "CancelAgreement", about(a)).Body.String(); got != "{}" {
		t.Errorf("answered %s", got)
	}
	now, err := s.world.Agreement(a.AgreementID)
	if err != nil || now.Status != world.Cancelled || !now.License.MeteringUntil.After(s.clock.Now()) {
		t.Errorf("%+v, %v", now, err)
	}
	if e := s.failure(s.as(acme, "CancelAgreement", about(a))); e.Type != contract.Conflict || e.ResourceID != a.AgreementID || e.ResourceType != "Agreement" {
		t.Errorf("again: %+v", e)
	}
}

// Every error that the API reference lists is reachable, at the least by a fault, with the model's HTTP status.
func TestEveryDocumentedErrorCanBeMet(t *testing.T) {
	status := map[string]int{contract.Validation: 400, contract.AccessDenied: 403, contract.ResourceNotFound: 404, contract.Conflict: 409, contract.Throttling: 429, contract.InternalServer: 500}
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
