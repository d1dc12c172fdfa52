package world

import (
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
)

// maxUnits is how much of one dimension a contract can be for: the largest integer that an entitlement's value takes.
const maxUnits = 1<<31 - 1

// ChargeKind is what a line of a bill is for.
type ChargeKind string

// The kinds.
const (
	ChargeUsage   ChargeKind = "usage"   // a month's honoured records
	ChargeUpfront ChargeKind = "upfront" // a contract's price for its whole duration
	ChargeAdded   ChargeKind = "added"   // an amendment's, for the rest of the duration
	ChargeCredit  ChargeKind = "credit"  // for the rest of a tier that an amendment replaced; negative
)

// UpfrontCharge is what was charged at once when a contract was accepted, renewed or amended.
type UpfrontCharge struct {
	At        time.Time       `json:"at"`
	Kind      ChargeKind      `json:"kind"`
	Dimension string          `json:"dimension"`
	Quantity  int64           `json:"quantity"`
	Price     decimal.Decimal `json:"price"` // USD, of one unit for the whole duration
	Amount    decimal.Decimal `json:"amount"`
}

// agree checks the terms that a buyer accepts and completes them; what is returned is not the caller's.
func (p *product) agree(t Terms) (Terms, error) {
	bad := func(code, format string, args ...any) (Terms, error) {
		return Terms{}, fail.New(fail.Invalid, code, format, args...)
	}
	if !p.Pricing.IsContract() {
		if len(t.Quantities) > 0 || t.Duration != "" || t.AutoRenew {
			return bad("terms", "%s is pay as you go: it is bought without quantities, duration or renewal.", p.Title)
		}
		return Terms{}, nil
	}
	durations := p.Durations()
	if t.Duration == "" && len(durations) == 1 {
		t.Duration = durations[0]
	}
	if !slices.Contains(durations, t.Duration) {
		return bad("duration", "%s is not sold for the duration %q; choose one of %q.", p.Title, t.Duration, durations)
	}
	chosen := map[string]int64{}
	for _, key := range slices.Sorted(maps.Keys(t.Quantities)) {
		d, ok := p.Dimension(key)
		n := t.Quantities[key]
		switch {
		case !ok || !d.Is(Entitled):
			return bad("quantities", "%s has no dimension %q that could be bought upfront.", p.Title, key)
		case n < 0 || n > maxUnits:
			return bad("quantities", "The quantity of %q is %d; it must be from 0 to %d.", key, n, maxUnits)
		case n > 0:
			chosen[key] = n
		}
	}
	if len(chosen) == 0 {
		return bad("quantities", "Choose at least one unit of what %s sells upfront.", p.Title)
	}
	if p.Selection == OneTier {
		for key, n := range chosen {
			if len(chosen) > 1 || n > 1 {
				return bad("quantities", "%s is sold in tiers: choose one, once, such as {%q: 1}.", p.Title, key)
			}
		}
	}
	t.Quantities = chosen
	return t, nil
}

// commit gives a contract that begins its end, its prices and its upfront charges. accepted are the prices of the
// agreement that it goes on from, for dimensions which the listing does not price any more; nil for a first one.
func (a *agreement) commit(accepted map[string]decimal.Decimal) {
	if !a.product.Pricing.IsContract() {
		return
	}
	a.EndTime = addMonths(a.StartTime, months[a.Terms.Duration])
	a.Rates = a.product.rates(a.Terms.Duration)
	for key, price := range accepted {
		if _, listed := a.Rates[key]; !listed {
			a.Rates[key] = price
		}
	}
	for _, d := range a.product.Dimensions {
		if n := a.Terms.Quantities[d.Key]; n > 0 {
			price := a.Rates[d.Key]
			a.Charges = append(a.Charges, UpfrontCharge{At: a.StartTime, Kind: ChargeUpfront, Dimension: d.Key, Quantity: n, Price: price, Amount: price.Mul(decimal.NewFromInt(n))})
		}
	}
}

// addMonths is the same day and time n months later, or the month's last day where it has no such day.
func addMonths(t time.Time, n int) time.Time {
	later := t.AddDate(0, n, 0)
	if later.Day() != t.Day() {
		later = later.AddDate(0, 0, -later.Day())
	}
	return later
}

// Amendment is a change of a running contract; what is empty stays.
type Amendment struct {
	// Quantities are the new totals of the dimensions that change, never less than before. Of a contract for one tier,
	// it is the new, dearer tier alone, once.
	Quantities map[string]int64 `json:"quantities,omitempty"`
	AutoRenew  *bool            `json:"autoRenew,omitempty"`
}

