package world

import (
	"strings"
	"testing"
	"time"
)

// A reference to what is not there is answered with what was likely meant, and with no hint where nothing is near.
func TestUnknownReferencesAreAnsweredWithTheNearest(t *testing.T) {
	w, err := New(Options{File: Builtin(), FulfillmentURL: "http://127.0.0.1:4710/register"})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	const acme, code = "111122223333", "1nkwe11payasyoug0abcdefgh"
	offer, err := w.PublicOffer(code)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		do    func(id string) error
		right string
	}{
		"a product": {func(id string) error { _, err := w.Product(id); return err }, code},
		"a purchase": {func(id string) error {
			_, err := w.Subscribe(now, Subscribe{Product: id, BuyerAccount: acme})
			return err
		}, code},
		"a buyer": {func(id string) error { _, err := w.Buyer(id); return err }, acme},
		"a purchase's": {func(id string) error {
			_, err := w.Subscribe(now, Subscribe{Product: code, BuyerAccount: id})
			return err
		}, acme},
		"a seller": {func(id string) error { _, err := w.Seller(id); return err }, w.DefaultSeller()},
		"a product's": {func(id string) error {
			_, err := w.CreateProduct(now, Product{Title: "P", SellerAccount: id})
			return err
		}, w.DefaultSeller()},
		"an offer":   {func(id string) error { _, err := w.ChangeOffer(now, id, OfferPatch{}); return err }, offer.OfferID},
		"an offer's": {func(id string) error { _, err := w.CreateOffer(now, Offer{ProductID: id}); return err }, offer.ProductID},
		"an offer's seller": {func(id string) error {
			_, err := w.CreateOffer(now, Offer{ProductID: offer.ProductID, SellerAccount: id})
			return err
		}, w.DefaultSeller()},
		"an offer's buyer": {func(id string) error {
			_, err := w.CreateOffer(now, Offer{ProductID: offer.ProductID, Buyers: []string{id}})
			return err
		}, acme},
	} {
		turned := c.right[:1] + c.right[3:5] + c.right[1:3] + c.right[5:]
		if err := c.do(turned); err == nil || !strings.Contains(err.Error(), `; did you mean "`+c.right+`"?`) {
			t.Errorf("%s: %q is answered with %v", name, turned, err)
		}
		if err := c.do("x"); err == nil || strings.Contains(err.Error(), "did you mean") {
			t.Errorf("%s: x is answered with %v", name, err)
		}
	}
}
