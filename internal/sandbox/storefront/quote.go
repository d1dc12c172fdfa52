package storefront

import (
	"errors"
	"net/url"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/world"
)

// priceField is the button that asks for a price and buys nothing: it sends the form to the page itself. A script asks
// the same with every change of the form.
const priceField = "price"

// Cost is what a form, as it is filled in, would cost.
type Cost struct {
	Page      string     // that shows the form, with the price of what its query says
	Asked     bool       // somebody has filled something in
	Known     bool       // of a form that makes sense
	Say       string     // why it is not known
	Now       string     // USD, when the form is sent
	Later     []DueLater // what is charged after that
	Total     string     // USD, of all of it
	Usage     bool       // and usage by the month
	StartTime time.Time  // zero: at once
}

// DueLater is a charge that is agreed on, and not due yet.
type DueLater struct {
	At     time.Time
	Amount string // USD
}

// costOf writes down a quote that was asked for at an instant, or why there is none.
func costOf(now time.Time, q world.Quote, err error) Cost {
	if err != nil {
		c := Cost{Say: "This cannot be bought at present."}
		if e, ok := errors.AsType[*fail.Error](err); ok {
			c.Say = e.Say
		}
		return c
	}
	c := Cost{Known: true}
	var today, all decimal.Decimal
	for _, charge := range q.Charges {
		switch charge.Timing {
		case world.BillingPeriod:
			c.Usage = true
		case world.Scheduled:
			c.Later = append(c.Later, DueLater{charge.Time, charge.Amount.String()})
			all = all.Add(*charge.Amount)
		default:
			today, all = today.Add(*charge.Amount), all.Add(*charge.Amount)
		}
	}
	c.Now, c.Total = today.String(), all.String()
	if q.StartTime.After(now) {
		c.StartTime = q.StartTime
	}
	return c
}

// cost is what buyer would pay for p as o sells it, with the form filled in with values.
func (s *Storefront) cost(now time.Time, buyer string, p world.Product, o world.Offer, values url.Values) Cost {
	terms, err := readTerms(offeredAs(p, o), o, values)
	var q world.Quote
	if err == nil {
		q, err = s.opt.World.PreviewSubscribe(now, world.Subscribe{BuyerAccount: buyer, Product: p.ProductID, OfferID: o.OfferID, Terms: terms})
	}
	return costOf(now, q, err)
}

// filledIn reports whether values are those of a form, and not the query of a link.
func filledIn(values url.Values) bool { return values.Has(priceField) || values.Has(durationField) }
