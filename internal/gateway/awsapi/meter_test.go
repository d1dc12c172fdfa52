package awsapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"souk.dev/souk/internal/gateway/metering"
)

// meterAt is a meter whose AWS is h.
func meterAt(t *testing.T, h http.HandlerFunc) *Meter {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	cfg, err := Load(t.Context(), Settings{Endpoint: srv.URL, Region: "us-east-1", AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	return NewMeter(cfg)
}

var (
	byLicense  = metering.Line{Timestamp: 1780308000, Dimension: "gb_in", Quantity: 7, CustomerAWSAccount: "111122223333", LicenseARN: "arn:aws:license-manager::294406891311:license:l-0123456789abcdef"}
	byCustomer = metering.Line{Timestamp: 1780308000, Dimension: "gb_in", Quantity: 0, CustomerIdentifier: "cust-1"}
)

func TestMeterSpeaksAsAWSWants(t *testing.T) {
	for name, c := range map[string]struct {
		in   metering.Request
		want string
	}{
		"by license":  {metering.Request{UsageRecords: []metering.Line{byLicense}}, `{"UsageRecords":[{"CustomerAWSAccountId":"111122223333","Dimension":"gb_in","LicenseArn":"arn:aws:license-manager::294406891311:license:l-0123456789abcdef","Quantity":7,"Timestamp":1780308000}]}`},
		"by customer": {metering.Request{ProductCode: "prod", UsageRecords: []metering.Line{byCustomer}}, `{"ProductCode":"prod","UsageRecords":[{"CustomerIdentifier":"cust-1","Dimension":"gb_in","Quantity":0,"Timestamp":1780308000}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			var got map[string]any
			m := meterAt(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if err := json.Unmarshal(body, &got); err != nil {
					t.Error(err)
				}
				line := got["UsageRecords"].([]any)[0]
				w.Header().Set("X-Amzn-RequestId", "req-1")
				_ = json.NewEncoder(w).Encode(map[string]any{"Results": []any{map[string]any{"UsageRecord": line, "Status": "Success", "MeteringRecordId": "id-1"}}, "UnprocessedRecords": []any{line}})
			})
			a, err := m.Send(t.Context(), c.in)
			if err != nil {
				t.Fatal(err)
			}
			var want map[string]any
			if err := json.Unmarshal([]byte(c.want), &want); err != nil {
				t.Fatal(err)
			}
			if g, w := compact(got), compact(want); g != w {
				t.Errorf("sent %s, want %s", g, w)
			}
			l := c.in.UsageRecords[0]
			if a.RequestID != "req-1" || len(a.Results) != 1 || a.Results[0] != (metering.Result{UsageRecord: l, Status: "Success", MeteringRecordID: "id-1"}) || len(a.UnprocessedRecords) != 1 || a.UnprocessedRecords[0] != l {
				t.Errorf("answer %+v", a)
			}
		})
	}
}

func compact(v any) string { b, _ := json.Marshal(v); return string(b) }

func TestFailedCallsAreSortedByWhatIsKnown(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		want   metering.Class
	}{
		{400, "ThrottlingException", metering.Throttled},
		{429, "", metering.Throttled},
		{400, "TimestampOutOfBoundsException", metering.OutOfBounds},
		{400, "InvalidUsageDimensionException", metering.Refused},
		{400, "InvalidLicenseException", metering.Refused},
		{400, "InvalidCustomerIdentifierException", metering.Refused},
		{400, "InvalidProductCodeException", metering.Refused},
		{400, "ValidationException", metering.Refused},
		{400, "AccessDeniedException", metering.Denied},
		{400, "UnrecognizedClientException", metering.Denied},
		{400, "DisabledApiException", metering.Denied},
		{403, "InvalidSignatureException", metering.Denied},
		{500, "InternalServiceErrorException", metering.Lost},
		{503, "", metering.Lost},
		{200, "{", metering.Lost}, // an answer that breaks off
		{400, "{", metering.Lost}, // a refusal of which nobody knows what it says
		{403, "{", metering.Denied},
	} {
		calls := 0
		m := meterAt(t, func(w http.ResponseWriter, r *http.Request) {
			calls++
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			w.WriteHeader(c.status)
			if c.code == "{" {
				_, _ = io.WriteString(w, c.code)
			} else if c.code != "" {
				_ = json.NewEncoder(w).Encode(map[string]string{"__type": c.code, "message": "no"})
			}
		})
		_, err := m.Send(t.Context(), metering.Request{UsageRecords: []metering.Line{byLicense}})
		f, ok := errors.AsType[*metering.Fault](err)
		if !ok || f.Class != c.want || calls != 1 {
			t.Errorf("%d %s: %v in %d calls, want %s in one", c.status, c.code, err, calls, c.want)
		}
	}
}

func TestWhatWasNeverSentIsNotLost(t *testing.T) {
	srv := httptest.NewServer(nil)
	srv.Close()
	cfg, err := Load(t.Context(), Settings{Endpoint: srv.URL, Region: "us-east-1", AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	class := func(m *Meter) metering.Class {
		_, err := m.Send(t.Context(), metering.Request{UsageRecords: []metering.Line{byLicense}})
		f, ok := errors.AsType[*metering.Fault](err)
		if !ok {
			t.Fatalf("got %v", err)
		}
		return f.Class
	}
	if got := class(NewMeter(cfg)); got != metering.Unreached {
		t.Errorf("nobody listens: %s", got)
	}
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("no role")
	})
	if got := class(NewMeter(cfg)); got != metering.Denied {
		t.Errorf("no credentials: %s", got)
	}
	dropped := meterAt(t, func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	if got := class(dropped); got != metering.Lost {
		t.Errorf("the connection broke off: %s", got)
	}
}
