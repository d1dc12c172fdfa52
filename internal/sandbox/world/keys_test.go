package world

import (
	"testing"

	"souk.dev/souk/internal/fail"
)

// A buyer's programs have a key: its own, or the one that the file lists. Other keys are nobody's.
func TestBuyersHaveKeys(t *testing.T) {
	const other = "222233334444"
	f := *Builtin()
	f.AccessKeys = []AccessKey{{ID: "AKIDGLOBEX", Secret: "listed", AccountID: other}}
	w, err := New(Options{File: &f, Seed: 1, FulfillmentURL: "http://127.0.0.1/"})
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]bool{}
	for _, b := range w.Buyers() {
		k, err := w.BuyerKey(b.AccountID)
		if err != nil || k.AccountID != b.AccountID || k.Secret == "" || secrets[k.Secret] {
			t.Errorf("%s has the key %+v, %v", b.AccountID, k, err)
		}
		secrets[k.Secret] = true
		if whose, ok := w.Account(k.ID); !ok || whose != k {
			t.Errorf("the key %s is %+v, %v", k.ID, whose, ok)
		}
	}
	if k, err := w.BuyerKey(other); err != nil || k.ID != "AKIDGLOBEX" {
		t.Errorf("the file's key is %+v, %v", k, err)
	}
	late, err := w.CreateBuyer(noon, Buyer{Name: "Late"})
	if err != nil {
		t.Fatal(err)
	}
	if k, err := w.BuyerKey(late.AccountID); err != nil || k.AccountID != late.AccountID {
		t.Errorf("one that came later has %+v, %v", k, err)
	}
	if _, err := w.BuyerKey("999988887777"); !fail.Is(err, fail.NotFound) {
		t.Errorf("nobody's key: %v", err)
	}
	for _, id := range []string{"AKIDEXAMPLE", buyerKeyPrefix, buyerKeyPrefix + "999988887777"} {
		if k, ok := w.Account(id); ok {
			t.Errorf("%s is %+v", id, k)
		}
	}
}
