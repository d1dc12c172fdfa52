package world

import (
	"iter"
	"time"
)

// AgreementQuery chooses agreements; what is empty chooses all.
type AgreementQuery struct {
	BuyerAccount  string
	ProductCode   string // the product's id does as well
	Status        AgreementStatus
	LicenseARN    string
	SellerAccount string // the proposer
	OfferID       string
	CountsAt      time.Time // only those that count then; see [Agreement.Counts]
}

// wants reports whether q chooses a.
func (q AgreementQuery) wants(a *agreement) bool {
	return (q.BuyerAccount == "" || q.BuyerAccount == a.BuyerAccount) && (q.Status == "" || q.Status == a.Status) &&
		(q.ProductCode == "" || q.ProductCode == a.ProductCode || q.ProductCode == a.ProductID) &&
		(q.OfferID == "" || q.OfferID == a.OfferID) &&
		(q.SellerAccount == "" || q.SellerAccount == a.SellerAccount) &&
		(q.LicenseARN == "" || q.LicenseARN == a.License.ARN) &&
		(q.CountsAt.IsZero() || a.Counts(q.CountsAt))
}

// Counts says that a still matters to the bill at an instant: it is active, or its last usage may still come in.
func (a *Agreement) Counts(at time.Time) bool {
	return a.Status == Active || at.Before(a.License.MeteringUntil)
}

// among are the agreements, oldest first, of which q chooses some: all, or a buyer's or a product's where q asks for
// those only.
func (w *World) among(q AgreementQuery) []*agreement {
	switch p := w.products[q.ProductCode]; {
	case q.BuyerAccount != "":
		return w.agreementsOf[q.BuyerAccount]
	case p != nil:
		return p.agreements
	}
	return w.order.agreements
}

// ViewAgreements lends the agreements that q chooses, oldest first, to look, and copies none. look is called with the
// world locked for reading: it must be quick, must neither change nor keep what it is lent, and must not call the world.
func (w *World) ViewAgreements(q AgreementQuery, look func(all iter.Seq[*Agreement])) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	look(func(yield func(*Agreement) bool) {
		for _, a := range w.among(q) {
			if q.wants(a) && !yield(&a.Agreement) {
				return
			}
		}
	})
}

// Agreements lists the agreements that q chooses, oldest first.
func (w *World) Agreements(q AgreementQuery) []Agreement {
	all, _ := w.AgreementsFrom(0, 0, q)
	return all
}

// AgreementsFrom lists at most limit (0: all) of the agreements that q chooses, oldest first, from a position on: 0 at
// first, then the next of the page before. next is 0 on the last page. Only what is listed is copied.
func (w *World) AgreementsFrom(from, limit int, q AgreementQuery) (page []Agreement, next int) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	page = []Agreement{}
	order := w.among(q)
	for at := min(from, len(order)); at < len(order); at++ {
		if !q.wants(order[at]) {
			continue
		}
		if limit > 0 && len(page) == limit {
			return page, at
		}
		page = append(page, order[at].copy())
	}
	return page, 0
}

// NewestAgreements lists at most limit of the agreements that q chooses, the newest first, from the one at position
// before on (0: from the newest), and copies no others. next is the before of the next page; 0 on the last.
func (w *World) NewestAgreements(q AgreementQuery, before, limit int) (page []Agreement, next int) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return newest(w.among(q), before, limit, q.wants, (*agreement).copy)
}

// CountAgreements counts those that q chooses, and copies none.
func (w *World) CountAgreements(q AgreementQuery) (n int) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, a := range w.among(q) {
		if q.wants(a) {
			n++
		}
	}
	return n
}
