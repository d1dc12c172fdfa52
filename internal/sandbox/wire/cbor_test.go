package wire

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/contract"
)

// sample has a field of every kind that Decode knows.
type sample struct {
	ProductCode string              `json:"ProductCode,omitempty"`
	Filter      map[string][]string `json:"Filter,omitempty"`
	MaxResults  *int64              `json:"MaxResults,omitempty"`
	Sure        *bool               `json:"Sure,omitempty"`
	At          Time                `json:"At,omitzero"`
	Inner       struct {
		Names []inner `json:"Names,omitempty"`
	} `json:"Inner,omitzero"`
}

type inner struct {
	Name string `json:"Name"`
}

func unhex(t testing.TB, s string) string {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func decoded(p Protocol, body string) (sample, error) {
	var s sample
	err := Decode(&Call{Protocol: p, Body: body}, &s)
	return s, err
}

// The Go SDK writes items of indefinite length, the JavaScript SDK definite ones, and both mean what the JSON says.
func TestOneInputInEveryNotation(t *testing.T) {
	want, err := decoded(JSON, `{"Filter":{"LICENSE_ARN":["arn"]},"MaxResults":25,"ProductCode":"abc","Unknown":[{"a":1.5}],"Sure":null}`)
	if err != nil {
		t.Fatal(err)
	}
	const filter, license, max, code = "66 46696c746572", "6b 4c4943454e53455f41524e", "6a 4d6178526573756c7473", "6b 50726f64756374436f6465"
	for name, body := range map[string]string{
		"indefinite":        "bf" + filter + "bf" + license + "9f 63 61726e ff ff" + max + "1819" + code + "63 616263 ff",
		"definite":          "a3" + filter + "a1" + license + "81 63 61726e" + max + "1819" + code + "63 616263",
		"wide numbers":      "a3" + filter + "a1" + license + "81 63 61726e" + max + "1b 0000000000000019" + code + "63 616263",
		"a float":           "a3" + filter + "a1" + license + "81 63 61726e" + max + "f9 4e40" + code + "63 616263",
		"text in pieces":    "a3" + filter + "a1" + license + "81 63 61726e" + max + "1819" + code + "7f 61 61 62 6263 ff",
		"null and unknown":  "a5" + filter + "a1" + license + "81 63 61726e" + max + "1819" + code + "63 616263 64 53757265 f6 61 78 82 f5 a0",
		"the last one wins": "a4" + code + "61 78" + filter + "a1" + license + "81 63 61726e" + max + "1819" + code + "63 616263",
	} {
		got, err := decoded(CBOR, unhex(t, body))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, want)
		}
	}
	if got, err := decoded(CBOR, ""); err != nil || !reflect.DeepEqual(got, sample{}) {
		t.Errorf("an empty body: %+v, %v", got, err)
	}
}

func TestTheWrongTypeIsASerializationException(t *testing.T) {
	for _, c := range []struct{ json, cbor, say string }{
		{`{"ProductCode":1}`, "a1 6b 50726f64756374436f6465 01", "NUMBER_VALUE can not be converted to a String"},
		{`{"MaxResults":"1"}`, "a1 6a 4d6178526573756c7473 61 31", "STRING_VALUE can not be converted to an Integer"},
		{`{"Sure":[]}`, "a1 64 53757265 80", "START_ARRAY can not be converted to a Boolean"},
		{`{"Filter":true}`, "a1 66 46696c746572 f5", "TRUE_VALUE can not be converted to a map"},
		{`{"Filter":{"a":{}}}`, "a1 66 46696c746572 a1 61 61 a0", "START_OBJECT can not be converted to a list"},
		{`{"Inner":"x"}`, "a1 65 496e6e6572 61 78", "STRING_VALUE can not be converted to a structure"},
		{`{"At":{}}`, "a1 62 4174 a0", "START_OBJECT can not be converted to a timestamp"},
		{`[]`, "80", "Start of structure or map expected"},
	} {
		for p, body := range map[Protocol]string{JSON: c.json, CBOR: unhex(t, c.cbor)} {
			_, err := decoded(p, body)
			if e, ok := errors.AsType[*Error](err); !ok || e.Code != contract.Serialization || e.Message != c.say {
				t.Errorf("%q: %v; want %q", body, err, c.say)
			}
		}
	}
	for _, body := range []string{"a1 62 4174 1a 6b02d7e0", "a1 6a 4d6178526573756c7473 f9 3e00"} { // an untagged timestamp; 1.5
		if got, err := decoded(CBOR, unhex(t, body)); err == nil {
			t.Errorf("%s was taken as %+v", body, got)
		}
	}
}

