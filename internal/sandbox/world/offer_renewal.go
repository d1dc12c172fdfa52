package world

import (
	"slices"

	"github.com/shopspring/decimal"
)

func checkRenewal(o Offer, _ Product) error {
	r := o.Terms.Renewal
	if r == nil {
		return nil
	}
	lockout, deadline := daily(r.LockoutPeriod), daily(r.AdjustmentDeadline)
	ranged := r.PriceIncrease != nil && r.PriceIncrease.Fixed == nil
	switch {
	case !o.Terms.Contract() && (o.Terms.Validity == nil || o.Terms.Validity.Duration == ""):
		return badOffer(o, "renewal", "what has no duration cannot renew itself; give a validity with one.")
	case o.Terms.Validity != nil && !o.Terms.Validity.EndDate.IsZero():
		return badOffer(o, "renewal", "what ends on a date cannot renew itself; give a duration.")
	case r.LockoutPeriod != "" && lockout == 0:
		return badOffer(o, "renewal", "the lockoutPeriod %q must be whole days, such as P30D.", r.LockoutPeriod)
	case r.AdjustmentDeadline != "" && (!ranged || deadline <= lockout):
		return badOffer(o, "renewal", "an adjustmentDeadline is for a range of increases, and is whole days, longer before the end than the lockoutPeriod.")
	case ranged && r.AdjustmentDeadline == "":
		return badOffer(o, "renewal", "a range of increases needs an adjustmentDeadline, such as P60D.")
	case r.MaxRenewals != nil && *r.MaxRenewals < 1:
		return badOffer(o, "renewal", "maxRenewals must be at least 1; leave the renewal out if there is to be none.")
	}
	if err := checkIncrease(o, r.PriceIncrease); err != nil {
		return err
	}
	return checkRenewalSchedule(o, r.Schedule)
}

func checkIncrease(o Offer, p *PriceIncrease) error {
	if p == nil {
		return nil
	}
	given := []*decimal.Decimal{p.Fixed}
	if p.Fixed == nil {
		given = []*decimal.Decimal{p.Min, p.Default, p.Max}
	} else if p.Min != nil || p.Max != nil || p.Default != nil {
		return badOffer(o, "price_increase", "it has a fixedPercentage and a range; leave one out.")
	}
	last := decimal.Zero
	for _, v := range given {
		if v == nil || v.LessThan(last) || v.GreaterThan(hundred) || !v.Equal(v.Round(2)) {
			return badOffer(o, "price_increase", "a priceIncrease is a fixedPercentage, or minPercentage ≤ defaultPercentage ≤ maxPercentage, from 0.00 to 100.00.")
		}
		if p.Fixed == nil {
			last = *v
		}
	}
	return nil
}

var hundred = decimal.NewFromInt(100)

func checkRenewalSchedule(o Offer, schedule []RenewalInstalment) error {
	if len(schedule) == 0 {
		return nil
	}
	if len(o.Terms.Schedule) == 0 || len(schedule) > maxInstalments {
		return badOffer(o, "renewal", "a renewal's paymentSchedule is for an offer with a paymentSchedule, and has at most %d instalments.", maxInstalments)
	}
	sum := decimal.Zero
	for i, one := range schedule {
		if _, ok := parsePeriod(one.After); !ok && one.After != "P0D" {
			return badOffer(o, "renewal", "instalment %d of the renewal comes after %q; write a time such as P0D, P3M or P45D.", i+1, one.After)
		}
		if !one.Percentage.IsPositive() || !one.Percentage.Equal(one.Percentage.Round(2)) {
			return badOffer(o, "renewal", "the percentage of instalment %d of the renewal must be 0.01 to 100.00.", i+1)
		}
		sum = sum.Add(one.Percentage)
	}
	if !sum.Equal(hundred) {
		return badOffer(o, "renewal", "the percentages of the renewal's instalments add up to %s, not to 100.", sum)
	}
	return nil
}

func checkDocuments(o Offer, _ Product) error {
	known := []DocumentType{StandardEula, CustomEula, EnterpriseEula, StandardDsa, CustomDsa}
	for _, d := range o.Terms.Legal.Documents {
		if !slices.Contains(known, d.Type) || d.URL == "" {
			return badOffer(o, "documents", "a legal document needs a type, of %q, and a url.", known)
		}
	}
	if len(o.Terms.Legal.Documents) == 0 {
		return badOffer(o, "documents", "a legal term needs documents; leave it out for AWS Marketplace's standard contract.")
	}
	return nil
}
