package storefront

import (
	"iter"
	"net/http"

	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

type homeView struct {
	Chrome
	Products []Card
	Nothing  webui.Empty // instead of products
}

// Card is a product on the storefront.
type Card struct {
	world.Product
	Seller     string
	First      string // the name of the listing's first dimension
	From       Price  // its first price
	More       int    // how many other dimensions there are
	Subscribed bool
}

func (s *Storefront) getHome(w http.ResponseWriter, r *http.Request) error {
	v := homeView{Chrome: s.chrome(w, r), Nothing: webui.Empty{Title: "Nothing is for sale", Text: "The world file lists no product."}}
	subscribed := map[string]bool{} // by the product's id
	if v.Buyer != nil {
		s.opt.World.ViewAgreements(world.AgreementQuery{BuyerAccount: v.Buyer.AccountID, Status: world.Active}, func(all iter.Seq[*world.Agreement]) {
			for a := range all {
				subscribed[a.ProductID] = true
			}
		})
	}
	for _, p := range s.opt.World.Products() {
		seller, err := s.opt.World.Seller(p.SellerAccount)
		if err != nil {
			return err
		}
		c := Card{Product: p, Seller: seller.Name, Subscribed: subscribed[p.ProductID]}
		if len(p.Dimensions) > 0 {
			c.First, c.From, c.More = p.Dimensions[0].Name, pricesOf(p, p.Dimensions[0])[0], len(p.Dimensions)-1
		}
		v.Products = append(v.Products, c)
	}
	return s.ui.Render(w, http.StatusOK, "home", v)
}
