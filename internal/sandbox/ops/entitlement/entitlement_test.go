package entitlement

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/ops/opstest"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

var noon = opstest.Noon

const (
	acme         = opstest.Acme
	globex       = opstest.Globex
	inkwell      = opstest.Inkwell
	teams        = opstest.Teams
	classicTeams = opstest.ClassicTeams
)

// market is the built-in world, with whatever contracts a test wants to be running.
type market struct {
	*world.World
	granted []world.Entitlement
	asked   world.EntitlementFilter // the last filter
}

func (m *market) Entitlements(code string, f world.EntitlementFilter) ([]world.Entitlement, error) {
	m.asked = f
	if len(f.LicenseARNs) == 0 {
		return slices.Clone(m.granted), nil
	}
	return slices.DeleteFunc(slices.Clone(m.granted), func(e world.Entitlement) bool { return !slices.Contains(f.LicenseARNs, e.LicenseARN) }), nil
}

func arn(n int) string {
	return fmt.Sprintf("arn:aws:license-manager::294406891311:license:l-%032d", n)
}

// grant is n contracts for ten users each, the youngest first, so that the order is the API's own doing.
func grant(n int) []world.Entitlement {
	var all []world.Entitlement
	for i := range n {
		all = append(all, world.Entitlement{ProductCode: inkwell, Dimension: "users", CustomerAWSAccountID: acme, LicenseARN: arn(n - i),
			Value: world.EntitlementValue{Integer: new(int64(10))}, ExpirationDate: noon.AddDate(1, 0, 0)})
	}
	return all
}

// stand is the Entitlement API on such a market.
type stand struct {
	*opstest.Stand
	market *market
}

func open(t testing.TB, contracts int) *stand {
	t.Helper()
	s := &stand{}
	s.Stand = opstest.Open(t, func(w *world.World) wire.Service {
		s.market = &market{World: w, granted: grant(contracts)}
		return Service(s.market)
	})
	return s
}

const target = "AWSMPEntitlementService.GetEntitlements"

// askJSON asks as boto3 does.
func (s *stand) askJSON(body string, headers ...string) *httptest.ResponseRecorder {
	s.T.Helper()
	return s.ask(opstest.JSON(target, body), headers...)
}

// askCBOR asks the same as the Go SDK does.
func (s *stand) askCBOR(t testing.TB, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	return s.ask(opstest.CBOR(t, target, body), headers...)
}

func (s *stand) ask(r *http.Request, headers ...string) *httptest.ResponseRecorder {
	s.T.Helper()
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return s.Send(opstest.Seller, r)
}

func TestAnswersToTheByte(t *testing.T) {
	s := open(t, 2)
	s.market.granted[0].CustomerIdentifier = "ifAPi5AcF3" // as a legacy product has
	for name, body := range map[string]string{
		"page":    `{"ProductCode":"` + inkwell + `","MaxResults":1}`,
		"all":     `{"ProductCode":"` + inkwell + `"}`,
		"invalid": `{"ProductCode":"` + inkwell + `","MaxResults":26}`,
		"nothing": `{"ProductCode":"` + inkwell + `","Filter":{"LICENSE_ARN":["arn:other"]}}`,
	} {
		opstest.Golden(t, name+"-json", s.askJSON(body))
		opstest.Golden(t, name+"-cbor", s.askCBOR(t, body))
	}
}

// Every kind of value is written as the member of its type.
func TestValuesOfEveryType(t *testing.T) {
	for want, v := range map[string]world.EntitlementValue{
		`{"IntegerValue":0}`:     {Integer: new(int64)},
		`{"DoubleValue":0.5}`:    {Double: new(0.5)},
		`{"BooleanValue":false}`: {Boolean: new(bool)},
		`{"StringValue":""}`:     {String: new(string)},
	} {
		s := open(t, 1)
		s.market.granted[0].Value = v
		if got := s.askJSON(`{"ProductCode":"` + inkwell + `"}`).Body.String(); !strings.Contains(got, `"Value":`+want) {
			t.Errorf("%s; want the value %s", got, want)
		}
	}
}

func TestFiltersReachTheMarket(t *testing.T) {
	s := open(t, 0)
	s.askJSON(`{"ProductCode":"` + inkwell + `","Filter":{"CUSTOMER_AWS_ACCOUNT_ID":["1","2"],"LICENSE_ARN":["a"],"DIMENSION":["users"]}}`)
	if got, want := fmt.Sprint(s.market.asked), fmt.Sprint(world.EntitlementFilter{CustomerAWSAccountIDs: []string{"1", "2"}, LicenseARNs: []string{"a"}, Dimensions: []string{"users"}, Now: noon}); got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
	s.askJSON(`{"ProductCode":"` + inkwell + `","Filter":{"CUSTOMER_IDENTIFIER":["x"]}}`)
	if got := s.market.asked.CustomerIdentifiers; len(got) != 1 || got[0] != "x" {
		t.Errorf("asked for %v", got)
	}
}

