package world

// wants reports whether q chooses a.
func (q AgreementQuery) wants(a *agreement) bool {
	return (q.BuyerAccount == "" || q.BuyerAccount == a.BuyerAccount) && (q.Status == "" || q.Status == a.Status) &&
		(q.ProductCode == "" || q.ProductCode == a.ProductCode || q.ProductCode == a.ProductID) &&
		(q.OfferID == "" || q.OfferID == a.OfferID) &&
		(q.SellerAccount == "" || q.SellerAccount == a.SellerAccount) &&
		(q.LicenseARN == "" || q.LicenseARN == a.License.ARN)
}

// NewestAgreements lists at most limit of the agreements that q chooses, the newest first, from the one at position
// before on (0: from the newest), and copies no others. next is the before of the next page; 0 on the last.
func (w *World) NewestAgreements(q AgreementQuery, before, limit int) (page []Agreement, next int) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	all := w.order.agreements
	if before <= 0 || before > len(all) {
		before = len(all)
	}
	for i := before - 1; i >= 0; i-- {
		if !q.wants(all[i]) {
			continue
		}
		if len(page) == limit {
			return page, i + 1
		}
		page = append(page, all[i].copy())
	}
	return page, 0
}

// CountAgreements counts those that q chooses, and copies none.
func (w *World) CountAgreements(q AgreementQuery) (n int) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, a := range w.order.agreements {
		if q.wants(a) {
			n++
		}
	}
	return n
}
