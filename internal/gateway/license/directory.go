package license

import (
	"context"
	"slices"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/core"
)

var _ Directory = (*Book)(nil)

// ByID implements [Directory]. The id of a row that was merged leads to the row that it was merged into.
func (b *Book) ByID(id core.LicenseID) (License, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.present(b.find(id))
}

// ByARN implements [Directory].
func (b *Book) ByARN(arn core.LicenseARN) (License, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.present(b.find(b.arns[arn]))
}

// ByBuyer implements [Directory]; the oldest licence comes first.
func (b *Book) ByBuyer(buyer string, product core.ProductCode) []License {
	b.mu.RLock()
	defer b.mu.RUnlock()
	ids := slices.SortedFunc(slices.Values(b.buyers[buyerKey{buyer, product}]), b.byCreation)
	var ls []License
	for _, id := range ids {
		if l, ok := b.present(b.entries[id]); ok {
			ls = append(ls, l)
		}
	}
	return ls
}

// All implements [Directory], oldest first.
func (b *Book) All(yield func(License) bool) {
	b.mu.RLock()
	ids := slices.Clone(b.order)
	b.mu.RUnlock()
	for _, id := range ids {
		if l, ok := b.ByID(id); ok && l.ID == id && !yield(l) {
			return
		}
	}
}

// Facts lists all facts that a licence's standing follows from, its agreements' among them, in the order in which
// they happened.
func (b *Book) Facts(id core.LicenseID) []Fact {
	b.mu.RLock()
	defer b.mu.RUnlock()
	e := b.find(id)
	if e == nil {
		return nil
	}
	return inOrder(newDraft(b).factsOf(e))
}

// Advised reports whether AWS's word of a risk with the buyer, which an alert is about, still stands. A licence that is over has no
// buyer to be careful with: AWS need not tell of it any more.
func (b *Book) Advised(_ context.Context, a alert.Alert) (bool, error) {
	l, ok := b.ByID(a.License)
	return ok && !l.Standing.AdvisedAt.IsZero() && l.Standing.State != Ended && l.Standing.State != Failed, nil
}

// OnChange implements [Directory].
func (b *Book) OnChange(f func(License)) {
	b.writing.Lock()
	defer b.writing.Unlock()
	b.heed = append(b.heed, f)
}

// find and present are called with mu held.
func (b *Book) find(id core.LicenseID) *entry {
	for i := 0; i < len(b.merged)+1; i++ {
		if e := b.entries[id]; e != nil {
			return e
		}
		id = b.merged[id]
	}
	return nil
}

// present is e's licence as it stands now.
func (b *Book) present(e *entry) (License, bool) {
	if e == nil {
		return License{}, false
	}
	return e.License.present(b.clk, b.products), true
}

// present is l as it stands now: a final window may have closed and its job not have run yet.
func (l License) present(clk clock.Clock, products core.Catalogue) License {
	if l.Standing.State == WindingDown {
		if now := clk.Now(); !now.Before(l.Standing.ClosesAt) {
			l.Standing.passTime(now)
		}
	}
	if l.Legacy {
		l.migrate(clk, products)
	}
	if l.Identity() == ByLicense {
		l.Standing.await(clk.Now())
	}
	return l
}

// migrate makes l one that AWS knows by its ARN, if its product has moved there or does so at an hour. The two names are
// never both used for one hour: AWS would bill both.
func (l *License) migrate(clk clock.Clock, products core.Catalogue) {
	p := products.Product(l.ProductCode)
	switch {
	case l.ARN == "" || l.Customer == "": // it cannot be named that way yet
	case p.Legacy != nil && !*p.Legacy:
		l.Legacy = false
	case !p.LicenseFrom.IsZero():
		l.LicenseFrom = p.LicenseFrom
		l.Legacy = clk.Now().Before(p.LicenseFrom)
	}
}