func TestWhatIsRefused(t *testing.T) {
	with := func(more string) string { return `{"ProductCode":"` + inkwell + `",` + more + `}` }
	first := open(t, 2).askJSON(with(`"MaxResults":1`))
	var got struct{ NextToken string }
	if err := json.Unmarshal(first.Body.Bytes(), &got); err != nil || got.NextToken == "" {
		t.Fatalf("%s, %v", first.Body, err)
	}
	for name, c := range map[string]struct{ body, code string }{
		"no product":               {`{}`, contract.InvalidParameter},
		"product too long":         {`{"ProductCode":"` + strings.Repeat("x", 256) + `"}`, contract.InvalidParameter},
		"unknown product":          {`{"ProductCode":"nobody"}`, contract.InvalidParameter},
		"its id for its code":      {`{"ProductCode":"prod-inkwell00payg"}`, contract.InvalidParameter},
		"unknown filter":           {with(`"Filter":{"COLOUR":["red"]}`), contract.InvalidParameter},
		"filter of nothing":        {with(`"Filter":{"DIMENSION":[]}`), contract.InvalidParameter},
		"both customers":           {with(`"Filter":{"CUSTOMER_IDENTIFIER":["a"],"CUSTOMER_AWS_ACCOUNT_ID":["1"]}`), contract.InvalidParameter},
		"no results":               {with(`"MaxResults":0`), contract.InvalidParameter},
		"too many results":         {with(`"MaxResults":26`), contract.InvalidParameter},
		"blank token":              {with(`"NextToken":" "`), contract.InvalidParameter},
		"token of nobody":          {with(`"NextToken":"AAAA"`), contract.InvalidParameter},
		"token of another request": {with(`"NextToken":"` + got.NextToken + `","Filter":{"DIMENSION":["users"]}`), contract.InvalidParameter},
		"filter of another type":   {with(`"Filter":{"DIMENSION":"users"}`), contract.Serialization},
	} {
		s := open(t, 2)
		for protocol, w := range map[string]*httptest.ResponseRecorder{"JSON": s.askJSON(c.body), "CBOR": s.askCBOR(t, c.body)} {
			if got := w.Header().Get("x-amzn-ErrorType"); got != c.code || w.Code != http.StatusBadRequest {
				t.Errorf("%s in %s: %d %q, want %s", name, protocol, w.Code, got, c.code)
			}
		}
	}
	s := open(t, 1)
	w := s.askJSON(with(`"MaxResults":1`), "Authorization", opstest.Signed("AKIDEXAMPLE", "eu-west-1"))
	if got := w.Header().Get("x-amzn-ErrorType"); got != contract.InvalidSignature {
		t.Errorf("in another Region: %q", got)
	}
}

// Contracts that begin and end between two pages neither hide nor repeat the others.
func TestPagesWhileTheMarketMoves(t *testing.T) {
	s := open(t, 30)
	steady := arn(17)
	seen := map[string]int{}
	token := ""
	for page := 0; ; page++ {
		w := s.askJSON(`{"ProductCode":"` + inkwell + `","MaxResults":7` + token + `}`)
		var next struct {
			Entitlements []struct{ LicenseArn string }
			NextToken    string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &next); err != nil {
			t.Fatalf("%s: %v", w.Body, err)
		}
		for _, e := range next.Entitlements {
			seen[e.LicenseArn]++
		}
		if next.NextToken == "" {
			break
		}
		token = `,"NextToken":"` + next.NextToken + `"`
		s.market.granted = slices.DeleteFunc(s.market.granted, func(e world.Entitlement) bool { return e.LicenseARN == arn(3+page) }) // told already, or not yet
		s.market.granted = append(s.market.granted, world.Entitlement{ProductCode: inkwell, Dimension: "users", LicenseARN: arn(100 + page), Value: world.EntitlementValue{Integer: new(int64(1))}})
	}
	for license, n := range seen {
		if n != 1 {
			t.Errorf("%s came %d times", license, n)
		}
	}
	if seen[steady] != 1 || len(seen) < 30 {
		t.Errorf("saw %d licenses, and %s %d times", len(seen), steady, seen[steady])
	}
}

func TestStaleEntitlements(t *testing.T) {
	const body = `{"ProductCode":"` + inkwell + `"}`
	s := open(t, 1)
	if _, err := s.Faults.Add(fault.Rule{Operation: "GetEntitlements", Kind: fault.StaleEntitlements, Times: new(1)}); err != nil {
		t.Fatal(err)
	}
	if got := s.askJSON(body).Body.String(); got != "{}" {
		t.Errorf("never asked before: %s", got)
	}
	before := s.askJSON(body).Body.String()
	s.market.granted = nil
	if _, err := s.Faults.Add(fault.Rule{Operation: "GetEntitlements", Kind: fault.StaleEntitlements, Times: new(1)}); err != nil {
		t.Fatal(err)
	}
	if got := s.askJSON(body).Body.String(); got != before || !strings.Contains(got, arn(1)) {
		t.Errorf("stale: %s, want %s", got, before)
	}
	if got := s.askJSON(body).Body.String(); got != "{}" {
		t.Errorf("in the end: %s", got)
	}
}

