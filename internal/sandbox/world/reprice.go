package world

import (
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
)

// priceLock is for how long a listing's prices cannot be changed once one of them was raised. Source: seller guide,
// saas-product-settings.
const priceLock = 90 * day

// repriced tells whether a listing that becomes next asks another price for anything that was listed, and whether a higher
// one. A dimension that is new has no price before.
func (p Product) repriced(next Product) (changed, raised bool) {
	for i, d := range p.Dimensions { // a dimension stays in its place: see patched
		after := next.Dimensions[i].Prices
		changed = changed || len(after) != len(d.Prices)
		for name, was := range d.Prices {
			is, there := after[name]
			changed = changed || !there || !is.Equal(was)
			raised = raised || there && is.GreaterThan(was)
		}
	}
	return changed, raised
}

// PricesLockedUntil is from when on the prices of a product, given by its id or code, can be changed again after one was
// raised; the zero time where nothing locks them. fail.NotFound: no such product.
func (w *World) PricesLockedUntil(now time.Time, idOrCode string) (time.Time, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	p, ok := w.products[idOrCode]
	if !ok {
		return time.Time{}, w.unknownProduct(idOrCode)
	}
	return p.lockedUntil(now), nil
}

func (p *product) lockedUntil(now time.Time) time.Time {
	if until := p.raisedAt.Add(priceLock); !p.raisedAt.IsZero() && now.Before(until) {
		return until
	}
	return time.Time{}
}

// locked refuses other prices while those of p are locked.
func (p *product) locked(now time.Time, next Product) error {
	changed, _ := p.repriced(next)
	until := p.lockedUntil(now)
	if !changed || until.IsZero() {
		return nil
	}
	return fail.New(fail.Conflict, "prices_locked", "The prices of %s were raised on %s; AWS Marketplace takes no other change of them for 90 days, which is until %s. See %ssaas-product-settings.html.",
		p.Title, stamp(p.raisedAt), stamp(until), contract.SellerGuide)
}
