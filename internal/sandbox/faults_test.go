package sandbox

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/marketplaceentitlementservice"
	"github.com/aws/aws-sdk-go-v2/service/marketplacemetering"
	"github.com/aws/aws-sdk-go-v2/service/marketplacemetering/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"souk.dev/souk/internal/sandbox/fault"
)

// disturbed is a world with a subscription, in which a fault is to be seen from outside: with AWS's SDK, and by the
// control API.
type disturbed struct {
	*house
	bought
	metering *marketplacemetering.Client
}

func (d *disturbed) add(rule map[string]any) {
	d.t.Helper()
	var p struct{ Detail string }
	if status := d.call("POST", d.base+"/_sandbox/faults", "", rule, &p); status != http.StatusCreated {
		d.t.Fatalf("%v: %d %s", rule, status, p.Detail)
	}
}

func (d *disturbed) resolve() (string, error) {
	ctx, cancel := context.WithTimeout(d.t.Context(), 10*time.Second)
	defer cancel()
	out, err := d.metering.ResolveCustomer(ctx, &marketplacemetering.ResolveCustomerInput{RegistrationToken: &d.RegistrationToken})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.LicenseArn), nil
}

func (d *disturbed) meter(quantity int32) (*marketplacemetering.BatchMeterUsageOutput, error) {
	return d.metering.BatchMeterUsage(d.t.Context(), &marketplacemetering.BatchMeterUsageInput{UsageRecords: []types.UsageRecord{{
		CustomerAWSAccountId: aws.String(acme), LicenseArn: &d.LicenseARN, Dimension: aws.String("pages"), Quantity: &quantity, Timestamp: &noon}}})
}

// honoured counts the records that AWS took.
func (d *disturbed) honoured() int {
	var l struct{ Items []any }
	d.call("GET", d.base+"/_sandbox/records", "", nil, &l)
	return len(l.Items)
}

// messages are the bodies in the seller's queue, in the order in which they come.
func (d *disturbed) messages() (all []string) {
	d.t.Helper()
	q := sqs.New(sqs.Options{BaseEndpoint: &d.base, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("k", "s", "")})
	for {
		out, err := q.ReceiveMessage(d.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(d.base + "/444455556666/marketplace-notices"), MaxNumberOfMessages: 10})
		if err != nil {
			d.t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return all
		}
		for _, m := range out.Messages {
			all = append(all, aws.ToString(m.Body))
		}
	}
}

func (d *disturbed) advance(by string) {
	d.t.Helper()
	if status := d.call("POST", d.base+"/_sandbox/clock", "", map[string]string{"advance": by}, nil); status != http.StatusOK {
		d.t.Fatal(status)
	}
}

func kindOf(body string) string {
	_, rest, _ := strings.Cut(body, `"detail-type":"`)
	kind, _, _ := strings.Cut(rest, " - ")
	return kind
}

