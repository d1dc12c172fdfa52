package storefront

import (
	"net/http"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

// Option is an offer that the visitor may accept, as a product's page lists it.
type Option struct {
	world.Offer
	Badges []OptionBadge
	Says   []string
	Verb   string // what the button says: Subscribe, Create contract or Try for free
}

// optionsFor lists what a visitor may accept for p; buyer is empty for nobody in particular.
func (s *Storefront) optionsFor(now time.Time, p world.Product, buyer string) ([]Option, error) {
	offers, err := s.opt.World.PurchaseOptions(now, buyer, p.ProductID)
	if err != nil {
		return nil, err
	}
	var all []Option
	for _, o := range offers {
		all = append(all, optionOf(now, o, p))
	}
	return all, nil
}

// OptionBadge is a word on what kind of offer it is.
type OptionBadge struct {
	Tone webui.Tone
	Word string
}

func optionOf(now time.Time, o world.Offer, p world.Product) Option {
	v := Option{Offer: o, Says: offerWords(o, p), Verb: "Subscribe"}
	if o.Terms.Contract() {
		v.Verb = "Create contract"
	}
	switch {
	case o.Terms.Trial != nil:
		v.Badges, v.Verb = append(v.Badges, OptionBadge{webui.Success, "Free trial"}), "Try for free"
	case o.Public:
		v.Badges = append(v.Badges, OptionBadge{webui.Neutral, "Public"})
	default:
		v.Badges = append(v.Badges, OptionBadge{webui.Info, "Private pricing"})
	}
	if o.Terms.Validity != nil && o.Terms.Validity.StartDate.After(now) {
		v.Badges = append(v.Badges, OptionBadge{webui.Warn, "Future dated"})
	}
	if o.Replaces != "" {
		v.Badges, v.Verb = append(v.Badges, OptionBadge{webui.Warn, "Replacement"}), "Accept and replace"
	}
	return v
}

type purchaseView struct {
	Chrome
	Product  world.Product
	Option   Option
	Seller   string // who proposes it
	Maker    string // the product's seller, where that is another
	Prices   []PriceRow
	Contract contractForm
	Cost     Cost
	Closed   bool           // it cannot be accepted any more
	Running  []Subscription // the newest of this offer, or of the product where a buyer may have only one
	More     bool           // there are more of these
	Replaced *Subscription  // what accepting it replaces
	Nonce    string
}

// Instalment is a payment of an offer's schedule. When is in words, where it is not a date.
type Instalment struct {
	world.Instalment
	When string
}

// Schedule are the offer's payments.
func (v purchaseView) Schedule() (all []Instalment) {
	for _, i := range v.Option.Terms.Schedule {
		when := ""
		switch i.After {
		case "":
		case "P0D":
			when = "At the start"
		default:
			when = durationWords(i.After) + " after the start"
		}
		all = append(all, Instalment{i, when})
	}
	return all
}

// Document is what a buyer agrees to beside the prices.
type Document struct {
	world.Document
	Title string
}

// Documents are the offer's legal ones.
func (v purchaseView) Documents() (all []Document) {
	titles := map[world.DocumentType]string{world.StandardEula: "Standard contract for AWS Marketplace", world.CustomEula: "The seller's own end user license agreement",
		world.EnterpriseEula: "Enterprise contract for AWS Marketplace", world.StandardDsa: "Standard data subscription agreement", world.CustomDsa: "The seller's own data subscription agreement"}
	for _, d := range v.Option.Terms.Legal.Documents {
		all = append(all, Document{d, orElse(titles[d.Type], string(d.Type))})
	}
	return all
}

// RenewalWords are what the offer says of its renewal.
func (v purchaseView) RenewalWords() []string {
	if v.Option.Terms.Renewal == nil {
		return nil
	}
	return renewalWords(v.Option.Terms.Renewal, 0)
}

// getOption is the page of one offer, on which it is accepted.
func (s *Storefront) getOption(w http.ResponseWriter, r *http.Request) error {
	p, o, err := s.option(r, r.PathValue("offer"))
	if err != nil {
		return err
	}
	return s.showOption(w, r, p, o, http.StatusOK, contractFormOf(offeredAs(p, o), o, r.URL.Query()))
}

// option is the offer of a product that the address names, if the visitor may see it.
func (s *Storefront) option(r *http.Request, id string) (world.Product, world.Offer, error) {
	p, err := s.product(r)
	if err != nil {
		return p, world.Offer{}, err
	}
	b, _ := s.buyer(r)
	o, _, err := s.opt.World.Proposal(b.AccountID, id)
	if err == nil && o.ProductID != p.ProductID {
		err = fail.New(fail.NotFound, "unknown_offer", "%s has no offer %q.", p.Title, id)
	}
	if fail.Is(err, fail.NotFound) {
		err = fail.Wrap(fail.NotFound, err, "unknown_offer", "There is no such offer for this buyer. A private offer is shown to the accounts that it was made for; choose one of them at the top of the page.")
	}
	return p, o, err
}

func (s *Storefront) showOption(w http.ResponseWriter, r *http.Request, p world.Product, o world.Offer, status int, f contractForm) error {
	v := purchaseView{Chrome: s.chrome(w, r), Product: p, Contract: f, Nonce: nonce()}
	v.Option, v.Closed = optionOf(v.Now, o, p), !o.Open(v.Now)
	as := offeredAs(p, o)
	for _, d := range as.Dimensions {
		if prices := pricesOf(as, d); len(prices) > 0 {
			v.Prices = append(v.Prices, PriceRow{d, prices})
		}
	}
	seller, err := s.opt.World.Seller(o.SellerAccount)
	if err != nil {
		return err
	}
	v.Seller = seller.Name
	if o.SellerAccount != o.ManufacturerAccount {
		maker, err := s.opt.World.Seller(o.ManufacturerAccount)
		if err != nil {
			return err
		}
		v.Maker = maker.Name
	}
	if v.Buyer != nil {
		if err := s.running(&v); err != nil {
			return err
		}
		v.Cost = f.cost(s, v.Now, v.Buyer.AccountID, p, o, "/products/"+p.ProductID+"/offers/"+o.OfferID)
	}
	return s.ui.Render(w, status, "purchase", v)
}

// running finds what the visitor has that bears on the purchase.
func (s *Storefront) running(v *purchaseView) error {
	if a, err := s.opt.World.Agreement(v.Option.Replaces); err == nil && a.BuyerAccount == v.Buyer.AccountID && a.Status == world.Active {
		old, err := s.subscription(a, v.Now)
		if err != nil {
			return err
		}
		v.Replaced = &old
	}
	q := world.AgreementQuery{BuyerAccount: v.Buyer.AccountID, ProductCode: v.Product.ProductCode, Status: world.Active}
	if !v.Product.Identity.ByTopics() {
		q.OfferID = v.Option.OfferID
	}
	mine, more, err := s.newestSubscriptions(q, v.Now)
	v.Running, v.More = slices.DeleteFunc(mine, func(m Subscription) bool { return m.AgreementID == v.Option.Replaces }), more
	return err
}

// offeredAs is p as an offer sells it: with the offer's prices, for its durations.
func offeredAs(p world.Product, o world.Offer) world.Product {
	if o.Terms.Trial != nil {
		p.Dimensions = nil // nothing is paid
		return p
	}
	sold := make([]world.Dimension, 0, len(p.Dimensions))
	for _, d := range p.Dimensions {
		prices := map[string]decimal.Decimal{}
		if o.Terms.Upfront != nil {
			for _, card := range o.Terms.Upfront.RateCards {
				if price, ok := card.Rates[d.Key]; ok {
					prices[card.Duration] = price
				}
			}
		}
		if o.Terms.Usage != nil && d.Is(world.Metered) {
			prices[world.UsagePrice] = o.Terms.Usage.Rates[d.Key]
		}
		if d.Prices = prices; len(prices) > 0 {
			sold = append(sold, d)
		}
	}
	p.Dimensions = sold
	if o.Terms.Upfront != nil {
		p.Selection = o.Terms.Upfront.Selection
	}
	return p
}
