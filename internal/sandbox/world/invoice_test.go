package world

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/contract"
)

// invoices are a buyer's, as "type month amount maximum".
func (m *market) invoices(q InvoiceQuery) (all []string) {
	for _, v := range m.Invoices(q) {
		all = append(all, fmt.Sprintf("%s %s %s %s", v.Type, v.Month, v.Amount, v.MaxAdjustment))
	}
	return all
}

// What is paid upfront is invoiced when the licence is provisioned, and an amendment when it is: then the lines have their
// invoice. A payment that fails leaves none.
func TestUpfrontChargesAreInvoiced(t *testing.T) {
	m := open(t, nil)
	a := m.sign(teams, map[string]int64{"seats": 2}, "P1M", false)
	failed := m.sign(teams, map[string]int64{"seats": 7}, "P1M", false)
	if got := m.invoices(InvoiceQuery{}); len(got) != 0 {
		t.Errorf("invoiced before the payment means were verified: %q", got)
	}
	if _, err := m.FailPayment(m.now, failed.AgreementID); err != nil {
		t.Fatal(err)
	}
	if lines, total := m.bill(noon); total != "24" || len(lines) != 1 {
		t.Errorf("before its invoice, billed %q, %s", lines, total)
	}
	m.pass(2 * time.Minute)
	if got := m.invoices(InvoiceQuery{}); !slices.Equal(got, []string{"INVOICE 2026-11 24 24"}) {
		t.Errorf("invoiced %q", got)
	}
	m.until(noon.AddDate(0, 0, 15))
	if _, err := m.Amend(m.now, a.AgreementID, Amendment{Quantities: map[string]int64{"seats": 4}}); err != nil {
		t.Fatal(err)
	}
	m.pass(2 * time.Minute)
	if got, want := m.invoices(InvoiceQuery{AgreementID: a.AgreementID}), []string{"INVOICE 2026-11 24 24", "INVOICE 2026-11 12 12"}; !slices.Equal(got, want) {
		t.Errorf("invoiced %q, want %q", got, want)
	}
	b, err := m.Bill(acme, noon)
	if err != nil || b.Total.String() != "36" {
		t.Errorf("billed %s, %v", b.Total, err)
	}
	for _, c := range b.Charges {
		if v, err := m.Invoice(c.InvoiceID); err != nil || v.AgreementID != c.AgreementID {
			t.Errorf("the line %+v has the invoice %+v, %v", c, v, err)
		}
	}
}

// A month's usage is invoiced by itself at 06:00 UTC on the 1st of the next; until then it stands on the bill without an
// invoice, at the price of the day. After that it does not change any more, whatever the price does.
func TestUsageIsInvoicedAtTheMonthsClose(t *testing.T) {
	for name, product := range map[string]string{"by licence": inkwell, "legacy": classic} {
		t.Run(name, func(t *testing.T) {
			m := open(t, nil)
			a := m.buy(product)
			m.pass(time.Hour)
			for range 3 {
				if err := m.meter(a, "pages", 100); err != nil {
					t.Fatal(err)
				}
				m.pass(time.Hour)
			}
			december := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
			m.until(december.Add(contract.MonthCloses - time.Millisecond))
			open, err := m.Bill(acme, noon)
			if err != nil || len(open.Charges) != 1 || open.Charges[0].InvoiceID != "" {
				t.Fatalf("before the close: %+v, %v", open, err)
			}
			if due, ok := m.Due(); !ok || !due.Equal(december.Add(contract.MonthCloses)) {
				t.Errorf("due %s", due)
			}
			m.pass(time.Millisecond)
			closed, err := m.Bill(acme, noon)
			if err != nil || !closed.Total.Equal(open.Total) || len(closed.Charges) != 1 || closed.Charges[0].InvoiceID == "" || closed.Charges[0].AgreementID != a.AgreementID {
				t.Fatalf("after the close: %+v, %v", closed, err)
			}
			line := closed.Charges[0]
			records, _ := m.Records(RecordQuery{BuyerAccount: acme, LicenseARN: line.LicenseARN, ProductCode: line.ProductCode, Dimension: line.Dimension, From: line.From, To: line.To})
			sum := int64(0)
			for _, r := range records {
				sum += r.Quantity
			}
			if sum != line.Quantity || sum != 300 {
				t.Errorf("the line is for %d, its records for %d", line.Quantity, sum)
			}
			p, _ := m.Product(product)
			dearer := slices.Clone(p.Dimensions)
			dearer[0].Prices = map[string]decimal.Decimal{UsagePrice: dearer[0].Price().Add(dearer[0].Price())}
			if _, err := m.ChangeProduct(m.now, product, ProductPatch{Dimensions: dearer}); err != nil {
				t.Fatal(err)
			}
			if err := m.meter(a, "pages", 1); err != nil {
				t.Fatal(err)
			}
			if again, _ := m.Bill(acme, noon); !again.Total.Equal(closed.Total) {
				t.Errorf("the closed month is %s now, was %s", again.Total, closed.Total)
			}
			m.until(december.AddDate(0, 2, 0))
			if got := m.invoices(InvoiceQuery{BuyerAccount: acme}); len(got) != 2 || m.Invoices(InvoiceQuery{Month: "2026-12"})[0].Lines[0].Quantity != 1 {
				t.Errorf("invoiced %q", got)
			}
		})
	}
}

// Months close while somebody may still be metered, and no longer.
func TestMonthsCloseWhileSomebodyMayBeMetered(t *testing.T) {
	m := open(t, nil)
	a := m.buy(inkwell)
	m.until(time.Date(2027, 1, 31, 23, 30, 0, 0, time.UTC))
	if _, err := m.Cancel(m.now, a.AgreementID); err != nil {
		t.Fatal(err)
	}
	m.pass(deprovisionedAfter)
	m.until(time.Date(2027, 2, 1, 0, 10, 0, 0, time.UTC)) // within the last hour, in the next month
	if err := m.meter(a, "pages", 50); err != nil {
		t.Fatal(err)
	}
	m.until(time.Date(2027, 3, 1, 6, 0, 0, 0, time.UTC))
	if got, want := m.invoices(InvoiceQuery{}), []string{"INVOICE 2027-02 1 1"}; !slices.Equal(got, want) {
		t.Errorf("invoiced %q, want %q", got, want)
	}
	if at, ok := m.Due(); ok {
		t.Errorf("something is due at %s, with nobody left", at)
	}
}
