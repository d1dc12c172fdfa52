package world

import (
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/sandbox/profile"
)

// recurring is the line of a month's flat price under a. Of a month that a has run through only in part, it is the part
// that the profile recurring-proration says; ok is false where nothing is to be paid. While a runs, it is taken to run to
// the month's end.
//
// Source: Agreement API, RecurringPaymentTerm: charged at the end of each billing period.
func (w *World) recurring(a *agreement, month int32) (line Charge, ok bool) {
	term := a.Accepted.Recurring
	if term == nil || a.License.Status == FailedLicense {
		return Charge{}, false
	}
	first, next := monthStart(month), monthStart(month+1)
	from, to := later(a.StartTime, first), next
	if !a.EndedAt.IsZero() {
		to = earlier(next, a.EndedAt)
	}
	if !from.Before(to) {
		return Charge{}, false
	}
	amount := term.Price
	if w.profiles.Is(profile.RecurringProration, profile.Prorated) {
		run, all := to.Sub(from).Milliseconds(), next.Sub(first).Milliseconds()
		amount = term.Price.Mul(decimal.NewFromInt(run)).DivRound(decimal.NewFromInt(all), 2)
	}
	line = a.line(UpfrontCharge{Kind: ChargeRecurring, Name: "Monthly price", At: to, Quantity: 1, Price: term.Price, Amount: amount})
	line.From, line.To, line.Duration = from, to, ""
	return line, amount.IsPositive()
}

// billRecurring issues the invoice of a's flat price for a month that is over.
func (w *World) billRecurring(a *agreement, month int32, at time.Time) {
	line, ok := w.recurring(a, month)
	if !ok {
		return
	}
	v := w.issue(a, at, month, InvoiceCharge, []Charge{line})
	a.note(at, "invoiced", "AWS issued the invoice "+v.InvoiceID+" over "+v.Amount.String()+" "+Currency+", the monthly price of "+v.Month+".")
}
