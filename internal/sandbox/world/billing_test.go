package world

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
)

const (
	globex       = "222233334444"
	initech      = "333344445555"
	trialOffer   = "offer-inkwelltrial0"
	globexOffer  = "offer-globexteams00"
	initechOffer = "offer-initechpress0"
)

// acceptOffer buys under an offer that leaves nothing to pick.
func (m *market) acceptOffer(buyer, product, offer string) Agreement {
	m.t.Helper()
	a, err := m.Subscribe(m.now, Subscribe{BuyerAccount: buyer, Product: product, OfferID: offer})
	if err != nil {
		m.t.Fatal(err)
	}
	return a
}

// Instalments are invoiced as they fall due, and no more once the agreement has ended.
func TestInstalmentsAreInvoiced(t *testing.T) {
	m := open(t, nil)
	a := m.acceptOffer(globex, teams, globexOffer)
	m.until(noon.AddDate(0, 6, 0))
	if got, want := m.invoices(InvoiceQuery{AgreementID: a.AgreementID}), []string{"INVOICE 2026-11 2000 2000", "INVOICE 2027-05 1500 1500"}; !slices.Equal(got, want) {
		t.Errorf("invoiced %q, want %q", got, want)
	}
	if b, err := m.Bill(globex, m.now); err != nil || b.Total.String() != "1500" || b.Charges[0].Kind != ChargeInstalment {
		t.Errorf("billed %+v, %v", b, err)
	}
	m.pass(time.Hour)
	if _, err := m.Terminate(m.now, a.AgreementID); err != nil {
		t.Fatal(err)
	}
	m.pass(400 * 24 * time.Hour)
	if got := m.Invoices(InvoiceQuery{AgreementID: a.AgreementID}); len(got) != 2 {
		t.Errorf("after the end: %+v", got)
	}
}

// Of a payment schedule, what was paid beyond the time that was used is given back, the newest instalment first.
func TestProratedRefundOfInstalments(t *testing.T) {
	m := open(t, nil)
	a := m.acceptOffer(globex, teams, globexOffer)
	half := a.StartTime.Add(a.EndTime.Sub(a.StartTime) / 2)
	m.until(half) // 2500 of 5000 are used, 3500 paid
	for _, want := range []string{"", "nothing_to_refund"} {
		if _, err := m.Refund(m.now, a.AgreementID, Refund{Kind: ProratedRefund}); fail.CodeOf(err) != want {
			t.Fatalf("%v, want %q", err, want)
		}
	}
	if got, want := m.invoices(InvoiceQuery{AgreementID: a.AgreementID}), []string{"INVOICE 2026-11 2000 2000", "INVOICE 2027-05 1500 500", "CREDIT_MEMO 2027-08 -1000 0"}; !slices.Equal(got, want) {
		t.Errorf("invoiced %q, want %q", got, want)
	}
}

// Usage within a free trial is on the bill for nothing; what comes after it is not. Each line says which records are its.
func TestTrialUsageIsFree(t *testing.T) {
	m := open(t, nil)
	a := m.acceptOffer(acme, inkwell, trialOffer)
	m.pass(time.Hour)
	if err := m.meter(a, "pages", 100); err != nil {
		t.Fatal(err)
	}
	m.until(a.TrialEndsAt.Add(-time.Hour)) // 10 December
	for _, quantity := range []int64{40, 60, 80} {
		if err := m.meter(a, "pages", quantity); err != nil {
			t.Fatal(err)
		}
		m.pass(time.Hour)
	}
	check := func(month time.Time, want ...string) {
		t.Helper()
		b, err := m.Bill(acme, month)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range b.Charges {
			got = append(got, fmt.Sprintf("%d %s %s", c.Quantity, c.Amount, c.Why))
			sum := int64(0)
			records, _ := m.Records(RecordQuery{LicenseARN: c.LicenseARN, Dimension: c.Dimension, From: c.From, To: c.To})
			for _, r := range records {
				sum += r.Quantity
			}
			if sum != c.Quantity {
				t.Errorf("the line is for %d, its records for %d", c.Quantity, sum)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("billed %q, want %q", got, want)
		}
	}
	check(noon, "100 0 Free trial")
	check(m.now, "140 2.8 ", "40 0 Free trial")
	m.until(time.Date(2027, 1, 1, 6, 0, 0, 0, time.UTC))
	check(noon.AddDate(0, 1, 0), "140 2.8 ", "40 0 Free trial")
}

// A private offer's usage is billed at its own price, to the agreement whose seller is the partner.
func TestPrivatePricesAreBilled(t *testing.T) {
	m := open(t, nil)
	a := m.acceptOffer(initech, press, initechOffer)
	m.pass(time.Hour)
	if err := m.meter(a, "extra_pages", 1000); err != nil {
		t.Fatal(err)
	}
	m.until(noon.AddDate(0, 1, 0))
	if got, want := m.invoices(InvoiceQuery{BuyerAccount: initech, SellerAccount: a.SellerAccount}), []string{"INVOICE 2026-11 1100 1100", "INVOICE 2026-11 15 15"}; !slices.Equal(got, want) {
		t.Errorf("invoiced %q, want %q", got, want)
	}
}
