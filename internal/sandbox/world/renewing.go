package world

import (
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
)

// noticeOfRise is how long before a renewal, or before a running subscription pays it, a price must have been raised.
// Lower prices hold at once. Source: seller guide, saas-contracts and product-settings.
const noticeOfRise = 90 * day

// AtEnd is what happens at an agreement's end. Source: Agreement API, EndTimeBehavior.
type AtEnd string

// What can happen.
const (
	Renews   AtEnd = "RENEW"
	Replaces AtEnd = "REPLACE" // another offer's agreement goes on
	Expires  AtEnd = "EXPIRE"
)

// NoRenewal is why an agreement does not renew itself. Source: Agreement API, EndTimeBehaviorReasonCode.
type NoRenewal string

// The reasons, the weightier first.
const (
	ProposerOptedOut NoRenewal = "PROPOSER_RENEW_OPTED_OUT"
	NoRenewalTerm    NoRenewal = "NO_RENEWAL_TERM"
	LimitExhausted   NoRenewal = "RENEWAL_LIMIT_EXHAUSTED"
	AcceptorOptedOut NoRenewal = "ACCEPTOR_RENEW_OPTED_OUT"
)

// Contract reports whether a is for something that is granted for a time: bought upfront, or tried. Any other is pay as
// you go, which may have an end as well: that of its private offer.
func (a Agreement) Contract() bool { return a.Accepted.Contract() }

// EndBehavior is what will happen at a's end, and if it is no renewal, why. ok is false for an agreement that has ended
// or has no end.
func (a Agreement) EndBehavior() (what AtEnd, why NoRenewal, ok bool) {
	if a.Status != Active || a.EndTime.IsZero() {
		return "", "", false
	}
	switch why = a.noRenewal(); {
	case why == "":
		return Renews, "", true
	case a.Successor != "":
		return Replaces, why, true
	}
	return Expires, why, true
}

// noRenewal is why a does not renew itself; empty where it does.
func (a Agreement) noRenewal() NoRenewal {
	switch {
	case a.ProposerOptedOut:
		return ProposerOptedOut
	case a.Accepted.Renewal == nil:
		return NoRenewalTerm
	case a.Accepted.Renewal.MaxRenewals != nil && a.Renewals >= *a.Accepted.Renewal.MaxRenewals:
		return LimitExhausted
	case !a.Terms.AutoRenew:
		return AcceptorOptedOut
	}
	return ""
}

// LockoutStart is from when on neither party can change whether a renews itself; zero where they can until the end.
func (a Agreement) LockoutStart() time.Time {
	if a.Accepted.Renewal == nil || a.EndTime.IsZero() || a.Accepted.Renewal.LockoutPeriod == "" {
		return time.Time{}
	}
	return a.EndTime.AddDate(0, 0, -daily(a.Accepted.Renewal.LockoutPeriod))
}

// AdjustmentDeadline is until when the seller can choose by how much the price of a's renewal rises; zero where there is
// nothing to choose.
func (a Agreement) AdjustmentDeadline() time.Time {
	if a.Accepted.Renewal == nil || a.EndTime.IsZero() || a.Accepted.Renewal.AdjustmentDeadline == "" {
		return time.Time{}
	}
	return a.EndTime.AddDate(0, 0, -daily(a.Accepted.Renewal.AdjustmentDeadline))
}

// renewable refuses a change of whether a renews itself.
func (a *agreement) renewable(now time.Time) error {
	lockout := a.LockoutStart()
	switch {
	case a.Accepted.Renewal == nil:
		return fail.New(fail.Invalid, "terms", "The offer %s has no renewal.", a.OfferID)
	case a.ProposerOptedOut:
		return fail.New(fail.Invalid, "unsupported", "The seller has opted out of renewing %s, which is final.", a.AgreementID)
	case !lockout.IsZero() && !now.Before(lockout):
		return fail.New(fail.Invalid, "lockout", "Whether %s renews itself was to be decided before %s.", a.AgreementID, stamp(lockout))
	}
	return nil
}

