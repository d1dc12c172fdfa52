package awsapi

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestWhomAPolicyLetsIn(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want Policy
	}{
		"none":              {``, Policy{}},
		"nonsense":          {`{"Statement":7}`, Policy{}},
		"EventBridge":       {`{"Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage"}]}`, Policy{Events: true}},
		"both, in a list":   {`{"Statement":[{"Effect":"Allow","Principal":{"Service":["sns.amazonaws.com","events.amazonaws.com"]}}]}`, Policy{Events: true, SNS: true}},
		"a lone statement":  {`{"Statement":{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"}}}`, Policy{SNS: true}},
		"everybody":         {`{"Statement":[{"Effect":"Allow","Principal":"*"}]}`, Policy{Events: true, SNS: true}},
		"every account":     {`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"}}]}`, Policy{Events: true, SNS: true}},
		"somebody else":     {`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:root"}}]}`, Policy{}},
		"whom it keeps out": {`{"Statement":[{"Effect":"Deny","Principal":{"Service":"events.amazonaws.com"}}]}`, Policy{}},
	} {
		if got := policyOf(c.text); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestWhatARuleLetsThrough(t *testing.T) {
	for name, c := range map[string]struct {
		state, pattern string
		want           RuleFacts
	}{
		"all of the marketplace's": {"ENABLED", `{"source":["aws.agreement-marketplace"]}`, RuleFacts{Name: "r", Enabled: true, Marketplace: true}},
		"some":                     {"ENABLED", `{"source":["aws.s3","aws.agreement-marketplace"],"detail-type":["License Updated - Manufacturer",{"prefix":"Purchase"}]}`, RuleFacts{Name: "r", Enabled: true, Marketplace: true, DetailTypes: []string{"License Updated - Manufacturer"}}},
		"another's":                {"DISABLED", `{"source":["aws.s3"]}`, RuleFacts{Name: "r"}},
		"a schedule":               {"ENABLED", ``, RuleFacts{Name: "r", Enabled: true}},
	} {
		if got := ruleOf("r", c.state, c.pattern); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func FuzzPolicy(f *testing.F) {
	f.Add(`{"Statement":[{"Effect":"Allow","Principal":{"Service":["sns.amazonaws.com"]}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		policyOf(text)
		ruleOf("r", "ENABLED", text)
	})
}

// A refusal is an answer, and says what time it is there; silence is an error, and comes once.
func TestProbes(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.Header().Set("Date", "Mon, 02 Nov 2026 09:00:00 GMT")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"ThrottlingException","message":"slow down"}`)
	}))
	cfg, err := Load(t.Context(), Settings{Endpoint: server.URL, AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	p := NewProber(cfg)
	want := Answer{"ThrottlingException", "slow down", time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	if a, err := p.Resolve(t.Context()); err != nil || a != want || asked != 1 {
		t.Errorf("the answer is %+v, %v after %d calls; want %+v after one", a, err, asked, want)
	}
	if who, err := p.Who(t.Context()); err != nil || who.AccessKeyID != "AKIDEXAMPLE" || who.Region != "us-east-1" {
		t.Errorf("the credentials are %+v, %v", who, err)
	}
	server.Close()
	if a, err := p.Meter(t.Context(), "prod"); err == nil || a.Code != "" {
		t.Errorf("silence is %+v, %v; want an error", a, err)
	}
}

// What the gateway calls is what docs/production.md has a role allowed.
func TestThePolicyOfTheDocsAllowsEveryCall(t *testing.T) {
	page, err := os.ReadFile("../../../docs/production.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	input := regexp.MustCompile(`&(\w+)\.(\w+)Input\{`)
	found := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range input.FindAllStringSubmatch(string(text), -1) {
			service, operation := m[1], m[2]
			switch {
			case service == "eventbridge":
				service = "events"
			case strings.HasPrefix(service, "marketplace"):
				service = "aws-marketplace"
			}
			// One right covers a call and its batch. Source: SQS Developer Guide, "Amazon SQS API permissions".
			right := service + ":" + strings.Replace(operation, "DeleteMessageBatch", "DeleteMessage", 1)
			if found++; !strings.Contains(string(page), `"`+right+`"`) {
				t.Errorf("%s calls %s, which the policy of docs/production.md does not allow", name, right)
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d calls were found", found)
	}
}
