package world

import (
	"cmp"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
)

// Charge is one line of a bill: a month's usage of one dimension, under one licence or, in the legacy generation, one
// customer's subscription.
type Charge struct {
	ProductCode string          `json:"productCode"`
	Title       string          `json:"title"`
	LicenseARN  string          `json:"licenseArn,omitempty"`
	Dimension   string          `json:"dimension"`
	Name        string          `json:"name"`
	Unit        string          `json:"unit,omitempty"`
	Quantity    int64           `json:"quantity"`
	Price       decimal.Decimal `json:"price"` // USD for a unit, as listed now
	Amount      decimal.Decimal `json:"amount"`
}

// Bill is what AWS charges one buyer for one month, in USD.
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
		return Bill{}, fail.New(fail.NotFound, "unknown_buyer", "There is no buyer %q.", buyer)
	}
	b := Bill{BuyerAccount: buyer, Month: month.UTC().Format("2006-01"), Currency: "USD", Charges: []Charge{}}
	for key, quantity := range w.ledger.totals {
		m := w.ledger.subjects[key.subject]
		if m.buyer.AccountID != buyer || key.month != monthOf(month) {
			continue
		}
		d := m.product.Dimensions[key.dim]
		c := Charge{ProductCode: m.product.ProductCode, Title: m.product.Title, LicenseARN: m.arn, Dimension: d.Key, Name: d.Name, Unit: d.Unit,
			Quantity: quantity, Price: d.Price(), Amount: d.Price().Mul(decimal.NewFromInt(quantity))}
		b.Charges = append(b.Charges, c)
		b.Total = b.Total.Add(c.Amount)
	}
	slices.SortFunc(b.Charges, func(x, y Charge) int {
		return cmp.Or(cmp.Compare(x.ProductCode, y.ProductCode), cmp.Compare(x.LicenseARN, y.LicenseARN), cmp.Compare(x.Dimension, y.Dimension))
	})
	return b, nil
}
