package awsapi

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/entitlement"
)

// entitleServer answers CBOR pages in turn, the last one for ever, and keeps what it was asked.
type entitleServer struct {
	t     *testing.T
	pages []cbor.Map
	code  int // HTTP status of all answers
	asked []cbor.Map
	scope string // of the last signature
}

func (s *entitleServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/service/AWSMPEntitlementService/operation/GetEntitlements" || r.Header.Get("Smithy-Protocol") != "rpc-v2-cbor" {
		s.t.Errorf("asked at %s with %v", r.URL.Path, r.Header)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	v, err := cbor.Decode(body)
	if err != nil {
		s.t.Error(err)
	}
	page := s.pages[min(len(s.asked), len(s.pages)-1)]
	s.asked = append(s.asked, v.(cbor.Map))
	_, s.scope, _ = strings.Cut(r.Header.Get("Authorization"), "AKIDEXAMPLE/")
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	w.Header().Set("Content-Type", "application/cbor")
	if s.code != 0 {
		w.WriteHeader(s.code)
	}
	w.Write(cbor.Encode(page))
}

func entitlements(t *testing.T, region string, s *entitleServer) *Entitlements {
	t.Helper()
	s.t = t
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	cfg, err := Load(t.Context(), Settings{Endpoint: srv.URL, Region: region, AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	return NewEntitlements(cfg)
}

func item(dimension, member string, value cbor.Value, more ...string) cbor.Map {
	m := cbor.Map{"ProductCode": cbor.String("p"), "Dimension": cbor.String(dimension), "Value": cbor.Map{member: value}}
	for i := 0; i < len(more); i += 2 {
		m[more[i]] = cbor.String(more[i+1])
	}
	return m
}

func TestPeerA21_EntitlementsOfEveryKindAndPage(t *testing.T) {
	dated := item("users", "IntegerValue", cbor.Uint(50), "LicenseArn", "arn:l")
	dated["ExpirationDate"] = &cbor.Tag{ID: 1, Value: cbor.Uint(1811844000)}
	s := &entitleServer{pages: []cbor.Map{
		{"Entitlements": cbor.List{dated, item("gb", "DoubleValue", cbor.Float64(2.5))}, "NextToken": cbor.String("2")},
		{"NextToken": cbor.String("3")}, // an empty page that is not the last
		{"Entitlements": cbor.List{item("sso", "BooleanValue", cbor.Bool(true)), item("tier", "StringValue", cbor.String("gold")),
			item("users", "IntegerValue", cbor.Uint(9), "LicenseArn", "arn:another")}},
	}}
	got, err := entitlements(t, "eu-west-1", s).Entitlements(t.Context(), entitlement.Subject{ProductCode: "p", ARN: "arn:l"})
	want := []entitlement.Entitlement{
		{Dimension: "users", Value: entitlement.Integer(50), ExpiresAt: time.Unix(1811844000, 0).UTC()}, {Dimension: "gb", Value: entitlement.Double(2.5)},
		{Dimension: "sso", Value: entitlement.Boolean(true)}, {Dimension: "tier", Value: entitlement.String("gold")},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\ngot  %+v\nwant %+v", err, got, want)
	}
	if len(s.asked) != 3 || !reflect.DeepEqual(s.asked[2], cbor.Map{"ProductCode": cbor.String("p"), "MaxResults": cbor.Uint(25), "NextToken": cbor.String("3"),
		"Filter": cbor.Map{"LICENSE_ARN": cbor.List{cbor.String("arn:l")}}}) {
		t.Errorf("asked %+v", s.asked)
	}
	if !strings.Contains(s.scope, "/us-east-1/aws-marketplace/") {
		t.Errorf("signed for %s; the service is in us-east-1 alone", s.scope)
	}
}

func TestEntitlementsOfTheOlderGeneration(t *testing.T) {
	s := &entitleServer{pages: []cbor.Map{{"Entitlements": cbor.List{item("users", "IntegerValue", cbor.Uint(1), "CustomerIdentifier", "c", "LicenseArn", "arn:any"),
		item("users", "IntegerValue", cbor.Uint(1), "CustomerIdentifier", "other")}}}}
	got, err := entitlements(t, "cn-north-1", s).Entitlements(t.Context(), entitlement.Subject{ProductCode: "p", CustomerIdentifier: "c"})
	if err != nil || len(got) != 1 || !reflect.DeepEqual(s.asked[0]["Filter"], cbor.Map{"CUSTOMER_IDENTIFIER": cbor.List{cbor.String("c")}}) {
		t.Errorf("%v, %v, asked %v", got, err, s.asked)
	}
	if !strings.Contains(s.scope, "/cn-northwest-1/") {
		t.Errorf("signed for %s", s.scope)
	}
}

func TestNoEntitlementsIsNoError(t *testing.T) {
	got, err := entitlements(t, "us-east-1", &entitleServer{pages: []cbor.Map{{}}}).Entitlements(t.Context(), entitlement.Subject{ProductCode: "p", ARN: "arn:l"})
	if err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

// Half an answer would read as fewer things bought.
func TestEntitlementsAreWholeOrNone(t *testing.T) {
	for name, pages := range map[string][]cbor.Map{
		"the same page for ever": {{"Entitlements": cbor.List{item("a", "IntegerValue", cbor.Uint(1))}, "NextToken": cbor.String("x")}},
		"a second page that fails": {{"Entitlements": cbor.List{item("a", "IntegerValue", cbor.Uint(1))}, "NextToken": cbor.String("x")},
			{"NextToken": cbor.Uint(3)}},
	} {
		got, err := entitlements(t, "us-east-1", &entitleServer{pages: pages}).Entitlements(t.Context(), entitlement.Subject{ProductCode: "p", ARN: "arn:l"})
		if !fail.Is(err, fail.Later) || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := entitlements(t, "us-east-1", &entitleServer{pages: []cbor.Map{{}}}).Entitlements(t.Context(), entitlement.Subject{ProductCode: "p"}); !fail.Is(err, fail.Invalid) {
		t.Errorf("asked about everybody: %v", err)
	}
}

func TestEntitlementFailuresSayWhatCanBeDone(t *testing.T) {
	for _, c := range []struct {
		code string
		http int
		want fail.Kind
	}{
		{contract.Throttling, 400, fail.Later}, {contract.InternalServiceError, 500, fail.Later}, {contract.InvalidParameter, 400, fail.Invalid},
		{contract.AccessDenied, 400, fail.Denied}, {contract.UnknownOperation, 404, fail.Denied},
	} {
		t.Run(c.code, func(t *testing.T) {
			t.Parallel()
			s := &entitleServer{code: c.http, pages: []cbor.Map{{"__type": cbor.String("com.amazonaws.marketplaceentitlementservice#" + c.code), "message": cbor.String("no")}}}
			_, err := entitlements(t, "us-east-1", s).Entitlements(t.Context(), entitlement.Subject{ProductCode: "p", ARN: "arn:l"})
			if fail.KindOf(err) != c.want || !strings.Contains(fmt.Sprint(err), c.code) {
				t.Errorf("%v (%v), want %v", err, fail.KindOf(err), c.want)
			}
		})
	}
}
