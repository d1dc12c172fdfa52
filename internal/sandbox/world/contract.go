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
	// ChargeInstalment is a part of a contract's price, of its payment schedule.
	ChargeInstalment ChargeKind = "instalment"
	ChargeRecurring  ChargeKind = "recurring"  // a month's flat price, or the part of it for a part of the month
	ChargePayment    ChargeKind = "payment"    // what a buyer approved of a seller's payment requests
	ChargeAdjustment ChargeKind = "adjustment" // what a seller gave back; negative
	ChargeRefund     ChargeKind = "refund"     // what AWS gave back; negative
)

// UpfrontCharge is what a contract's acceptance, renewal or amendment charges, at once or on a date.
type UpfrontCharge struct {
	ID        string          `json:"id"`       // AWS: chargeId
	Revision  int             `json:"revision"` // counts the changes of its purchase order, from 1
	At        time.Time       `json:"at"`
	Kind      ChargeKind      `json:"kind"`
	Name      string          `json:"name,omitempty"`      // of a payment request
	Dimension string          `json:"dimension,omitempty"` // empty where the price is for all that is granted
	Quantity  int64           `json:"quantity"`
	Price     decimal.Decimal `json:"price"` // USD, of one unit for the whole duration
	Amount    decimal.Decimal `json:"amount"`
	// PurchaseOrder is the buyer's own reference.
	PurchaseOrder string `json:"purchaseOrderReference,omitempty"`
	InvoiceID     string `json:"invoiceId,omitempty"` // once it is invoiced
}

// agree checks what a buyer picks from the rate cards and completes it; what is returned is not the caller's.
func (u *UpfrontTerm) agree(p *product, t Terms) (Terms, error) {
	bad := func(code, format string, args ...any) (Terms, error) {
		return Terms{}, fail.New(fail.Invalid, code, format, args...)
	}
	if t.Duration == "" && len(u.RateCards) == 1 {
		t.Duration = u.RateCards[0].Duration
	}
	card, ok := u.Card(t.Duration)
	if !ok {
		return bad("duration", "%s is not sold for the duration %q; choose one of %q.", p.Title, t.Duration, u.durations())
	}
	chosen := map[string]int64{}
	for _, key := range slices.Sorted(maps.Keys(t.Quantities)) {
		_, priced := card.Rates[key]
		n := t.Quantities[key]
		switch {
		case !priced:
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
	if u.Selection == OneTier {
		for key, n := range chosen {
			if len(chosen) > 1 || n > 1 {
				return bad("quantities", "%s is sold in tiers: choose one, once, such as {%q: 1}.", p.Title, key)
			}
		}
	}
	t.Quantities = chosen
	return t, nil
}

func (u *UpfrontTerm) durations() []string {
	var all []string
	for _, c := range u.RateCards {
		all = append(all, c.Duration)
	}
	return all
}

// charge charges a for what is due, and plans what is not.
func (w *World) charge(a *agreement, now time.Time, request string, charges []UpfrontCharge) {
	for i, c := range charges {
		c.ID, c.Revision = chargeID(request, i), 1
		if !c.At.After(now) {
			a.Charges = append(a.Charges, c)
			continue
		}
		a.Scheduled = append(a.Scheduled, c)
		w.schedule(c.At, chargeDue, a)
	}
	if a.License.Status == ScheduledLicense {
		w.invoiceDue(a, now) // others are, when their licence is provisioned
	}
	slices.SortStableFunc(a.Scheduled, func(x, y UpfrontCharge) int { return x.At.Compare(y.At) })
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
// contract, for a reduction, for a change of renewal after its lockout, and for an amendment that changes nothing.
func (w *World) Amend(now time.Time, agreementID string, in Amendment) (Agreement, error) {
	defer w.act()()
	a, ok := w.agreement[agreementID]
	if !ok {
		return Agreement{}, unknownAgreement(agreementID)
	}
	d, err := w.amendment(now, wish{intent: IntentAmend, buyer: a.buyer, source: a, amendment: in})
	if err != nil {
		return Agreement{}, err
	}
	if err := w.record(Command{At: now, Act: actAmend, ID: agreementID, Amendment: &in}); err != nil {
		return Agreement{}, err
	}
	return w.amend(now, d, "").copy(), nil
}

// amendment finds out what an amendment would bring about at the instant now.
func (w *World) amendment(now time.Time, in wish) (*deal, error) {
	a := in.source
	switch {
	case a.EndTime.IsZero() || a.trial():
		return nil, unsupported("amend", a)
	case a.Status != Active:
		return nil, hasEnded(a)
	case !now.Before(a.EndTime):
		return nil, fail.New(fail.Conflict, "ended", "The agreement %s reaches its end now.", a.AgreementID)
	}
	next, charges, err := a.amended(now, in.amendment.Quantities)
	if err != nil {
		return nil, err
	}
	renews := in.amendment.AutoRenew != nil && *in.amendment.AutoRenew != a.Terms.AutoRenew
	if renews {
		if err := a.renewable(now); err != nil {
			return nil, err
		}
	}
	if len(charges) == 0 && !renews {
		return nil, fail.New(fail.Invalid, "nothing_changes", "This amendment changes nothing.")
	}
	return &deal{wish: in, accepted: a.Accepted, start: a.StartTime, end: a.EndTime, quantities: next, charges: charges}, nil
}

// amend makes an amendment come true.
func (w *World) amend(now time.Time, d *deal, request string) *agreement {
	a := d.source
	set(&a.Terms.AutoRenew, d.amendment.AutoRenew)
	a.note(now, "amended", "The buyer amended the contract.")
	w.tellOfAmendment(a, now, len(d.charges) > 0)
	if len(d.charges) > 0 {
		if request == "" {
			request = requestID(a.AgreementID, len(a.Charges)+len(a.Scheduled))
		}
		a.Terms.Quantities = d.quantities
		w.charge(a, now, request, d.charges)
	}
	return a
}

// running finds a contract that can be renewed.
func (w *World) running(id, act string) (*agreement, error) {
	a, ok := w.agreement[id]
	switch {
	case !ok:
		return nil, unknownAgreement(id)
	case a.EndTime.IsZero() || a.trial():
		return nil, unsupported(act, a)
	case a.Status != Active:
		return nil, hasEnded(a)
	}
	return a, nil
}

// trial reports whether a is a contract's trial.
func (a *agreement) trial() bool { return a.Accepted.Trial != nil && a.Accepted.Usage == nil }

// amended are a's quantities with those of an amendment, and what that costs at the instant now.
func (a *agreement) amended(now time.Time, wanted map[string]int64) (next map[string]int64, charges []UpfrontCharge, err error) {
	next = maps.Clone(a.Terms.Quantities)
	if a.Accepted.Upfront != nil && a.Accepted.Upfront.Selection == OneTier && len(wanted) > 0 {
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
			charges = append(charges, UpfrontCharge{At: later(now, a.StartTime), Kind: ChargeAdded, Dimension: key, Quantity: n - have, Price: price,
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
		{At: later(now, a.StartTime), Kind: ChargeCredit, Dimension: have, Quantity: 1, Price: a.Rates[have], Amount: a.rest(now, a.Rates[have]).Neg()},
		{At: later(now, a.StartTime), Kind: ChargeAdded, Dimension: tier, Quantity: 1, Price: price, Amount: a.rest(now, price)},
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
	left, all := a.EndTime.Sub(later(now, a.StartTime)).Milliseconds(), a.EndTime.Sub(a.StartTime).Milliseconds()
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
