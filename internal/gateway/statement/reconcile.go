package statement

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
)

// Match says how a line of AWS's report and our books compare.
type Match string

// The matches.
const (
	Agrees      Match = "agrees"
	Differs     Match = "differs"       // both have it, with other quantities
	OnlyHere    Match = "only_here"     // AWS honoured records, and its report has nothing of them
	OnlyAtAWS   Match = "only_at_aws"   // the report has usage that was not sent from here
	NoAccountID Match = "no_account_id" // we do not know the AWS account id of the customer, so it can be found in no report
)

// Compared is one customer's month of one dimension, on both sides, in the units that AWS bills.
type Compared struct {
	Customer    core.AWSAccountID `json:"customerAWSAccountId"`
	ProductCode core.ProductCode  `json:"productCode"`
	Dimension   core.Dimension    `json:"dimension"`
	Here        int64             `json:"here"` // in records that AWS honoured
	AtAWS       decimal.Decimal   `json:"atAws"`
	Match       Match             `json:"match"`
	Licenses    []core.LicenseID  `json:"licenses,omitempty"` // whose records these are
}

// Reconciliation is a month of the ledger beside AWS's reports.
type Reconciliation struct {
	Month  string     `json:"month"`
	Agrees int        `json:"agrees"` // lines that agree
	Rows   int        `json:"rows"`   // of the reports, that were read
	Items  []Compared `json:"items"`  // lines that do not agree come first
	// Refunds are compared, and in Agrees too, where the reports have the section fees.
	Refunds []Refunded `json:"refunds"`
}

// Sound reports whether all lines agree.
func (r Reconciliation) Sound() bool { return r.Agrees == len(r.Items)+len(r.Refunds) }

type lineKey struct {
	customer core.AWSAccountID
	product  core.ProductCode
	dim      core.Dimension
}

// Reconcile holds a month of our books against AWS's daily business reports of its days (section usage, and section fees for
// what was given back), given as CSV one behind the other; the header may be repeated. Errors: fail.Invalid for what is no
// such report.
func (m Maker) Reconcile(ctx context.Context, dir license.Directory, month time.Time, report io.Reader) (Reconciliation, error) {
	out := Reconciliation{Month: month.Format("2006-01"), Items: []Compared{}, Refunds: []Refunded{}}
	lines := map[lineKey]*Compared{}
	line := func(k lineKey) *Compared {
		if lines[k] == nil {
			lines[k] = &Compared{Customer: k.customer, ProductCode: k.product, Dimension: k.dim}
		}
		return lines[k]
	}
	back := refunds{}
	read := reading{usage: func(k lineKey, units decimal.Decimal) {
		l := line(k)
		l.AtAWS = l.AtAWS.Add(units)
	}, refund: func(k refundKey, amount decimal.Decimal) {
		r := back.of(k)
		r.AtAWS = r.AtAWS.Add(amount)
	}}
	if err := read.report(report); err != nil {
		return out, err
	}
	out.Rows = read.rows
	if read.hasFees {
		if err := m.refundsHere(ctx, dir, month, back); err != nil {
			return out, err
		}
		out.Refunds = back.compared()
	}
	if !read.hasUsage {
		lines = nil
	} else if err := m.usageHere(ctx, dir, month, line); err != nil {
		return out, err
	}
	for _, c := range lines {
		here := decimal.NewFromInt(c.Here)
		if here.IsZero() && c.AtAWS.IsZero() {
			continue // idle hours
		}
		c.Match = matchOf(c.Customer, here, c.AtAWS)
		out.Items = append(out.Items, *c)
	}
	slices.SortFunc(out.Items, func(a, b Compared) int {
		return cmp.Or(disagreeFirst(a.Match, b.Match), cmp.Compare(a.ProductCode, b.ProductCode), cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Dimension, b.Dimension), slices.Compare(a.Licenses, b.Licenses))
	})
	for _, c := range out.Items {
		if c.Match == Agrees {
			out.Agrees++
		}
	}
	for _, r := range out.Refunds {
		if r.Match == Agrees {
			out.Agrees++
		}
	}
	return out, nil
}

// matchOf compares what both sides have; one of them has something.
func matchOf(customer core.AWSAccountID, here, atAWS decimal.Decimal) Match {
	switch {
	case customer == "":
		return NoAccountID
	case here.Equal(atAWS):
		return Agrees
	case atAWS.IsZero():
		return OnlyHere
	case here.IsZero():
		return OnlyAtAWS
	}
	return Differs
}

// disagreeFirst puts what does not agree before what does.
func disagreeFirst(a, b Match) int {
	switch {
	case (a == Agrees) == (b == Agrees):
		return 0
	case a == Agrees:
		return 1
	}
	return -1
}

// usageHere adds what AWS honoured in month by our books.
func (m Maker) usageHere(ctx context.Context, dir license.Directory, month time.Time, line func(lineKey) *Compared) error {
	return m.honoured(ctx, month, func(r metering.Record) {
		l, _ := dir.ByID(r.License)
		k := lineKey{l.Customer, r.Product, r.Dimension}
		if k.customer == "" { // each of these stands alone
			k.customer = core.AWSAccountID("license " + r.License)
		}
		c := line(k)
		c.Customer = l.Customer
		c.Here += r.Line.Quantity
		if !slices.Contains(c.Licenses, l.ID) {
			c.Licenses = append(c.Licenses, l.ID)
		}
	})
}

// honoured calls each with the records of a month that AWS honoured.
func (m Maker) honoured(ctx context.Context, month time.Time, each func(metering.Record)) error {
	from, to := hoursOf(month)
	q := metering.Query{State: metering.Honoured, From: from, To: to, Limit: 10_000}
	for {
		rs, err := m.Ledger.Records(ctx, q)
		if err != nil {
			return fmt.Errorf("read the records of %s: %w", month.Format("2006-01"), err)
		}
		for _, r := range rs {
			each(r)
		}
		if len(rs) < q.Limit {
			return nil
		}
		q.Before = rs[len(rs)-1].ID
	}
}
