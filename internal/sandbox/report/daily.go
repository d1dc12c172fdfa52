package report

import (
	"time"

	"souk.dev/souk/internal/sandbox/world"
)

const dailySource = guide + "daily-business-report.html"

// feesLag is how much later than the other sections the daily business report has fees.
const feesLag = 48 * time.Hour

var daily = []Report{
	{Name: "daily_business_usage_by_instance_type", About: "Daily business report: what was metered, with its estimated revenue. Published at 00:00 UTC for the day before.",
		Source: dailySource, span: lastDay, rows: usageRows,
		Columns: []string{"Customer Reference ID", "User's State", "User's Country", "Product Title", "Product Code", "Instance Type", "Usage Units", "Usage Unit Type",
			"Offering Description", "Estimated Revenue", "Currency", "Offer ID", "Offer Visibility", "Customer AWS Account Number", "Customer Country", "Customer State",
			"Customer City", "Customer Zip Code", "Customer Email Domain", "Solution Title", "Solution ID"}},
	{Name: "daily_business_fees", About: "Daily business report: contract charges by dimension, and refunds. Published 72 hours after the beginning of the day.",
		Source: dailySource, rows: feeRows,
		span: func(now time.Time) (from, to time.Time) { return lastDay(now.Add(-feesLag)) },
		Columns: []string{"Customer Reference ID", "User's State", "User's Country", "Product Title", "Product Code", "Amount", "Currency", "Fee Description",
			"Customer AWS Account Number", "Customer Country", "Customer State", "Customer City", "Customer Zip Code", "Customer Email Domain", "Start Date", "End Date",
			"Quantity", "Dimension", "Solution Title", "Solution ID"}},
	{Name: "daily_business_free_trial_conversions", About: "Daily business report: free trials that began, run, were converted, and were not. Published at 00:00 UTC for the day before.",
		Source: dailySource, span: lastDay, rows: trialRows,
		Columns: []string{"Product Title", "Product Code", "New Free Trials", "Total Current Free Trials", "Converted Free Trials", "Non-Converted Free Trials",
			"Solution Title", "Solution ID"}},
	{Name: "daily_business_new_product_subscribers", About: "Daily business report: who subscribed. Published at 00:00 UTC for the day before.",
		Source: dailySource, span: lastDay, rows: newRows,
		Columns: []string{"Customer Reference ID", "User's State", "User's Country", "Product Title", "Product Code", "Offer ID", "Offer Visibility", "Customer AWS Account Number",
			"Customer Country", "Customer State", "Customer City", "Customer Zip Code", "Customer Email Domain", "Solution Title", "Solution ID"}},
	{Name: "daily_business_canceled_product_subscribers", About: "Daily business report: whose subscription ended, and does not go on in another. Published at 00:00 UTC for the day before.",
		Source: dailySource, span: lastDay, rows: canceledRows,
		Columns: []string{"Customer Reference ID", "User's State", "User's Country", "Product Title", "Product Code", "Subscribed Date", "Offer ID", "Offer Visibility",
			"Customer AWS Account Number", "Customer Country", "Customer State", "Customer City", "Customer Zip Code", "Customer Email Domain", "Solution Title", "Solution ID"}},
}

// days calls each for every covered day whose report is published, oldest first: after its end, and lag more.
func (b *book) days(lag time.Duration, each func(from, to time.Time)) {
	for from := midnight(b.From); from.Before(b.To); from = from.Add(day) {
		if !b.published(from.Add(day + lag)) {
			return
		}
		each(from, from.Add(day))
	}
}

// party is who a row is about.
type party struct {
	world.Agreement
	buyer   world.Buyer
	product world.Product
	offer   world.Offer
}

// parties finds who an agreement is between, and about what. All of it is there for as long as the world is.
func (b *book) parties(a world.Agreement) (p party) {
	p.Agreement = a
	p.buyer, _ = b.Buyer(a.BuyerAccount)
	p.product, _ = b.Product(a.ProductID)
	p.offer, _ = b.Offer(a.OfferID)
	return p
}