// What a hostile client can send costs no more than it is long.
func TestHostileCBORIsRefused(t *testing.T) {
	for name, body := range map[string]string{
		"half a document":        unhex(t, "a2 61 61 01"),
		"no end":                 unhex(t, "bf 61 61 01"),
		"more than one document": unhex(t, "a0 a0"),
		"a name that is no text": unhex(t, "a1 01 01"),
		"not UTF-8":              unhex(t, "a1 61 61 62 c3 28"),
		"a promise of 2^62":      unhex(t, "bb 4000000000000000"),
		"a text of 2^40":         unhex(t, "a1 61 61 7b 0000010000000000 61"),
		"nested deeply":          strings.Repeat("\x81", 200_000) + "\x00",
		"tagged deeply":          strings.Repeat("\xc1", 200_000) + "\x00",
		"very many elements":     "\xa1\x61a\x9a\x00\x03\x00\x00" + strings.Repeat("\xf6", 3<<16),
		"larger than any input":  "\xa1\x61a\x5a\x00\x04\x00\x00" + strings.Repeat("x", maxInput),
		"reserved":               "\xfc",
		"an end alone":           "\xff",
	} {
		if _, err := decoded(CBOR, body); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := decoded(JSON, strings.Repeat(" ", maxInput)+"{}"); err == nil {
		t.Error("more JSON than any input has was taken")
	}
}

func TestOutputInBothProtocols(t *testing.T) {
	n := int64(50)
	out := sample{ProductCode: "a<b", MaxResults: &n, At: Time{noon.Add(1500 * time.Millisecond)}}
	for p, want := range map[Protocol]string{
		JSON: `{"ProductCode":"a<b","MaxResults":50,"At":1794312001.5}`,
		CBOR: `{"At": 1(1794312001.5), "MaxResults": 50, "ProductCode": "a<b"}`,
	} {
		a, err := Encode(&Call{Protocol: p}, out)
		if got := readable(p, string(a.Body)); err != nil || got != want {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
		if back, err := decoded(p, string(a.Body)); err != nil || !reflect.DeepEqual(back, out) {
			t.Errorf("came back as %+v, %v", back, err)
		}
	}
	a, err := Encode(&Call{Protocol: CBOR}, sample{At: Time{noon}})
	if got := hex.EncodeToString(a.Body); err != nil || got != "a1624174c11a6af30740" {
		t.Errorf("whole seconds are written as %s, %v; want an integer with tag 1", got, err)
	}
}

// The front door serves one operation in both protocols: outputs, errors with members of their own, faults and the log.
func TestAnOperationInBothProtocols(t *testing.T) {
	f := front(t, false, echo)
	f.Register(Service{Name: "Entitlement", Target: "AWSMPEntitlementService", Scope: "aws-marketplace", ContentType: "application/x-amz-json-1.1", CBOR: true,
		Ops: map[string]Op{"GetEntitlements": func(_ context.Context, c *Call) (Answer, error) {
			var in sample
			if err := Decode(c, &in); err != nil {
				return Answer{}, err
			}
			if in.ProductCode == "bad" {
				return Answer{}, &Error{Code: "ValidationException", Message: `no "bad" <codes>`, Members: map[string]any{
					"reason": "OTHER", "fields": []map[string]string{{"name": "ProductCode", "message": "bad"}}}}
			}
			return Encode(c, in)
		}}})
	ask := func(path, target, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Authorization", good)
		if target != "" {
			r.Header.Set("X-Amz-Target", target)
		} else {
			r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
		}
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		return w
	}
	const path, target = "/sandbox/service/AWSMPEntitlementService/operation/GetEntitlements", "AWSMPEntitlementService.GetEntitlements"
	golden(t, "both-json", ask("/sandbox", target, `{"ProductCode":"abc"}`))
	golden(t, "both-json-error", ask("/", target, `{"ProductCode":"bad"}`))
	golden(t, "both-cbor", ask(path, "", unhex(t, "bf 6b 50726f64756374436f6465 63 616263 ff")))
	golden(t, "both-cbor-error", ask(path, "", unhex(t, "bf 6b 50726f64756374436f6465 63 626164 ff")))
	golden(t, "both-cbor-unreadable", ask(path, "", "{}"))
	golden(t, "cbor-unknown-operation", ask(strings.Replace(path, "GetEnt", "SetEnt", 1), "", "\xa0"))
	golden(t, "cbor-json-only", ask("/service/AWSMPMeteringService/operation/ResolveCustomer", "", "\xa0"))
	entries, _ := f.Calls.List(CallQuery{})
	if e := entries[3]; e.Request != `{_ "ProductCode": "bad"}` || !strings.HasPrefix(e.Response, `{"__type": "ValidationException", "fields": [`) || e.Service != "Entitlement" || e.Error != "ValidationException" {
		t.Errorf("the log has %+v", e)
	}
	if e := entries[4]; e.Request != "7b7d" {
		t.Errorf("the log has %+v; want what is no CBOR in hexadecimal", e)
	}
}

// Whatever is taken for CBOR is understood in the same way after it was written anew.
func FuzzCBOR(f *testing.F) {
	for _, body := range []string{"a0", "bf6161 9f 01 20 f9 7e00 ff ff", "a2 6141 c1 fb 41dac0c190147ae1 6142 f6", "a1 6161 a1 6162 82 f4 40", "5f 41 61 ff", "c2 41 01"} {
		f.Add([]byte(unhex(f, body)))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		tree, err := cborTree(string(body))
		_ = readable(CBOR, string(body))
		if err != nil {
			return
		}
		first, err := writeCBOR(tree)
		if err != nil {
			t.Fatalf("cannot write %#v: %v", tree, err)
		}
		again, err := cborTree(string(first))
		if err != nil {
			t.Fatalf("cannot read what was written of %x: %x: %v", body, first, err)
		}
		second, err := writeCBOR(again)
		if err != nil || string(first) != string(second) {
			t.Fatalf("%x became %x, then %x (%v)", body, first, second, err)
		}
		var in sample
		_ = Decode(&Call{Protocol: CBOR, Body: string(body)}, &in)
	})
}
