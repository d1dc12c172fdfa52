package world

import (
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// checkTerms refuses terms that contradict one another, or the product.
func checkTerms(o Offer, p Product) error {
	t := o.Terms
	priced := 0
	for _, there := range []bool{t.Upfront != nil, t.Fixed != nil, t.Trial != nil} {
		if there {
			priced++
		}
	}
	switch {
	case p.Pricing == Subscription && (t.Upfront != nil || t.Fixed != nil):
		return badOffer(o, "terms", "%s is pay as you go: it has no upfront or fixed term.", p.Title)
	case p.Pricing.IsContract() && priced != 1:
		return badOffer(o, "terms", "%s is a contract: give one of upfront, fixed and freeTrial.", p.Title)
	case p.Pricing == Contract && t.Usage != nil:
		return badOffer(o, "terms", "%s is not metered: it has no usage term.", p.Title)
	case len(t.Schedule) > 0 && t.Fixed == nil:
		return badOffer(o, "payment_schedule", "a paymentSchedule needs a fixed term.")
	case t.Trial != nil && (t.Renewal != nil || t.Validity != nil || t.Variable != nil):
		return badOffer(o, "free_trial", "a free trial has no renewal, validity or variablePayment.")
	case t.Variable != nil && !t.Variable.MaxTotal.IsPositive():
		return badOffer(o, "variable_payment", "the maxTotalChargeAmount must be above 0.")
	}
	for _, check := range []func(Offer, Product) error{checkUsageTerm, checkRecurringTerm, checkUpfrontTerm, checkFixedTerm, checkTrialTerm, checkValidity, checkSchedule, checkRenewal, checkDocuments} {
		if err := check(o, p); err != nil {
			return err
		}
	}
	return nil
}

func checkUsageTerm(o Offer, p Product) error {
	if o.Terms.Usage == nil {
		return nil
	}
	return checkRateMap(o, p, Metered, o.Terms.Usage.Rates)
}

// checkRecurringTerm refuses a flat price where AWS has none: beside what is bought upfront, or tried. Source: Agreement
// API, CreateAgreementRequest (of pay as you go, usage-based and recurring terms are accepted).
func checkRecurringTerm(o Offer, p Product) error {
	r := o.Terms.Recurring
	switch {
	case r == nil:
		return nil
	case p.Pricing != Subscription || o.Terms.Trial != nil:
		return badOffer(o, "recurring_payment", "a recurringPayment is for pay as you go, beside usage; not for a contract or a trial.")
	case r.BillingPeriod != Monthly:
		return badOffer(o, "recurring_payment", "the billingPeriod %q is unknown; use %s.", r.BillingPeriod, Monthly)
	case !r.Price.IsPositive():
		return badOffer(o, "recurring_payment", "its price must be above 0.")
	}
	return nil
}

// checkRateMap refuses prices that are not those of all of p's dimensions of a kind.
func checkRateMap(o Offer, p Product, kind DimensionKind, rates map[string]decimal.Decimal) error {
	for _, key := range slices.Sorted(maps.Keys(rates)) {
		d, ok := p.Dimension(key)
		switch {
		case !ok || !d.Is(kind):
			return badOffer(o, "rates", "%s has no %s dimension %q.", p.Title, kind, key)
		case rates[key].IsNegative():
			return badOffer(o, "rates", "the price of %q is negative.", key)
		}
	}
	return nil
}

func checkUpfrontTerm(o Offer, p Product) error {
	u := o.Terms.Upfront
	if u == nil {
		return nil
	}
	if len(u.RateCards) == 0 {
		return badOffer(o, "rate_cards", "an upfront term needs a rate card.")
	}
	if u.Selection != Quantities && u.Selection != OneTier {
		return badOffer(o, "selection", "the selection %q is unknown; use %s or %s.", u.Selection, Quantities, OneTier)
	}
	for i, c := range u.RateCards {
		switch n := monthly(c.Duration); {
		case n < 1 || n > maxMonths:
			return badOffer(o, "duration", "the duration %q of a rate card must be P1M to P%dM.", c.Duration, maxMonths)
		case len(c.Rates) == 0:
			return badOffer(o, "rates", "the rate card for %s has no rates.", c.Duration)
		case i > 0 && monthly(u.RateCards[i-1].Duration) == n:
			return badOffer(o, "duration", "it has two rate cards for %s.", c.Duration)
		}
		if err := checkRateMap(o, p, Entitled, c.Rates); err != nil {
			return err
		}
	}
	return nil
}

func checkFixedTerm(o Offer, p Product) error {
	f := o.Terms.Fixed
	if f == nil {
		return nil
	}
	ends := o.Terms.Validity != nil && !o.Terms.Validity.EndDate.IsZero()
	n := monthly(f.Duration)
	switch {
	case f.Duration == "" && !ends:
		return badOffer(o, "duration", "a fixed term needs a duration, such as P18M, or a validity with an endDate.")
	case f.Duration != "" && ends:
		return badOffer(o, "duration", "the duration %s and the end date of the validity say the same in two ways; leave one out.", f.Duration)
	case f.Duration != "" && (n < 1 || n > maxMonths):
		return badOffer(o, "duration", "the duration %q must be P1M to P%dM.", f.Duration, maxMonths)
	case f.Price.IsNegative():
		return badOffer(o, "price", "the price %s is negative.", f.Price)
	case len(f.Grants) == 0:
		return badOffer(o, "grants", "a fixed term needs grants: what the buyer gets.")
	}
	return checkGrants(o, p, f.Grants)
}

func checkGrants(o Offer, p Product, grants []Grant) error {
	seen := map[string]bool{}
	for _, g := range grants {
		d, ok := p.Dimension(g.Dimension)
		switch {
		case !ok || !d.Is(Entitled):
			return badOffer(o, "grants", "%s has no dimension %q that could be granted.", p.Title, g.Dimension)
		case seen[g.Dimension]:
			return badOffer(o, "grants", "%q is granted twice.", g.Dimension)
		case g.MaxQuantity != nil && (*g.MaxQuantity < 1 || *g.MaxQuantity > maxUnits):
			return badOffer(o, "grants", "the maxQuantity of %q is %d; it must be from 1 to %d.", g.Dimension, *g.MaxQuantity, maxUnits)
		}
		seen[g.Dimension] = true
	}
	return nil
}

func checkTrialTerm(o Offer, p Product) error {
	t := o.Terms.Trial
	if t == nil {
		return nil
	}
	if n := daily(t.Duration); n < minTrialDays || n > maxTrialDays {
		return badOffer(o, "duration", "the trial's duration %q must be P%dD to P%dD.", t.Duration, minTrialDays, maxTrialDays)
	}
	if p.Pricing == Subscription && len(t.Grants) > 0 {
		return badOffer(o, "grants", "the trial of %s has no limits: it is pay as you go.", p.Title)
	}
	return checkGrants(o, p, t.Grants)
}

func checkValidity(o Offer, p Product) error {
	v := o.Terms.Validity
	if v == nil {
		return nil
	}
	n := monthly(v.Duration)
	switch {
	case v.Duration != "" && (n < 1 || n > maxMonths):
		return badOffer(o, "validity", "its duration %q must be P1M to P%dM.", v.Duration, maxMonths)
	case v.Duration != "" && !v.EndDate.IsZero():
		return badOffer(o, "validity", "it has a duration and an endDate; leave one out.")
	case !v.EndDate.IsZero() && o.Terms.Upfront != nil:
		return badOffer(o, "validity", "an upfront term ends when the duration is over that the buyer picks; leave endDate out.")
	case !v.StartDate.IsZero() && !v.EndDate.IsZero() && !v.StartDate.Before(v.EndDate):
		return badOffer(o, "validity", "it ends before it starts.")
	case !v.StartDate.IsZero() && o.Replaces != "":
		return badOffer(o, "validity", "an agreement is replaced when the offer is accepted; leave startDate out.")
	case !v.StartDate.IsZero() && !v.EndDate.IsZero() && v.EndDate.After(addMonths(v.StartDate, maxMonths)):
		return badOffer(o, "validity", "it is longer than %d months.", maxMonths)
	case v.Duration != "" && o.Terms.Fixed != nil && v.Duration != o.Terms.Fixed.Duration:
		return badOffer(o, "validity", "its duration %s is not that of the fixed term.", v.Duration)
	case v.Duration != "" && o.Terms.Upfront != nil:
		return badOffer(o, "validity", "the duration of an upfront term is what the buyer picks; leave it out.")
	}
	return nil
}

// checkSchedule refuses a payment schedule that the offer's price and time do not have room for. Source: seller guide,
// private-offers-payment-schedule.
func checkSchedule(o Offer, _ Product) error {
	t := o.Terms
	if len(t.Schedule) == 0 {
		return nil
	}
	if len(t.Schedule) > maxInstalments {
		return badOffer(o, "payment_schedule", "it has %d instalments; %d are the most.", len(t.Schedule), maxInstalments)
	}
	sum := decimal.Zero
	for i, one := range t.Schedule {
		_, later := parsePeriod(one.After)
		switch {
		case one.ChargeDate.IsZero() == (one.After == ""):
			return badOffer(o, "payment_schedule", "instalment %d needs a chargeDate or an after, and not both.", i+1)
		case one.After != "" && one.After != "P0D" && !later:
			return badOffer(o, "payment_schedule", "instalment %d comes after %q; write a time such as P0D, P3M or P45D.", i+1, one.After)
		case !one.Amount.IsPositive():
			return badOffer(o, "payment_schedule", "the amount of instalment %d must be above 0.", i+1)
		}
		sum = sum.Add(one.Amount)
	}
	if !sum.Equal(t.Fixed.Price) {
		return badOffer(o, "payment_schedule", "the instalments add up to %s, and the price is %s.", sum, t.Fixed.Price)
	}
	if t.Validity != nil && !t.Validity.StartDate.IsZero() { // else it is known when the offer is accepted
		start := t.Validity.StartDate
		return withinTerm(o, t.Dated(start), time.Time{}, t.ends(start, ""))
	}
	return nil
}

// withinTerm refuses instalments after an agreement's end, and more than one before its acceptance; the zero time is
// an acceptance that has not happened.
func withinTerm(o Offer, schedule []Instalment, accepted, end time.Time) error {
	early := 0
	for i, one := range schedule {
		if one.ChargeDate.After(end) {
			return badOffer(o, "payment_schedule", "instalment %d is charged on %s, after the end of the agreement (%s).", i+1, one.ChargeDate.Format(time.DateOnly), end.Format(time.DateOnly))
		}
		if one.ChargeDate.Before(accepted) {
			early++
		}
	}
	if early > 1 {
		return badOffer(o, "incompatible_terms", "%d instalments lie before today; one may, and is charged at the acceptance.", early)
	}
	return nil
}
