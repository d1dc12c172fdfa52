package metering

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/ops/opstest"
	"souk.dev/souk/internal/sandbox/world"
)

var noon = opstest.Noon

const (
	acme    = opstest.Acme
	globex  = opstest.Globex
	inkwell = opstest.Inkwell
	classic = opstest.Classic
)

// stand is the metering API on the built-in world.
type stand struct{ *opstest.Stand }

func open(t testing.TB, choices map[string]string) *stand {
	t.Helper()
	s := &stand{opstest.Open(t, Service)}
	s.Choose(choices)
	return s
}

// buy subscribes a buyer at once, and lets the license be provisioned.
func (s *stand) buy(buyer, product string) world.Agreement {
	s.T.Helper()
	a := s.Buy(buyer, product)
	s.Pass(72 * time.Second)
	return a
}

func (s *stand) cancel(a world.Agreement) {
	s.T.Helper()
	if _, err := s.World.Cancel(s.Clock.Now(), a.AgreementID); err != nil {
		s.T.Fatal(err)
	}
}

var signed = opstest.Signed("AKIDEXAMPLE", "us-east-1")

func request(op, body string) *http.Request {
	r := opstest.JSON("AWSMPMeteringService."+op, body)
	r.Header.Set("Authorization", signed)
	return r
}

func (s *stand) call(op, body string) *httptest.ResponseRecorder {
	s.T.Helper()
	return s.Send(opstest.Seller, request(op, body))
}

// fault is the error's name in the answer; "" when it is none.
func (s *stand) fault(w *httptest.ResponseRecorder) string {
	s.T.Helper()
	return s.Failure(w).Type
}

// record is a usage record with everything right; changes are "name": value, or "name": nil to leave it out.
func record(a world.Agreement, changes ...any) map[string]any {
	r := map[string]any{"Timestamp": noon.Unix(), "Dimension": "pages", "Quantity": 1, "CustomerAWSAccountId": a.BuyerAccount, "LicenseArn": a.License.ARN}
	if a.CustomerIdentifier != "" {
		r = map[string]any{"Timestamp": noon.Unix(), "Dimension": "pages", "Quantity": 1, "CustomerIdentifier": a.CustomerIdentifier}
	}
	for i := 0; i < len(changes); i += 2 {
		name := changes[i].(string)
		if changes[i+1] == nil {
			delete(r, name)
		} else {
			r[name] = changes[i+1]
		}
	}
	return r
}

func batch(code string, records ...map[string]any) string {
	in := map[string]any{"UsageRecords": records}
	if code != "" {
		in["ProductCode"] = code
	}
	text, err := json.Marshal(in)
	if err != nil {
		panic(err) // maps of numbers and strings
	}
	return string(text)
}

func TestAnswersToTheByte(t *testing.T) {
	s := open(t, nil)
	modern, legacy := s.buy(acme, inkwell), s.buy(acme, classic)
	for name, a := range map[string]world.Agreement{"resolve-license": modern, "resolve-legacy": legacy} {
		tok, err := s.World.MintToken(noon, a.AgreementID)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(map[string]string{"RegistrationToken": tok.Text})
		if err != nil {
			t.Fatal(err)
		}
		opstest.Golden(t, name, s.call("ResolveCustomer", string(text)))
	}
	opstest.Golden(t, "resolve-invalid", s.call("ResolveCustomer", `{"RegistrationToken":"x"}`))
	opstest.Golden(t, "resolve-missing", s.call("ResolveCustomer", `{}`))
	opstest.Golden(t, "batch-empty", s.call("BatchMeterUsage", `{"UsageRecords":[]}`))
	opstest.Golden(t, "batch-license", s.call("BatchMeterUsage", batch("",
		record(modern, "Timestamp", 1794312000.123, "UsageAllocations", []any{
			map[string]any{"AllocatedUsageQuantity": 1, "Tags": []any{map[string]string{"Key": "BusinessUnit", "Value": "Ops & Co"}}},
			map[string]any{"AllocatedUsageQuantity": 0}}),
		record(modern, "Quantity", 2), record(modern, "Dimension", "gb_stored", "Quantity", nil))))
	opstest.Golden(t, "batch-legacy", s.call("BatchMeterUsage", batch(classic, record(legacy), record(legacy, "CustomerIdentifier", nil, "CustomerAWSAccountId", globex))))
	opstest.Golden(t, "batch-unknown-operation", s.call("UnregisterUsage", `{}`))
	opstest.Golden(t, "batch-no-json", s.call("BatchMeterUsage", `{"UsageRecords":[`))
	opstest.Golden(t, "batch-wrong-type", s.call("BatchMeterUsage", `{"UsageRecords":[{"Quantity":"7"}]}`))
	opstest.Golden(t, "batch-fraction", s.call("BatchMeterUsage", batch("", record(modern, "Quantity", 1.5))))
	opstest.Golden(t, "batch-negative", s.call("BatchMeterUsage", batch("", record(modern, "Quantity", -1))))
	if _, err := s.Faults.Add(fault.Rule{Operation: "BatchMeterUsage", Kind: fault.Unprocessed, Records: 1}); err != nil {
		t.Fatal(err)
	}
	opstest.Golden(t, "batch-unprocessed", s.call("BatchMeterUsage", batch("", record(modern), record(modern, "Quantity", 9))))
}

