package metering

import (
	"context"
	"fmt"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
)

// Honoured is how many units of a dimension AWS honoured of a licence's hours in a month. Records that still wait are none.
func (l Ledger) Honoured(ctx context.Context, license core.LicenseID, d core.Dimension, month time.Time) (units int64, err error) {
	totals, err := l.Store.Totals(ctx, license, core.HourOf(month), core.HourOf(month.AddDate(0, 1, 0))-1)
	if err != nil {
		return 0, fmt.Errorf("read the totals of %s: %w", license, err)
	}
	for _, t := range totals {
		if t.Dimension != d || t.Reason != "" {
			continue
		}
		r, err := l.Store.Record(ctx, recordID(license, d, t.Hour)) // whoever bills something has a total
		switch {
		case fail.Is(err, fail.NotFound):
		case err != nil:
			return 0, fmt.Errorf("read the record of %s %s: %w", d, t.Hour, err)
		case r.State == Honoured:
			units += r.Line.Quantity
		}
	}
	return units, nil
}

// Record finds one record. Errors: fail.NotFound.
func (l Ledger) Record(ctx context.Context, id string) (Record, error) {
	r, err := l.Store.Record(ctx, id)
	if err != nil {
		return r, fmt.Errorf("find record: %w", err)
	}
	return r, nil
}
