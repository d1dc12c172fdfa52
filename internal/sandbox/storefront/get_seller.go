package storefront

import (
	"net/http"

	"souk.dev/souk/internal/sandbox/world"
)

type sellerView struct {
	Chrome
	Sellers []Shop
}

// Shop is a seller with what it lists.
type Shop struct {
	world.Seller
	Listings []Listing
}

// Listing is a product with how it sells.
type Listing struct {
	world.Product
	Offer       world.Offer // the public one
	Rows        []PriceRow
	Active, All int // agreements
}

// getSeller shows what a seller sees of its listings. Listings are changed in the world file or through the control
// API; the page says so.
func (s *Storefront) getSeller(w http.ResponseWriter, r *http.Request) error {
	v := sellerView{Chrome: s.chrome(w, r)}
	products := s.opt.World.Products()
	for _, seller := range s.opt.World.Sellers() {
		shop := Shop{Seller: seller}
		for _, p := range products {
			if p.SellerAccount != seller.AccountID {
				continue
			}
			offer, err := s.opt.World.PublicOffer(p.ProductID)
			if err != nil {
				return err
			}
			l := Listing{Product: p, Offer: offer}
			for _, d := range p.Dimensions {
				l.Rows = append(l.Rows, PriceRow{d, pricesOf(p, d)})
			}
			for _, a := range s.opt.World.Agreements(world.AgreementQuery{ProductCode: p.ProductCode}) {
				l.All++
				if a.Status == world.Active {
					l.Active++
				}
			}
			shop.Listings = append(shop.Listings, l)
		}
		v.Sellers = append(v.Sellers, shop)
	}
	return s.ui.Render(w, http.StatusOK, "seller", v)
}
