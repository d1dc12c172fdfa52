package storefront

import (
	"strconv"
	"time"

	"souk.dev/souk/internal/sandbox/world"
)

// Renewal is what a contract's page says of its renewal.
type Renewal struct {
	On      bool
	Settled string    // why it cannot be changed any more; empty while it can
	Until   time.Time // it can be changed; zero: to the end
	Terms   []string  // that were agreed on
}

// Renewal is that of a contract; nil where there is none to be had.
func (v subscriptionView) Renewal() *Renewal {
	a := v.Sub.Agreement
	t := a.Accepted.Renewal
	if t == nil || a.Status != world.Active || !a.Contract() {
		return nil
	}
	r := &Renewal{On: a.Terms.AutoRenew, Until: a.LockoutStart()}
	switch {
	case a.ProposerOptedOut:
		r.Settled = v.Sub.Seller + " will not renew it."
	case !r.Until.IsZero() && !v.Now.Before(r.Until):
		r.Settled = "It was to be decided before " + r.Until.Format("2 January 2006") + "."
	}
	r.Terms = renewalWords(t, a.Renewals)
	return r
}

// renewalWords says what was agreed on of a renewal, of which there were some already.
func renewalWords(t *world.RenewalTerm, had int) (says []string) {
	if t.LockoutPeriod != "" {
		says = append(says, "Settled "+durationWords(t.LockoutPeriod)+" before the end.")
	}
	if t.MaxRenewals != nil {
		says = append(says, "Renews itself "+strconv.Itoa(max(0, *t.MaxRenewals-had))+" times more at most.")
	}
	switch p := t.PriceIncrease; {
	case p == nil:
	case p.Fixed != nil:
		says = append(says, "The price rises by "+p.Fixed.String()+" % each time.")
	case p.Min != nil && p.Max != nil:
		says = append(says, "The price rises by "+p.Min.String()+" to "+p.Max.String()+" % each time, as the seller chooses.")
	}
	return says
}
