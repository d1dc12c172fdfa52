package storefront

import (
	"net/http"

	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

type sellerView struct {
	Counter
	Listings []Listing
	Nothing  webui.Empty
}

// Listing is a product with how it sells.
type Listing struct {
	world.Product
	Offer       world.Offer // the public one
	Rows        []PriceRow
	Active, All int // agreements
}

// getSeller lists what a seller sells.
func (s *Storefront) getSeller(w http.ResponseWriter, r *http.Request) error {
	v := sellerView{Counter: s.counter(w, r), Nothing: webui.Empty{Title: "Nothing is listed", Text: "A listing is a product with its prices, and where its buyers are sent.",
		Href: "/seller/products/new", Label: "List a product"}}
	for _, p := range s.ownProducts(v.Seller) {
		offer, err := s.opt.World.PublicOffer(p.ProductID)
		if err != nil {
			return err
		}
		l := Listing{Product: p, Offer: offer,
			All:    s.opt.World.CountAgreements(world.AgreementQuery{ProductCode: p.ProductCode}),
			Active: s.opt.World.CountAgreements(world.AgreementQuery{ProductCode: p.ProductCode, Status: world.Active})}
		for _, d := range p.Dimensions {
			l.Rows = append(l.Rows, PriceRow{d, pricesOf(p, d)})
		}
		v.Listings = append(v.Listings, l)
	}
	return s.ui.Render(w, http.StatusOK, "seller", v)
}

// ownProducts are those that seller lists.
func (s *Storefront) ownProducts(seller world.Seller) (own []world.Product) {
	for _, p := range s.opt.World.Products() {
		if p.SellerAccount == seller.AccountID {
			own = append(own, p)
		}
	}
	return own
}
