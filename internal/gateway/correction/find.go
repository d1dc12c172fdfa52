package correction

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/proposal"
)

const (
	// invoicedAfter is how long after a month's close its usage is invoiced at the earliest. AWS does not say.
	invoicedAfter = 10 * time.Minute
	// lookEvery is how often an invoice is looked for that is not there, in its first days; and seldom, afterwards.
	lookEvery, seldom = time.Hour, 24 * time.Hour
	firstDays         = 4 * 24 * time.Hour
)

// closes is the instant from which on AWS honours no more usage of a month.
func closes(month time.Time) time.Time { return month.AddDate(0, 1, 0).Add(contract.MonthCloses) }

// InvoicedFrom is when AWS issues the invoice of a month's usage at the earliest.
func InvoicedFrom(month time.Time) time.Time { return closes(month).Add(invoicedAfter) }

// nextLook is when an invoice of month is looked for again that was not there at now.
func nextLook(month, now time.Time) time.Time {
	first := InvoicedFrom(month)
	switch {
	case now.Before(first):
		return first
	case now.Before(first.Add(firstDays)):
		return now.Add(lookEvery)
	}
	return now.Add(seldom)
}

// compose finds the invoice of a proposal and works out what AWS is asked. What it learns from AWS is not kept until its
// caller does: asking again does no harm.
func (s *Service) compose(ctx context.Context, c Correction) (Correction, error) {
	l, ok := s.cfg.Licenses.ByID(c.License)
	if !ok {
		return c, fmt.Errorf("the license %s of correction %s is gone", c.License, c.ID)
	}
	found, err := s.invoices(ctx, c, l.Agreements)
	now := s.cfg.Clock.Now()
	switch {
	case err != nil:
		return c.after(err, now)
	case len(found) == 0:
		at := nextLook(c.Month, now)
		return c.become(Proposed, fmt.Sprintf("AWS has no invoice yet of the usage of %s; it is looked for again at %s.", c.Month.Format("2006-01"), at.Format(time.RFC3339)), now, at), nil
	case len(found) > 1:
		return c.become(Failed, fmt.Sprintf("AWS has several invoices of %s: %s and %s. Propose it again and name the invoice.", c.Month.Format("2006-01"), found[0].ID, found[1].ID), now, time.Time{}), nil
	}
	v := found[0]
	amount, err := s.amount(ctx, c, v)
	switch {
	case err != nil:
		return c.after(err, now)
	case !amount.IsPositive():
		return c.become(Failed, "What was billed too much costs nothing.", now, time.Time{}), nil
	case amount.GreaterThan(v.Maximum):
		return c.become(Failed, fmt.Sprintf("%s %s is more than the invoice %s can still give back, %s.", amount, v.CurrencyCode, v.ID, v.Maximum), now, time.Time{}), nil
	}
	bill, err := s.billed(ctx, c)
	if err != nil {
		return c, err
	}
	others, err := s.cfg.Store.Beside(ctx, c)
	if err != nil {
		return c, fmt.Errorf("read the corrections beside it: %w", err)
	}
	if err := c.within(bill, c.first(others)); fail.Is(err, fail.Conflict) {
		return c.become(Failed, fail.SayOf(err), now, time.Time{}), nil
	} else if err != nil {
		return c, err
	}
	c.Request = &Request{AgreementID: v.agreement, InvoiceID: v.ID, Amount: amount.String(), CurrencyCode: v.CurrencyCode, ReasonCode: c.Reason,
		Description: c.ID.Sign(c.Description), ClientToken: c.ID.ClientToken()}
	c.Maximum = v.Maximum.String()
	return c.become(Proposed, "It waits for a person's approval. What AWS has given back cannot be taken back.", now, time.Time{}), nil
}

type foundInvoice struct {
	Invoice
	agreement core.AgreementID
}

// invoices finds the invoices that c may mean: the one it names, or else those of its month's usage, which are issued
// after it. What is paid in advance is invoiced in the month itself.
func (s *Service) invoices(ctx context.Context, c Correction, agreements []core.AgreementID) (found []foundInvoice, err error) {
	for _, a := range slices.Backward(agreements) {
		all, err := s.cfg.AWS.Invoices(ctx, a, c.Month)
		if err != nil {
			return nil, err
		}
		for _, v := range all {
			if v.ID == c.InvoiceID || c.InvoiceID == "" && !v.IssuedAt.Before(c.Month.AddDate(0, 1, 0)) {
				found = append(found, foundInvoice{v, a})
			}
		}
	}
	return found, nil
}

// places are the decimals of a currency in which AWS Marketplace sells, where they are not 2. Source: ISO 4217.
var places = map[string]int32{"JPY": 0, "KRW": 0}

// amount is what c gives back of v: as it says, or its units at the price that the agreement's terms have, rounded as a
// bill is.
func (s *Service) amount(ctx context.Context, c Correction, v foundInvoice) (decimal.Decimal, error) {
	if c.Amount != "" {
		return proposal.Amount(c.Amount)
	}
	p, err := s.cfg.AWS.Price(ctx, v.agreement, c.Dimension)
	if err != nil {
		return decimal.Decimal{}, err
	}
	if p.CurrencyCode != v.CurrencyCode {
		return decimal.Decimal{}, fail.New(fail.Conflict, "currency", "The price is in %s and the invoice in %s; propose an amount.", p.CurrencyCode, v.CurrencyCode)
	}
	units, err := decimal.NewFromString(c.Quantity)
	if err != nil {
		return decimal.Decimal{}, fmt.Errorf("read the quantity of %s: %w", c.ID, err)
	}
	n, other := places[v.CurrencyCode]
	if !other {
		n = 2
	}
	return units.Mul(p.Amount).Round(n), nil
}

// maxDescription leaves room for the correction's id.
var maxDescription = proposal.Room(contract.MaxAdjustmentDescription)