// Every refusal of a whole request, each by what naturally causes it. None of them may leave anything in the ledger.
func TestRequestsRefusedWhole(t *testing.T) {
	s := open(t, nil)
	modern, legacy := s.buy(acme, inkwell), s.buy(acme, classic)
	other, err := s.World.CreateProduct(noon, world.Product{Title: "Other", Dimensions: mustProduct(t, s, inkwell).Dimensions})
	if err != nil {
		t.Fatal(err)
	}
	second := s.buy(acme, other.ProductCode)
	good := record(modern)
	many := make([]map[string]any, 26)
	for i := range many {
		many[i] = record(modern, "Quantity", i)
	}
	tag := func(k, v string) map[string]string { return map[string]string{"Key": k, "Value": v} }
	split := func(n int, tags ...map[string]string) map[string]any {
		a := map[string]any{"AllocatedUsageQuantity": n}
		if len(tags) > 0 {
			a["Tags"] = tags
		}
		return a
	}
	for name, c := range map[string]struct{ body, want string }{
		"no records member":            {`{}`, contract.Validation},
		"26 records":                   {batch("", many...), contract.Validation},
		"no timestamp":                 {batch("", record(modern, "Timestamp", nil)), contract.Validation},
		"no dimension":                 {batch("", record(modern, "Dimension", nil)), contract.Validation},
		"dimension of 256":             {batch("", record(modern, "Dimension", strings.Repeat("x", 256))), contract.Validation},
		"quantity of 2^31":             {batch("", record(modern, "Quantity", 1<<31)), contract.Validation},
		"account with letters":         {batch("", record(modern, "CustomerAWSAccountId", "11112222abcd")), contract.Validation},
		"nobody":                       {batch(classic, record(legacy, "CustomerIdentifier", nil)), contract.Validation},
		"two identities":               {batch(classic, record(legacy, "CustomerAWSAccountId", acme)), contract.Validation},
		"identifier with license":      {batch("", record(modern, "CustomerAWSAccountId", nil, "CustomerIdentifier", "x")), contract.Validation},
		"unknown product code":         {batch("nosuchcode", record(legacy)), contract.InvalidProductCode},
		"product id for a code":        {batch("prod-inkwellclassc", record(legacy)), contract.InvalidProductCode},
		"code in capitals":             {batch(strings.ToUpper(classic), record(legacy)), contract.InvalidProductCode},
		"code beside a license":        {batch(inkwell, good), contract.InvalidProductCode},
		"neither code nor license":     {batch("", record(legacy)), contract.InvalidProductCode},
		"license missing":              {batch(inkwell, record(modern, "LicenseArn", nil)), contract.InvalidLicense},
		"license unknown":              {batch("", record(modern, "LicenseArn", strings.Replace(modern.License.ARN, ":l-", ":l-0", 1))), contract.InvalidLicense},
		"license that cannot be":       {batch("", record(modern, "LicenseArn", "l-1")), contract.InvalidLicense},
		"license of another":           {batch("", record(modern, "CustomerAWSAccountId", globex)), contract.InvalidLicense},
		"licenses of two products":     {batch("", good, record(second)), contract.InvalidLicense},
		"usage before the license":     {batch("", record(modern, "Timestamp", noon.Add(-time.Second).Unix())), contract.InvalidLicense},
		"unknown identifier":           {batch(classic, record(legacy, "CustomerIdentifier", "nobody")), contract.InvalidCustomerIdentifier},
		"unknown dimension":            {batch("", record(modern, "Dimension", "Pages")), contract.InvalidUsageDimension},
		"legacy before the start":      {batch(classic, record(legacy, "Timestamp", noon.Add(-time.Second).Unix())), contract.TimestampOutOfBounds},
		"in the future":                {batch("", record(modern, "Timestamp", s.Clock.Now().Add(time.Second).Unix())), contract.TimestampOutOfBounds},
		"allocations short":            {batch("", record(modern, "Quantity", 3, "UsageAllocations", []any{split(2)})), contract.InvalidUsageAllocations},
		"allocations with equal tags":  {batch("", record(modern, "Quantity", 3, "UsageAllocations", []any{split(1, tag("a", "b"), tag("c", "d")), split(2, tag("c", "d"), tag("a", "b"))})), contract.InvalidUsageAllocations},
		"six tags":                     {batch("", record(modern, "UsageAllocations", []any{split(1, tag("a", "1"), tag("b", "1"), tag("c", "1"), tag("d", "1"), tag("e", "1"), tag("f", "1"))})), contract.InvalidTag},
		"tag with a forbidden letter":  {batch("", record(modern, "UsageAllocations", []any{split(1, tag("a", "é"))})), contract.InvalidTag},
		"one bad record sinks the lot": {batch("", good, record(modern, "Dimension", "nope")), contract.InvalidUsageDimension},
		// Several things wrong at once: the earliest stage answers, whichever record it concerns.
		"dimension before time": {batch("", record(modern, "Timestamp", s.Clock.Now().Add(time.Hour).Unix()), record(modern, "Dimension", "nope")), contract.InvalidUsageDimension},
		"license before both":   {batch("", record(modern, "Dimension", "nope"), record(modern, "LicenseArn", "l-1")), contract.InvalidLicense},
	} {
		if got := s.fault(s.call("BatchMeterUsage", c.body)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if records, _ := s.World.Records(world.RecordQuery{}); len(records) != 0 {
		t.Errorf("%d records were honoured", len(records))
	}
	if w := s.call("BatchMeterUsage", batch("", good)); s.fault(w) != "" {
		t.Errorf("the good record alone: %s", w.Body)
	}
}

func mustProduct(t *testing.T, s *stand, code string) world.Product {
	t.Helper()
	p, err := s.World.Product(code)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The window closes 24 hours back (exclusive), and for a month at 06:00 on the 1st of the next.
func TestWindow(t *testing.T) {
	s := open(t, nil)
	a := s.buy(acme, inkwell)
	at := func(v string) time.Time {
		when, err := time.Parse(time.RFC3339, v)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for i, c := range []struct {
		now, stamp, want string
	}{
		{"2026-11-20T10:30:00Z", "2026-11-19T10:30:00Z", contract.TimestampOutOfBounds},
		{"2026-11-20T10:30:00Z", "2026-11-19T10:30:01Z", ""},
		{"2026-12-01T05:59:59Z", "2026-11-30T23:59:59Z", ""},
		{"2026-12-01T06:00:00Z", "2026-11-30T23:59:58Z", contract.TimestampOutOfBounds},
		{"2026-12-01T06:00:00Z", "2026-12-01T00:00:00Z", ""},
	} {
		s.Clock.Set(at(c.now))
		if got := s.fault(s.call("BatchMeterUsage", batch("", record(a, "Timestamp", at(c.stamp).Unix(), "Quantity", i)))); got != c.want {
			t.Errorf("%s at %s: %q, want %q", c.stamp, c.now, got, c.want)
		}
	}
}

// statuses are those of an answer, in order.
func (s *stand) statuses(w *httptest.ResponseRecorder) (all []string) {
	s.T.Helper()
	var out struct {
		Results []struct {
			Status           string
			MeteringRecordId string
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != http.StatusOK {
		s.T.Fatalf("status %d: %s", w.Code, w.Body)
	}
	for _, r := range out.Results {
		if (r.MeteringRecordId != "") != (r.Status == contract.Success) {
			s.T.Errorf("%s with the record id %q", r.Status, r.MeteringRecordId)
		}
		all = append(all, r.Status)
	}
	return all
}

func (s *stand) want(what, body string, want ...string) {
	s.T.Helper()
	if got := s.statuses(s.call("BatchMeterUsage", body)); fmt.Sprint(got) != fmt.Sprint(want) {
		s.T.Errorf("%s: %v, want %v", what, got, want)
	}
}

const (
	ok   = contract.Success
	dup  = contract.DuplicateRecord
	gone = contract.CustomerNotSubscribed
)

func TestFirstQuantityOfAnHourCounts(t *testing.T) {
	s := open(t, nil)
	a := s.buy(acme, inkwell)
	s.Pass(time.Hour)
	s.want("first", batch("", record(a, "Quantity", 5)), ok)
	s.want("again", batch("", record(a, "Quantity", 5)), ok)
	s.want("more, later in the hour", batch("", record(a, "Quantity", 6, "Timestamp", noon.Add(59*time.Minute).Unix())), dup)
	s.want("next hour, other dimension", batch("", record(a, "Quantity", 6, "Timestamp", noon.Add(time.Hour).Unix()), record(a, "Dimension", "gb_stored")), ok, ok)
	s.want("twice in a request", batch("", record(a, "Dimension", "gb_stored", "Timestamp", noon.Add(time.Hour).Unix(), "Quantity", 1),
		record(a, "Dimension", "gb_stored", "Timestamp", noon.Add(time.Hour).Unix(), "Quantity", 1),
		record(a, "Dimension", "gb_stored", "Timestamp", noon.Add(time.Hour).Unix(), "Quantity", 2)), ok, ok, dup)
	elsewhere := request("BatchMeterUsage", batch("", record(a, "Quantity", 6)))
	elsewhere.Header.Set("Authorization", strings.Replace(signed, "us-east-1", "eu-west-1", 1))
	w := httptest.NewRecorder()
	s.ServeHTTP(w, elsewhere)
	if got := s.statuses(w); got[0] != ok {
		t.Errorf("another region keeps its own books: %v", got)
	}
	if records, _ := s.World.Records(world.RecordQuery{Dimension: "pages", To: noon.Add(time.Hour)}); len(records) != 2 || records[0].Quantity != 5 || records[1].Region != "eu-west-1" {
		t.Errorf("the ledger has %+v", records)
	}
}

func TestProfilesOfMetering(t *testing.T) {
	for name, c := range map[string]struct {
		choices map[string]string
		do      func(s *stand, a world.Agreement)
	}{
		"identical resend is a duplicate": {map[string]string{"identical-resend": "duplicate-record"}, func(s *stand, a world.Agreement) {
			s.want("first", batch("", record(a)), ok)
			s.want("again", batch("", record(a)), dup)
		}},
		"duplicates in a request are refused": {map[string]string{"batch-duplicates": "reject"}, func(s *stand, a world.Agreement) {
			s.refused(batch("", record(a), record(a)), contract.Validation)
			s.want("apart", batch("", record(a), record(a, "Dimension", "gb_stored")), ok, ok)
		}},
		"activation to the instant": {map[string]string{"activation-edge": "instant"}, func(s *stand, a world.Agreement) {
			s.Clock.Set(noon.Add(time.Hour + time.Minute))
			late := s.buy(acme, inkwell)
			s.refused(batch("", record(late, "Timestamp", noon.Add(time.Hour).Unix())), contract.InvalidLicense)
			s.want("at the instant", batch("", record(late, "Timestamp", noon.Add(time.Hour+time.Minute).Unix())), ok)
		}},
		"a clock five minutes ahead": {map[string]string{"future-tolerance": "5m"}, func(s *stand, a world.Agreement) {
			s.want("ahead", batch("", record(a, "Timestamp", s.Clock.Now().Add(5*time.Minute).Unix())), ok)
			s.refused(batch("", record(a, "Timestamp", s.Clock.Now().Add(5*time.Minute+time.Second).Unix())), contract.TimestampOutOfBounds)
		}},
		"an account never heard of": {map[string]string{"unknown-account": "invalid-customer-identifier"}, func(s *stand, a world.Agreement) {
			s.refused(batch(classic, record(a, "LicenseArn", nil)), contract.InvalidCustomerIdentifier)
		}},
		"product code beside a license": {map[string]string{"product-code-with-license": "accept"}, func(s *stand, a world.Agreement) {
			s.want("both", batch(inkwell, record(a)), ok)
			s.refused(batch(classic, record(a)), contract.InvalidLicense)
		}},
		"stamps end with the subscription": {map[string]string{"final-timestamps": "until-end"}, func(s *stand, a world.Agreement) {
			s.cancel(a)
			end := s.Clock.Now()
			s.Pass(10 * time.Minute)
			s.refused(batch("", record(a, "Timestamp", end.Add(time.Minute).Unix())), contract.InvalidLicense)
			s.want("up to the end", batch("", record(a, "Timestamp", end.Unix())), ok)
		}},
		"results in another order": {map[string]string{"result-order": "any"}, func(s *stand, a world.Agreement) {
			moved := false
			for n := range 10 { // each request has an order of its own
				body := batch("", record(a), record(a, "Dimension", "gb_stored", "Quantity", 1), record(a, "Quantity", 2+n))
				s.call("BatchMeterUsage", body)
				got := s.call("BatchMeterUsage", body).Body.String()
				if again := s.call("BatchMeterUsage", body).Body.String(); again != got {
					s.T.Errorf("the same request is answered otherwise:\n%s\n%s", got, again)
				}
				moved = moved || strings.Index(got, "gb_stored") < strings.Index(got, "pages")
				if dups := strings.Count(got, dup); dups != 1 {
					s.T.Errorf("%d duplicates, and the other quantity alone is one: %s", dups, got)
				}
			}
			if !moved {
				s.T.Error("every result came where its record had been")
			}
		}},
		"one token a second": {map[string]string{"resolve-quota": "1"}, func(s *stand, a world.Agreement) {
			resolve := func(want string) {
				s.T.Helper()
				token, err := s.World.MintToken(s.Clock.Now(), a.AgreementID)
				if err != nil {
					s.T.Fatal(err)
				}
				body, err := json.Marshal(map[string]string{"RegistrationToken": token.Text})
				if err != nil {
					s.T.Fatal(err)
				}
				if got := s.fault(s.call("ResolveCustomer", string(body))); got != want {
					s.T.Errorf("%q, want %q", got, want)
				}
			}
			resolve("")
			resolve(contract.Throttling)
			s.Pass(time.Second)
			resolve("")
		}},
		"ten calls a second": {map[string]string{"quota": "on"}, func(s *stand, a world.Agreement) {
			for range 10 {
				s.want("within", batch("", record(a)), ok)
			}
			s.refused(batch("", record(a)), contract.Throttling)
			s.Pass(100 * time.Millisecond)
			s.want("a tenth of a second later", batch("", record(a)), ok)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, c.choices)
			c.do(s, s.buy(acme, inkwell))
		})
	}
}

func (s *stand) refused(body, want string) {
	s.T.Helper()
	if got := s.fault(s.call("BatchMeterUsage", body)); got != want {
		s.T.Errorf("%q, want %q", got, want)
	}
}

func TestOnlySubscribersAreMetered(t *testing.T) {
	s := open(t, nil)
	early, err := s.World.Subscribe(noon, world.Subscribe{BuyerAccount: acme, Product: inkwell})
	if err != nil {
		t.Fatal(err)
	}
	s.want("before the license is provisioned", batch("", record(early)), gone)
	s.Pass(72 * time.Second)
	s.want("once it is", batch("", record(early)), ok)
	legacy := s.buy(acme, classic)
	s.want("a stranger to a legacy product", batch(classic, record(legacy), record(legacy, "CustomerIdentifier", nil, "CustomerAWSAccountId", globex)), ok, gone)
	yes, no := true, false
	for _, suspended := range []*bool{&yes, &no} {
		if _, err := s.World.ChangeBuyer(noon, acme, world.BuyerPatch{Suspended: suspended}); err != nil {
			t.Fatal(err)
		}
		want := ok
		if *suspended {
			want = gone
		}
		s.want("suspended", batch("", record(early, "Dimension", "gb_stored")), want)
	}
	s.cancel(legacy)
	s.Pass(time.Hour - time.Second)
	s.want("the last hour's last second", batch(classic, record(legacy, "Timestamp", s.Clock.Now().Unix())), ok)
	s.Pass(time.Second)
	s.want("after it", batch(classic, record(legacy, "Timestamp", s.Clock.Now().Unix())), gone)
	s.buy(acme, classic)
	s.want("subscribed again", batch(classic, record(legacy, "Timestamp", s.Clock.Now().Unix(), "Quantity", 2)), dup)
}

// The hazard of migrating sellers: the same usage under both identities is two records, and billed twice.
func TestTwoIdentitiesBillTwice(t *testing.T) {
	s := open(t, nil)
	a := s.buy(acme, classic)
	s.want("by identifier", batch(classic, record(a)), ok)
	s.want("by license", batch("", record(a, "CustomerIdentifier", nil, "CustomerAWSAccountId", acme, "LicenseArn", a.License.ARN)), ok)
	if bill, err := s.World.Bill(acme, noon); err != nil || bill.Total.String() != "0.05" {
		t.Errorf("billed %s, %v", bill.Total, err)
	}
}

func TestRegionsWithoutTheAPI(t *testing.T) {
	s := open(t, nil)
	for _, op := range []string{"ResolveCustomer", "BatchMeterUsage"} {
		r := request(op, `{"RegistrationToken":"x","UsageRecords":[]}`)
		r.Header.Set("Authorization", strings.Replace(signed, "us-east-1", "mx-central-1", 1))
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if got := s.fault(w); got != contract.DisabledAPI {
			t.Errorf("%s: %q", op, got)
		}
	}
}

// Every error that the API reference lists is reachable, at the least by a fault.
func TestEveryDocumentedErrorCanBeMet(t *testing.T) {
	for op := range Service(nil).Ops {
		for _, code := range contract.Operations[op].Errors {
			s := open(t, nil)
			if _, err := s.Faults.Add(fault.Rule{Operation: op, Kind: fault.Exception, Code: code}); err != nil {
				t.Fatal(err)
			}
			w := s.call(op, `{}`)
			wantStatus := http.StatusBadRequest
			if code == contract.InternalServiceError {
				wantStatus = http.StatusInternalServerError
			}
			if got := s.fault(w); got != code || w.Code != wantStatus {
				t.Errorf("%s: %q with status %d, want %q with %d", op, got, w.Code, code, wantStatus)
			}
		}
	}
}

func FuzzBatch(f *testing.F) {
	f.Add(`{"UsageRecords":[{"Timestamp":1794312000.5,"Dimension":"pages","Quantity":1,"CustomerAWSAccountId":"111122223333","UsageAllocations":[{"AllocatedUsageQuantity":1,"Tags":[{"Key":"a","Value":"b"}]}]}]}`)
	f.Add(`{"ProductCode":"x","UsageRecords":[null,{}]}`)
	f.Add(`{"UsageRecords":[{"Timestamp":"2026-11-10T12:00:00Z","Quantity":9223372036854775808}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		b, err := readBatch(body)
		if err != nil {
			return
		}
		if !json.Valid([]byte(body)) {
			t.Fatalf("took what is not JSON: %q", body)
		}
		if checkBatch(&b, len(body)) != nil {
			return
		}
		out := writeBatch(b.Usage, make([]world.Result, len(b.Usage)), b.Usage)
		again, err := readBatch(`{"UsageRecords":` + strings.SplitN(string(out), `"UnprocessedRecords":`, 2)[1])
		if err != nil || fmt.Sprint(again.Usage) != fmt.Sprint(b.Usage) {
			t.Fatalf("echoed %v as %v (%v)", b.Usage, again.Usage, err)
		}
	})
}
