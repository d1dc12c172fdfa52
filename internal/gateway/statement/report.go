package statement

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
)

// Columns of AWS's daily business report, section usage, that are compared. Source: AWS Marketplace Seller Guide, "Daily
// business report" (daily-business-report).
const (
	columnProduct   = "Product Code"
	columnCustomer  = "Customer AWS Account Number"
	columnDimension = "Instance Type" // of SaaS products, the dimension
	columnUnits     = "Usage Units"
)

// maxReportRows bounds what is read: a row is a customer's day of one dimension.
const maxReportRows = 5_000_000

// reading goes through AWS's reports.
type reading struct {
	usage  func(lineKey, decimal.Decimal)   // called with every row of section usage
	refund func(refundKey, decimal.Decimal) // called with every refund of section fees, as an amount above 0

	rows              int
	hasUsage, hasFees bool
	at                map[string]int // the columns of the section that is read
	fees              bool           // it is section fees
}

// report reads what r has. Errors: fail.Invalid for what is no report.
func (rd *reading) report(r io.Reader) error {
	in := csv.NewReader(r)
	in.FieldsPerRecord = -1
	in.ReuseRecord = true
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			if rd.at == nil {
				return fail.New(fail.Invalid, "report", "This is no report: it is empty.")
			}
			return nil
		}
		if err != nil {
			return fail.Wrap(fail.Invalid, err, "report", "The report is no CSV.")
		}
		if rd.at == nil || slices.Contains(row, columnUnits) || slices.Contains(row, columnFee) {
			if err := rd.header(row); err != nil {
				return err
			}
			continue
		}
		if rd.rows++; rd.rows > maxReportRows {
			return fail.New(fail.Invalid, "report", "The report has more than %d rows; give a month in parts.", maxReportRows)
		}
		line, _ := in.FieldPos(0)
		if err := rd.row(row, line); err != nil {
			return err
		}
	}
}

// header begins a section.
func (rd *reading) header(row []string) error {
	rd.at = map[string]int{}
	for i, name := range row {
		rd.at[strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))] = i
	}
	need := []string{columnProduct, columnCustomer, columnDimension, columnUnits}
	if _, rd.fees = rd.at[columnFee]; rd.fees {
		need = []string{columnProduct, columnCustomer, columnAmount, columnCurrency}
	}
	for _, name := range need {
		if _, ok := rd.at[name]; !ok {
			return fail.New(fail.Invalid, "report", "The report has no column %q; give AWS's daily business report, section usage or fees.", name)
		}
	}
	rd.hasUsage, rd.hasFees = rd.hasUsage || !rd.fees, rd.hasFees || rd.fees
	return nil
}

func (rd *reading) row(row []string, line int) error {
	cell := func(name string) string {
		if i, ok := rd.at[name]; ok && i < len(row) {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	number := func(name string) (decimal.Decimal, error) {
		n, err := decimal.NewFromString(cell(name))
		if err != nil {
			return n, fail.New(fail.Invalid, "report", "Line %d of the report: %q in the column %q is no number.", line, cell(name), name)
		}
		return n, nil
	}
	customer, product := core.AWSAccountID(cell(columnCustomer)), core.ProductCode(cell(columnProduct))
	if n, err := strconv.ParseUint(string(customer), 10, 64); err == nil {
		customer = core.AWSAccountID(fmt.Sprintf("%012d", n)) // a spreadsheet cuts leading zeros off
	}
	if rd.fees {
		amount, err := number(columnAmount)
		if err == nil && amount.IsNegative() {
			rd.refund(refundKey{customer, product, cell(columnCurrency)}, amount.Neg())
		}
		return err
	}
	units, err := number(columnUnits)
	if err == nil {
		rd.usage(lineKey{customer, product, core.Dimension(cell(columnDimension))}, units)
	}
	return err
}
