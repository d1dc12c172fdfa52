package correction

import (
	"context"
	"fmt"
	"slices"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/gateway/usage"
)

// Books are what an audit of corrections reads besides them.
type Books interface {
	Ledger
	// EventIn finds an event of a licence that is billed in an hour; ok is false if there is none.
	EventIn(ctx context.Context, l core.LicenseID, hour core.Hour, source, id string) (e usage.Entry, ok bool, err error)
}

// Audited are the corrections that took effect, or may: those that were approved and did not fail; and what is wrong with them.
type Audited struct {
	Corrections []Correction // oldest first
	Breaches    []string
}

// Audit checks all corrections. Hours up to dropped have lost their events to the retention. It checks that
//
//   - nothing went to AWS that no person approved, or without its request being kept;
//   - no more is given back than AWS honoured, of a dimension's month and of a record;
//   - what was added is an event of the log, in its hour, with its quantity.
func Audit(ctx context.Context, store Store, books Books, dropped core.Hour) (a Audited, err error) {
	q := proposal.Query{Limit: 1000}
	for {
		page, err := store.List(ctx, q)
		if err != nil {
			return a, fmt.Errorf("read the corrections: %w", err)
		}
		for _, c := range page {
			if c.decided() {
				a.Corrections = append(a.Corrections, c)
			}
		}
		if len(page) < q.Limit {
			break
		}
		q.After = page[len(page)-1].ID
	}
	for i, c := range a.Corrections {
		check := a.over
		if c.Kind == UnderBilled {
			check = a.under
		}
		wrong, err := check(ctx, i, books, dropped)
		if err != nil {
			return a, fmt.Errorf("audit the correction %s: %w", c.ID, err)
		}
		if wrong != "" {
			a.Breaches = append(a.Breaches, fmt.Sprintf("correction %s: %s", c.ID, wrong))
		}
	}
	return a, nil
}

// over says what is wrong with one of what was billed too much; empty if nothing is.
func (a Audited) over(ctx context.Context, i int, books Books, _ core.Hour) (wrong string, err error) {
	c := a.Corrections[i]
	switch {
	case c.DecidedBy.Person == "":
		return fmt.Sprintf("it is %s, and nobody approved it", c.State), nil
	case c.Request == nil:
		return fmt.Sprintf("it is %s, and its request was not kept", c.State), nil
	case c.AWSID == "" && (c.State == Pending || c.State == Completed):
		return fmt.Sprintf("it is %s, and AWS gave it no id", c.State), nil
	}
	b, err := billedIn(ctx, books, c)
	if err != nil {
		return "", err
	}
	others := slices.DeleteFunc(slices.Clone(a.Corrections[:i]), func(o Correction) bool {
		return o.Kind != c.Kind || o.License != c.License || !o.Month.Equal(c.Month)
	})
	if err := c.within(b, others); err != nil {
		return err.Error(), nil
	}
	return "", nil
}

// under says what is wrong with one of what was billed too little.
func (a Audited) under(ctx context.Context, i int, books Books, dropped core.Hour) (wrong string, err error) {
	c := a.Corrections[i]
	if c.State != Completed || c.Hour == 0 || c.Hour <= dropped {
		return "", nil
	}
	want, err := usage.ParseQuantity(c.Quantity)
	if err != nil {
		return "", err
	}
	e, ok, err := books.EventIn(ctx, c.License, c.Hour, Source, string(c.ID))
	switch {
	case err != nil:
		return "", err
	case !ok:
		return fmt.Sprintf("its event is not in the hour %s", c.Hour), nil
	case e.Quantity != want || e.Dimension != c.Dimension:
		return fmt.Sprintf("it added %s %s, and its event has %s %s", want, c.Dimension, e.Quantity, e.Dimension), nil
	}
	return "", nil
}
