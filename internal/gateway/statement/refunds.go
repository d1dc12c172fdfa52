package statement

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/proposal"
)

// Refunded is what was given back to one customer for one product in the month, on both sides.
type Refunded struct {
	Customer    core.AWSAccountID `json:"customerAWSAccountId"`
	ProductCode core.ProductCode  `json:"productCode"`
	Currency    string            `json:"currency"`
	Here        decimal.Decimal   `json:"here"`  // by billing adjustments that were approved here
	AtAWS       decimal.Decimal   `json:"atAws"` // by the report's fees: there, an amount below 0
	Match       Match             `json:"match"`
	Corrections []correction.ID   `json:"corrections,omitempty"`
}

// Columns of AWS's daily business report, section fees, that are compared: an amount below 0 is a refund. Source: AWS
// Marketplace Seller Guide, "Daily business report" (daily-business-report).
const (
	columnAmount   = "Amount"
	columnCurrency = "Currency"
	columnFee      = "Fee Description"
)

type refundKey struct {
	customer core.AWSAccountID
	product  core.ProductCode
	currency string
}

// refunds are a month's, while they are compared.
type refunds map[refundKey]*Refunded

func (rs refunds) of(k refundKey) *Refunded {
	if rs[k] == nil {
		rs[k] = &Refunded{Customer: k.customer, ProductCode: k.product, Currency: k.currency}
	}
	return rs[k]
}

// refundsHere adds what AWS gave back in month because it was approved here.
func (m Maker) refundsHere(ctx context.Context, dir license.Directory, month time.Time, rs refunds) error {
	next := month.AddDate(0, 1, 0)
	return m.eachCorrection(ctx, proposal.Query{State: correction.Completed}, func(c correction.Correction) {
		if c.Kind != correction.OverBilled || c.Request == nil || c.SettledAt.Before(month) || !c.SettledAt.Before(next) {
			return
		}
		amount, err := decimal.NewFromString(c.Request.Amount)
		if err != nil {
			return // it was checked before AWS was asked
		}
		l, _ := dir.ByID(c.License)
		k := refundKey{l.Customer, l.ProductCode, c.Request.CurrencyCode}
		if k.customer == "" { // each of these stands alone
			k.customer = core.AWSAccountID("license " + c.License)
		}
		r := rs.of(k)
		r.Customer = l.Customer
		r.Here, r.Corrections = r.Here.Add(amount), append(r.Corrections, c.ID)
	})
}

// compared lists what was compared; lines that do not agree come first.
func (rs refunds) compared() []Refunded {
	out := []Refunded{}
	for _, r := range rs {
		r.Match = matchOf(r.Customer, r.Here, r.AtAWS)
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b Refunded) int {
		return cmp.Or(disagreeFirst(a.Match, b.Match), cmp.Compare(a.ProductCode, b.ProductCode), cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Currency, b.Currency),
			slices.Compare(a.Corrections, b.Corrections))
	})
	return out
}
