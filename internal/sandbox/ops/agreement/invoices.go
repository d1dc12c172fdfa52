package agreement

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

type billingPeriod struct {
	Month *int64 `json:"month"`
	Year  *int64 `json:"year"`
}

// read is the period as the world writes it, such as 2026-11. The bounds are the service model's.
func (b *billingPeriod) read(c *wire.Call) (string, error) {
	switch {
	case b == nil:
		return "", nil
	case b.Month == nil || *b.Month < 1 || *b.Month > 12:
		return "", invalid(c, "OTHER", "invoiceBillingPeriod.month", "The month is 1 to 12.")
	case b.Year == nil || *b.Year < 2023 || *b.Year > 2050:
		return "", invalid(c, "OTHER", "invoiceBillingPeriod.year", "The year is 2023 to 2050.")
	}
	return fmt.Sprintf("%04d-%02d", *b.Year, *b.Month), nil
}

// period writes what the world has written.
func period(month string) billingPeriod {
	year, rest, _ := strings.Cut(month, "-")
	y, _ := strconv.ParseInt(year, 10, 64) // the world writes numbers
	m, _ := strconv.ParseInt(rest, 10, 64)
	return billingPeriod{&m, &y}
}

type invoiceGroup struct {
	AgreementID string        `json:"agreementId"`
	InvoiceID   string        `json:"invoiceId"`
	Amount      invoiceAmount `json:"pricingCurrencyAmount"`
	Period      billingPeriod `json:"invoiceBillingPeriod"`
	IssuedTime  wire.Time     `json:"issuedTime"`
	Type        string        `json:"invoiceType"`
	Entity      entity        `json:"invoicingEntity"`
}

type invoiceAmount struct {
	Amount       string `json:"amount"`
	Max          string `json:"maxAdjustmentAmount"`
	CurrencyCode string `json:"currencyCode"`
}

// listInvoiceLineItems performs ListAgreementInvoiceLineItems, for the seller: an agreement's invoices and credit memos,
// the newest first.
func (s *service) listInvoiceLineItems(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		AgreementID *string        `json:"agreementId"`
		GroupBy     *string        `json:"groupBy"`
		InvoiceID   *string        `json:"invoiceId"`
		InvoiceType *string        `json:"invoiceType"`
		Period      *billingPeriod `json:"invoiceBillingPeriod"`
		Before      wire.Time      `json:"beforeIssuedTime"`
		After       wire.Time      `json:"afterIssuedTime"`
		MaxResults  *int64         `json:"maxResults"`
		NextToken   *string        `json:"nextToken"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	a, err := s.sold(c, in.AgreementID)
	if err != nil {
		return wire.Answer{}, err
	}
	invoice := idField("invoiceId", "INVOICE_ID", in.InvoiceID, resourceID)
	invoice.needed = false
	if err := check(c, invoice); err != nil {
		return wire.Answer{}, err
	}
	month, err := in.Period.read(c)
	switch {
	case err != nil:
		return wire.Answer{}, err
	case orEmpty(in.GroupBy) != "INVOICE_ID":
		return wire.Answer{}, invalid(c, "OTHER", "groupBy", "The groupBy is required; it is INVOICE_ID.")
	case in.InvoiceType != nil && *in.InvoiceType != string(world.InvoiceCharge) && *in.InvoiceType != string(world.InvoiceCreditMemo):
		return wire.Answer{}, invalid(c, "OTHER", "invoiceType", "The invoiceType is INVOICE or CREDIT_MEMO.")
	}
	t, err := paging{in.MaxResults, in.NextToken}.turn(c, a.AgreementID, in.InvoiceID, in.InvoiceType, month, in.Before.UnixMicro(), in.After.UnixMicro())
	if err != nil {
		return wire.Answer{}, err
	}
	found := s.world.Invoices(world.InvoiceQuery{InvoiceID: orEmpty(in.InvoiceID), AgreementID: a.AgreementID, Type: world.InvoiceType(orEmpty(in.InvoiceType)),
		Month: month, IssuedAfter: in.After.Time, IssuedBefore: in.Before.Time})
	part, next := page.Cut(found, func(v world.Invoice) page.Key { return page.Key{N: v.IssuedAt.UnixMicro(), ID: v.InvoiceID} }, true, t)
	out := struct {
		Items []invoiceGroup `json:"agreementInvoiceLineItemGroupSummaries"`
		Next  *string        `json:"nextToken,omitempty"`
	}{[]invoiceGroup{}, next}
	for _, v := range part {
		out.Items = append(out.Items, invoiceGroup{v.AgreementID, v.InvoiceID, invoiceAmount{amount(v.Amount), amount(v.MaxAdjustment), v.Currency}, period(v.Month),
			wire.Time{Time: v.IssuedAt}, string(v.Type), invoicer})
	}
	return wire.Encode(c, out)
}