func TestReadingsOfGetEntitlements(t *testing.T) {
	const body = `{"ProductCode":"` + inkwell + `"}`
	s := open(t, 3)
	if err := s.market.SetProfiles(noon, map[string]string{"entitlement-page": "1", "empty-entitlements": "list"}); err != nil {
		t.Fatal(err)
	}
	if got := s.askJSON(body).Body.String(); strings.Count(got, `"LicenseArn"`) != 1 || !strings.Contains(got, "NextToken") {
		t.Errorf("a page of one: %s", got)
	}
	if got := s.askJSON(`{"ProductCode":"` + inkwell + `","MaxResults":2}`).Body.String(); strings.Count(got, `"LicenseArn"`) != 2 {
		t.Errorf("a page of the size that was asked for: %s", got)
	}
	s.market.granted = nil
	if got := s.askJSON(body).Body.String(); got != `{"Entitlements":[]}` {
		t.Errorf("nothing: %s", got)
	}
	if got := s.askCBOR(t, body).Body.String(); !strings.Contains(got, "Entitlements") {
		t.Errorf("nothing, in CBOR: %q", got)
	}
}

// A token that expires is good until it does, and one that says no instant never was.
func TestTokensThatExpire(t *testing.T) {
	s := open(t, 3)
	page := func(token string, want int) string {
		t.Helper()
		w := s.askJSON(`{"ProductCode":"` + inkwell + `","MaxResults":1` + token + `}`)
		if w.Code != want {
			t.Errorf("%s: %s", token, w.Body)
		}
		var out struct{ NextToken string }
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			t.Fatal(err)
		}
		return `,"NextToken":"` + out.NextToken + `"`
	}
	bare := page("", 200)
	if err := s.market.SetProfiles(noon, map[string]string{"page-token-expiry": "15m"}); err != nil {
		t.Fatal(err)
	}
	page(bare, 400)
	first := page("", 200)
	s.Clock.Set(s.Clock.Now().Add(15*time.Minute - time.Microsecond))
	second := page(first, 200)
	s.Clock.Set(s.Clock.Now().Add(time.Microsecond))
	page(first, 400)
	page(second, 200)
	page(strings.Replace(second, `":"`, `":"x!`, 1), 400)
}

func TestQuota(t *testing.T) {
	s := open(t, 1)
	if err := s.market.SetProfiles(noon, map[string]string{"quota": "on"}); err != nil {
		t.Fatal(err)
	}
	for i := range contract.EntitlementsPerSecond + 1 {
		w := s.askJSON(`{"ProductCode":"` + inkwell + `"}`)
		if refused := w.Header().Get("x-amzn-ErrorType") == contract.Throttling; refused != (i == contract.EntitlementsPerSecond) {
			t.Errorf("call %d: %s", i+1, w.Body)
		}
	}
}

// Every error that the API reference lists is reachable, at the least by a fault, in both protocols.
func TestEveryDocumentedErrorCanBeMet(t *testing.T) {
	for _, code := range contract.Operations["GetEntitlements"].Errors {
		s := open(t, 1)
		if _, err := s.Faults.Add(fault.Rule{Operation: "GetEntitlements", Kind: fault.Exception, Code: code}); err != nil {
			t.Fatal(err)
		}
		for _, w := range []*httptest.ResponseRecorder{s.askJSON(`{}`), s.askCBOR(t, `{}`)} {
			if got := w.Header().Get("x-amzn-ErrorType"); got != code || (w.Code == http.StatusInternalServerError) != (code == contract.InternalServiceError) {
				t.Errorf("%s: %d %q", code, w.Code, got)
			}
		}
	}
}

// No request makes a page larger than asked for, or the service fail.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"ProductCode":"`+inkwell+`","Filter":{"LICENSE_ARN":["a","b"]},"MaxResults":2,"NextToken":"AAAA"}`), false)
	f.Add([]byte("\xa1\x6bProductCode\x78\x19"+inkwell), true)
	s := open(f, 3)
	f.Fuzz(func(t *testing.T, body []byte, asCBOR bool) {
		s.T = t
		r := httptest.NewRequest(http.MethodPost, "/service/AWSMPEntitlementService/operation/GetEntitlements", strings.NewReader(string(body)))
		if asCBOR {
			r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
		} else {
			r.Header.Set("X-Amz-Target", "AWSMPEntitlementService.GetEntitlements")
		}
		w := s.ask(r)
		if w.Code >= http.StatusInternalServerError || (w.Code == http.StatusOK) == (w.Header().Get("x-amzn-ErrorType") != "") {
			t.Fatalf("%q: %d %s", body, w.Code, w.Body)
		}
	})
}
