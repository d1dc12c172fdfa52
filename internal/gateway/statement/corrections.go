package statement

import (
	"context"
	"fmt"
	"slices"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/gateway/usage"
)

// Corrections are what was billed wrongly and put right; [correction.Store] fulfils it.
type Corrections interface {
	List(ctx context.Context, q proposal.Query) ([]correction.Correction, error)
}

// Correction is one that touches the month: it puts the month's bill right, or gave money back in it, or added to its usage.
// What was only proposed, or came to nothing, is none.
type Correction struct {
	ID        correction.ID    `json:"id"`
	Kind      correction.Kind  `json:"kind"`
	State     correction.State `json:"state"`
	Dimension core.Dimension   `json:"dimension,omitempty"`
	// Quantity is, of over_billed, in the units that AWS bills, and of under_billed in what the dimension's events count.
	Quantity string    `json:"quantity,omitempty"`
	Amount   string    `json:"amount,omitempty"` // that AWS is asked to give back, without tax
	Currency string    `json:"currency,omitempty"`
	Month    string    `json:"month"`            // whose bill it puts right, or to whose usage it was added
	Hour     core.Hour `json:"hour,omitzero"`    // to which usage was added
	Record   string    `json:"record,omitempty"` // the metering record that billed too much, where that is known
	Reason   string    `json:"reason"`
	Invoice  string    `json:"invoice,omitempty"`
	AWSID    string    `json:"billingAdjustmentRequestId,omitempty"`
	At       time.Time `json:"at"` // when AWS gave it back, or the usage was added; while it is under way, since when it is
}

// corrections lists those of l that touch month, oldest first.
func (m Maker) corrections(ctx context.Context, l core.LicenseID, month time.Time) (list []Correction, underWay bool, err error) {
	next := month.AddDate(0, 1, 0)
	within := func(t time.Time) bool { return !t.Before(month) && t.Before(next) }
	err = m.eachCorrection(ctx, proposal.Query{License: l}, func(c correction.Correction) {
		out := Correction{ID: c.ID, Kind: c.Kind, State: c.State, Dimension: c.Dimension, Quantity: c.Quantity, Hour: c.Hour, Record: c.Record, Reason: c.Reason, AWSID: c.AWSID, At: c.Since.UTC()}
		switch c.State {
		case correction.Completed, correction.Approved, correction.Sending, correction.Pending:
		default:
			return
		}
		about := c.Month
		if c.Kind == correction.UnderBilled {
			about = c.Hour.Start()
		}
		if !c.SettledAt.IsZero() {
			out.At = c.SettledAt.UTC()
		}
		if r := c.Request; r != nil {
			out.Amount, out.Currency, out.Invoice = r.Amount, r.CurrencyCode, r.InvoiceID
		}
		out.Month = about.Format("2006-01")
		if within(about) || within(c.SettledAt) {
			list = append(list, out)
			underWay = underWay || c.State != correction.Completed
		}
	})
	return list, underWay, err
}

// eachCorrection calls each with the corrections that q chooses, oldest first.
func (m Maker) eachCorrection(ctx context.Context, q proposal.Query, each func(correction.Correction)) error {
	for q.Limit = 1000; ; {
		page, err := m.Corrections.List(ctx, q)
		if err != nil {
			return fmt.Errorf("read the corrections: %w", err)
		}
		for _, c := range page {
			each(c)
		}
		if len(page) < q.Limit {
			return nil
		}
		q.After = page[len(page)-1].ID
	}
}

// added counts into the lines what corrections added to hours that are sealed: it is in Used already.
func (b *book) added(list []Correction, sealed []metering.SealedTotal) error {
	for _, c := range list {
		if c.Kind != correction.UnderBilled || !slices.ContainsFunc(sealed, func(t metering.SealedTotal) bool { return t.Dimension == c.Dimension && t.Hour == c.Hour }) {
			continue
		}
		q, err := usage.ParseQuantity(c.Quantity)
		if err != nil {
			return fmt.Errorf("read the quantity of %s: %w", c.ID, err)
		}
		l := b.line(c.Dimension)
		l.Added = l.Added.Add(q)
	}
	return nil
}
