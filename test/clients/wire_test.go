package clients

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"souk.dev/souk/contract"
	"souk.dev/souk/test/harness"
)

// wireCase is one request that no official client would send, and AWS's answer.
type wireCase struct {
	name   string
	target string // X-Amz-Target
	scope  string // the service that is signed for
	spoil  func(r *http.Request)
	body   string
	want   string
}

// TestAWSsOwnKindOfRefusal sends what a broken client would. The front-end of every AWS JSON service answers these;
// the names are those of Common Errors in AWS's API references.
func TestAWSsOwnKindOfRefusal(t *testing.T) {
	s := harness.StartSandbox(t, "")
	op := contract.Operations["ResolveCustomer"]
	for _, c := range []wireCase{
		{name: "unknown operation", target: "AWSMPMeteringService.ResolveCustomers", scope: op.Scope, want: contract.UnknownOperation},
		{name: "unknown service", target: "AWSMPMeteringServices.ResolveCustomer", scope: op.Scope, want: contract.UnknownOperation},
		{name: "no target", scope: op.Scope, want: contract.UnknownOperation},
		{name: "signed for another service", target: op.Target, scope: "execute-api", want: contract.InvalidSignature},
		{name: "not signed", target: op.Target, scope: op.Scope, want: contract.MissingAuth, spoil: func(r *http.Request) { r.Header.Del("Authorization") }},
		{name: "half a signature", target: op.Target, scope: op.Scope, want: contract.IncompleteSignature, spoil: func(r *http.Request) {
			head, _, _ := strings.Cut(r.Header.Get("Authorization"), ", Signature=")
			r.Header.Set("Authorization", head)
		}},
		{name: "not JSON", target: op.Target, scope: op.Scope, body: `{"RegistrationToken":`, want: contract.Serialization},
		{name: "a number for a string", target: op.Target, scope: op.Scope, body: `{"RegistrationToken":7}`, want: contract.Serialization},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.body == "" {
				c.body = `{"RegistrationToken":"x"}`
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/", strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/x-amz-json-1.1")
			if c.target != "" {
				req.Header.Set("X-Amz-Target", c.target)
			}
			sum := sha256.Sum256([]byte(c.body))
			keys := aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "anything"}
			if err := v4.NewSigner().SignHTTP(t.Context(), keys, req, hex.EncodeToString(sum[:]), c.scope, "us-east-1", time.Now()); err != nil {
				t.Fatal(err)
			}
			if c.spoil != nil {
				c.spoil(req)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			var told struct {
				Type    string `json:"__type"`
				Message string `json:"message"`
			}
			if err := json.NewDecoder(bytes.NewReader(body)).Decode(&told); err != nil {
				t.Fatalf("status %d, %q: %v", res.StatusCode, body, err)
			}
			_, name, qualified := strings.Cut(told.Type, "#")
			if !qualified {
				name = told.Type
			}
			if name != c.want || res.StatusCode < 400 || res.StatusCode > 499 {
				t.Errorf("status %d, %s; want a 4xx with %s", res.StatusCode, body, c.want)
			}
			if got := res.Header.Get("X-Amzn-ErrorType"); got != name {
				t.Errorf("the header names %q, the body %q", got, name)
			}
			if res.Header.Get("X-Amzn-RequestId") == "" {
				t.Error("the answer has no request id")
			}
		})
	}
}

// TestOtherServicesAreNotMistaken has a client of another AWS service call: it must hear no, not a stranger's answer.
func TestOtherServicesAreNotMistaken(t *testing.T) {
	b := newBench(t, drivers[0], 1)
	got := b.session.call(t, "dynamodb", "ListTables", map[string]any{})
	if got.Code != contract.UnknownOperation {
		t.Errorf("got %q (%s); want %s", got.Code, got.Message, contract.UnknownOperation)
	}
}