// Amend changes a running contract: more units or a higher tier, at the prices of its acceptance and for the rest of its
// duration, or whether it renews itself. Its end stays. Source: seller guide, saas-contracts; Agreement API, intent AMEND.
//
// Errors: fail.NotFound for an unknown agreement; fail.Conflict for one that has ended; fail.Invalid for one that is no
// contract, for a reduction, and for an amendment that changes nothing.
func (w *World) Amend(now time.Time, agreementID string, in Amendment) (Agreement, error) {
	defer w.act()()
	a, err := w.running(agreementID, "amend")
	if err != nil {
		return Agreement{}, err
	}
	if !now.Before(a.EndTime) {
		return Agreement{}, fail.New(fail.Conflict, "ended", "The agreement %s reaches its end now.", agreementID)
	}
	next, charges, err := a.amended(now, in.Quantities)
	if err != nil {
		return Agreement{}, err
	}
	renews := in.AutoRenew != nil && *in.AutoRenew != a.Terms.AutoRenew
	if len(charges) == 0 && !renews {
		return Agreement{}, fail.New(fail.Invalid, "nothing_changes", "This amendment changes nothing.")
	}
	if err := w.record(Command{At: now, Act: actAmend, ID: agreementID, Amendment: &in}); err != nil {
		return Agreement{}, err
	}
	set(&a.Terms.AutoRenew, in.AutoRenew)
	a.note(now, "amended", "The buyer amended the contract.")
	w.tellOfAmendment(a, now, len(charges) > 0)
	if len(charges) > 0 {
		a.Terms.Quantities = next
		a.Charges = append(a.Charges, charges...)
	}
	return a.copy(), nil
}

// running finds a contract that can be amended or renewed.
func (w *World) running(id, act string) (*agreement, error) {
	a, ok := w.agreement[id]
	switch {
	case !ok:
		return nil, unknownAgreement(id)
	case !a.product.Pricing.IsContract():
		return nil, unsupported(act, a)
	case a.Status != Active:
		return nil, hasEnded(a)
	}
	return a, nil
}

// amended are a's quantities with those of an amendment, and what that costs at the instant now.
func (a *agreement) amended(now time.Time, wanted map[string]int64) (next map[string]int64, charges []UpfrontCharge, err error) {
	next = maps.Clone(a.Terms.Quantities)
	if a.product.Selection == OneTier && len(wanted) > 0 {
		return a.otherTier(now, wanted)
	}
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		price, ok := a.Rates[key]
		have, n := next[key], wanted[key]
		switch {
		case !ok:
			return nil, nil, fail.New(fail.Invalid, "quantities", "%s has no dimension %q that could be bought upfront.", a.product.Title, key)
		case n < have:
			return nil, nil, fail.New(fail.Invalid, "reduction", "%q has %d units and cannot go down to %d before the contract ends.", key, have, n)
		case n > maxUnits:
			return nil, nil, fail.New(fail.Invalid, "quantities", "The quantity of %q is %d; it must be at most %d.", key, n, maxUnits)
		case n > have:
			next[key] = n
			charges = append(charges, UpfrontCharge{At: now, Kind: ChargeAdded, Dimension: key, Quantity: n - have, Price: price,
				Amount: a.rest(now, price.Mul(decimal.NewFromInt(n-have)))})
		}
	}
	return next, charges, nil
}

// otherTier is amended for a contract that is for one tier.
func (a *agreement) otherTier(now time.Time, wanted map[string]int64) (next map[string]int64, charges []UpfrontCharge, err error) {
	tier, n := only(wanted)
	have, _ := only(a.Terms.Quantities)
	price, ok := a.Rates[tier]
	switch {
	case len(wanted) > 1 || n != 1 || !ok:
		return nil, nil, fail.New(fail.Invalid, "quantities", "%s is sold in tiers: choose one of them, once.", a.product.Title)
	case tier == have:
		return a.Terms.Quantities, nil, nil
	case !price.GreaterThan(a.Rates[have]):
		return nil, nil, fail.New(fail.Invalid, "reduction", "%q is no higher tier than %q; a contract goes up only, before it ends.", tier, have)
	}
	return map[string]int64{tier: 1}, []UpfrontCharge{
		{At: now, Kind: ChargeCredit, Dimension: have, Quantity: 1, Price: a.Rates[have], Amount: a.rest(now, a.Rates[have]).Neg()},
		{At: now, Kind: ChargeAdded, Dimension: tier, Quantity: 1, Price: price, Amount: a.rest(now, price)},
	}, nil
}

// only is the single entry of a map; of several, any.
func only(m map[string]int64) (key string, n int64) {
	for key, n = range m {
	}
	return key, n
}

// rest is the part of a whole duration's price that falls on the time from now to the end, in cents.
func (a *agreement) rest(now time.Time, whole decimal.Decimal) decimal.Decimal {
	left, all := a.EndTime.Sub(now).Milliseconds(), a.EndTime.Sub(a.StartTime).Milliseconds()
	return whole.Mul(decimal.NewFromInt(left)).DivRound(decimal.NewFromInt(all), 2)
}

// tellOfAmendment plans what the seller is told: at the distances of a purchase, because none were observed.
func (w *World) tellOfAmendment(a *agreement, now time.Time, granted bool) {
	announced, updated := w.distances(a, now)
	w.schedule(announced, tellAmended, a)
	if a.product.Identity.ByEvents() {
		a.toldBy = announced
	}
	if granted {
		w.schedule(updated, regrant, a)
		a.toldBy = updated
	}
}
