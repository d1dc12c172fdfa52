package metering

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/ops/opstest"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

var accepted = map[string]string{"buyer-side-metering": "accept"}

// ask calls as software that runs in the account of a buyer.
func (s *stand) ask(account, op, body string) *httptest.ResponseRecorder {
	s.T.Helper()
	return s.Send(account, opstest.JSON("AWSMPMeteringService."+op, body))
}

// usage is an input of MeterUsage with everything right; changes are as those of record.
func usage(changes ...any) string {
	return text(map[string]any{"ProductCode": inkwell, "Timestamp": noon.Unix(), "UsageDimension": "pages", "UsageQuantity": 3}, changes)
}

// registering is an input of RegisterUsage with everything right.
func registering(changes ...any) string {
	return text(map[string]any{"ProductCode": inkwell, "PublicKeyVersion": 1}, changes)
}

func text(m map[string]any, changes []any) string {
	for i := 0; i < len(changes); i += 2 {
		if name := changes[i].(string); changes[i+1] == nil {
			delete(m, name)
		} else {
			m[name] = changes[i+1]
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // maps of numbers and strings
	}
	return string(b)
}

func TestBuyerSideToTheByte(t *testing.T) {
	s := open(t, nil)
	s.buy(acme, inkwell)
	opstest.Golden(t, "meter-refused", s.ask(acme, "MeterUsage", usage()))
	opstest.Golden(t, "register-refused", s.ask(acme, "RegisterUsage", registering()))
	s.Choose(accepted)
	opstest.Golden(t, "meter", s.ask(acme, "MeterUsage", usage("ClientToken", "a")))
	opstest.Golden(t, "meter-conflict", s.ask(acme, "MeterUsage", usage("ClientToken", "a", "UsageQuantity", 4)))
	opstest.Golden(t, "meter-dry-run", s.ask(acme, "MeterUsage", usage("DryRun", true)))
	opstest.Golden(t, "meter-not-entitled", s.ask(globex, "MeterUsage", usage()))
}

// What is wrong with a request is told whether software as a service is taken or not.
func TestBuyerSideRefusals(t *testing.T) {
	long := strings.Repeat("x", 256)
	split := []any{map[string]any{"AllocatedUsageQuantity": 2}}
	for _, choices := range []map[string]string{nil, accepted} {
		s := open(t, choices)
		s.buy(acme, inkwell)
		s.Pass(7 * time.Hour)
		now := s.Clock.Now()
		at := func(d time.Duration) string { return usage("Timestamp", now.Add(d).Unix()) }
		right := func(changes ...any) string { return usage(append([]any{"Timestamp", now.Unix()}, changes...)...) }
		for name, c := range map[string]struct{ op, body, want string }{
			"no code":                {"MeterUsage", right("ProductCode", nil), contract.Validation},
			"a code of 256":          {"MeterUsage", right("ProductCode", long), contract.Validation},
			"no timestamp":           {"MeterUsage", usage("Timestamp", nil), contract.Validation},
			"no dimension":           {"MeterUsage", right("UsageDimension", nil), contract.Validation},
			"negative":               {"MeterUsage", right("UsageQuantity", -1), contract.Validation},
			"an empty token":         {"MeterUsage", right("ClientToken", ""), contract.Validation},
			"a token of 65":          {"MeterUsage", right("ClientToken", long[:65]), contract.Validation},
			"no allocations":         {"MeterUsage", right("UsageAllocations", []any{}), contract.Validation},
			"text for a boolean":     {"MeterUsage", right("DryRun", "yes"), contract.Serialization},
			"unknown code":           {"MeterUsage", right("ProductCode", "nobody"), contract.InvalidProductCode},
			"an id for a code":       {"MeterUsage", right("ProductCode", "prod-inkwell00payg"), contract.InvalidProductCode},
			"unknown dimension":      {"MeterUsage", right("UsageDimension", "moonbeams"), contract.InvalidUsageDimension},
			"six hours and a second": {"MeterUsage", at(-6*time.Hour - time.Second), contract.TimestampOutOfBounds},
			"in the future":          {"MeterUsage", at(time.Second), contract.TimestampOutOfBounds},
			"no key version":         {"RegisterUsage", registering("PublicKeyVersion", nil), contract.Validation},
			"key version 0":          {"RegisterUsage", registering("PublicKeyVersion", 0), contract.Validation},
			"a nonce of 256":         {"RegisterUsage", registering("Nonce", long), contract.Validation},
			"registering an unknown": {"RegisterUsage", registering("ProductCode", "nobody"), contract.InvalidProductCode},
			"key version 2":          {"RegisterUsage", registering("PublicKeyVersion", 2), contract.InvalidPublicKeyVersion},
		} {
			if got := s.fault(s.ask(acme, c.op, c.body)); got != c.want {
				t.Errorf("%s (%v): %q, want %q", name, choices, got, c.want)
			}
		}
		if choices == nil {
			continue
		}
		for name, c := range map[string]struct{ account, op, body, want string }{
			"allocations that do not add up": {acme, "MeterUsage", right("UsageAllocations", split), contract.InvalidUsageAllocations},
			"not subscribed":                 {globex, "MeterUsage", right(), contract.CustomerNotEntitled},
			"the seller":                     {opstest.Seller, "MeterUsage", right(), contract.CustomerNotEntitled},
			"registering without one":        {globex, "RegisterUsage", registering(), contract.CustomerNotEntitled},
			"exactly six hours":              {acme, "MeterUsage", at(-6 * time.Hour), ""},
		} {
			if got := s.fault(s.ask(c.account, c.op, c.body)); got != c.want {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
	}
	s := open(t, accepted)
	for op, want := range map[string]string{"MeterUsage": contract.InvalidEndpointRegion, "RegisterUsage": contract.DisabledAPI} {
		r := request(op, usage())
		r.Header.Set("Authorization", opstest.Signed("AKIDEXAMPLE", "mx-central-1"))
		if got := s.fault(s.Send(acme, r)); got != want {
			t.Errorf("%s in a Region without it: %q, want %q", op, got, want)
		}
	}
}

// Usage from the buyer's side is billed like any other: once an hour for each dimension; and a token makes a request
// the same one for good.
func TestMeterUsageCountsOnce(t *testing.T) {
	s := open(t, accepted)
	s.buy(acme, inkwell)
	s.buy(acme, classic)
	s.Pass(time.Hour)
	id := func(body string) string {
		t.Helper()
		var out struct{ MeteringRecordId string }
		opstest.Read(t, s.ask(acme, "MeterUsage", body), &out)
		if out.MeteringRecordId == "" {
			t.Fatalf("%s has no record", body)
		}
		return out.MeteringRecordId
	}
	first := id(usage("ClientToken", "a"))
	if again := id(usage("ClientToken", "a")); again != first {
		t.Errorf("the same token: %s, want %s", again, first)
	}
	if again := id(usage("Timestamp", noon.Add(30*time.Minute).Unix())); again != first {
		t.Errorf("the same quantity for the same hour: %s, want %s", again, first)
	}
	if got := s.fault(s.ask(acme, "MeterUsage", usage("UsageQuantity", 4))); got != contract.DuplicateRequest {
		t.Errorf("another quantity for the hour: %q", got)
	}
	if got := s.fault(s.ask(acme, "MeterUsage", usage("UsageDimension", "gb_stored", "DryRun", true))); got != contract.DryRunOperation {
		t.Errorf("a dry run: %q", got)
	}
	id(usage("ProductCode", classic))
	records, _ := s.World.Records(world.RecordQuery{})
	if len(records) != 2 || records[0].Quantity != 3 || records[0].BuyerAccount != acme || records[0].LicenseARN == "" || records[1].ProductCode != classic {
		t.Errorf("the ledger has %+v", records)
	}
}

// The token that RegisterUsage gives verifies against the key that is served, as AWS's sellers verify theirs.
func TestRegisterUsageSigns(t *testing.T) {
	s := open(t, accepted)
	a := s.buy(acme, inkwell)
	var out struct{ Signature string }
	opstest.Read(t, s.ask(acme, "RegisterUsage", registering("Nonce", "n-1")), &out)
	parts := strings.Split(out.Signature, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no JSON Web Token", out.Signature)
	}
	decode := func(s string) []byte {
		t.Helper()
		b, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	served, err := PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(served)
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPSS(key.(*rsa.PublicKey), crypto.SHA256, sum[:], decode(parts[2]), nil); err != nil {
		t.Error(err)
	}
	if got, want := string(decode(parts[0])), `{"alg":"PS256","typ":"JWT"}`; got != want {
		t.Errorf("the header is %s, want %s", got, want)
	}
	if got, want := string(decode(parts[1])), `{"productCode":"`+inkwell+`","publicKeyVersion":1,"iat":1794312072,"nonce":"n-1"}`; got != want {
		t.Errorf("the claims are %s, want %s", got, want)
	}
	s.cancel(a)
	if got := s.fault(s.ask(acme, "RegisterUsage", registering())); got != contract.CustomerNotEntitled {
		t.Errorf("after the end: %q", got)
	}
}

// No more tokens are remembered than there is room for.
func TestTokensAreForgotten(t *testing.T) {
	var o once
	c := &wire.Call{Account: acme}
	for i := range maxTokens + 5 {
		o.keep(c, new(strconv.Itoa(i)), "x", "id")
	}
	if n := len(o.done); n != maxTokens {
		t.Errorf("%d tokens are remembered, want %d", n, maxTokens)
	}
}

func FuzzBuyerSide(f *testing.F) {
	f.Add(usage("ClientToken", "a", "UsageAllocations", []any{map[string]any{"AllocatedUsageQuantity": 3}}), true)
	f.Add(registering("Nonce", "n"), false)
	s := open(f, accepted)
	s.buy(acme, inkwell)
	f.Fuzz(func(t *testing.T, body string, meter bool) {
		s.T = t
		op := map[bool]string{true: "MeterUsage", false: "RegisterUsage"}[meter]
		if w := s.ask(acme, op, body); w.Code >= 500 || (w.Code == 200) == (w.Header().Get("x-amzn-ErrorType") != "") {
			t.Fatalf("%q: %d %s", body, w.Code, w.Body)
		}
	})
}