func usageRows(b *book) {
	b.days(0, func(from, to time.Time) {
		for _, c := range b.Usage(world.RecordQuery{From: from, To: to}) {
			a, err := b.Agreement(c.AgreementID)
			if err != nil || a.SellerAccount != b.seller || c.Quantity == 0 {
				continue
			}
			p := b.parties(a)
			offering := "Usage"
			if c.Why != "" {
				offering = c.Why
			}
			b.row(customerReference(p.BuyerAccount), "", "", c.Title, c.ProductCode, c.Dimension, number(c.Quantity), c.Unit, offering, c.Amount.String(), world.Currency,
				p.OfferID, visibility(p.offer), p.BuyerAccount, "", "", "", "", domain(p.buyer), "", "")
		}
	})
}

// feeWords describe the charges that are fees.
var feeWords = map[world.ChargeKind]string{
	world.ChargeUpfront: "SaaS Contracts fee", world.ChargeAdded: "SaaS Contracts fee", world.ChargeInstalment: "SaaS Contracts fee", world.ChargePayment: "Payment request", world.ChargeRecurring: "Monthly fee",
	world.ChargeCredit: "Credit", world.ChargeAdjustment: "Refund", world.ChargeRefund: "Refund",
}

func feeRows(b *book) {
	b.days(feesLag, func(from, to time.Time) {
		b.invoices(func(v world.Invoice) {
			if v.IssuedAt.Before(from) || !v.IssuedAt.Before(to) {
				return
			}
			a, err := b.Agreement(v.AgreementID)
			if err != nil {
				return
			}
			p := b.parties(a)
			for _, c := range v.Lines {
				if feeWords[c.Kind] == "" {
					continue
				}
				b.row(customerReference(p.BuyerAccount), "", "", c.Title, c.ProductCode, c.Amount.String(), v.Currency, feeWords[c.Kind], p.BuyerAccount, "", "", "", "",
					domain(p.buyer), date(p.StartTime), date(p.EndTime), number(c.Quantity), c.Dimension, "", "")
			}
		})
	})
}

func trialRows(b *book) {
	b.days(0, func(from, to time.Time) {
		in := func(t time.Time) bool { return !t.IsZero() && !t.Before(from) && t.Before(to) }
		for _, p := range b.Products() {
			var begun, running, converted, lost int64
			for _, a := range b.agreements() {
				if a.ProductID != p.ProductID || a.TrialEndsAt.IsZero() {
					continue
				}
				paid := !p.Pricing.IsContract() && (a.EndedAt.IsZero() || a.EndedAt.After(a.TrialEndsAt))
				over := a.TrialEndsAt
				if !a.EndedAt.IsZero() && a.EndedAt.Before(over) {
					over = a.EndedAt
				}
				begun += one(in(a.StartTime))
				running += one(a.StartTime.Before(to) && !over.Before(to))
				converted += one(in(over) && paid)
				lost += one(in(over) && !paid)
			}
			if begun+running+converted+lost > 0 {
				b.row(p.Title, p.ProductCode, number(begun), number(running), number(converted), number(lost), "", "")
			}
		}
	})
}

func one(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

func newRows(b *book) {
	b.days(0, func(from, to time.Time) {
		for _, a := range b.agreements() {
			if a.Intent != world.IntentNew || a.StartTime.Before(from) || !a.StartTime.Before(to) {
				continue
			}
			p := b.parties(a)
			b.row(customerReference(a.BuyerAccount), "", "", p.product.Title, a.ProductCode, a.OfferID, visibility(p.offer), a.BuyerAccount, "", "", "", "", domain(p.buyer), "", "")
		}
	})
}

func canceledRows(b *book) {
	b.days(0, func(from, to time.Time) {
		for _, a := range b.agreements() {
			goesOn := a.Status == world.Renewed || a.Status == world.Replaced
			if goesOn || a.EndedAt.IsZero() || a.EndedAt.Before(from) || !a.EndedAt.Before(to) {
				continue
			}
			p := b.parties(a)
			b.row(customerReference(a.BuyerAccount), "", "", p.product.Title, a.ProductCode, date(a.StartTime), a.OfferID, visibility(p.offer), a.BuyerAccount, "", "", "", "",
				domain(p.buyer), "", "")
		}
	})
}
