package storefront

import (
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
	From       string // the lowest price of a unit, USD; empty when nothing has a price per unit
	FromUnit   string
	Subscribed bool
}

func (s *Storefront) getHome(w http.ResponseWriter, r *http.Request) error {
	v := homeView{Chrome: s.chrome(w, r), Nothing: webui.Empty{Title: "Nothing is for sale", Text: "The world file lists no product."}}
	for _, p := range s.opt.World.Products() {
		seller, err := s.opt.World.Seller(p.SellerAccount)
		if err != nil {
			return err
		}
		c := Card{Product: p, Seller: seller.Name}
		c.From, c.FromUnit = cheapest(p)
		if v.Buyer != nil {
			c.Subscribed = len(s.opt.World.Agreements(world.AgreementQuery{BuyerAccount: v.Buyer.AccountID, ProductCode: p.ProductCode, Status: world.Active})) > 0
		}
		v.Products = append(v.Products, c)
	}
	return s.ui.Render(w, http.StatusOK, "home", v)
}

// cheapest is the lowest price of a metered unit, and the unit's name.
func cheapest(p world.Product) (usd, unit string) {
	var least world.Dimension
	found := false
	for _, d := range p.Dimensions {
		if d.Is(world.Metered) && (!found || d.Price().LessThan(least.Price())) {
			least, found = d, true
		}
	}
	if !found {
		return "", ""
	}
	return least.Price().String(), unitName(least)
}
