package storefront

import (
	"net/http"
	"slices"
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
	Mine       []Subscription // of this product, the newest ones that still matter
	More       bool           // there are more of them
	Subscribed bool           // one of them is active
	Nonce      string
	Contract   contractForm // empty for pay as you go
	Cost       Cost
	Options    []Option // what can be accepted beside the listing's own offer
	Private    []Option // those of them that were made for this buyer
}

func (s *Storefront) getProduct(w http.ResponseWriter, r *http.Request) error {
	p, err := s.product(r)
	if err != nil {
		return err
	}
	o, err := s.opt.World.PublicOffer(p.ProductID)
	if err != nil {
		return err
	}
	return s.showProduct(w, r, p, o, http.StatusOK, contractFormOf(p, o, r.URL.Query()))
}

// showProduct shows a listing, with the form that buys it as f fills it.
func (s *Storefront) showProduct(w http.ResponseWriter, r *http.Request, p world.Product, o world.Offer, status int, f contractForm) error {
	seller, err := s.opt.World.Seller(p.SellerAccount)
	if err != nil {
		return err
	}
	v := productView{Chrome: s.chrome(w, r), Product: p, Seller: seller.Name, Nonce: nonce(), Contract: f}
	for _, text := range strings.Split(p.Description, "\n") {
		if text = strings.TrimSpace(text); text != "" {
			v.Paragraphs = append(v.Paragraphs, text)
		}
	}
	for _, d := range p.Dimensions {
		v.Prices = append(v.Prices, PriceRow{d, pricesOf(p, d)})
	}
	account := ""
	if v.Buyer != nil {
		account = v.Buyer.AccountID
	}
	options, err := s.optionsFor(v.Now, p, account)
	if err != nil {
		return err
	}
	v.Options = slices.DeleteFunc(options, func(o Option) bool { return o.Public && o.Terms.Trial == nil })
	for _, option := range v.Options {
		if !option.Public {
			v.Private = append(v.Private, option)
		}
	}
	if v.Buyer != nil {
		v.Cost = f.cost(s, v.Now, v.Buyer.AccountID, p, o, "/products/"+p.ProductID)
		q := world.AgreementQuery{BuyerAccount: v.Buyer.AccountID, ProductCode: p.ProductCode, CountsAt: v.Now}
		if v.Mine, v.More, err = s.newestSubscriptions(q, v.Now); err != nil {
			return err
		}
		q.Status = world.Active
		v.Subscribed = s.opt.World.CountAgreements(q) > 0
	}
	return s.ui.Render(w, status, "product", v)
}

// product is the one that the address names.
func (s *Storefront) product(r *http.Request) (world.Product, error) {
	p, err := s.opt.World.Product(r.PathValue("product"))
	if fail.Is(err, fail.NotFound) {
		return p, fail.Wrap(fail.NotFound, err, "unknown_product", "No product of that name is sold here. It may have been there before the sandbox was reset.")
	}
	return p, err
}
