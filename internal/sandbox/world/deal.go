package world

import (
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
)

// wish is what a buyer wants, however it was asked for.
type wish struct {
	intent    Intent
	buyer     *Buyer
	offer     *offer     // nil for an amendment
	source    *agreement // nil for a new agreement
	terms     Terms      // as asked for
	amendment Amendment
}

// deal is a wish that can come true, with all that it brings about.
type deal struct {
	wish
	accepted   *OfferTerms
	offered    *OfferTerms // the revision of the offer's terms that it was made from; nil for an amendment
	start, end time.Time   // end is zero where none is agreed on
	trialEnds  time.Time   // zero: no trial
	rates      map[string]decimal.Decimal
	quantities map[string]int64 // what is granted; of an amendment, too
	charges    []UpfrontCharge  // by their dates
}

// negotiate finds out what in would bring about at the instant now.
//
// Errors: fail.Conflict where the buyer's account is suspended, has the legacy product or had its trial already, or
// where the source agreement has ended; fail.Invalid for anything else that is wrong with the wish.
func (w *World) negotiate(now time.Time, in wish) (*deal, error) {
	if in.buyer.Suspended {
		return nil, fail.New(fail.Conflict, "suspended", "The account %s is suspended and cannot buy.", in.buyer.AccountID)
	}
	if in.intent == IntentAmend {
		return w.amendment(now, in)
	}
	if !in.offer.Open(now) {
		return nil, invalid("expired_agreement_proposal", "The offer %s cannot be accepted any more.", in.offer.OfferID)
	}
	if err := w.replaceable(now, in); err != nil {
		return nil, err
	}
	if err := w.subscribable(in); err != nil {
		return nil, err
	}
	d := &deal{wish: in, accepted: in.offer.terms, offered: in.offer.terms, start: now}
	if v := d.accepted.Validity; v != nil && v.StartDate.After(now) {
		d.start = v.StartDate
	}
	var err error
	if d.terms, err = d.agree(); err != nil {
		return nil, err
	}
	if d.accepted.Upfront != nil {
		card, _ := d.accepted.Upfront.Card(d.terms.Duration)
		d.rates = maps.Clone(card.Rates)
	}
	return d, d.settle(now)
}

// replaceable refuses a replacement that does not fit what it replaces.
func (w *World) replaceable(now time.Time, in wish) error {
	a := in.source
	if a == nil {
		if in.offer.Replaces != "" {
			return invalid("missing_source_agreement_identifier", "The offer %s replaces the agreement %s.", in.offer.OfferID, in.offer.Replaces)
		}
		return nil
	}
	switch {
	case a.Status != Active:
		return hasEnded(a)
	case a.product != in.offer.product:
		return invalid("invalid_source_agreement_identifier", "The agreement %s is for another product than the offer %s.", a.AgreementID, in.offer.OfferID)
	case in.offer.Replaces != "" && in.offer.Replaces != a.AgreementID:
		return invalid("invalid_source_agreement_identifier", "The offer %s replaces %s, not %s.", in.offer.OfferID, in.offer.Replaces, a.AgreementID)
	case a.License.Status == ScheduledLicense:
		return invalid("unsupported", "The agreement %s has not started; it can be replaced from %s on.", a.AgreementID, stamp(a.StartTime))
	case in.offer.terms.Validity != nil && in.offer.terms.Validity.StartDate.After(now), in.offer.terms.Trial != nil:
		return invalid("incompatible_terms", "The offer %s cannot replace an agreement: it starts later, or is a trial.", in.offer.OfferID)
	}
	return nil
}

// subscribable refuses what a buyer may have only once.
func (w *World) subscribable(in wish) error {
	p := in.offer.product
	c := w.customers[customerKey{p.ProductCode, in.buyer.AccountID}]
	if c == nil {
		return nil
	}
	for _, a := range c.agreements {
		switch {
		case in.offer.terms.Trial != nil && !a.TrialEndsAt.IsZero(): // source: seller guide, saas-free-trials
			return fail.New(fail.Conflict, "trial_used", "The account %s has tried %s for free already.", in.buyer.AccountID, p.Title)
		case p.Identity.ByTopics() && a.Status == Active && a != in.source: // one subscription per account, before concurrent agreements
			return fail.New(fail.Conflict, "subscribed", "The account %s is subscribed to %s already.", in.buyer.AccountID, p.Title)
		}
	}
	return nil
}

