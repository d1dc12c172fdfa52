package world

import (
	"time"

	"souk.dev/souk/internal/fail"
)

// ChargeOrder is a purchase order for a charge that was agreed on.
type ChargeOrder struct {
	PurchaseOrder
	AgreementID string `json:"agreementId,omitempty"` // of the charge; may be left out
	Revision    int    `json:"revision,omitempty"`    // of the charge, as the buyer knows it; 0: whatever it is
}

// SetPurchaseOrders writes a buyer's own references beside charges of its agreements, all or none. Each charge that gets
// another reference gets another revision. Source: Agreement API, UpdatePurchaseOrders.
//
// Errors: fail.NotFound with the code "unknown_charge" for a charge that the buyer has not, or not in that agreement;
// fail.Conflict with "charge_revision" for one that has changed meanwhile. wrong is the charge that it is about.
func (w *World) SetPurchaseOrders(now time.Time, buyer string, orders []ChargeOrder) (wrong string, err error) {
	defer w.act()()
	charges := make([]*UpfrontCharge, len(orders))
	for i, o := range orders {
		c := w.chargeOf(buyer, o)
		switch {
		case c == nil:
			return o.ChargeID, fail.New(fail.NotFound, "unknown_charge", "The account %s has no charge %q.", buyer, o.ChargeID)
		case o.Revision != 0 && o.Revision != c.Revision:
			return o.ChargeID, fail.New(fail.Conflict, "charge_revision", "The charge %s has the revision %d, not %d.", o.ChargeID, c.Revision, o.Revision)
		}
		charges[i] = c
	}
	if err := w.record(Command{At: now, Act: actPurchaseOrders, Account: buyer, ChargeOrders: orders}); err != nil {
		return "", err
	}
	for i, c := range charges {
		if c.PurchaseOrder != orders[i].Reference {
			c.PurchaseOrder, c.Revision = orders[i].Reference, c.Revision+1
		}
	}
	return "", nil
}

// chargeOf finds a charge of a buyer's.
func (w *World) chargeOf(buyer string, o ChargeOrder) *UpfrontCharge {
	for _, a := range w.agreementsOf[buyer] {
		if !wanted(o.AgreementID, a.AgreementID) {
			continue
		}
		for _, list := range [][]UpfrontCharge{a.Charges, a.Scheduled} {
			for i := range list {
				if list[i].ID == o.ChargeID {
					return &list[i]
				}
			}
		}
	}
	return nil
}
