package world

import (
	"cmp"
	"slices"
	"time"
)

// What reports ask of a world beyond what bills and lists tell.

// Usage adds up the records that q chooses (without its pages), a line for each meter and dimension, at what a unit costs
// now; what falls into a free trial is a line of its own, for nothing. The lines are in the order of their agreements.
func (w *World) Usage(q RecordQuery) []Charge {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.usage(q)
}

func (w *World) usage(q RecordQuery) []Charge {
	sums := make([]tallies, len(w.ledger.subjects))
	wanted := w.chosen(q)
	for n := range w.ledger.n {
		r := w.ledger.row(n)
		if !wanted[r.subject] || !within(r.stamp, q.From, q.To) {
			continue
		}
		at := time.UnixMicro(r.stamp)
		m := &w.ledger.subjects[r.subject]
		if q.Dimension == "" || q.Dimension == m.product.Dimensions[r.dim].Key {
			sums[r.subject].count(monthOf(at), r.dim, m.free(at), int64(r.quantity))
		}
	}
	all := []Charge{}
	for n, of := range sums {
		m := &w.ledger.subjects[n]
		for _, t := range of {
			c := m.line(t, m.payer(t.month))
			if !q.From.IsZero() {
				c.From = later(c.From, q.From)
			}
			if !q.To.IsZero() {
				c.To = earlier(c.To, q.To)
			}
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(x, y Charge) int {
		return cmp.Or(w.agreement[x.AgreementID].AcceptanceTime.Compare(w.agreement[y.AgreementID].AcceptanceTime), cmp.Compare(x.AgreementID, y.AgreementID),
			cmp.Compare(x.LicenseARN, y.LicenseARN), cmp.Compare(x.Dimension, y.Dimension), x.From.Compare(y.From), cmp.Compare(x.Why, y.Why))
	})
	return all
}

// Revisions are the instants from which each revision of an offer's terms was proposed, the first at 0; the zero time
// for what the world's file has. There are none of an unknown offer.
func (w *World) Revisions(offerID string) []time.Time {
	w.mu.RLock()
	defer w.mu.RUnlock()
	o, ok := w.offers[offerID]
	if !ok {
		return nil
	}
	from := make([]time.Time, len(o.revisions))
	for i, r := range o.revisions {
		from[i] = r.from
	}
	return from
}

// CustomerIdentifier is how the legacy generation names a buyer to a seller; data feeds, their encrypted_account_id.
func CustomerIdentifier(seller, buyer string) string { return customerIdentifier(seller, buyer) }
