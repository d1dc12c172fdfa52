package world

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/contract"
)

// planBilling lets a's usage be counted for it, and billed.
func (w *World) planBilling(a *agreement) {
	counted := []uint32{a.subject, w.customers[customerKey{a.ProductCode, a.BuyerAccount}].subject}
	for _, n := range counted {
		m := &w.ledger.subjects[n]
		m.agreements = append(m.agreements, a)
	}
	if a.product.takesUsage() {
		w.planClosing(monthOf(a.StartTime))
	}
}

// planClosing plans a month's close, if that is not planned yet: at 06:00 UTC on the 1st of the
// next, when no more of its records are taken, its usage is billed. Source: [contract.MonthCloses].
func (w *World) planClosing(month int32) {
	if w.closing[month] {
		return
	}
	w.closing[month] = true
	w.plan(closes(month), func(at time.Time) { w.closeMonth(month, at) })
}

// closes is when a month's usage is billed.
func closes(month int32) time.Time { return monthStart(month + 1).Add(contract.MonthCloses) }

// closeMonth bills the usage of month, an invoice for each agreement, and plans the next close while there is something
// that can be metered.
func (w *World) closeMonth(month int32, at time.Time) {
	delete(w.closing, month)
	for i := range w.ledger.subjects {
		m := &w.ledger.subjects[i]
		for due := m.unbilled.close(month); len(due) > 0; {
			n := 1
			for n < len(due) && due[n].month == due[0].month {
				n++
			}
			w.billUsage(m, due[:n], at)
			due = due[n:]
		}
	}
	for _, a := range w.order.agreements {
		w.billRecurring(a, month, at)
	}
	if w.metering(monthStart(month + 1)) {
		w.planClosing(month + 1)
	}
}

// billUsage issues the invoice of one meter's month.
func (w *World) billUsage(m *meter, of tallies, at time.Time) {
	a := m.payer(of[0].month)
	var lines []Charge
	for _, t := range of {
		if c := m.line(t, a); c.Quantity > 0 {
			lines = append(lines, c)
		}
	}
	if v := w.issue(a, at, of[0].month, InvoiceCharge, lines); v != nil {
		a.note(at, "invoiced", "AWS issued the invoice "+v.InvoiceID+" over "+v.Amount.String()+" "+Currency+", for the usage of "+v.Month+".")
	}
}

// payer is the agreement that a month's usage is billed to: of those that the meter's records counted for, the last that
// had begun in that month. A renewal under the same licence, and a legacy customer who came back, share a meter.
func (m *meter) payer(month int32) *agreement {
	end := monthStart(month + 1)
	for _, a := range slices.Backward(m.agreements) {
		if a.StartTime.Before(end) {
			return a
		}
	}
	return m.agreements[0]
}

// line is a line for a month's usage of one dimension, at what it costs under a;
// in a free trial, at none.
func (m *meter) line(t tally, a *agreement) Charge {
	d := m.product.Dimensions[t.dim]
	c := Charge{Kind: ChargeUsage, ProductCode: m.product.ProductCode, Title: m.product.Title, AgreementID: a.AgreementID, LicenseARN: m.arn,
		Dimension: d.Key, Name: d.Name, Unit: d.Unit, Quantity: t.quantity,
		From: monthStart(t.month), To: monthStart(t.month + 1)}
	switch {
	case t.free:
		c.To, c.Why = earlier(c.To, a.TrialEndsAt), "Free trial"
	default:
		c.From, c.Price = later(c.From, earlier(a.TrialEndsAt, c.To)), a.unitPrice(d, monthStart(t.month+1))
	}
	c.Amount = c.Price.Mul(decimal.NewFromInt(t.quantity))
	return c
}

// unitPrice is what one metered unit costs under a in a month that ends at an instant: the price of a's private offer,
// or as it was listed; as it was listed before, where that was raised without due notice.
func (a *agreement) unitPrice(d Dimension, end time.Time) decimal.Decimal {
	if private := a.Accepted.Usage; private != nil && a.offer != a.product.public() {
		if price, ok := private.Rates[d.Key]; ok {
			return price
		}
	}
	listed := a.product.public()
	price, there := listed.termsAt(end).Usage.Rates[d.Key]
	before, old := listed.termsAt(later(end.Add(-noticeOfRise), a.AcceptanceTime)).Usage.Rates[d.Key]
	switch {
	case !there: // it was listed after that month
		return d.Price()
	case old && price.GreaterThan(before):
		return before
	}
	return price
}

// free reports whether a record of the instant at, counted by m, falls into a free trial.
func (m *meter) free(at time.Time) bool {
	for _, a := range slices.Backward(m.agreements) {
		if !at.Before(a.StartTime.Truncate(time.Hour)) {
			return at.Before(a.TrialEndsAt)
		}
	}
	return false
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// metering reports whether usage of the instant at, or of later ones, may still come.
func (w *World) metering(at time.Time) bool {
	return slices.ContainsFunc(w.order.agreements, func(a *agreement) bool {
		return a.product.takesUsage() && (a.Status == Active || a.License.MeteringUntil.After(at))
	})
}