// seen says what each kind of fault does, as it is seen from outside.
var seen = map[fault.Kind]func(t *testing.T, d *disturbed){
	fault.Throttle:     refusedWith("ThrottlingException"),
	fault.DisabledAPI:  refusedWith("DisabledApiException"),
	fault.AccessDenied: refusedWith("AccessDeniedException"),
	fault.InvalidToken: refusedWith("InvalidTokenException"),
	fault.ExpiredToken: refusedWith("ExpiredTokenException"),
	fault.Error:        refusedWith("InternalServiceErrorException"),
	fault.Exception: func(t *testing.T, d *disturbed) {
		d.add(map[string]any{"operation": "BatchMeterUsage", "kind": "exception", "code": "InvalidTagException", "message": "No such tag."})
		if _, err := d.meter(1); codeOf(err) != "InvalidTagException" || !strings.Contains(err.Error(), "No such tag.") || d.honoured() != 0 {
			t.Errorf("%v; %d honoured", err, d.honoured())
		}
	},
	fault.ErrorAfterCommit: lost,
	fault.DropAfterCommit:  lost,
	fault.Truncate:         lost,
	fault.Drop: func(t *testing.T, d *disturbed) {
		d.add(map[string]any{"operation": "BatchMeterUsage", "kind": "drop-connection", "times": 1})
		if _, err := d.meter(1); err == nil || codeOf(err) != "" || d.honoured() != 0 {
			t.Errorf("%v; %d honoured", err, d.honoured())
		}
	},
	fault.Slow: func(t *testing.T, d *disturbed) {
		d.add(map[string]any{"operation": "ResolveCustomer", "kind": "slow", "delay": "20ms", "times": 1})
		if license, err := d.resolve(); err != nil || license != d.LicenseARN {
			t.Errorf("%s, %v", license, err)
		}
		var l struct {
			Items []struct {
				Fault      string
				DurationMs float64
			}
		}
		if d.call("GET", d.base+"/_sandbox/calls", "", nil, &l); len(l.Items) != 1 || l.Items[0].Fault != "slow" || l.Items[0].DurationMs < 20 {
			t.Errorf("the log has %+v", l.Items)
		}
	},
	fault.Hang: func(t *testing.T, d *disturbed) {
		d.add(map[string]any{"operation": "BatchMeterUsage", "kind": "hang", "times": 1})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := d.metering.BatchMeterUsage(ctx, &marketplacemetering.BatchMeterUsageInput{UsageRecords: []types.UsageRecord{}})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it was answered: %v", err)
		}
	},
	fault.Unprocessed: func(t *testing.T, d *disturbed) {
		d.add(map[string]any{"operation": "BatchMeterUsage", "kind": "unprocessed", "times": 1})
		if out, err := d.meter(1); err != nil || len(out.UnprocessedRecords) != 1 || len(out.Results) != 0 || d.honoured() != 0 {
			t.Errorf("%+v, %v", out, err)
		}
		if out, err := d.meter(1); err != nil || len(out.Results) != 1 || d.honoured() != 1 {
			t.Errorf("the next time: %+v, %v", out, err)
		}
	},
	fault.SuspendedBuyer: func(t *testing.T, d *disturbed) {
		d.add(map[string]any{"operation": "BatchMeterUsage", "kind": "suspended-buyer", "times": 1})
		if out, err := d.meter(1); err != nil || out.Results[0].Status != types.UsageRecordResultStatusCustomerNotSubscribed || d.honoured() != 0 {
			t.Errorf("%+v, %v", out, err)
		}
	},
	fault.StaleEntitlements: func(t *testing.T, d *disturbed) {
		const teams = "1nkwe11teams00upfr0ntabcd"
		entitled := func() int {
			c := marketplaceentitlementservice.New(marketplaceentitlementservice.Options{BaseEndpoint: &d.base, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("k", "s", "")})
			out, err := c.GetEntitlements(t.Context(), &marketplaceentitlementservice.GetEntitlementsInput{ProductCode: aws.String(teams)})
			if err != nil {
				t.Fatal(err)
			}
			return len(out.Entitlements)
		}
		before := entitled()
		d.call("POST", d.base+"/_sandbox/agreements", "", map[string]any{"productCode": teams, "buyerAccountId": acme, "quantities": map[string]int{"seats": 3}, "duration": "P12M"}, nil)
		d.advance("10m")
		d.add(map[string]any{"operation": "GetEntitlements", "kind": "stale-entitlements", "times": 1})
		if stale, now := entitled(), entitled(); before != 0 || stale != 0 || now == 0 {
			t.Errorf("before %d, stale %d, now %d", before, stale, now)
		}
	},
	fault.Duplicate: noticed("duplicate", func(t *testing.T, d *disturbed, at []string) {
		if len(at) != 3 || kindOf(at[0]) != kindOf(at[1]) || at[0] == at[1] {
			t.Errorf("%q", at)
		}
	}),
	fault.Reorder: noticed("reorder", func(t *testing.T, d *disturbed, at []string) {
		if len(at) != 2 || kindOf(at[0]) != "License Updated" || kindOf(at[1]) != "Purchase Agreement Created" {
			t.Errorf("%q", at)
		}
	}),
	fault.Delay: noticed("delay", func(t *testing.T, d *disturbed, at []string) {
		if len(at) != 1 || kindOf(at[0]) != "License Updated" {
			t.Errorf("at once: %q", at)
		}
		d.advance("10m")
		if at := d.messages(); len(at) < 1 || kindOf(at[len(at)-1]) != "Purchase Agreement Created" {
			t.Errorf("later: %q", at)
		}
	}),
	fault.LoseRedeliver: noticed("lose-then-redeliver", func(t *testing.T, d *disturbed, at []string) {
		var l struct {
			Items []struct{ Attempts []struct{ Outcome string } }
		}
		d.call("GET", d.base+"/_sandbox/deliveries", "", nil, &l)
		if len(at) != 2 || len(l.Items[0].Attempts) != 2 || l.Items[0].Attempts[0].Outcome != "lost" {
			t.Errorf("%q; %+v", at, l.Items)
		}
	}),
	fault.Lose: noticed("lose", func(t *testing.T, d *disturbed, at []string) {
		d.advance("24h") // what was received and not deleted comes again
		for _, m := range append(at, d.messages()...) {
			if len(at) != 1 || kindOf(m) != "License Updated" {
				t.Errorf("%q", m)
			}
		}
	}),
	fault.Forge: noticed("forge", func(t *testing.T, d *disturbed, at []string) {
		if len(at) != 3 {
			t.Errorf("%q", at)
		}
	}),
}

