package wire

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/marketplacemetering"
	"github.com/aws/aws-sdk-go-v2/service/marketplacemetering/types"
	"github.com/aws/smithy-go"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/goldentest"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/world"
)

var noon = time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)

// accounts knows one key.
type accounts struct{ strict bool }

func (a accounts) Account(key string) (world.AccessKey, bool) {
	k := world.AccessKey{ID: "AKIDKNOWN", Secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", AccountID: "999988887777"}
	return k, key == k.ID
}
func (a accounts) DefaultSeller() string { return "444455556666" }
func (a accounts) Strict() bool          { return a.strict }

func front(t testing.TB, strict bool, op Op) *Front {
	t.Helper()
	f := &Front{Clock: clock.NewVirtual(noon), Accounts: accounts{strict}, Faults: &fault.Set{}, Calls: &Calls{}, Log: slog.New(slog.DiscardHandler)}
	f.Register(Service{Name: "Metering", Target: "AWSMPMeteringService", Scope: "aws-marketplace", ContentType: "application/x-amz-json-1.1",
		Ops: map[string]Op{"ResolveCustomer": op}})
	return f
}

func echo(_ context.Context, c *Call) (Answer, error) {
	b := AppendString([]byte(`{"ProductCode":`), c.Account)
	b = AppendString(append(b, `,"CustomerIdentifier":`...), c.Region)
	return Answer{Body: append(b, '}')}, nil
}

const good = "AWS4-HMAC-SHA256 Credential=AKID/20261110/us-east-1/aws-marketplace/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"

func post(f *Front, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{}`))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w
}

// What every AWS front-end refuses, as it says so in each protocol, to the byte.
func TestRefusalsToTheByte(t *testing.T) {
	const target, op = "X-Amz-Target", "AWSMPMeteringService.ResolveCustomer"
	for name, headers := range map[string][]string{
		"no-authorization":     {target, op},
		"other-algorithm":      {target, op, "Authorization", "Bearer x"},
		"half-a-credential":    {target, op, "Authorization", strings.Replace(good, "/aws-marketplace/aws4_request", "", 1)},
		"no-signed-headers":    {target, op, "Authorization", strings.Replace(good, "SignedHeaders=host;x-amz-date, ", "", 1)},
		"no-signature":         {target, op, "Authorization", strings.Replace(good, ", Signature=00", "", 1)},
		"wrong-service":        {target, op, "Authorization", strings.Replace(good, "aws-marketplace", "sqs", 1)},
		"unknown-operation":    {target, "AWSMPMeteringService.RegisterUsage", "Authorization", good},
		"unknown-service":      {target, "DynamoDB_20120810.ListTables", "Authorization", good},
		"target-without-a-dot": {target, "ResolveCustomer", "Authorization", good},
		"no-target":            {"Authorization", good},
		"query-nobody-claims":  {"Authorization", good, "Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
		"internal":             {target, op, "Authorization", good},
	} {
		f := front(t, false, func(context.Context, *Call) (Answer, error) {
			return Answer{}, errors.New("a secret of the sandbox")
		})
		golden(t, name, post(f, headers...))
	}
	r := httptest.NewRequest(http.MethodPost, "/sandbox/service/AWSMPEntitlementService/operation/GetEntitlements", strings.NewReader("\xa0"))
	r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
	r.Header.Set("Authorization", good)
	w := httptest.NewRecorder()
	front(t, false, echo).ServeHTTP(w, r)
	golden(t, "cbor", w)
}

func golden(t *testing.T, name string, w *httptest.ResponseRecorder) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP %d\n", w.Code)
	for _, h := range []string{"Content-Type", "X-Amzn-Errortype", "Smithy-Protocol"} {
		if v := w.Header().Get(h); v != "" {
			fmt.Fprintf(&b, "%s: %s\n", h, v)
		}
	}
	body := w.Body.String()
	if id := w.Header().Get("X-Amzn-Requestid"); id == "" {
		t.Errorf("%s: no request id", name)
	} else {
		body = strings.ReplaceAll(body, id, "REQUEST-ID")
	}
	if w.Header().Get("Content-Type") == cborType {
		body = hex.Dump([]byte(body))
	}
	fmt.Fprintf(&b, "\n%s\n", body)
	goldentest.Compare(t, name+".golden.txt", b.String())
}

func resolve(t *testing.T, url, region, key, secret string) (string, string, error) {
	t.Helper()
	c := marketplacemetering.New(marketplacemetering.Options{BaseEndpoint: aws.String(url), Region: region, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(key, secret, "")})
	out, err := c.ResolveCustomer(t.Context(), &marketplacemetering.ResolveCustomerInput{RegistrationToken: aws.String("x")})
	if err != nil {
		return "", "", err
	}
	return aws.ToString(out.ProductCode), aws.ToString(out.CustomerIdentifier), nil
}

// Where errors have namespaces, a service's own has that service's, and the front-end's its own; with all members, and in
// every protocol that has names.
func TestNamespacedErrorsToTheByte(t *testing.T) {
	const target, op = "X-Amz-Target", "AWSMPMeteringService.ResolveCustomer"
	for name, c := range map[string]struct {
		headers []string
		op      Op
	}{
		"namespaced": {[]string{target, op, "Authorization", good}, func(context.Context, *Call) (Answer, error) {
			return Answer{}, &world.Refusal{Code: contract.InvalidToken, Message: "No."}
		}},
		"namespaced-serial":      {[]string{target, op, "Authorization", good}, func(context.Context, *Call) (Answer, error) { return Answer{}, &Error{Code: contract.Serialization} }},
		"namespaced-no-service":  {[]string{target, "DynamoDB_20120810.ListTables", "Authorization", good}, echo},
		"namespaced-unspeakable": {[]string{"Authorization", good, "Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}, echo},
	} {
		f := front(t, false, c.op)
		f.Namespaced = func() bool { return true }
		golden(t, name, post(f, c.headers...))
	}
}

// The SDK knows an error by its name, whatever stands before and behind it.
func TestTheSDKDropsNamespaces(t *testing.T) {
	f := front(t, false, func(context.Context, *Call) (Answer, error) {
		return Answer{}, &world.Refusal{Code: contract.ExpiredToken, Message: "Too late."}
	})
	f.Namespaced = func() bool { return true }
	srv := httptest.NewServer(f)
	defer srv.Close()
	_, _, err := resolve(t, srv.URL, "us-east-1", "AKIDKNOWN", "any")
	if e, ok := errors.AsType[*types.ExpiredTokenException](err); !ok || e.ErrorMessage() != "Too late." {
		t.Errorf("%v", err)
	}
}

// The SDK signs; we verify over the headers it named, with a path in the endpoint too.
func TestStrictTakesOnlyTrueSignatures(t *testing.T) {
	srv := httptest.NewServer(front(t, true, echo))
	defer srv.Close()
	k, _ := accounts{}.Account("AKIDKNOWN")
	for _, path := range []string{"", "/sandbox/x", "/with space/ü"} {
		account, region, err := resolve(t, srv.URL+path, "eu-west-1", k.ID, k.Secret)
		if err != nil || account != k.AccountID || region != "eu-west-1" {
			t.Errorf("endpoint %q: account %s, region %s, %v", path, account, region, err)
		}
	}
	for name, c := range map[string]struct{ key, secret, want string }{
		"wrong secret": {k.ID, "wrong", contract.InvalidSignature},
		"unknown key":  {"AKIDOTHER", k.Secret, contract.UnrecognizedClient},
	} {
		_, _, err := resolve(t, srv.URL, "us-east-1", c.key, c.secret)
		if e, ok := errors.AsType[smithy.APIError](err); !ok || e.ErrorCode() != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// A signature is of one request: any signed part of it changed, and it is none.
func TestSignatureCoversTheRequest(t *testing.T) {
	const secret = "secret"
	now := time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)
	build := func() (*http.Request, Signature) {
		r := httptest.NewRequest(http.MethodPost, "http://host/a%20b?z=1&y=%C3%BC", strings.NewReader("body"))
		r.Header.Set("X-Amz-Date", "20261110T120000Z")
		r.Header.Set("X-Amz-Target", "T.Op")
		s := Signature{AccessKey: "k", Date: "20261110", Region: "r", Service: "s", Headers: []string{"content-length", "host", "x-amz-date", "x-amz-target"}}
		sum := "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5" // SHA-256 of "body"
		s.Signature = s.sign(s.canonical(r, sum), "20261110T120000Z", secret)
		return r, s
	}
	if r, s := build(); s.Verify(r, "body", secret, now) != nil {
		t.Fatal(s.Verify(r, "body", secret, now))
	}
	for name, spoil := range map[string]func(r *http.Request, s *Signature, body *string, now *time.Time){
		"body":   func(_ *http.Request, _ *Signature, body *string, _ *time.Time) { *body = "bodi" },
		"host":   func(r *http.Request, _ *Signature, _ *string, _ *time.Time) { r.Host = "other" },
		"target": func(r *http.Request, _ *Signature, _ *string, _ *time.Time) { r.Header.Set("X-Amz-Target", "T.Op2") },
		"path":   func(r *http.Request, _ *Signature, _ *string, _ *time.Time) { r.RequestURI = "/ab?z=1&y=%C3%BC" },
		"query":  func(r *http.Request, _ *Signature, _ *string, _ *time.Time) { r.URL.RawQuery = "z=2" },
		"scope":  func(_ *http.Request, s *Signature, _ *string, _ *time.Time) { s.Region = "q" },
		"date":   func(r *http.Request, _ *Signature, _ *string, _ *time.Time) { r.Header.Del("X-Amz-Date") },
		"declared hash": func(r *http.Request, _ *Signature, _ *string, _ *time.Time) {
			r.Header.Set("X-Amz-Content-Sha256", "00")
		},
		"too old":        func(_ *http.Request, _ *Signature, _ *string, now *time.Time) { *now = now.Add(6 * time.Minute) },
		"host unsigned":  func(_ *http.Request, s *Signature, _ *string, _ *time.Time) { s.Headers = []string{"x-amz-date"} },
		"another header": func(_ *http.Request, s *Signature, _ *string, _ *time.Time) { s.Headers = append(s.Headers, "x-more") },
	} {
		r, s := build()
		body, at := "body", now
		spoil(r, &s, &body, &at)
		if s.Verify(r, body, secret, at) == nil {
			t.Errorf("%s: still verified", name)
		}
	}
}

func TestCallsAreKeptWithinBounds(t *testing.T) {
	f := front(t, false, echo)
	headers := []string{"X-Amz-Target", "AWSMPMeteringService.ResolveCustomer", "Authorization", good}
	for range maxEntries + 10 {
		post(f, headers...)
	}
	post(f, "X-Amz-Target", "AWSMPMeteringService.Nope", "Authorization", good)
	all, next := f.Calls.List(CallQuery{})
	if len(all) != maxEntries || next != "" || all[0].ID != "12" {
		t.Fatalf("%d calls kept, the first is %s, next %q", len(all), all[0].ID, next)
	}
	page, next := f.Calls.List(CallQuery{Operation: "ResolveCustomer", Limit: 2})
	rest, _ := f.Calls.List(CallQuery{After: next, Limit: 1})
	if len(page) != 2 || len(rest) != 1 || page[1].ID != next || rest[0].ID != "14" {
		t.Errorf("pages %+v and %+v, next %q", page, rest, next)
	}
	last := all[len(all)-1]
	if last.Operation != "Nope" || last.Error != contract.UnknownOperation || last.Status != http.StatusBadRequest || last.Account != "444455556666" || last.Request != `{}` {
		t.Errorf("the refused call is %+v", last)
	}
	f.Calls.Clear()
	if all, _ := f.Calls.List(CallQuery{}); len(all) != 0 {
		t.Errorf("%d calls after Clear", len(all))
	}
}

func TestBytesOfTheLogAreBounded(t *testing.T) {
	var l Calls
	for range 1000 {
		l.add(kept{call: &Call{Body: strings.Repeat("x", 1<<20)}, response: make([]byte, 1<<20)})
	}
	if l.bytes > maxBytes {
		t.Errorf("%d bytes kept", l.bytes)
	}
	all, _ := l.List(CallQuery{})
	if len(all) == 0 || len(all[0].Request) != maxBody || len(all[0].Response) != maxBody {
		t.Errorf("%d calls kept", len(all))
	}
}

func TestFaultsAtTheEdges(t *testing.T) {
	for kind, want := range map[fault.Kind]struct {
		status int
		done   bool
	}{
		fault.Throttle: {400, false}, fault.Error: {500, false}, fault.AccessDenied: {403, false}, fault.DisabledAPI: {400, false},
		fault.InvalidToken: {400, false}, fault.ExpiredToken: {400, false}, fault.Drop: {0, false}, fault.Slow: {200, true},
		fault.ErrorAfterCommit: {500, true}, fault.DropAfterCommit: {0, true}, fault.Truncate: {200, true}, fault.Hang: {0, false},
	} {
		done := false
		f := front(t, false, func(ctx context.Context, c *Call) (Answer, error) { done = true; return echo(ctx, c) })
		rule := fault.Rule{Operation: "ResolveCustomer", Kind: kind}
		if kind == fault.Slow {
			rule.Delay = "1ms"
		}
		if _, err := f.Faults.Add(rule); err != nil {
			t.Fatal(err)
		}
		srv := httptest.NewServer(f)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL, strings.NewReader(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Amz-Target", "AWSMPMeteringService.ResolveCustomer")
		r.Header.Set("Authorization", good)
		status := 0
		if res, err := http.DefaultClient.Do(r); err == nil {
			status = res.StatusCode
			res.Body.Close()
		}
		cancel()
		srv.Close() // waits for the handler
		if status != want.status || done != want.done {
			t.Errorf("%s: status %d, done %v; want %d, %v", kind, status, done, want.status, want.done)
		}
		if calls, _ := f.Calls.List(CallQuery{}); len(calls) != 1 || calls[0].Fault != string(kind) || calls[0].Status != want.status {
			t.Errorf("%s: logged as %+v", kind, calls)
		}
	}
}

func TestIsCall(t *testing.T) {
	for name, c := range map[string]struct {
		method, path, header, value string
		want                        bool
	}{
		"target":           {"POST", "/prefix/", "X-Amz-Target", "x", true},
		"signed form":      {"POST", "/123456789012/queue", "Authorization", good, true},
		"unsigned form":    {"POST", "/", "Content-Type", "application/x-www-form-urlencoded", true},
		"page":             {"GET", "/", "", "", false},
		"form of a page":   {"POST", "/products/p/subscribe", "Content-Type", "application/x-www-form-urlencoded", false},
		"control":          {"POST", "/_sandbox/clock", "Authorization", good, false},
		"cbor by its path": {"POST", "/service/S/operation/O", "Smithy-Protocol", "rpc-v2-cbor", true},
	} {
		r := httptest.NewRequest(c.method, c.path, nil)
		if c.header != "" {
			r.Header.Set(c.header, c.value)
		}
		if got := IsCall(r); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
