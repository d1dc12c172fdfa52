package world

import (
	"cmp"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// Charge is one line of an invoice or a bill: a month's usage of one dimension, under one licence or, in the legacy
// generation, one customer's subscription; what was charged for an agreement; or what was given back.
type Charge struct {
	Kind        ChargeKind `json:"kind"`
	ProductCode string     `json:"productCode"`
	Title       string     `json:"title"`
	AgreementID string     `json:"agreementId"`          // that is billed
	InvoiceID   string     `json:"invoiceId,omitempty"`  // empty: it is not invoiced yet, and may change
	LicenseARN  string     `json:"licenseArn,omitempty"` // none for usage that was counted for a customer
	Dimension   string     `json:"dimension,omitempty"`
	Name        string     `json:"name,omitempty"`
	Unit        string     `json:"unit,omitempty"`
	Quantity    int64      `json:"quantity"`
	// Price is USD for a unit: of usage as it is listed when it is billed, upfront for the whole Duration as it was
	// agreed on.
	Price    decimal.Decimal `json:"price"`
	Duration string          `json:"duration,omitempty"`
	Amount   decimal.Decimal `json:"amount"`
	At       time.Time       `json:"at,omitzero"`   // of all but usage
	From     time.Time       `json:"from,omitzero"` // of usage: the stamps of its records, From ≤ stamp < To; of a flat price, its time
	To       time.Time       `json:"to,omitzero"`
	// Original is the invoice that an adjustment or a refund gives back from, and Why what for.
	Original string `json:"originalInvoiceId,omitempty"`
	Why      string `json:"why,omitempty"`
}

// Bill is what AWS charges one buyer for one month, in USD: the lines of the invoices of that billing period, and what
// will be invoiced.
type Bill struct {
	BuyerAccount string          `json:"accountId"`
	Month        string          `json:"month"` // such as 2026-11
	Currency     string          `json:"currency"`
	Charges      []Charge        `json:"charges"`
	Total        decimal.Decimal `json:"total"`
}

// Bill adds up a buyer's month (any instant in it). fail.NotFound: no such buyer.
func (w *World) Bill(buyer string, month time.Time) (Bill, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if _, ok := w.buyers[buyer]; !ok {
		return Bill{}, w.unknownBuyer(buyer)
	}
	number := monthOf(month)
	b := Bill{BuyerAccount: buyer, Month: monthName(number), Currency: Currency, Charges: w.unbilled(buyer, number)}
	for _, v := range w.invoicesOf[buyer] {
		if v.month == number {
			b.Charges = append(b.Charges, v.Lines...)
		}
	}
	for _, c := range b.Charges {
		b.Total = b.Total.Add(c.Amount)
	}
	slices.SortStableFunc(b.Charges, func(x, y Charge) int {
		return cmp.Or(cmp.Compare(x.ProductCode, y.ProductCode), cmp.Compare(x.LicenseARN, y.LicenseARN),
			x.At.Compare(y.At), cmp.Compare(x.Dimension, y.Dimension), cmp.Compare(x.InvoiceID, y.InvoiceID))
	})
	return b, nil
}

// unbilled are the lines of a buyer's month that no invoice has yet.
func (w *World) unbilled(buyer string, month int32) []Charge {
	lines := []Charge{}
	for i := range w.ledger.subjects {
		m := &w.ledger.subjects[i]
		if m.buyer.AccountID != buyer {
			continue
		}
		for _, t := range m.unbilled {
			if t.month == month {
				lines = append(lines, m.line(t, m.payer(month)))
			}
		}
	}
	for _, a := range w.agreementsOf[buyer] {
		if a.License.Status == FailedLicense {
			continue
		}
		if c, ok := w.recurring(a, month); ok && w.closing[month] {
			lines = append(lines, c)
		}
		for _, c := range a.Charges {
			if c.InvoiceID == "" && monthOf(c.At) == month && (a.EndedAt.IsZero() || !c.At.After(a.EndedAt)) {
				lines = append(lines, a.line(c))
			}
		}
	}
	return lines
}

// line is what a was charged as a line of a bill.
func (a *agreement) line(c UpfrontCharge) Charge {
	d, _ := a.product.Dimension(c.Dimension)
	if c.Name != "" {
		d.Name = c.Name
	}
	return Charge{Kind: c.Kind, ProductCode: a.ProductCode, Title: a.product.Title, AgreementID: a.AgreementID, LicenseARN: a.License.ARN,
		Dimension: c.Dimension, Name: d.Name, Unit: d.Unit, Quantity: c.Quantity, Price: c.Price, Duration: a.Terms.Duration, Amount: c.Amount, At: c.At}
}
