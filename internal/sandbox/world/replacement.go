package world

import (
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
)

// Replacement is the acceptance of an offer in place of a running agreement.
type Replacement struct {
	OfferID string `json:"offerId,omitempty"` // the listing's own offer, if empty
	Terms
}

// Replace accepts an offer in place of a running agreement for the same product, which ends at once (REPLACED) without a
// gap in what is entitled; instalments that have not fallen due are dropped. It returns the new agreement. Errors: see
// [World.Subscribe]; fail.NotFound for an unknown agreement, fail.Conflict for one that has ended.
func (w *World) Replace(now time.Time, agreementID string, in Replacement) (Agreement, error) {
	defer w.act()()
	a, ok := w.agreement[agreementID]
	if !ok {
		return Agreement{}, unknownAgreement(agreementID)
	}
	o := a.product.public()
	if in.OfferID != "" {
		o = w.offers[in.OfferID]
	}
	if o == nil || o.product != a.product || !o.visible(a.BuyerAccount) {
		return Agreement{}, fail.New(fail.NotFound, "unknown_offer", "The product %s has no offer %q for the account %s.", a.ProductID, in.OfferID, a.BuyerAccount)
	}
	d, err := w.negotiate(now.Truncate(time.Millisecond), wish{intent: IntentReplace, buyer: a.buyer, offer: o, source: a, terms: in.Terms})
	if err != nil {
		return Agreement{}, err
	}
	if err := w.record(Command{At: now, Act: actReplace, ID: agreementID, Replacement: &in}); err != nil {
		return Agreement{}, err
	}
	return w.perform(now, d, "").copy(), nil
}

// OptOutOfRenewal is the seller's word that a contract will not be renewed, which is final. Errors: fail.NotFound for an
// unknown agreement; fail.Conflict for one that has ended; fail.Invalid for one that does not renew itself anyhow, or
// whose lockout has begun.
func (w *World) OptOutOfRenewal(now time.Time, agreementID string) (Agreement, error) {
	defer w.act()()
	a, err := w.running(agreementID, "opt out of renewing")
	if err != nil {
		return Agreement{}, err
	}
	if err := a.renewable(now); err != nil {
		return Agreement{}, err
	}
	if err := w.record(Command{At: now, Act: actOptOut, ID: agreementID}); err != nil {
		return Agreement{}, err
	}
	a.ProposerOptedOut = true
	a.note(now, "amended", "The seller opted out of renewing it.")
	w.tellOfAmendment(a, now, false)
	return a.copy(), nil
}

// ChooseIncrease is the seller's choice of by how many per cent the price rises when a contract renews itself, from the
// range that was agreed on. Errors: fail.NotFound for an unknown agreement; fail.Conflict for one that has ended;
// fail.Invalid where there is nothing to choose, not so much, or not any more.
func (w *World) ChooseIncrease(now time.Time, agreementID string, percent decimal.Decimal) (Agreement, error) {
	defer w.act()()
	a, err := w.running(agreementID, "choose a price increase for")
	if err != nil {
		return Agreement{}, err
	}
	deadline := a.AdjustmentDeadline()
	switch {
	case deadline.IsZero():
		return Agreement{}, invalid("price_increase", "The agreement %s has no range of price increases.", agreementID)
	case !now.Before(deadline):
		return Agreement{}, invalid("price_increase", "The price increase of %s was to be chosen before %s.", agreementID, stamp(deadline))
	}
	if p := a.Accepted.Renewal.PriceIncrease; percent.LessThan(*p.Min) || percent.GreaterThan(*p.Max) || !percent.Equal(percent.Round(2)) {
		return Agreement{}, invalid("price_increase", "The price increase of %s is from %s to %s per cent, with two decimals at most.", agreementID, p.Min, p.Max)
	}
	if err := w.record(Command{At: now, Act: actChooseIncrease, ID: agreementID, Percent: &percent}); err != nil {
		return Agreement{}, err
	}
	a.PriceIncrease = &percent
	a.note(now, "price increase chosen", "The seller chose "+percent.String()+" per cent for its renewal.")
	return a.copy(), nil
}
