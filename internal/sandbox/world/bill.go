package world

import (
	"cmp"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
)

// Charge is one line of a bill: a month's usage of one dimension, under one licence or, in the legacy generation, one
// customer's subscription; or what was charged upfront for an agreement.
type Charge struct {
	Kind        ChargeKind `json:"kind"`
	ProductCode string     `json:"productCode"`
	Title       string     `json:"title"`
	AgreementID string     `json:"agreementId,omitempty"` // of upfront charges
	LicenseARN  string     `json:"licenseArn,omitempty"`
	Dimension   string     `json:"dimension"`
	Name        string     `json:"name"`
	Unit        string     `json:"unit,omitempty"`
	Quantity    int64      `json:"quantity"`
	// Price is USD for a unit: of usage as it is listed now, upfront for the whole Duration as it was agreed on.
	Price    decimal.Decimal `json:"price"`
	Duration string          `json:"duration,omitempty"`
	Amount   decimal.Decimal `json:"amount"`
	At       time.Time       `json:"at,omitzero"` // of upfront charges
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
		c := Charge{Kind: ChargeUsage, ProductCode: m.product.ProductCode, Title: m.product.Title, LicenseARN: m.arn, Dimension: d.Key, Name: d.Name, Unit: d.Unit,
			Quantity: quantity, Price: d.Price(), Amount: d.Price().Mul(decimal.NewFromInt(quantity))}
		b.Charges = append(b.Charges, c)
	}
	for _, a := range w.order.agreements {
		if a.BuyerAccount == buyer && a.License.Status != FailedLicense {
			b.Charges = append(b.Charges, a.upfront(monthOf(month))...)
		}
	}
	for _, c := range b.Charges {
		b.Total = b.Total.Add(c.Amount)
	}
	slices.SortStableFunc(b.Charges, func(x, y Charge) int {
		return cmp.Or(cmp.Compare(x.ProductCode, y.ProductCode), cmp.Compare(x.LicenseARN, y.LicenseARN),
			x.At.Compare(y.At), cmp.Compare(x.Dimension, y.Dimension))
	})
	return b, nil
}

// upfront lists what was charged upfront for a in a month.
func (a *agreement) upfront(month int32) []Charge {
	var all []Charge
	for _, c := range a.Charges {
		if monthOf(c.At) != month {
			continue
		}
		d, _ := a.product.Dimension(c.Dimension)
		all = append(all, Charge{Kind: c.Kind, ProductCode: a.ProductCode, Title: a.product.Title, AgreementID: a.AgreementID, LicenseARN: a.License.ARN,
			Dimension: c.Dimension, Name: d.Name, Unit: d.Unit, Quantity: c.Quantity, Price: c.Price, Duration: a.Terms.Duration, Amount: c.Amount, At: c.At})
	}
	return all
}
