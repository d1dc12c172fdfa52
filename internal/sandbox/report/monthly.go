package report

import (
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/sandbox/world"
)

const monthlySource = guide + "monthly-billed-revenue-report.html"

var monthly = []Report{
	{Name: "monthly_revenue_billing_and_revenue_data", About: "Monthly billed revenue: usage that was invoiced, and what was given back of it, from the 15th to the 14th. Published on the 15th at 00:00 UTC.",
		Source: monthlySource, span: fromThe15th, rows: revenueRows,
		Columns: []string{"Customer Reference ID", "Country", "State", "City", "Zip Code", "Product Title", "Product Code", "Customer Billed Amount", "AWS Listing Fee",
			"Refunds Amount", "AWS Fee Refund", "Cost", "Partner Revenue Amount", "Currency", "Transaction Reference ID", "U.S. Sales Tax Customer Billed Amount",
			"U.S. Sales Tax Refunds Amount", "Offer ID", "Offer Visibility", "Customer AWS Account Number", "Customer Email Domain", "Opportunity Name",
			"Opportunity Description", "Solution Title", "Solution ID", "Payer Reference ID", "Payer Address ID"}},
	{Name: "monthly_revenue_annual_subscriptions", About: "Monthly billed revenue: contract charges that were invoiced in the month before, and what was given back of them. Published on the 15th at 00:00 UTC.",
		Source: monthlySource, span: lastMonth, rows: contractRows,
		Columns: []string{"Customer Reference ID", "Country", "State", "City", "Zip Code", "Product Title", "Product Code", "Subscription Quantity", "Subscription Start Date",
			"Subscription End Date", "Subscription Instance Type", "Customer Billed Amount", "AWS Listing Fee", "Refunds Amount", "AWS Fee Refund", "Cost",
			"Partner Revenue Amount", "Currency", "Transaction Reference ID", "U.S. Sales Tax Customer Billed Amount", "U.S. Sales Tax Refunds Amount",
			"Customer AWS Account Number", "Customer Email Domain", "Offer ID", "Offer Visibility", "Contract Start Date", "Contract End Date", "Opportunity Name",
			"Opportunity Description", "Solution Title", "Solution ID", "Payer Reference ID", "Payer Address ID"}},
	{Name: "monthly_revenue_flexible_payment_schedule", About: "Monthly billed revenue: instalments that were invoiced in the month before. Published on the 15th at 00:00 UTC.",
		Source: monthlySource, span: lastMonth, rows: scheduleRows,
		Columns: []string{"Customer AWS Account Number", "Customer Country", "Customer State", "Customer City", "Customer ZIP Code", "Customer Email Domain", "User Reference ID",
			"User AWS Account Number", "Product ID", "Product Title", "Product Type", "AWS Marketplace Offer ID", "Contract Create Date", "Contract Expiration Date",
			"Total Contract Value (USD)", "# of Payments", "Invoice Date", "Invoice Amount (USD)", "Payer Reference ID"}},
}

// the15th is when a month's report is published.
func the15th(month time.Time) time.Time { return monthStart(month).AddDate(0, 0, 14) }

// newest15th is the last one that is not after now.
func newest15th(now time.Time) time.Time {
	if at := the15th(now); !at.After(now) {
		return at
	}
	return the15th(monthStart(now).AddDate(0, -1, 0))
}

func fromThe15th(now time.Time) (from, to time.Time) {
	to = newest15th(now)
	return the15th(monthStart(to).AddDate(0, -1, 0)), to
}

func lastMonth(now time.Time) (from, to time.Time) {
	to = monthStart(newest15th(now))
	return to.AddDate(0, -1, 0), to
}

// next15th is when section 1 has what was invoiced at the instant issued.
func next15th(issued time.Time) time.Time {
	if at := the15th(issued); issued.Before(at) {
		return at
	}
	return the15th(monthStart(issued).AddDate(0, 1, 0))
}

// monthsReport is when the other sections have what was invoiced at the instant issued.
func monthsReport(issued time.Time) time.Time { return the15th(monthStart(issued).AddDate(0, 1, 0)) }

// revenue are the cells for an amount: billed, fee, given back, fee given back, cost, what is left for the seller.
func revenue(amount decimal.Decimal, kind world.InvoiceType) []string {
	f := fee(amount)
	left := amount.Sub(f).String()
	if kind == world.InvoiceCreditMemo {
		return []string{"0", "0", amount.String(), f.Neg().String(), "0", left}
	}
	return []string{amount.String(), f.Neg().String(), "0", "0", "0", left}
}

// usage reports whether an invoice is for what a month of pay as you go cost, or gives back of one that is.
func (b *book) usage(v world.Invoice) bool {
	if v.Type == world.InvoiceCreditMemo {
		for _, of := range b.Invoices(world.InvoiceQuery{InvoiceID: v.OriginalInvoiceID, AgreementID: v.AgreementID}) {
			return b.usage(of)
		}
	}
	return len(v.Lines) > 0 && (v.Lines[0].Kind == world.ChargeUsage || v.Lines[0].Kind == world.ChargeRecurring)
}

func revenueRows(b *book) {
	b.reported(next15th, func(v world.Invoice, p party) {
		if !b.usage(v) {
			return
		}
		cells := append([]string{customerReference(v.BuyerAccount), "", "", "", "", p.product.Title, v.ProductCode}, revenue(v.Amount, v.Type)...)
		b.row(append(cells, v.Currency, reference("transaction", v.InvoiceID), "", "", p.OfferID, visibility(p.offer), v.BuyerAccount, domain(p.buyer), "", "", "", "",
			customerReference(v.BuyerAccount), "")...)
	})
}

func contractRows(b *book) {
	b.reported(monthsReport, func(v world.Invoice, p party) {
		if b.usage(v) {
			return
		}
		for _, c := range v.Lines {
			cells := append([]string{customerReference(v.BuyerAccount), "", "", "", "", c.Title, v.ProductCode, number(c.Quantity), date(p.StartTime), date(p.EndTime), c.Dimension},
				revenue(c.Amount, v.Type)...)
			b.row(append(cells, v.Currency, reference("transaction", v.InvoiceID), "", "", v.BuyerAccount, domain(p.buyer), p.OfferID, visibility(p.offer),
				date(p.StartTime), date(p.EndTime), "", "", "", "", customerReference(v.BuyerAccount), "")...)
		}
	})
}

func scheduleRows(b *book) {
	b.reported(monthsReport, func(v world.Invoice, p party) {
		if len(v.Lines) == 0 || v.Lines[0].Kind != world.ChargeInstalment {
			return
		}
		whole := decimal.Zero
		for _, one := range p.Accepted.Schedule {
			whole = whole.Add(one.Amount)
		}
		b.row(p.BuyerAccount, "", "", "", "", domain(p.buyer), customerReference(p.BuyerAccount), p.BuyerAccount, p.ProductID, p.product.Title, "SaaS", p.OfferID,
			date(p.AcceptanceTime), date(p.EndTime), whole.String(), number(int64(len(p.Accepted.Schedule))), date(v.IssuedAt), v.Amount.String(), customerReference(p.BuyerAccount))
	})
}
