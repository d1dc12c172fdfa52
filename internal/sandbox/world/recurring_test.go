package world

import (
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/profile"
)

// flat is an offer of pages to acme with a price of 31 USD a month beside usage, for as long as duration says.
func (m *market) flat(duration string) Offer {
	m.t.Helper()
	o := Offer{ProductID: mustProduct(m, inkwell).ProductID, Buyers: []string{acme}, Terms: OfferTerms{Recurring: &RecurringTerm{Price: usd("31")}}}
	if duration != "" {
		o.Terms.Validity = &ValidityTerm{Duration: duration}
	}
	return m.offer(o)
}

// A flat price is invoiced when its month is over: of the first and the last month, the part that was run through.
func TestAFlatPriceIsInvoicedByTheMonth(t *testing.T) {
	for choice, want := range map[string][]string{
		// From noon of 10 November (20.5 of 30 days); cancelled at noon of 2 February (1.5 of 28 days).
		profile.Prorated:   {"INVOICE 2026-11 21.18 21.18", "INVOICE 2026-12 31 31", "INVOICE 2027-01 31 31", "INVOICE 2027-02 1.66 1.66"},
		profile.WholeMonth: {"INVOICE 2026-11 31 31", "INVOICE 2026-12 31 31", "INVOICE 2027-01 31 31", "INVOICE 2027-02 31 31"},
	} {
		t.Run(choice, func(t *testing.T) {
			m := open(t, nil)
			if err := m.SetProfiles(m.now, map[string]string{string(profile.RecurringProration): choice}); err != nil {
				t.Fatal(err)
			}
			a := m.acceptOffer(acme, inkwell, m.flat("").OfferID)
			if !a.Committed().IsZero() || len(a.Charges) != 0 {
				t.Errorf("committed to %s, charged %+v: a flat price is owed month by month", a.Committed(), a.Charges)
			}
			m.pass(time.Hour)
			if got := m.invoices(InvoiceQuery{AgreementID: a.AgreementID}); len(got) != 0 {
				t.Errorf("invoiced before the month was over: %q", got)
			}
			m.until(time.Date(2027, 2, 2, 12, 0, 0, 0, time.UTC))
			if b, err := m.Bill(acme, m.now); err != nil || b.Total.String() != "31" || b.Charges[0].InvoiceID != "" {
				t.Errorf("the running month is %+v, %v", b, err)
			}
			if _, err := m.Cancel(m.now, a.AgreementID); err != nil {
				t.Fatal(err)
			}
			m.until(time.Date(2027, 6, 1, 12, 0, 0, 0, time.UTC))
			if got := m.invoices(InvoiceQuery{AgreementID: a.AgreementID}); !slices.Equal(got, want) {
				t.Errorf("invoiced %q, want %q", got, want)
			}
			v := m.Invoices(InvoiceQuery{AgreementID: a.AgreementID})[3]
			if c := v.Lines[0]; c.Kind != ChargeRecurring || c.Price.String() != "31" || !c.To.Equal(time.Date(2027, 2, 2, 12, 0, 0, 0, time.UTC)) {
				t.Errorf("its last line is %+v", c)
			}
			for month, total := range map[time.Month]string{time.November: want[0], time.March: ""} {
				year := 2026
				if month == time.March {
					year = 2027
				}
				b, err := m.Bill(acme, time.Date(year, month, 5, 0, 0, 0, 0, time.UTC))
				if err != nil || total == "" && !b.Total.IsZero() || total != "" && b.Total.IsZero() {
					t.Errorf("%s is billed %s, %v", month, b.Total, err)
				}
			}
		})
	}
}

// Where the listing's own offer takes the place of the private one, the flat price ends with that; so does it where another
// offer replaces it.
func TestAFlatPriceEndsWithItsOffer(t *testing.T) {
	m := open(t, nil)
	a := m.acceptOffer(acme, inkwell, m.flat("P1M").OfferID)
	m.until(a.EndTime.AddDate(0, 3, 0))
	// Until noon of 10 December, at a dollar a day.
	if got, want := m.invoices(InvoiceQuery{BuyerAccount: acme}), []string{"INVOICE 2026-11 21.18 21.18", "INVOICE 2026-12 9.5 9.5"}; !slices.Equal(got, want) {
		t.Errorf("invoiced %q, want %q", got, want)
	}
}

// Two agreements that share a month share its price: what is prorated adds up to one month's.
func TestAFlatPriceIsPaidOnceForAMonthThatTwoAgreementsShare(t *testing.T) {
	m := open(t, nil)
	first := m.acceptOffer(acme, inkwell, m.flat("").OfferID)
	m.until(time.Date(2026, 12, 11, 7, 0, 0, 0, time.UTC))
	if _, err := m.Replace(m.now, first.AgreementID, Replacement{OfferID: m.flat("").OfferID}); err != nil {
		t.Fatal(err)
	}
	m.until(time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC))
	sum := decimal.Zero
	for _, v := range m.Invoices(InvoiceQuery{BuyerAccount: acme, Month: "2026-12"}) {
		sum = sum.Add(v.Amount)
	}
	if sum.String() != "31" {
		t.Errorf("December costs %s", sum)
	}
}

func TestAFlatPriceIsNothingWhereThePaymentFails(t *testing.T) {
	m := open(t, nil)
	a, err := m.Subscribe(m.now, Subscribe{BuyerAccount: acme, Product: inkwell, OfferID: m.flat("").OfferID})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.FailPayment(m.now, a.AgreementID); err != nil {
		t.Fatal(err)
	}
	m.until(time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC))
	if got := m.invoices(InvoiceQuery{BuyerAccount: acme}); len(got) != 0 {
		t.Errorf("invoiced %q", got)
	}
}

func TestAQuoteNamesTheFlatPrice(t *testing.T) {
	m := open(t, nil)
	q, err := m.PreviewSubscribe(m.now, Subscribe{BuyerAccount: acme, Product: inkwell, OfferID: m.flat("").OfferID})
	if err != nil || len(q.Charges) != 2 || q.Charges[0].Amount != nil || q.Charges[1].Timing != BillingPeriod || q.Charges[1].Amount.String() != "31" ||
		q.Charges[0].ID == q.Charges[1].ID || !q.AgreementValue.IsZero() {
		t.Errorf("%+v, %v", q, err)
	}
}

func TestAFlatPriceThatCannotBe(t *testing.T) {
	month := func(period, price string) OfferTerms {
		return OfferTerms{Recurring: &RecurringTerm{BillingPeriod: period, Price: usd(price)}}
	}
	for name, o := range map[string]Offer{
		"for nothing":           {ProductID: inkwell, Buyers: []string{acme}, Terms: month(Monthly, "0")},
		"by the year":           {ProductID: inkwell, Buyers: []string{acme}, Terms: month("Yearly", "1")},
		"beside a contract":     {ProductID: teams, Buyers: []string{acme}, Terms: OfferTerms{Fixed: &FixedTerm{Duration: "P1M", Grants: []Grant{{Dimension: "seats"}}}, Recurring: &RecurringTerm{Price: usd("1")}}},
		"in a trial":            {ProductID: classic, Public: true, Terms: OfferTerms{Trial: &TrialTerm{Duration: "P14D"}, Recurring: &RecurringTerm{Price: usd("1")}}},
		"for less than nothing": {ProductID: inkwell, Buyers: []string{acme}, Terms: month("", "-1")},
	} {
		m := open(t, nil)
		if _, err := m.CreateOffer(m.now, o); !fail.Is(err, fail.Invalid) || fail.CodeOf(err) != "recurring_payment" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
