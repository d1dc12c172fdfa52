package terms

import (
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// Offered lists the terms of an offer for p, as somebody sees them who would accept it at now: prices first.
func Offered(o world.Offer, p world.Product, now time.Time) []Term {
	w := writer{terms: &o.Terms, offer: o.OfferID, product: p, start: now, named: true}
	return w.all()
}

// Accepted lists the terms of an agreement for p, with what its buyer has configured: prices first.
func Accepted(a world.Agreement, p world.Product) []Term {
	w := writer{terms: a.Accepted, offer: a.OfferID, product: p, start: a.StartTime, agreement: &a}
	return w.all()
}

// writer writes the terms of one offer or agreement.
type writer struct {
	terms     *world.OfferTerms
	offer     string
	product   world.Product
	start     time.Time
	named     bool             // dimensions come with name, description and unit
	agreement *world.Agreement // nil for an offer
}

func (w writer) all() []Term {
	kinds := w.terms.Types()
	all := make([]Term, 0, len(kinds))
	for _, kind := range kinds {
		all = append(all, w.term(kind))
	}
	return all
}

func (w writer) term(kind world.TermType) (t Term) {
	head := Head{string(kind), world.TermID(w.offer, kind)}
	switch kind {
	case world.TermUsage:
		t.UsageBased = &UsageBased{head, Currency, []UsageCard{{w.rates(w.terms.Usage.Rates)}}}
	case world.TermRecurring:
		t.Recurring = &Recurring{head, Currency, w.terms.Recurring.BillingPeriod, w.terms.Recurring.Price.StringFixed(2)}
	case world.TermUpfront:
		t.Configurable = w.configurable(head)
	case world.TermFixed:
		t.Fixed = &Fixed{head, Currency, w.terms.Fixed.Duration, w.terms.Fixed.Price.StringFixed(2), w.grants(w.terms.Fixed.Grants)}
	case world.TermSchedule:
		t.Schedule = &Schedule{head, Currency, w.schedule()}
	case world.TermVariable:
		t.Variable = w.variable(head)
	case world.TermTrial:
		t.FreeTrial = &FreeTrial{head, w.terms.Trial.Duration, w.grants(w.terms.Trial.Grants)}
	case world.TermValidity:
		t.Validity = w.validity(head)
	case world.TermRenewal:
		t.Renewal = w.renewal(head)
	case world.TermLegal:
		t.Legal = &Legal{Head: head}
		for _, d := range w.terms.Legal.Documents {
			t.Legal.Documents = append(t.Legal.Documents, Document{string(d.Type), d.URL, d.Version})
		}
	case world.TermSupport:
		t.Support = &Support{head, w.terms.Support.RefundPolicy}
	}
	return t
}

// dimension writes d, with what a price or a grant of it needs.
func (w writer) dimension(key string) Dimension {
	d, ok := w.product.Dimension(key)
	if !w.named || !ok {
		return Dimension{DimensionKey: key}
	}
	out := Dimension{key, d.Name, d.Description, d.Unit}
	if out.DisplayName == "" {
		out.DisplayName = key
	}
	if out.Unit == "" {
		out.Unit = "Units"
	}
	if out.Description == "" {
		out.Description = out.DisplayName
	}
	return out
}

// rates writes prices in the order of the listing's dimensions.
func (w writer) rates(prices map[string]decimal.Decimal) []Rate {
	all := []Rate{}
	for _, d := range w.product.Dimensions {
		if price, ok := prices[d.Key]; ok {
			all = append(all, Rate{w.dimension(d.Key), price.String()})
		}
	}
	return all
}

// configurable writes the rate cards. On the card that a buyer has chosen are the prices that were agreed on.
func (w writer) configurable(head Head) *Configurable {
	limits := Constraints{"Allowed", "Allowed"}
	if w.terms.Upfront.Selection == world.OneTier {
		limits = Constraints{"Disallowed", "Disallowed"}
	}
	t := &Configurable{Head: head, CurrencyCode: Currency, RateCards: []UpfrontCard{}}
	for _, card := range w.terms.Upfront.RateCards {
		prices := card.Rates
		if w.agreement != nil && card.Duration == w.agreement.Terms.Duration {
			prices = w.agreement.Rates
		}
		t.RateCards = append(t.RateCards, UpfrontCard{Selector{"Duration", card.Duration}, limits, w.rates(prices)})
	}
	if w.agreement == nil {
		return t
	}
	t.Configuration = &Choice{SelectorValue: w.agreement.Terms.Duration, Dimensions: []ChosenDimension{}}
	for _, d := range w.product.Dimensions {
		if n, ok := w.agreement.Terms.Quantities[d.Key]; ok {
			t.Configuration.Dimensions = append(t.Configuration.Dimensions, ChosenDimension{d.Key, n})
		}
	}
	return t
}

func (w writer) grants(grants []world.Grant) []Grant {
	all := []Grant{}
	for _, g := range grants {
		all = append(all, Grant{w.dimension(g.Dimension), g.MaxQuantity})
	}
	return all
}

// schedule writes the instalments, each with its date: those of an offer as they would be for who accepts it now.
func (w writer) schedule() []Instalment {
	all := []Instalment{}
	for _, one := range w.terms.Dated(w.start) {
		all = append(all, Instalment{wire.Time{Time: one.ChargeDate}, one.Amount.StringFixed(2)})
	}
	return all
}

func (w writer) variable(head Head) *Variable {
	t := &Variable{Head: head, CurrencyCode: Currency, MaxTotalChargeAmount: w.terms.Variable.MaxTotal.StringFixed(2)}
	if w.agreement != nil && w.agreement.Terms.Variable != nil {
		t.Configuration = &Approval{w.agreement.Terms.Variable.Strategy, w.agreement.Terms.Variable.Expiration}
	}
	return t
}

// validity writes when an agreement runs: of a contract that is accepted, for the duration that its buyer has picked.
func (w writer) validity(head Head) *Validity {
	v := w.terms.Validity
	t := &Validity{Head: head, AgreementDuration: v.Duration, AgreementStartDate: wire.Time{Time: v.StartDate}, AgreementEndDate: wire.Time{Time: v.EndDate}}
	if w.agreement != nil && t.AgreementDuration == "" && v.EndDate.IsZero() {
		t.AgreementDuration = w.agreement.Terms.Duration
	}
	return t
}

func (w writer) renewal(head Head) *Renewal {
	t := &Renewal{Head: head}
	if w.agreement == nil {
		return t
	}
	r := w.terms.Renewal
	t.Configuration = &RenewalChoice{w.agreement.Terms.AutoRenew}
	t.RenewalRules = &RenewalRules{LockoutPeriod: r.LockoutPeriod, AdjustmentDeadline: r.AdjustmentDeadline, MaxRenewals: r.MaxRenewals}
	switch p := r.PriceIncrease; {
	case p == nil:
	case p.Fixed != nil:
		t.PriceIncrease = &PriceIncrease{Fixed: &Percentage{p.Fixed.StringFixed(2)}}
	default:
		t.PriceIncrease = &PriceIncrease{Range: &Range{p.Min.StringFixed(2), p.Max.StringFixed(2), p.Default.StringFixed(2)}}
	}
	if len(r.Schedule) > 0 {
		parts := []SchedulePart{}
		for _, one := range r.Schedule {
			parts = append(parts, SchedulePart{one.After, one.Percentage.StringFixed(2)})
		}
		t.TermTemplates = []Template{{&ScheduleTemplate{parts}}}
	}
	return t
}

// Page cuts t out of terms, which keep their order.
func Page(all []Term, t page.Turn) (part []Term, next *string) {
	type numbered struct {
		n int64
		Term
	}
	list := make([]numbered, len(all))
	for i, one := range all {
		list[i] = numbered{int64(i), one}
	}
	cut, next := page.Cut(list, func(n numbered) page.Key { return page.Key{N: n.n} }, false, t)
	part = make([]Term, len(cut))
	for i, one := range cut {
		part[i] = one.Term
	}
	return part, next
}
