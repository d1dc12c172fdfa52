package world

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/profile"
)

// adjustments tells the notices about billing adjustments so far, as "status amount".
func (m *market) adjusted() (told []string) {
	for _, n := range m.told {
		if b, ok := n.(BillingAdjusted); ok {
			told = append(told, fmt.Sprintf("%s %s", b.Adjustment.Status, b.Adjustment.Amount))
		}
	}
	return told
}

// paid is a contract over 1200, a year, that is invoiced, and its invoice.
func (m *market) paid() (Agreement, Invoice) {
	m.t.Helper()
	a := m.sign(teams, map[string]int64{"seats": 10}, "P12M", false)
	m.pass(2 * time.Minute)
	return a, m.Invoices(InvoiceQuery{AgreementID: a.AgreementID})[0]
}

func TestAdjustments(t *testing.T) {
	m := open(t, nil)
	a, v := m.paid()
	entry := func(token, amount string) NewAdjustment {
		return NewAdjustment{AgreementID: a.AgreementID, InvoiceID: v.InvoiceID, Amount: amount, Currency: "USD", ReasonCode: "BUYER_DISSATISFACTION", ClientToken: token}
	}
	with := func(e NewAdjustment, change func(*NewAdjustment)) NewAdjustment { change(&e); return e }
	items, errs, err := m.Adjust(m.now, seller, []NewAdjustment{entry("a", "1000.12345678"), entry("b", "1200.01"),
		with(entry("c", "1"), func(e *NewAdjustment) { e.InvoiceID = "1234567890" }), with(entry("d", "1"), func(e *NewAdjustment) { e.Currency = "EUR" }), entry("a", "2")})
	if err != nil || len(items) != 1 || items[0].Status != AdjustmentPending || items[0].ClientToken != "a" || !strings.HasPrefix(items[0].ID, "ba-") {
		t.Fatalf("%+v, %v", items, err)
	}
	var codes []string
	for _, e := range errs {
		codes = append(codes, e.ClientToken+" "+e.Code)
	}
	if want := []string{"b VALIDATION_EXCEPTION", "c RESOURCE_NOT_FOUND_EXCEPTION", "d VALIDATION_EXCEPTION", "a CONFLICT_EXCEPTION"}; !slices.Equal(codes, want) {
		t.Errorf("errors %q, want %q", codes, want)
	}
	again, _, err := m.Adjust(m.now, seller, []NewAdjustment{entry("a", "1000.12345678"), entry("e", "1000")}) // too much, once a is completed
	if err != nil || len(again) != 2 || again[0].ID != items[0].ID {
		t.Errorf("%+v, %v", again, err)
	}
	if got := m.adjusted(); len(got) != 0 {
		t.Errorf("told of what is pending, or was no adjustment: %q", got)
	}
	m.pass(time.Minute)
	if got, want := m.adjusted(), []string{"COMPLETED 1000.12345678", "VALIDATION_FAILED 1000"}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	if got, _ := m.Invoice(v.InvoiceID); got.MaxAdjustment.String() != "199.87654322" {
		t.Errorf("the maximum is %s", got.MaxAdjustment)
	}
	if lines, total := m.bill(noon); total != "199.87654322" || lines[1] != "adjustment  1×-1000.12345678=-1000.12345678" {
		t.Errorf("billed %q, %s", lines, total)
	}
	memos := m.Invoices(InvoiceQuery{Type: InvoiceCreditMemo})
	if len(memos) != 1 || memos[0].OriginalInvoiceID != v.InvoiceID || memos[0].Amount.String() != "-1000.12345678" {
		t.Errorf("credit memos %+v", memos)
	}
	if _, errs, _ := m.Adjust(m.now, seller, []NewAdjustment{with(entry("f", "1"), func(e *NewAdjustment) { e.InvoiceID = memos[0].InvoiceID })}); len(errs) != 1 {
		t.Error("a credit memo was adjusted")
	}
	if got := m.Adjustments(AdjustmentQuery{AgreementID: a.AgreementID, Status: AdjustmentFailed, SellerAccount: seller}); len(got) != 1 || got[0].StatusMessage == "" {
		t.Errorf("failed: %+v", got)
	}
	m.pass(24 * time.Hour)
	if got := m.adjusted(); len(got) != 2 {
		t.Errorf("told again: %q", got)
	}
	six := make([]NewAdjustment, 6)
	for name, c := range map[string]struct {
		by      string
		entries []NewAdjustment
		code    string
	}{
		"none":    {seller, nil, "missing_billing_adjustment_request_entry"},
		"six":     {seller, six, "billing_adjustments_limit_exceeded"},
		"two of":  {seller, []NewAdjustment{entry("x", "1"), {AgreementID: "agmt-2"}}, "multiple_agreement_ids"},
		"unknown": {seller, six[:1], "unknown_agreement"},
		"buyer":   {acme, []NewAdjustment{entry("x", "1")}, "not_proposer"},
	} {
		if _, _, err := m.Adjust(m.now, c.by, c.entries); fail.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAmounts(t *testing.T) {
	for text, good := range map[string]bool{"1": true, "0.01": true, "10.12345678": true, "007.5": true, "": false, "0": false, "0.00": false, "-1": false, "+1": false,
		"1.": false, ".5": false, "1e3": false, "1.123456789": false, "1,5": false, "NaN": false, " 1": false, "1234567890123456": false, "١": false} {
		if _, err := parseAmount(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzAmount(f *testing.F) {
	for _, s := range []string{"1", "0.10", "1.123456789", "-1", "1e9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := parseAmount(s)
		if err != nil {
			return
		}
		if again, err := parseAmount(d.String()); !d.IsPositive() || err != nil || !again.Equal(d) {
			t.Errorf("%q is %s, which is read as %s, %v", s, d, again, err)
		}
	})
}

// What an operator gives back, with and without naming an amount.
func TestRefunds(t *testing.T) {
	for name, c := range map[string]struct {
		refund Refund
		after  time.Duration
		total  string
		code   string
	}{
		"full":                   {Refund{}, time.Hour, "0", ""},
		"full by name":           {Refund{Kind: FullRefund}, time.Hour, "0", ""},
		"prorated":               {Refund{Kind: ProratedRefund}, 73*24*time.Hour - 2*time.Minute, "240", ""}, // a fifth of the year is used
		"an amount":              {Refund{Amount: "100.5", Reason: "Sorry."}, time.Hour, "1099.5", ""},
		"more than was charged":  {Refund{Amount: "1200.01"}, time.Hour, "1200", "refund_too_large"},
		"amount and kind":        {Refund{Amount: "1", Kind: FullRefund}, time.Hour, "1200", "refund_kind"},
		"an unknown kind":        {Refund{Kind: "half"}, time.Hour, "1200", "refund_kind"},
		"an amount of no number": {Refund{Amount: "all"}, time.Hour, "1200", "amount"},
	} {
		t.Run(name, func(t *testing.T) {
			m := open(t, nil)
			a, _ := m.paid()
			m.pass(c.after)
			_, err := m.Refund(m.now, a.AgreementID, c.refund)
			if fail.CodeOf(err) != c.code {
				t.Fatal(err)
			}
			total := m.owed()
			if total != c.total {
				t.Errorf("%s to pay in the end, want %s", total, c.total)
			}
			if want := map[bool]int{true: 1, false: 0}[c.code == ""]; len(m.adjusted()) != want {
				t.Errorf("told %q", m.adjusted())
			}
			if _, err := m.Refund(m.now, a.AgreementID, Refund{Kind: c.refund.Kind}); c.code == "" && c.refund.Amount == "" && fail.CodeOf(err) != "nothing_to_refund" {
				t.Errorf("refunded again: %v", err)
			}
			if got, _ := m.Agreement(a.AgreementID); got.Status != Active {
				t.Errorf("the refund ended the agreement: %s", got.Status)
			}
		})
	}
	m := open(t, nil)
	a := m.sign(teams, map[string]int64{"seats": 1}, "P1M", false)
	if _, err := m.Refund(m.now, a.AgreementID, Refund{}); fail.CodeOf(err) != "nothing_to_refund" {
		t.Errorf("before anything is invoiced: %v", err)
	}
	if _, err := m.Refund(m.now, m.buy(inkwell).AgreementID, Refund{Kind: ProratedRefund}); fail.CodeOf(err) != "refund_kind" {
		t.Errorf("pay as you go, prorated: %v", err)
	}
}

// owed is what acme pays in all, over the months around noon.
func (m *market) owed() string {
	m.t.Helper()
	sum, _ := m.Bill(acme, noon)
	total := sum.Total
	for i := range 24 {
		b, err := m.Bill(acme, noon.AddDate(0, i+1, -9))
		if err != nil {
			m.t.Fatal(err)
		}
		total = total.Add(b.Total)
	}
	return total.String()
}

// A contract's usage beyond what it has paid for stays payable when it is refunded in full.
func TestFullRefundLeavesUsage(t *testing.T) {
	m := open(t, nil)
	a := m.sign(press, map[string]int64{"handpress": 1}, "P12M", false) // 150
	m.pass(time.Hour)
	if err := m.meter(a, "extra_pages", 1000); err != nil { // 18
		t.Fatal(err)
	}
	m.until(noon.AddDate(0, 1, 0))
	if _, err := m.Refund(m.now, a.AgreementID, Refund{Kind: FullRefund}); err != nil {
		t.Fatal(err)
	}
	if got := m.owed(); got != "18" {
		t.Errorf("%s to pay, want 18", got)
	}
}

// support opens a case for a.
func (m *market) support(a Agreement) Case {
	m.t.Helper()
	c, err := m.OpenCase(m.now, NewCase{AgreementID: a.AgreementID, Reason: "Not what we need."})
	if err != nil {
		m.t.Fatal(err)
	}
	return c
}

// Within 48 hours AWS cancels and refunds in full, without the seller, after 3 to 5 business days; later, the seller
// decides.
func TestSupportCases(t *testing.T) {
	for name, c := range map[string]struct {
		age    time.Duration // of the purchase
		decide *Decision
		status CaseStatus
		ends   AgreementStatus
		owed   string
	}{
		"in time":             {48 * time.Hour, nil, CaseCompleted, Cancelled, "0"},
		"too late, full":      {48*time.Hour + time.Millisecond, &Decision{Grant: FullRefund}, CaseCompleted, Cancelled, "0"},
		"too late, prorated":  {73 * 24 * time.Hour, &Decision{Grant: ProratedRefund}, CaseCompleted, Cancelled, "240"},
		"too late, refused":   {60 * time.Hour, &Decision{Reason: "You have used it."}, CaseActionRequired, Active, "1200"},
		"too late, no answer": {60 * time.Hour, nil, CasePending, Active, "1200"},
	} {
		t.Run(name, func(t *testing.T) {
			m := open(t, map[string]string{string(profile.RefundDays): "4"})
			a, _ := m.paid()
			m.pass(c.age - 2*time.Minute)
			got := m.support(a)
			if got.Status != CasePending || got.InTime != (c.age <= 48*time.Hour) || !strings.HasPrefix(got.CaseID, "case-"+acme) {
				t.Fatalf("opened %+v", got)
			}
			if _, err := m.OpenCase(m.now, NewCase{AgreementID: a.AgreementID}); !got.InTime && fail.CodeOf(err) != "open_case" {
				t.Errorf("a second case: %v", err)
			}
			if c.decide != nil {
				decided, err := m.DecideCase(m.now, seller, got.CaseID, *c.decide)
				if err != nil {
					t.Fatal(err)
				}
				got = decided
			}
			if got.WaitsFor != WaitsForSeller {
				if _, err := m.DecideCase(m.now, seller, got.CaseID, Decision{}); fail.CodeOf(err) != "case_state" {
					t.Errorf("decided again: %v", err)
				}
			}
			if want := m.afterWorkdays(m.now, 4); got.WaitsFor == WaitsForRefund && !got.RefundAt.Equal(want) {
				t.Errorf("the refund comes %s, want %s", got.RefundAt, want)
			}
			if !got.RefundAt.IsZero() {
				m.until(got.RefundAt.Add(-time.Millisecond))
				if owed := m.owed(); owed != "1200" {
					t.Errorf("%s to pay before the refund", owed)
				}
			}
			m.pass(8 * 24 * time.Hour)
			got, _ = m.Case(got.CaseID)
			after, _ := m.Agreement(a.AgreementID)
			if got.Status != c.status || after.Status != c.ends || m.owed() != c.owed {
				t.Errorf("%s, the agreement %s, %s to pay; want %s, %s, %s\n%+v", got.Status, after.Status, m.owed(), c.status, c.ends, c.owed, got.History)
			}
			if want := map[bool]int{true: 1, false: 0}[c.status == CaseCompleted]; len(m.adjusted()) != want || len(got.Adjustments) != want {
				t.Errorf("told %q, adjustments %q", m.adjusted(), got.Adjustments)
			}
			if c.status != CasePending && (got.ClosedAt.IsZero() || got.WaitsFor != "") {
				t.Errorf("closed as %+v", got)
			}
		})
	}
}

// A case within 48 hours leaves the last hour for metering, and what was metered stays payable.
func TestCaseLeavesTheLastHour(t *testing.T) {
	m := open(t, nil)
	a := m.sign(press, map[string]int64{"handpress": 1}, "P1M", false)
	m.pass(time.Hour)
	c := m.support(a)
	m.pass(deprovisionedAfter + time.Minute)
	if err := m.meter(a, "extra_pages", 500); err != nil { // 9
		t.Fatal(err)
	}
	if got, err := m.GrantCase(m.now, c.CaseID); err != nil || got.Status != CaseCompleted || got.Refunded.String() != "15" {
		t.Errorf("granted now: %+v, %v", got, err)
	}
	m.until(noon.AddDate(0, 1, 0))
	if got, _ := m.Case(c.CaseID); m.owed() != "9" || len(m.adjusted()) != 1 || got.Refunded.String() != "15" {
		t.Errorf("%s to pay, told %q, refunded %s", m.owed(), m.adjusted(), got.Refunded)
	}
	if _, err := m.GrantCase(m.now, c.CaseID); fail.CodeOf(err) != "case_state" {
		t.Errorf("granted twice: %v", err)
	}
}

// A metering error waits for the month's invoice, and then for its business days.
func TestMeteringErrorCase(t *testing.T) {
	for amount, want := range map[string]string{"": "0", "1.5": "0.5", "99": "0"} {
		m := open(t, map[string]string{string(profile.RefundDays): "3"})
		a := m.buy(inkwell)
		m.pass(time.Hour)
		if err := m.meter(a, "pages", 100); err != nil { // 2
			t.Fatal(err)
		}
		c, err := m.OpenCase(m.now, NewCase{AgreementID: a.AgreementID, Kind: MeteringError, Month: "2026-11", Amount: amount})
		if err != nil || c.WaitsFor != WaitsForBilling {
			t.Fatalf("%+v, %v", c, err)
		}
		m.until(time.Date(2026, 12, 1, 6, 0, 0, 0, time.UTC)) // a Tuesday
		if got, _ := m.Case(c.CaseID); got.WaitsFor != WaitsForRefund || !got.RefundAt.Equal(time.Date(2026, 12, 4, 6, 0, 0, 0, time.UTC)) {
			t.Errorf("after the close: %+v", got)
		}
		m.pass(10 * 24 * time.Hour)
		if got, _ := m.Case(c.CaseID); got.Status != CaseCompleted || m.owed() != want {
			t.Errorf("%q: %s, %s to pay, want %s", amount, got.Status, m.owed(), want)
		}
	}
}

// What was used in the first seven days after a free trial comes back, and no more.
func TestTrialConversionCase(t *testing.T) {
	m := open(t, map[string]string{string(profile.RefundDays): "3"})
	a := m.acceptOffer(acme, inkwell, trialOffer)
	m.pass(time.Hour)
	if err := m.meter(a, "pages", 1000); err != nil { // for nothing
		t.Fatal(err)
	}
	ask := NewCase{AgreementID: a.AgreementID, Kind: TrialConversion}
	if _, err := m.OpenCase(m.now, ask); fail.CodeOf(err) != "unsupported" {
		t.Errorf("within the trial: %v", err)
	}
	m.until(a.TrialEndsAt)
	for _, quantity := range []int64{100, 50} { // 2, and a week later 1
		if err := m.meter(a, "pages", quantity); err != nil {
			t.Fatal(err)
		}
		m.pass(7 * 24 * time.Hour)
	}
	c, err := m.OpenCase(m.now, ask)
	if err != nil || c.WaitsFor != WaitsForBilling {
		t.Fatalf("%+v, %v", c, err)
	}
	m.pass(60 * 24 * time.Hour)
	if got, _ := m.Case(c.CaseID); got.Status != CaseCompleted || got.Refunded.String() != "2" || m.owed() != "1" {
		t.Errorf("%s, gave back %s, %s to pay", got.Status, got.Refunded, m.owed())
	}
	if ad := m.Adjustments(AdjustmentQuery{}); len(ad) != 1 || ad[0].ReasonCode != "UNINTENDED_RENEWAL" || ad[0].CaseID != c.CaseID {
		t.Errorf("adjusted %+v", ad)
	}
}

func TestCasesThatCannotBe(t *testing.T) {
	m := open(t, nil)
	payg, signed := m.buy(inkwell), m.sign(teams, map[string]int64{"seats": 1}, "P1M", false)
	for name, c := range map[string]struct {
		in   NewCase
		code string
	}{
		"unknown":               {NewCase{AgreementID: "agmt-0"}, "unknown_agreement"},
		"pay as you go":         {NewCase{AgreementID: payg.AgreementID}, "unsupported"},
		"odd kind":              {NewCase{AgreementID: payg.AgreementID, Kind: "whim"}, "case"},
		"no month":              {NewCase{AgreementID: payg.AgreementID, Kind: MeteringError}, "month"},
		"a month to come":       {NewCase{AgreementID: payg.AgreementID, Kind: MeteringError, Month: "2026-12"}, "month"},
		"an odd amount":         {NewCase{AgreementID: payg.AgreementID, Kind: MeteringError, Month: "2026-11", Amount: "-1"}, "amount"},
		"metering of upfront":   {NewCase{AgreementID: signed.AgreementID, Kind: MeteringError, Month: "2026-11"}, "unsupported"},
		"a month with a refund": {NewCase{AgreementID: signed.AgreementID, Month: "2026-11"}, "case"},
		"a novel":               {NewCase{AgreementID: signed.AgreementID, Reason: strings.Repeat("a", 2001)}, "invalid_reason"},
	} {
		if _, err := m.OpenCase(m.now, c.in); fail.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := m.DecideCase(m.now, "222233334444", m.support(signed).CaseID, Decision{}); !fail.Is(err, fail.NotFound) {
		t.Errorf("another's decision: %v", err)
	}
}
