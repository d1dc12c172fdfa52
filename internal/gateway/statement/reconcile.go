package statement

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
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
}

// Sound reports whether all lines agree.
func (r Reconciliation) Sound() bool { return r.Agrees == len(r.Items) }

// columns of AWS's daily business report, section usage, that are compared. Source: AWS Marketplace Seller Guide, "Daily
// business report" (daily-business-report).
const (
	columnProduct   = "Product Code"
	columnCustomer  = "Customer AWS Account Number"
	columnDimension = "Instance Type" // of SaaS products, the dimension
	columnUnits     = "Usage Units"
)

// maxReportRows bounds what is read: a row is a customer's day of one dimension.
const maxReportRows = 5_000_000

type lineKey struct {
	customer core.AWSAccountID
	product  core.ProductCode
	dim      core.Dimension
}

// Reconcile holds a month of our books against AWS's daily business reports of its days (section usage), given as CSV
// one behind the other; the header may be repeated. Errors: fail.Invalid for what is no such report.
func (m Maker) Reconcile(ctx context.Context, dir license.Directory, month time.Time, report io.Reader) (Reconciliation, error) {
	out := Reconciliation{Month: month.Format("2006-01"), Items: []Compared{}}
	lines := map[lineKey]*Compared{}
	line := func(k lineKey) *Compared {
		if lines[k] == nil {
			lines[k] = &Compared{Customer: k.customer, ProductCode: k.product, Dimension: k.dim}
		}
		return lines[k]
	}
	rows, err := readReport(report, func(k lineKey, units decimal.Decimal) {
		l := line(k)
		l.AtAWS = l.AtAWS.Add(units)
	})
	if err != nil {
		return out, err
	}
	out.Rows = rows
	err = m.honoured(ctx, month, func(r metering.Record) {
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
	if err != nil {
		return out, err
	}
	for _, c := range lines {
		here := decimal.NewFromInt(c.Here)
		switch {
		case here.IsZero() && c.AtAWS.IsZero():
			continue // idle hours
		case c.Customer == "":
			c.Match = NoAccountID
		case here.Equal(c.AtAWS):
			c.Match = Agrees
			out.Agrees++
		case c.AtAWS.IsZero():
			c.Match = OnlyHere
		case here.IsZero():
			c.Match = OnlyAtAWS
		default:
			c.Match = Differs
		}
		out.Items = append(out.Items, *c)
	}
	slices.SortFunc(out.Items, func(a, b Compared) int {
		if (a.Match == Agrees) != (b.Match == Agrees) {
			if a.Match == Agrees {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(a.ProductCode, b.ProductCode), cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Dimension, b.Dimension), slices.Compare(a.Licenses, b.Licenses))
	})
	return out, nil
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

// readReport calls each with every row and says how many there were.
func readReport(r io.Reader, each func(lineKey, decimal.Decimal)) (rows int, err error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord = -1
	in.ReuseRecord = true
	at := map[string]int{}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			if len(at) == 0 {
				return 0, fail.New(fail.Invalid, "report", "This is no report: it is empty.")
			}
			return rows, nil
		}
		if err != nil {
			return 0, fail.Wrap(fail.Invalid, err, "report", "The report is no CSV.")
		}
		line, _ := in.FieldPos(0)
		if rows == 0 && len(at) == 0 || slices.Contains(row, columnUnits) {
			if at, err = header(row); err != nil {
				return 0, err
			}
			continue
		}
		if rows++; rows > maxReportRows {
			return 0, fail.New(fail.Invalid, "report", "The report has more than %d rows; give a month in parts.", maxReportRows)
		}
		cell := func(name string) string {
			if i := at[name]; i < len(row) {
				return strings.TrimSpace(row[i])
			}
			return ""
		}
		units, err := decimal.NewFromString(cell(columnUnits))
		if err != nil {
			return 0, fail.New(fail.Invalid, "report", "Line %d of the report: %q in the column %q is no number.", line, cell(columnUnits), columnUnits)
		}
		customer := cell(columnCustomer)
		if n, err := strconv.ParseUint(customer, 10, 64); err == nil {
			customer = fmt.Sprintf("%012d", n) // a spreadsheet cuts leading zeros off
		}
		each(lineKey{core.AWSAccountID(customer), core.ProductCode(cell(columnProduct)), core.Dimension(cell(columnDimension))}, units)
	}
}

func header(row []string) (map[string]int, error) {
	at := map[string]int{}
	for i, name := range row {
		at[strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))] = i
	}
	for _, name := range []string{columnProduct, columnCustomer, columnDimension, columnUnits} {
		if _, ok := at[name]; !ok {
			return nil, fail.New(fail.Invalid, "report", "The report has no column %q; give AWS's daily business report, section usage.", name)
		}
	}
	return at, nil
}
