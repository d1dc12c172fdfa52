package statement_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/statement"
	"souk.dev/souk/internal/gateway/usage"
)

var (
	november = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	first    = core.HourOf(november)
	ann      = license.License{ID: "lic_1", ARN: "arn:1", Customer: "011122223333", ProductCode: "prod"}
	bob      = license.License{ID: "lic_2", ARN: "arn:2", Customer: "444455556666", ProductCode: "prod"}
	eve      = license.License{ID: "lic_3", CustomerIdentifier: "cust-3", ProductCode: "prod"}
)

// ledger is a month in memory.
type ledger struct {
	totals  []metering.SealedTotal
	records []metering.Record
	offs    []metering.WriteOff
}

func (l ledger) Totals(context.Context, core.LicenseID, core.Hour, core.Hour) ([]metering.SealedTotal, error) {
	return l.totals, nil
}
func (l ledger) Records(_ context.Context, q metering.Query) (rs []metering.Record, err error) {
	for _, r := range l.records {
		if (q.License == "" || r.License == q.License) && (q.State == "" || r.State == q.State) && (q.Before == "" || r.ID < q.Before) {
			rs = append(rs, r)
		}
	}
	return rs, nil
}
func (l ledger) WriteOffs(context.Context, core.LicenseID) ([]metering.WriteOff, error) {
	return l.offs, nil
}

func q(text string) usage.Quantity {
	v, err := usage.ParseQuantity(text)
	if err != nil {
		panic(err)
	}
	return v
}

func record(l license.License, hour core.Hour, n int64, s metering.State) metering.Record {
	return metering.Record{ID: metering.FirstID(hour) + string(l.ID), License: l.ID, Dimension: "gb", Hour: hour, Product: l.ProductCode, Per: usage.Whole(1), State: s,
		Line: metering.Line{Dimension: "gb", Quantity: n}}
}

func total(hour core.Hour, sum, in, out string) metering.SealedTotal {
	return metering.SealedTotal{Total: usage.Total{Key: usage.Key{License: ann.ID, Dimension: "gb"}, Hour: hour, Sum: q(sum), Events: 1}, CarriedIn: q(in), CarriedOut: q(out)}
}

// month is one in which a record was too late and its quantity was billed two hours later, and whose end was given up.
func month() statement.Maker {
	return statement.Maker{Corrections: put{}, Products: core.Catalogue{{Code: "prod", Title: "Inkwell", Dimensions: []core.Measure{{Key: "gb", Name: "Storage", Unit: "GB"}}}}, Ledger: ledger{
		totals: []metering.SealedTotal{total(first, "2.5", "0.25", "0.75"), total(first+1, "4", "0.75", "0.75"), total(first+3, "1", "4.75", "0.75"),
			{Total: usage.Total{Key: usage.Key{License: ann.ID, Dimension: "gb", Reason: "after_end"}, Hour: first + 5, Sum: q("9"), Events: 2}}},
		records: []metering.Record{record(ann, first, 2, metering.Honoured), record(ann, first+1, 4, metering.Carried), record(ann, first+3, 5, metering.Waiting)},
		offs:    []metering.WriteOff{{Pair: metering.Pair{License: ann.ID, Dimension: "gb"}, Hour: first + 4, Amount: q("0.75"), Reason: "ended"}},
	}}
}

func TestAMonthAddsUp(t *testing.T) {
	s, err := month().Make(t.Context(), ann, november, november.AddDate(0, 0, 40))
	if err != nil {
		t.Fatal(err)
	}
	want := statement.Line{Dimension: "gb", Name: "Storage", Unit: "GB", Meter: "sum", Events: 5, CarriedIn: q("0.25"), Used: q("7.5"), Returned: q("4"), Recorded: q("11"),
		Honoured: q("2"), Waiting: q("5"), TooLate: q("4"), GivenUp: q("0.75"), NotBillable: q("9")}
	if len(s.Lines) != 1 || s.Lines[0] != want {
		t.Errorf("lines %+v\nwant  %+v", s.Lines, want)
	}
	if !s.Lines[0].Balanced() {
		t.Error("it does not add up")
	}
	if s.Final {
		t.Error("it is final, though a record waits")
	}
	broken := want
	broken.Used = q("7")
	if broken.Balanced() {
		t.Error("a line that lost usage adds up")
	}
}

func TestAStatementThatWasChangedIsFoundOut(t *testing.T) {
	s, err := month().Make(t.Context(), ann, november, november.AddDate(0, 0, 40))
	if err != nil {
		t.Fatal(err)
	}
	settings := memory{}
	signer, err := statement.NewSigner(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	again, err := statement.NewSigner(t.Context(), settings) // a restart
	if err != nil {
		t.Fatal(err)
	}
	signed, err := again.Statement(s)
	if err != nil {
		t.Fatal(err)
	}
	pretty, err := json.MarshalIndent(signed, "", "  ") // white space is no change
	if err != nil {
		t.Fatal(err)
	}
	var read statement.Signed
	if err := json.Unmarshal(pretty, &read); err != nil {
		t.Fatal(err)
	}
	if got, err := signer.Keys().VerifyStatement(read); err != nil || got.License != ann.ID || got.Lines[0] != s.Lines[0] {
		t.Errorf("%+v, %v", got, err)
	}
	read.Statement = json.RawMessage(strings.Replace(string(read.Statement), `"quantity": 2`, `"quantity": 3`, 1))
	if _, err := signer.Keys().VerifyStatement(read); !fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), "was changed") {
		t.Errorf("a changed quantity: %v", err)
	}
	other, err := statement.NewSigner(t.Context(), memory{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Keys().VerifyStatement(signed); !fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), "none of those given") {
		t.Errorf("another gateway's key: %v", err)
	}
	for _, junk := range []string{"", "..", "a..b", signed.Signature + "x", strings.Replace(signed.Signature, "..", ".x.", 1)} {
		if err := signer.Keys().Verify(signed.Statement, junk); !fail.Is(err, fail.Invalid) {
			t.Errorf("the signature %q: %v", junk, err)
		}
	}
}

