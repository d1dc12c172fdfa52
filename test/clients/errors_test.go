package clients

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/test/harness"
)

// A call is one that a scenario makes.
type call struct {
	service, operation string
	input              map[string]any
}

// bench is a sandbox with one client of its own, and a subscription of each identity.
type bench struct {
	*harness.Sandbox
	driver
	legacy, license     harness.Product
	subscribed, granted harness.Agreement // to legacy; to license
	account             string            // of granted's buyer

	session session
}

// newBench starts a sandbox with two active subscriptions, hours old, and the client.
func newBench(t *testing.T, d driver, attempts int, extra ...string) *bench {
	t.Helper()
	s := harness.StartSandbox(t, "")
	b := &bench{Sandbox: s, driver: d, legacy: s.Product("legacy"), license: s.Product("license")}
	buyers := s.Buyers()
	b.subscribed = s.Buy(buyers[0], b.legacy)
	b.granted = s.Buy(buyers[1], b.license)
	b.account = buyers[1].AccountID
	s.Advance(5 * time.Hour)
	b.session = b.client(t, append([]string{fmt.Sprintf("AWS_MAX_ATTEMPTS=%d", attempts)}, extra...)...)
	return b
}

// client starts the client with extra environment.
func (b *bench) client(t *testing.T, extra ...string) session {
	t.Helper()
	return b.driver.start(t, b.URL, append(b.ClientEnv(), extra...))
}

// metered is a request for one record of the hour before the present one, as the client's generation identifies
// customers. change may spoil it.
func (b *bench) metered(change func(request, record map[string]any)) call {
	record := map[string]any{
		"Timestamp": b.Now().Add(-time.Hour).Format(time.RFC3339), "Quantity": 3,
	}
	request := map[string]any{"UsageRecords": []any{record}}
	if b.old {
		request["ProductCode"] = b.legacy.ProductCode
		record["CustomerIdentifier"] = b.subscribed.CustomerIdentifier
		record["Dimension"] = meteredDimension(b.legacy)
	} else {
		record["CustomerAWSAccountId"] = b.account
		record["LicenseArn"] = b.granted.LicenseARN
		record["Dimension"] = meteredDimension(b.license)
	}
	if change != nil {
		change(request, record)
	}
	return call{"meteringmarketplace", "BatchMeterUsage", request}
}

func meteredDimension(p harness.Product) string {
	for _, d := range p.Dimensions {
		if slices.Contains(d.Kinds, "metered") {
			return d.Key
		}
	}
	return ""
}

func resolve(token string) call {
	return call{"meteringmarketplace", "ResolveCustomer", map[string]any{"RegistrationToken": token}}
}

// usual is a call of an operation with nothing wrong.
func (b *bench) usual(operation string) call {
	switch operation {
	case "ResolveCustomer":
		return resolve(b.Token(b.granted.AgreementID))
	case "MeterUsage":
		return b.emitted(nil)
	case "RegisterUsage":
		return call{"meteringmarketplace", operation, map[string]any{"ProductCode": b.license.ProductCode, "PublicKeyVersion": 1}}
	}
	return b.metered(nil)
}

// emitted is usage from the buyer's side. change may spoil it.
func (b *bench) emitted(change func(request map[string]any)) call {
	request := map[string]any{"ProductCode": b.license.ProductCode, "UsageDimension": meteredDimension(b.license), "UsageQuantity": 3,
		"Timestamp": b.Now().Add(-time.Hour).Format(time.RFC3339)}
	if change != nil {
		change(request)
	}
	return call{"meteringmarketplace", "MeterUsage", request}
}

// scenario makes one documented error of one operation happen.
type scenario struct {
	operation, code string
	why             string
	// natural makes the call that earns the error; nil where only the service's own condition does, which is then
	// switched on as fault.
	natural func(b *bench) call
	fault   harness.Fault
	region  string // where the client believes it is
	newOnly bool   // clients of 2022 cannot say it: for them the sandbox is told to answer so
}

