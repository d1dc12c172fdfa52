package report

import (
	"time"

	"souk.dev/souk/internal/sandbox/world"
)

const subscriberSource = guide + "daily-customer-subscriber-report.html"

var subscribers = []Report{
	{Name: "customer_subscriber_hourly_monthly_subscriptions", About: "Daily customer subscriber report: who pays as they go, at the end of the last covered day. Published at 00:00 UTC.",
		Source: subscriberSource, span: lastDay, rows: hourlyRows,
		Columns: []string{"Customer AWS Account Number", "Product Title", "Product Id", "Product Code", "Subscription Start Date", "Offer ID", "Offer Visibility",
			"Solution Title", "Solution ID", "Payer Reference ID", "Reseller account ID", "Reseller account name"}},
	{Name: "customer_subscriber_annual_subscriptions", About: "Daily customer subscriber report: who has a contract, at the end of the last covered day. Published at 00:00 UTC.",
		Source: subscriberSource, span: lastDay, rows: annualRows,
		Columns: []string{"Customer AWS Account Number", "Product Title", "Product Id", "Product Code", "Subscription Id", "Subscription Quantity", "Subscription Type",
			"Subscription Intent", "Offer ID", "Subscription Start Date", "Previous Offer ID", "Offer Visibility", "Solution Title", "Solution ID", "Payer Reference ID",
			"Reseller account ID", "Reseller account name"}},
}

// subscribed calls each for the agreements that ran at the end of the last covered day that is over, contracts or
// others.
func (b *book) subscribed(contracts bool, each func(p party)) {
	at := midnight(b.To.Add(day - time.Nanosecond))
	if now := midnight(b.now); at.After(now) {
		at = now
	}
	for _, a := range b.agreements() {
		p := b.parties(a)
		if p.product.Pricing.IsContract() == contracts && a.StartTime.Before(at) && (a.EndedAt.IsZero() || !a.EndedAt.Before(at)) {
			each(p)
		}
	}
}

// reseller is the channel partner who proposed an agreement; empty where that was the manufacturer.
func (b *book) reseller(a world.Agreement) (account, name string) {
	if a.SellerAccount == a.ManufacturerAccount {
		return "", ""
	}
	s, _ := b.Seller(a.SellerAccount)
	return a.SellerAccount, s.Name
}

func hourlyRows(b *book) {
	b.subscribed(false, func(p party) {
		account, name := b.reseller(p.Agreement)
		b.row(p.BuyerAccount, p.product.Title, p.ProductID, p.ProductCode, date(p.StartTime), p.OfferID, visibility(p.offer), "", "",
			customerReference(p.BuyerAccount), account, name)
	})
}

// unlimited is the quantity of what a contract grants without a limit; it is no number of licences.
const unlimited = 1<<31 - 1

// intents are how the report names them.
var intents = map[world.Intent]string{world.IntentNew: "NEW", world.IntentRenew: "RENEWAL", world.IntentReplace: "UPGRADE"}

func annualRows(b *book) {
	b.subscribed(true, func(p party) {
		var units int64
		for _, n := range p.Terms.Quantities {
			if n < unlimited {
				units += n
			}
		}
		previous := ""
		if before, err := b.Agreement(p.PreviousAgreementID); err == nil {
			previous = before.OfferID
		}
		account, name := b.reseller(p.Agreement)
		b.row(p.BuyerAccount, p.product.Title, p.ProductID, p.ProductCode, p.AgreementID, number(units), "SaaS contract", intents[p.Intent], p.OfferID, date(p.StartTime),
			previous, visibility(p.offer), "", "", customerReference(p.BuyerAccount), account, name)
	})
}