// refusedWith sees a call that fails before it took effect, and the next one that does not.
func refusedWith(code string) func(t *testing.T, d *disturbed) {
	return func(t *testing.T, d *disturbed) {
		kind := strings.TrimPrefix(t.Name()[strings.LastIndexByte(t.Name(), '/'):], "/")
		d.add(map[string]any{"operation": "ResolveCustomer", "kind": kind, "times": 1})
		if _, err := d.resolve(); codeOf(err) != code {
			t.Errorf("%v, want %s", err, code)
		}
		if license, err := d.resolve(); err != nil || license != d.LicenseARN {
			t.Errorf("the next time: %s, %v", license, err)
		}
	}
}

// lost sees an answer that is lost after the record was honoured.
func lost(t *testing.T, d *disturbed) {
	kind := strings.TrimPrefix(t.Name()[strings.LastIndexByte(t.Name(), '/'):], "/")
	d.add(map[string]any{"operation": "BatchMeterUsage", "kind": kind, "times": 1})
	if _, err := d.meter(5); err == nil || d.honoured() != 1 {
		t.Errorf("%v; %d honoured", err, d.honoured())
	}
	if out, err := d.meter(5); err != nil || out.Results[0].Status != types.UsageRecordResultStatusSuccess || d.honoured() != 1 {
		t.Errorf("sent again: %+v, %v", out, err)
	}
}

// noticed sees a purchase's two notices, of which the first one is disturbed.
func noticed(kind string, see func(t *testing.T, d *disturbed, messages []string)) func(t *testing.T, d *disturbed) {
	return func(t *testing.T, d *disturbed) {
		d.messages()
		d.call("POST", d.base+"/_sandbox/reset", "", nil, nil)
		rule := map[string]any{"operation": "Notification", "kind": kind, "times": 1}
		if kind == "delay" {
			rule["delay"] = "5m"
		}
		d.add(rule)
		d.buy(d.base)
		d.advance("3m")
		see(t, d, d.messages())
	}
}

// Every kind of fault is seen from outside; one that is added wants a line in seen.
func TestFaultsAsTheyAreSeen(t *testing.T) {
	for _, kind := range fault.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			see := seen[kind]
			if see == nil {
				t.Fatal("nobody has looked at it")
			}
			h := openWorlds(t, Config{})
			d := &disturbed{house: h, metering: client(h.base, "k", "s")}
			d.bought = h.buy(h.base)
			d.house.call("POST", h.base+"/_sandbox/clock", "", map[string]string{"advance": "5m"}, nil)
			see(t, d)
		})
	}
}

// A fault can be of any operation that the sandbox plays, of every service.
func TestFaultsOfEveryService(t *testing.T) {
	h := openWorlds(t, Config{})
	for op, c := range map[string]struct{ scope, path, target string }{
		"SearchListings":   {scope: "aws-marketplace", path: "2026-02-05/searchListings"},
		"ListQueues":       {scope: "sqs", target: "AmazonSQS.ListQueues"},
		"SearchAgreements": {scope: "aws-marketplace", target: "AWSMPCommerceService_v20200301.SearchAgreements"},
	} {
		ask := func() *http.Response {
			req, err := http.NewRequestWithContext(t.Context(), "POST", h.base+"/"+c.path, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=k/20261110/us-east-1/"+c.scope+"/aws4_request, SignedHeaders=host, Signature=0")
			req.Header.Set("Content-Type", "application/x-amz-json-1.1")
			if c.target != "" {
				req.Header.Set("X-Amz-Target", c.target)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			return res
		}
		before := ask().StatusCode
		if status := h.call("POST", h.base+"/_sandbox/faults", "", map[string]any{"operation": op, "kind": "error", "times": 1}, nil); status != http.StatusCreated {
			t.Errorf("%s: the fault was answered %d", op, status)
		}
		if got := ask().StatusCode; got != http.StatusInternalServerError || before >= 500 {
			t.Errorf("%s: %d, and before %d", op, got, before)
		}
		if got := ask().StatusCode; got != before {
			t.Errorf("%s: %d after the fault was used up, and before %d", op, got, before)
		}
	}
}