var scenarios = []scenario{
	{operation: "ResolveCustomer", code: contract.InvalidToken, why: "garbled", natural: func(b *bench) call { return resolve("not/a+token=") }},
	{operation: "ResolveCustomer", code: contract.ExpiredToken, why: "five hours old", natural: func(b *bench) call {
		token := b.Token(b.granted.AgreementID)
		b.Advance(5 * time.Hour)
		return resolve(token)
	}},
	{operation: "ResolveCustomer", code: contract.DisabledAPI, why: "a region without it", region: "us-gov-west-1", natural: func(b *bench) call { return resolve(b.Token(b.granted.AgreementID)) }},
	{operation: "ResolveCustomer", code: contract.Throttling, why: "too many calls", fault: harness.Fault{Kind: "throttle"}},
	{operation: "ResolveCustomer", code: contract.InternalServiceError, why: "AWS is unwell", fault: harness.Fault{Kind: "error"}},

	{operation: "BatchMeterUsage", code: contract.InvalidProductCode, why: "of another product", natural: func(b *bench) call {
		return b.metered(func(request, record map[string]any) {
			request["ProductCode"] = "0000000000000000000000000"
			record["CustomerIdentifier"] = b.subscribed.CustomerIdentifier
			delete(record, "CustomerAWSAccountId")
			delete(record, "LicenseArn")
		})
	}},
	{operation: "BatchMeterUsage", code: contract.InvalidUsageDimension, why: "not the product's", natural: func(b *bench) call {
		return b.metered(func(_, record map[string]any) { record["Dimension"] = "moonbeams" })
	}},
	{operation: "BatchMeterUsage", code: contract.InvalidCustomerIdentifier, why: "nobody's", natural: func(b *bench) call {
		return b.metered(func(request, record map[string]any) {
			request["ProductCode"] = b.legacy.ProductCode
			record["CustomerIdentifier"] = "nobody1234"
			record["Dimension"] = meteredDimension(b.legacy)
			delete(record, "CustomerAWSAccountId")
			delete(record, "LicenseArn")
		})
	}},
	{operation: "BatchMeterUsage", code: contract.InvalidLicense, why: "no such license", newOnly: true, natural: func(b *bench) call {
		return b.metered(func(_, record map[string]any) {
			record["LicenseArn"] = "arn:aws:license-manager::294406891311:license:l-00000000000000000000000000000000"
		})
	}},
	{operation: "BatchMeterUsage", code: contract.InvalidTag, why: "a character that is not allowed", natural: func(b *bench) call {
		return b.metered(func(_, record map[string]any) {
			record["UsageAllocations"] = []any{map[string]any{"AllocatedUsageQuantity": 3, "Tags": []any{map[string]any{"Key": "team", "Value": "a~b"}}}}
		})
	}},
	{operation: "BatchMeterUsage", code: contract.InvalidUsageAllocations, why: "they add up to something else", natural: func(b *bench) call {
		return b.metered(func(_, record map[string]any) {
			record["UsageAllocations"] = []any{map[string]any{"AllocatedUsageQuantity": 2}}
		})
	}},
	{operation: "BatchMeterUsage", code: contract.TimestampOutOfBounds, why: "a day and a minute old", natural: func(b *bench) call {
		b.Advance(48 * time.Hour) // so that the license was active then
		return b.metered(func(_, record map[string]any) {
			record["Timestamp"] = b.Now().Add(-24*time.Hour - time.Minute).Format(time.RFC3339)
		})
	}},
	{operation: "BatchMeterUsage", code: contract.DisabledAPI, why: "a region without it", region: "us-gov-west-1", natural: func(b *bench) call { return b.metered(nil) }},
	{operation: "BatchMeterUsage", code: contract.Throttling, why: "too many calls", fault: harness.Fault{Kind: "throttle"}},
	{operation: "BatchMeterUsage", code: contract.InternalServiceError, why: "AWS is unwell", fault: harness.Fault{Kind: "error"}},

	{operation: "MeterUsage", code: contract.InvalidProductCode, why: "software as a service", natural: func(b *bench) call { return b.emitted(nil) }},
	{operation: "MeterUsage", code: contract.InvalidUsageDimension, why: "not the product's", natural: func(b *bench) call {
		return b.emitted(func(request map[string]any) { request["UsageDimension"] = "moonbeams" })
	}},
	{operation: "MeterUsage", code: contract.TimestampOutOfBounds, why: "seven hours old", natural: func(b *bench) call {
		return b.emitted(func(request map[string]any) { request["Timestamp"] = b.Now().Add(-7 * time.Hour).Format(time.RFC3339) })
	}},
	{operation: "MeterUsage", code: contract.InvalidTag, why: "a character that is not allowed", natural: func(b *bench) call {
		return b.emitted(func(request map[string]any) {
			request["UsageAllocations"] = []any{map[string]any{"AllocatedUsageQuantity": 3, "Tags": []any{map[string]any{"Key": "team", "Value": "a~b"}}}}
		})
	}},
	{operation: "MeterUsage", code: contract.InvalidEndpointRegion, why: "a region without it", region: "us-gov-west-1", natural: func(b *bench) call { return b.emitted(nil) }},
	{operation: "MeterUsage", code: contract.Throttling, why: "too many calls", fault: harness.Fault{Kind: "throttle"}},
	{operation: "MeterUsage", code: contract.InternalServiceError, why: "AWS is unwell", fault: harness.Fault{Kind: "error"}},
	{operation: "MeterUsage", code: contract.InvalidUsageAllocations, why: "they add up to something else", fault: harness.Fault{Kind: "exception", Code: contract.InvalidUsageAllocations}},
	{operation: "MeterUsage", code: contract.CustomerNotEntitled, why: "not subscribed", fault: harness.Fault{Kind: "exception", Code: contract.CustomerNotEntitled}},
	{operation: "MeterUsage", code: contract.DuplicateRequest, why: "another quantity", fault: harness.Fault{Kind: "exception", Code: contract.DuplicateRequest}},
	{operation: "MeterUsage", code: contract.IdempotencyConflict, why: "the token of another request", newOnly: true, fault: harness.Fault{Kind: "exception", Code: contract.IdempotencyConflict}},

	{operation: "RegisterUsage", code: contract.InvalidProductCode, why: "nobody's", natural: func(b *bench) call {
		return call{"meteringmarketplace", "RegisterUsage", map[string]any{"ProductCode": "nobody", "PublicKeyVersion": 1}}
	}},
	{operation: "RegisterUsage", code: contract.InvalidPublicKeyVersion, why: "a version that is not there", natural: func(b *bench) call {
		return call{"meteringmarketplace", "RegisterUsage", map[string]any{"ProductCode": b.license.ProductCode, "PublicKeyVersion": 7}}
	}},
	{operation: "RegisterUsage", code: contract.PlatformNotSupported, why: "software as a service", natural: func(b *bench) call { return b.usual("RegisterUsage") }},
	{operation: "RegisterUsage", code: contract.DisabledAPI, why: "a region without it", region: "us-gov-west-1", natural: func(b *bench) call { return b.usual("RegisterUsage") }},
	{operation: "RegisterUsage", code: contract.Throttling, why: "too many calls", fault: harness.Fault{Kind: "throttle"}},
	{operation: "RegisterUsage", code: contract.InternalServiceError, why: "AWS is unwell", fault: harness.Fault{Kind: "error"}},
	{operation: "RegisterUsage", code: contract.CustomerNotEntitled, why: "not subscribed", fault: harness.Fault{Kind: "exception", Code: contract.CustomerNotEntitled}},
	{operation: "RegisterUsage", code: contract.InvalidRegion, why: "of another Region", fault: harness.Fault{Kind: "exception", Code: contract.InvalidRegion}},
}

