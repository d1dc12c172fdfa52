package storefront

import (
	"net/http"
	"net/url"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

const monthLayout = "2006-01"

type billView struct {
	Chrome
	Month          time.Time // its first instant
	Earlier, Later string    // months, as in the address; Later is empty for the present one
	Bill           []BillProduct
	Total          string      // USD
	Nothing        webui.Empty // instead of a bill
}

// BillProduct is what one product costs in the month.
type BillProduct struct {
	Title, ProductCode string
	Charges            []BillCharge
}

// BillCharge is a line of the bill with the way to the records it is made of.
type BillCharge struct {
	world.Charge
	Price, Amount string // USD
	Per           string
	Records       string // the address of its records; empty for all but usage
	Note          string // what it is for, of all but usage
	Counted       bool   // it is for so many of something, at a price each
}

// getBill shows what the buyer's contracts and usage of a month come to.
func (s *Storefront) getBill(w http.ResponseWriter, r *http.Request) error {
	v := billView{Chrome: s.chrome(w, r), Nothing: webui.Empty{Title: "No charges", Text: "Nothing was bought, and no usage was reported, in this month."}}
	month, err := monthIn(r, v.Now)
	if err != nil {
		return err
	}
	v.Month, v.Earlier = month, month.AddDate(0, -1, 0).Format(monthLayout)
	if later := month.AddDate(0, 1, 0); !later.After(v.Now) {
		v.Later = later.Format(monthLayout)
	}
	if v.Buyer != nil {
		bill, err := s.opt.World.Bill(v.Buyer.AccountID, month)
		if err != nil {
			return err
		}
		v.Bill, v.Total = billProducts(bill), bill.Total.String()
	}
	return s.ui.Render(w, http.StatusOK, "bill", v)
}

// billProducts groups a bill's charges, which come sorted by product.
func billProducts(b world.Bill) []BillProduct {
	var all []BillProduct
	for _, c := range b.Charges {
		if len(all) == 0 || all[len(all)-1].ProductCode != c.ProductCode {
			all = append(all, BillProduct{Title: c.Title, ProductCode: c.ProductCode})
		}
		last := &all[len(all)-1]
		last.Charges = append(last.Charges, billCharge(b.Month, c))
	}
	return all
}

// chargeNotes say what charges other than usage are for.
var chargeNotes = map[world.ChargeKind]string{
	world.ChargeUpfront:    "Contract, paid upfront",
	world.ChargeAdded:      "Added to the contract, for the rest of its time",
	world.ChargeCredit:     "Credit for the rest of the time of what was replaced",
	world.ChargeInstalment: "Contract, an instalment",
	world.ChargeRecurring:  "Monthly price",
	world.ChargePayment:    "A payment that you approved",
	world.ChargeAdjustment: "Given back by the seller",
	world.ChargeRefund:     "Given back by AWS Support",
}

func billCharge(month string, c world.Charge) BillCharge {
	line := BillCharge{Charge: c, Price: c.Price.String(), Amount: c.Amount.String(), Per: "per " + unitName(world.Dimension{Unit: c.Unit})}
	line.Counted = c.Dimension != ""
	if c.Kind != world.ChargeUsage {
		line.Note = chargeNotes[c.Kind]
		if c.Duration != "" {
			line.Per += " for " + durationWords(c.Duration)
		}
		return line
	}
	q := url.Values{"month": {month}, "product": {c.ProductCode}, "dimension": {c.Dimension},
		"from": {c.From.Format(time.RFC3339Nano)}, "to": {c.To.Format(time.RFC3339Nano)}}
	if c.LicenseARN != "" {
		q.Set("license", c.LicenseARN)
	}
	line.Records = "/bill/records?" + q.Encode()
	return line
}

// monthIn is the month that the address names; the present one if it names none.
func monthIn(r *http.Request, now time.Time) (time.Time, error) {
	text := r.URL.Query().Get("month")
	if text == "" {
		return time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC), nil
	}
	month, err := time.Parse(monthLayout, text)
	if err != nil {
		return month, fail.New(fail.Invalid, "month", "%q is no month; write it like %s.", text, now.Format(monthLayout))
	}
	return month, nil
}
