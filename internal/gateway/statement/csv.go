package statement

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
)

// CSV is the statement as a table (RFC 4180): a row for each dimension, kind "line", one for each correction, kind
// "correction", and one for each record, kind "record". Columns that a kind has not are empty.
func (s Statement) CSV() ([]byte, error) {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	w.UseCRLF = true
	rows := [][]string{{"kind", "month", "license", "licenseArn", "customerAWSAccountId", "customerIdentifier", "productCode", "dimension", "hour",
		"quantity", "state", "reason", "meteringRecordId", "events", "carriedIn", "used", "returned", "rounded", "covered", "recorded", "honoured",
		"waiting", "tooLate", "unbilled", "givenUp", "moved", "carriedOut", "notBillable", "added", "correction", "correctionKind", "correctionMonth",
		"amount", "currency", "invoice", "billingAdjustmentRequestId", "at", "final", "madeAt"}}
	head := func(kind, dimension string) []string {
		return []string{kind, s.Month, string(s.License), string(s.LicenseARN), string(s.Customer), string(s.CustomerIdentifier), string(s.ProductCode), dimension}
	}
	tail := []string{strconv.FormatBool(s.Final), s.MadeAt.Format("2006-01-02T15:04:05Z07:00")}
	for _, l := range s.Lines {
		row := append(head("line", string(l.Dimension)), "", "", "", "", "", strconv.FormatInt(l.Events, 10))
		for _, q := range []fmt.Stringer{l.CarriedIn, l.Used, l.Returned, l.Rounded, l.Covered, l.Recorded, l.Honoured, l.Waiting, l.TooLate, l.Unbilled,
			l.GivenUp, l.Moved, l.CarriedOut, l.NotBillable, l.Added} {
			row = append(row, q.String())
		}
		row = append(row, make([]string, 8)...)
		rows = append(rows, append(row, tail...))
	}
	for _, c := range s.Corrections {
		hour := ""
		if c.Hour != 0 {
			hour = c.Hour.Start().Format("2006-01-02T15:04:05Z07:00")
		}
		row := append(head("correction", string(c.Dimension)), hour, c.Quantity, string(c.State), c.Reason, "")
		row = append(row, make([]string, 16)...)
		row = append(row, string(c.ID), string(c.Kind), c.Month, c.Amount, c.Currency, c.Invoice, c.AWSID, c.At.Format("2006-01-02T15:04:05Z07:00"))
		rows = append(rows, append(row, tail...))
	}
	for _, r := range s.Records {
		row := append(head("record", string(r.Dimension)), r.Hour.Start().Format("2006-01-02T15:04:05Z07:00"), strconv.FormatInt(r.Quantity, 10),
			string(r.State), r.Reason, r.MeteringRecordID)
		row = append(row, make([]string, 24)...)
		rows = append(rows, append(row, tail...))
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("write the statement: %w", err)
	}
	return buf.Bytes(), nil
}