// TestEveryDocumentedErrorHasAScenario holds the table against the contract.
func TestEveryDocumentedErrorHasAScenario(t *testing.T) {
	for _, name := range []string{"ResolveCustomer", "BatchMeterUsage", "MeterUsage", "RegisterUsage"} {
		op, ok := contract.Operations[name]
		if !ok || len(op.Errors) == 0 {
			t.Errorf("contract.Operations has no errors of %s", name)
		}
		for _, code := range op.Errors {
			if !slices.ContainsFunc(scenarios, func(s scenario) bool { return s.operation == name && s.code == code }) {
				t.Errorf("%s: no scenario makes %s happen", name, code)
			}
		}
	}
	for _, s := range scenarios {
		if !slices.Contains(contract.Operations[s.operation].Errors, s.code) {
			t.Errorf("%s is not documented to answer %s", s.operation, s.code)
		}
	}
}

// TestEveryClientRaisesTheTypedException makes each documented error happen to each client.
func TestEveryClientRaisesTheTypedException(t *testing.T) {
	for _, d := range drivers {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, d, 1)
			for _, s := range scenarios {
				t.Run(s.operation+"/"+s.code+"/"+s.why, func(t *testing.T) {
					got := b.play(t, s)
					if got.Code != s.code {
						t.Fatalf("the client raised %q (%s); want %s", got.Code, got.Message, s.code)
					}
					if !got.Typed && !(d.old && s.newOnly) {
						t.Errorf("the client raised %s, but not as its own class", got.Code)
					}
					if strings.TrimSpace(got.Message) == "" {
						t.Error("the message is empty")
					}
				})
			}
			if n := len(b.Records("")); n != 0 {
				t.Errorf("refused calls left %d records", n)
			}
		})
	}
}

// play makes s happen and returns what the client made of it.
func (b *bench) play(t *testing.T, s scenario) answer {
	t.Helper()
	next, fault := s.natural, s.fault
	if next == nil || b.old && s.newOnly {
		if fault.Kind == "" {
			fault = harness.Fault{Kind: "exception", Code: s.code}
		}
		fault.Operation = s.operation
		b.Break(fault)
		defer b.Mend()
		next = func(b *bench) call { return b.usual(s.operation) }
	}
	client := b.session
	if s.region != "" {
		client = b.client(t, "AWS_REGION="+s.region, "AWS_DEFAULT_REGION="+s.region, "AWS_MAX_ATTEMPTS=1")
	}
	c := next(b)
	return client.call(t, c.service, c.operation, c.input)
}
