package world

import (
	"reflect"
	"testing"

	"souk.dev/souk/internal/fail"
)

// Purchase orders are written all or none, count revisions, and are the same after a replay.
func TestPurchaseOrdersOfCharges(t *testing.T) {
	var kept []Command
	open := func() *World {
		w, err := New(Options{File: Builtin(), Seed: 5, FulfillmentURL: "http://127.0.0.1/", Record: func(c Command) error { kept = append(kept, c); return nil }})
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	w := open()
	a, err := w.Subscribe(noon, Subscribe{BuyerAccount: acme, Product: teams, Terms: Terms{Quantities: map[string]int64{"seats": 1, "shelves": 1}, Duration: "P12M"}})
	if err != nil || len(a.Charges) != 2 {
		t.Fatalf("%+v, %v", a.Charges, err)
	}
	order := func(i int, reference string, revision int) ChargeOrder {
		return ChargeOrder{PurchaseOrder: PurchaseOrder{ChargeID: a.Charges[i].ID, Reference: reference}, AgreementID: a.AgreementID, Revision: revision}
	}
	set := func(orders ...ChargeOrder) (string, error) { return w.SetPurchaseOrders(noon, acme, orders) }
	if _, err := set(order(0, "PO-1", 1), order(1, "PO-2", 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := set(order(0, "PO-1", 2)); err != nil { // nothing new: no revision
		t.Fatal(err)
	}
	if wrong, err := set(order(1, "PO-3", 2), order(0, "PO-4", 1)); !fail.Is(err, fail.Conflict) || wrong != a.Charges[0].ID {
		t.Errorf("an old revision: %s, %v", wrong, err)
	}
	if wrong, err := w.SetPurchaseOrders(noon, "222233334444", []ChargeOrder{order(0, "PO-5", 0)}); !fail.Is(err, fail.NotFound) || wrong != a.Charges[0].ID {
		t.Errorf("another buyer: %s, %v", wrong, err)
	}
	now, err := w.Agreement(a.AgreementID)
	if err != nil || now.Charges[0].PurchaseOrder != "PO-1" || now.Charges[0].Revision != 2 || now.Charges[1].PurchaseOrder != "PO-2" {
		t.Errorf("%+v, %v", now.Charges, err)
	}
	commands := kept
	again := open()
	for _, c := range commands {
		if err := again.Apply(c); err != nil {
			t.Fatal(err)
		}
	}
	if then, err := again.Agreement(a.AgreementID); err != nil || !reflect.DeepEqual(then.Charges, now.Charges) {
		t.Errorf("replayed: %+v, %v; want %+v", then.Charges, err, now.Charges)
	}
}