// renewal is the agreement that goes on from a: for the same duration, with the same quantities; of a listing, at the
// listed prices, of another offer at its own, with their agreed increase.
func (a *agreement) renewal(at time.Time) *deal {
	d := &deal{wish: wish{intent: IntentRenew, buyer: a.buyer, offer: a.offer, source: a, terms: a.Terms}, accepted: a.Accepted,
		quantities: maps.Clone(a.Terms.Quantities), start: at, rates: maps.Clone(a.Rates)}
	if a.offer.listed() {
		d.accepted = a.offer.terms
		maps.Copy(d.rates, a.offer.renewalRates(a, at))
	} else {
		d.accepted = a.Accepted.renewed(a, at)
		for key, rate := range d.rates {
			d.rates[key] = raised(rate, a.increase())
		}
	}
	d.end = d.accepted.ends(at, d.terms.Duration)
	d.charges = d.price(at)
	return d
}

// renewalRates are what a listing's units cost in a renewal: as listed now; but as listed before, where a price was
// raised without due notice.
func (o *offer) renewalRates(a *agreement, at time.Time) map[string]decimal.Decimal {
	card := func(t *OfferTerms) map[string]decimal.Decimal {
		c, _ := t.Upfront.Card(a.Terms.Duration)
		return c.Rates
	}
	listed := maps.Clone(card(o.terms))
	for key, before := range card(o.termsAt(later(at.Add(-noticeOfRise), a.AcceptanceTime))) {
		if now, ok := listed[key]; ok && now.GreaterThan(before) {
			listed[key] = before
		}
	}
	return listed
}

// increase is by how many per cent a's renewal is dearer.
func (a *agreement) increase() decimal.Decimal {
	if a.Accepted.Renewal == nil || a.Accepted.Renewal.PriceIncrease == nil {
		return decimal.Zero
	}
	switch p := a.Accepted.Renewal.PriceIncrease; {
	case p.Fixed != nil:
		return *p.Fixed
	case a.PriceIncrease != nil:
		return *a.PriceIncrease
	default:
		return *p.Default
	}
}

func raised(price, percent decimal.Decimal) decimal.Decimal {
	if percent.IsZero() {
		return price
	}
	return price.Mul(hundred.Add(percent)).DivRound(hundred, 2)
}

// renewed are the terms of a's renewal that begins at an instant: with the increased price, and its instalments.
func (t *OfferTerms) renewed(a *agreement, at time.Time) *OfferTerms {
	next := *t
	if t.Upfront != nil {
		u := *t.Upfront
		u.RateCards = slices.Clone(u.RateCards)
		for i, c := range u.RateCards {
			u.RateCards[i].Rates = maps.Clone(c.Rates)
			for key, rate := range c.Rates {
				u.RateCards[i].Rates[key] = raised(rate, a.increase())
			}
		}
		next.Upfront = &u
	}
	if t.Validity != nil && !t.Validity.StartDate.IsZero() {
		next.Validity = &ValidityTerm{Duration: t.Validity.Duration}
	}
	if t.Fixed != nil {
		f := *t.Fixed
		f.Price = raised(f.Price, a.increase())
		next.Fixed = &f
		next.Schedule = t.renewedSchedule(a, at, f.Price)
	}
	return &next
}

// renewedSchedule are the instalments of a renewal: by the renewal's own shares of the price, or at the same distances
// as before. What rounding leaves is in the last.
func (t *OfferTerms) renewedSchedule(a *agreement, at time.Time, price decimal.Decimal) []Instalment {
	var all []Instalment
	rest := price
	add := func(due time.Time, amount decimal.Decimal) {
		all, rest = append(all, Instalment{ChargeDate: due, Amount: amount}), rest.Sub(amount)
	}
	if len(t.Renewal.Schedule) > 0 {
		for _, one := range t.Renewal.Schedule {
			p, _ := parsePeriod(one.After) // P0D is no time at all
			add(p.after(at), price.Mul(one.Percentage).DivRound(hundred, 2))
		}
	} else {
		early := a.EndTime.Sub(at) // of a renewal before its time
		for _, one := range t.Schedule {
			add(later(addMonths(one.ChargeDate, monthly(a.Terms.Duration)).Add(-early), at), raised(one.Amount, a.increase()))
		}
	}
	if len(all) > 0 {
		all[len(all)-1].Amount = all[len(all)-1].Amount.Add(rest)
	}
	return all
}
