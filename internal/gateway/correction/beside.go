package correction

import (
	"context"
	"fmt"
	"slices"
	"souk.dev/souk/internal/gateway/proposal"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/metering"
)

// Ledger tells what AWS honoured: nothing else can have been billed.
type Ledger interface {
	// Honoured is how many units of a dimension AWS honoured of a licence's hours in a month.
	Honoured(ctx context.Context, l core.LicenseID, d core.Dimension, month time.Time) (int64, error)
	// Record finds a metering record; otherwise fail.NotFound.
	Record(ctx context.Context, id string) (metering.Record, error)
}

// billed is what AWS honoured of what a correction is about, in the units that it bills.
type billed struct {
	month  int64 // of the dimension, in the month
	record int64 // of the record that the correction names
}

// billed asks the ledger what c can be about. A record that was honoured stays so: what it says may become more while the
// month is open, and never less.
func (s *Service) billed(ctx context.Context, c Correction) (billed, error) {
	return billedIn(ctx, s.cfg.Ledger, c)
}

func billedIn(ctx context.Context, books Ledger, c Correction) (b billed, err error) {
	if c.Kind != OverBilled || c.Quantity == "" {
		return b, nil
	}
	if b.month, err = books.Honoured(ctx, c.License, c.Dimension, c.Month); err != nil {
		return b, fmt.Errorf("read what was honoured of %s: %w", c.License, err)
	}
	if c.Record != "" {
		r, err := books.Record(ctx, c.Record)
		if err != nil {
			return b, fmt.Errorf("read the record %s: %w", c.Record, err)
		}
		b.record = r.Line.Quantity
	}
	return b, nil
}

// counts reports whether c gives something back, or may come to.
func (c Correction) counts() bool { return c.State != Failed && c.State != Rejected }

// decided reports whether a person has approved c, and it did not fail.
func (c Correction) decided() bool { return c.counts() && c.State != Proposed }

// first are those of others that come before c: those that a person has approved, and those that were asked for earlier.
func (c Correction) first(others []Correction) []Correction {
	return slices.DeleteFunc(slices.Clone(others), func(o Correction) bool {
		later := o.CreatedAt.After(c.CreatedAt) || o.CreatedAt.Equal(c.CreatedAt) && o.ID > c.ID
		return later && !o.decided()
	})
}

// invoice is the one that c is about; empty while it is looked for.
func (c Correction) invoice() string {
	if c.Request != nil {
		return c.Request.InvoiceID
	}
	return c.InvoiceID
}

// Overlaps reports whether c and o, of one licence, may put the same mistake right. Of what was billed too much, both are
// about the same month, and name neither two dimensions, nor two records, nor two invoices. Of what was billed too little,
// both add the same for the same reason.
func (c Correction) Overlaps(o Correction) bool {
	differ := func(a, b string) bool { return a != "" && b != "" && a != b }
	switch {
	case c.ID == o.ID || c.License != o.License || c.Kind != o.Kind || !o.counts():
		return false
	case c.Kind == UnderBilled:
		return c.Dimension == o.Dimension && c.Quantity == o.Quantity && c.Reason == o.Reason
	}
	return c.Month.Equal(o.Month) && !differ(string(c.Dimension), string(o.Dimension)) && !differ(c.Record, o.Record) && !differ(c.invoice(), o.invoice())
}

// unnamed is what people are told when c may put right what others did already, and does not name them.
func (c Correction) unnamed(others []Correction, besides []ID) error {
	var ids []string
	for _, o := range others {
		if o.decided() && c.Overlaps(o) && !slices.Contains(besides, o.ID) {
			ids = append(ids, fmt.Sprintf("%s (%s since %s)", o.ID, o.State, o.Since.UTC().Format(time.RFC3339)))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return fail.New(fail.Conflict, "overlaps", "This may be the same mistake as %s. If it is another one, say so by naming each of them in besides.", strings.Join(ids, ", "))
}

// within checks that c, with others, gives back no more than AWS honoured: fail.Conflict with the code more_than_honoured if
// it does not.
func (c Correction) within(b billed, others []Correction) error {
	if c.Kind != OverBilled || c.Quantity == "" {
		return nil
	}
	check := func(what string, honoured int64, same func(Correction) bool) error {
		left, taken := decimal.NewFromInt(honoured), []string{}
		for _, o := range others {
			if !o.counts() || !same(o) || o.Quantity == "" {
				continue
			}
			q, err := decimal.NewFromString(o.Quantity)
			if err != nil {
				return fmt.Errorf("read the quantity of %s: %w", o.ID, err)
			}
			left, taken = left.Sub(q), append(taken, fmt.Sprintf("%s (%s, %s)", o.ID, o.State, o.Quantity))
		}
		q, err := decimal.NewFromString(c.Quantity)
		if err != nil {
			return fmt.Errorf("read the quantity of %s: %w", c.ID, err)
		}
		if q.LessThanOrEqual(left) {
			return nil
		}
		already := ""
		if len(taken) > 0 {
			already = fmt.Sprintf(" Of these, %s is given back or proposed already: %s.", decimal.NewFromInt(honoured).Sub(left), strings.Join(taken, ", "))
		}
		return fail.New(fail.Conflict, "more_than_honoured", "%s %s are more than was billed: AWS honoured %d of %s.%s", c.Quantity, c.Dimension, honoured, what, already)
	}
	if c.Record != "" {
		if err := check("the record "+c.Record, b.record, func(o Correction) bool { return o.Record == c.Record }); err != nil {
			return err
		}
	}
	return check(c.Month.Format("2006-01"), b.month, func(o Correction) bool { return o.Dimension == c.Dimension })
}

// fits checks that the invoice of c's request can give it back beside what AWS has not decided yet, which AWS does not
// count: fail.Conflict with the code invoice_exhausted if not.
func (c Correction) fits(others []Correction) error {
	left, err := decimal.NewFromString(c.Maximum)
	if err != nil {
		return fmt.Errorf("read what the invoice of %s can give back: %w", c.ID, err)
	}
	var waiting []string
	for _, o := range others {
		if o.Request == nil || o.Request.InvoiceID != c.Request.InvoiceID || o.State != Approved && o.State != Sending && o.State != Pending {
			continue
		}
		amount, err := proposal.Amount(o.Request.Amount)
		if err != nil {
			return fmt.Errorf("read the amount of %s: %w", o.ID, err)
		}
		left, waiting = left.Sub(amount), append(waiting, string(o.ID))
	}
	amount, err := proposal.Amount(c.Request.Amount)
	if err != nil {
		return fmt.Errorf("read the amount of %s: %w", c.ID, err)
	}
	if amount.GreaterThan(left) {
		return fail.New(fail.Conflict, "invoice_exhausted", "%s %s are more than the invoice %s can give back beside what AWS decides on at present: %s. Wait for AWS, then look again.",
			c.Request.Amount, c.Request.CurrencyCode, c.Request.InvoiceID, strings.Join(waiting, ", "))
	}
	return nil
}

// Overlapping lists the corrections that may put the same mistake right as c, oldest first.
func (s *Service) Overlapping(ctx context.Context, c Correction) ([]Correction, error) {
	others, err := s.cfg.Store.Beside(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("read the corrections beside %s: %w", c.ID, err)
	}
	return slices.DeleteFunc(others, func(o Correction) bool { return !c.Overlaps(o) }), nil
}