// agree completes the terms that the buyer asks for with what the offer says; what is returned is not the caller's.
func (d *deal) agree() (Terms, error) {
	t, p := d.wish.terms, d.offer.product
	if t.AutoRenew && d.accepted.Renewal == nil {
		return t, invalid("terms", "%s does not renew itself under the offer %s.", p.Title, d.offer.OfferID)
	}
	if (t.Variable != nil) != (d.accepted.Variable != nil) {
		if t.Variable != nil {
			return t, invalid("terms", "The offer %s has no variable payments.", d.offer.OfferID)
		}
		t.Variable = &VariableChoice{Strategy: WaitForApproval}
	}
	if err := t.Variable.check(); err != nil {
		return t, err
	}
	switch {
	case d.accepted.Upfront != nil:
		return d.accepted.Upfront.agree(p, t)
	case d.accepted.Fixed != nil:
		return fixedTerms(p, t, d.accepted.duration(""), granted(d.accepted.Fixed.Grants))
	case d.accepted.Contract():
		return fixedTerms(p, t, d.accepted.duration(""), granted(d.accepted.Trial.Grants))
	case len(t.Quantities) > 0 || t.Duration != "" && t.Duration != d.accepted.duration(""):
		return t, invalid("terms", "%s is pay as you go: it is bought without quantities, duration or renewal.", p.Title)
	}
	t.Quantities, t.Duration = nil, d.accepted.duration("")
	return t, nil
}

func (c *VariableChoice) check() error {
	if c == nil {
		return nil
	}
	days := daily(c.Expiration)
	if c.Strategy != WaitForApproval && c.Strategy != AutoApprove || (c.Strategy == AutoApprove) != (days > 0) {
		return invalid("invalid_requested_term_configuration", "Payment requests are approved by %s, or by %s with an expiration such as P10D.", WaitForApproval, AutoApprove)
	}
	return nil
}

// fixedTerms are the terms of an offer that leaves nothing to pick. To repeat what it says does no harm.
func fixedTerms(p *product, t Terms, duration string, quantities map[string]int64) (Terms, error) {
	if t.Duration != "" && t.Duration != duration || len(t.Quantities) > 0 && !maps.Equal(t.Quantities, quantities) {
		return t, invalid("terms", "Quantities and duration of %s are fixed in this offer; leave them out.", p.Title)
	}
	t.Duration, t.Quantities = duration, quantities
	return t, nil
}

// settle fixes when the agreement runs, and what is charged when.
func (d *deal) settle(now time.Time) error {
	d.quantities = maps.Clone(d.terms.Quantities)
	d.end = d.accepted.ends(d.start, d.terms.Duration)
	if d.accepted.Trial != nil {
		p, _ := parsePeriod(d.accepted.Trial.Duration)
		d.trialEnds = p.after(d.start)
	}
	if !d.end.IsZero() && !d.end.After(d.start) {
		return invalid("expired_agreement_proposal", "The offer %s ends on %s.", d.offer.OfferID, stamp(d.end))
	}
	if len(d.accepted.Schedule) > 0 {
		schedule := d.accepted.Dated(d.start)
		if err := withinTerm(d.offer.Offer, schedule, now, d.end); err != nil {
			return err
		}
		d.accepted = d.accepted.withSchedule(schedule)
	}
	d.charges = d.price(now)
	return nil
}

// price lists what is charged when for what was agreed on at the instant now.
func (d *deal) price(now time.Time) (charges []UpfrontCharge) {
	add := func(c UpfrontCharge) {
		if c.Amount.IsPositive() || c.Dimension != "" {
			charges = append(charges, c)
		}
	}
	switch {
	case len(d.accepted.Schedule) > 0:
		for _, one := range d.accepted.Schedule {
			add(UpfrontCharge{At: later(one.ChargeDate, now), Kind: ChargeInstalment, Quantity: 1, Price: one.Amount, Amount: one.Amount})
		}
	case d.accepted.Fixed != nil:
		add(UpfrontCharge{At: d.start, Kind: ChargeUpfront, Quantity: 1, Price: d.accepted.Fixed.Price, Amount: d.accepted.Fixed.Price})
	case d.accepted.Upfront != nil:
		for _, dim := range d.offer.product.Dimensions {
			if n := d.quantities[dim.Key]; n > 0 {
				price := d.rates[dim.Key]
				add(UpfrontCharge{At: d.start, Kind: ChargeUpfront, Dimension: dim.Key, Quantity: n, Price: price, Amount: price.Mul(decimal.NewFromInt(n))})
			}
		}
	}
	return charges
}

// withSchedule is t with other instalments; t itself stays as it is.
func (t *OfferTerms) withSchedule(schedule []Instalment) *OfferTerms {
	next := *t
	next.Schedule = schedule
	return &next
}

// value is what the buyer is committed to in the end.
func (d *deal) value() decimal.Decimal {
	sum := decimal.Zero
	if d.intent == IntentAmend {
		sum = d.source.Committed()
	}
	for _, c := range d.charges {
		sum = sum.Add(c.Amount)
	}
	return sum
}

// Committed is what a's buyer pays in any case, amendments included, in USD.
func (a Agreement) Committed() decimal.Decimal {
	sum := decimal.Zero
	for _, c := range slices.Concat(a.Charges, a.Scheduled) {
		sum = sum.Add(c.Amount)
	}
	return sum
}