type memory map[string]string

func (m memory) ChangeSetting(_ context.Context, name string, change func(string) (string, error)) (now string, err error) {
	now, err = change(m[name])
	m[name] = now
	return now, err
}

func TestTheTableHasARowForEachLineAndRecord(t *testing.T) {
	s, err := month().Make(t.Context(), ann, november, november.AddDate(0, 0, 40))
	if err != nil {
		t.Fatal(err)
	}
	text, err := s.CSV()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll() // all rows have the header's length
	if err != nil || len(rows) != 1+1+3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	col := map[string]int{}
	for i, name := range rows[0] {
		col[name] = i
	}
	if l := rows[1]; l[col["kind"]] != "line" || l[col["used"]] != "7.5" || l[col["notBillable"]] != "9" || l[col["final"]] != "false" {
		t.Errorf("line %q", l)
	}
	if r := rows[2]; r[col["kind"]] != "record" || r[col["hour"]] != "2026-11-01T00:00:00Z" || r[col["quantity"]] != "2" || r[col["state"]] != "honoured" || r[col["final"]] != "false" {
		t.Errorf("record %q", r)
	}
}

type directory []license.License

func (d directory) ByID(id core.LicenseID) (license.License, bool) {
	for _, l := range d {
		if l.ID == id {
			return l, true
		}
	}
	return license.License{}, false
}
func (directory) ByARN(core.LicenseARN) (license.License, bool)             { return license.License{}, false }
func (directory) ByBuyer(string, core.ProductCode) (none []license.License) { return none }
func (directory) All(func(license.License) bool)                            {}
func (directory) OnChange(func(license.License))                            {}

func TestAMonthBesideAWSsReports(t *testing.T) {
	m := statement.Maker{Corrections: put{}, Ledger: ledger{records: []metering.Record{
		record(ann, first, 3, metering.Honoured), record(ann, first+1, 4, metering.Honoured), record(ann, first+2, 100, metering.Waiting),
		record(bob, first, 6, metering.Honoured), record(bob, first+1, 0, metering.Honoured), record(eve, first, 1, metering.Honoured)}}}
	const head = "Customer Reference ID,Product Code,Instance Type,Usage Units,Customer AWS Account Number\r\n"
	report := "\ufeff" + head + "r,prod,gb,3,11122223333\r\nr,prod,gb,4.0,011122223333\r\n" + head + "r,prod,gb,5,444455556666\r\nr,prod,calls,2,444455556666\r\n"
	got, err := m.Reconcile(t.Context(), directory{ann, bob, eve}, november, strings.NewReader(report))
	if err != nil {
		t.Fatal(err)
	}
	want := []statement.Compared{
		{Customer: "", ProductCode: "prod", Dimension: "gb", Here: 1, Match: statement.NoAccountID},
		{Customer: "444455556666", ProductCode: "prod", Dimension: "calls", AtAWS: decimal.NewFromInt(2), Match: statement.OnlyAtAWS},
		{Customer: "444455556666", ProductCode: "prod", Dimension: "gb", Here: 6, AtAWS: decimal.NewFromInt(5), Match: statement.Differs},
		{Customer: "011122223333", ProductCode: "prod", Dimension: "gb", Here: 7, AtAWS: decimal.NewFromInt(7), Match: statement.Agrees},
	}
	if got.Rows != 4 || got.Agrees != 1 || len(got.Items) != len(want) || got.Sound() {
		t.Fatalf("%+v", got)
	}
	for i, w := range want {
		if g := got.Items[i]; g.Customer != w.Customer || g.Dimension != w.Dimension || g.Here != w.Here || !g.AtAWS.Equal(w.AtAWS) || g.Match != w.Match {
			t.Errorf("%d: %+v, want %+v", i, g, w)
		}
	}
	for text, want := range map[string]string{"": "it is empty", "a,b\n1,2\n": "no column", head + "r,prod,gb,many,1\n": "is no number", head + "\"": "no CSV"} {
		if _, err := m.Reconcile(t.Context(), directory{}, november, strings.NewReader(text)); !fail.Is(err, fail.Invalid) || !strings.Contains(fail.CodeOf(err)+err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func FuzzReport(f *testing.F) {
	f.Add("Product Code,Instance Type,Usage Units,Customer AWS Account Number\np,gb,3,1\n")
	f.Add("\ufeffUsage Units\n\"")
	f.Add("Product Code,Amount,Currency,Fee Description,Customer AWS Account Number\np,-3,USD,Refund,1\nUsage Units")
	f.Fuzz(func(t *testing.T, text string) {
		m := statement.Maker{Ledger: ledger{}, Corrections: put{}}
		out, err := m.Reconcile(t.Context(), directory{}, november, strings.NewReader(text))
		if err != nil && !fail.Is(err, fail.Invalid) {
			t.Errorf("%q: %v", text, err)
		}
		for _, r := range out.Refunds {
			if !r.Here.IsZero() || r.AtAWS.IsNegative() || r.Match == statement.Agrees && !r.AtAWS.IsZero() {
				t.Errorf("nothing was given back from here, and it has %+v", r)
			}
		}
		for _, c := range out.Items {
			if c.Here != 0 || c.Match == statement.Agrees {
				t.Errorf("nothing was sent from here, and it has %+v", c)
			}
		}
	})
}
