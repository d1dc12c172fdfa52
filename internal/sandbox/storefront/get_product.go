package storefront

import (
	"net/http"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/world"
)

type productView struct {
	Chrome
	world.Product
	Seller     string
	Paragraphs []string // of the description
	Prices     []PriceRow
	Mine       []Subscription // of this product, newest first, that still matter
	Subscribed bool           // one of them is active
	Nonce      string
}

// PriceRow is a dimension with its price.
type PriceRow struct {
	world.Dimension
	USD, Per string
}

func (s *Storefront) getProduct(w http.ResponseWriter, r *http.Request) error {
	p, err := s.product(r)
	if err != nil {
		return err
	}
	seller, err := s.opt.World.Seller(p.SellerAccount)
	if err != nil {
		return err
	}
	v := productView{Chrome: s.chrome(w, r), Product: p, Seller: seller.Name, Nonce: nonce()}
	for _, text := range strings.Split(p.Description, "\n") {
		if text = strings.TrimSpace(text); text != "" {
			v.Paragraphs = append(v.Paragraphs, text)
		}
	}
	for _, d := range p.Dimensions {
		v.Prices = append(v.Prices, PriceRow{d, d.Price().String(), unitName(d)})
	}
	if v.Buyer != nil {
		mine, err := s.subscriptions(world.AgreementQuery{BuyerAccount: v.Buyer.AccountID, ProductCode: p.ProductCode}, v.Now)
		if err != nil {
			return err
		}
		for _, m := range mine {
			if m.Current {
				v.Mine = append(v.Mine, m)
				v.Subscribed = v.Subscribed || m.Status == world.Active
			}
		}
	}
	return s.ui.Render(w, http.StatusOK, "product", v)
}

// product is the one that the address names.
func (s *Storefront) product(r *http.Request) (world.Product, error) {
	p, err := s.opt.World.Product(r.PathValue("product"))
	if fail.Is(err, fail.NotFound) {
		return p, fail.Wrap(fail.NotFound, err, "unknown_product", "No product of that name is sold here. It may have been there before the sandbox was reset.")
	}
	return p, err
}

// unitName is what one unit of d is called after a price: "unit" for Units, "GB-hour" for GB-hours, and "unit" when
// nothing better is known.
func unitName(d world.Dimension) string {
	u := strings.TrimSpace(d.Unit)
	if u == "" {
		return "unit"
	}
	if len(u) > 1 && strings.ToLower(u[1:]) == u[1:] { // a plain word, not an abbreviation
		u = strings.ToLower(u)
	}
	if strings.HasSuffix(u, "s") && !strings.HasSuffix(u, "ss") {
		return strings.TrimSuffix(u, "s")
	}
	return u
}
