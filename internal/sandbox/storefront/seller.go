package storefront

import (
	"net/http"

	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

// sellerCookie holds the account id of the seller at whose desk the visitor sits. Like the buyer's, it proves nothing.
const sellerCookie = "souk_sandbox_seller"

// mountSeller gives the seller's desk its pages.
func (s *Storefront) mountSeller(handle func(pattern string, f httpx.Func)) {
	handle("POST /seller/as", s.postSellerAs)
	handle("GET /seller", s.getSeller)
	handle("GET /seller/products/new", s.getNewProduct)
	handle("POST /seller/products/new", s.postNewProduct)
	handle("GET /seller/products/{product}", s.getEditProduct)
	handle("POST /seller/products/{product}", s.postEditProduct)
	handle("GET /seller/offers", s.getOffers)
	handle("GET /seller/offers/new", s.getNewOffer)
	handle("POST /seller/offers/new", s.postNewOffer)
	handle("GET /seller/offers/{offer}", s.getOffer)
	handle("POST /seller/offers/{offer}/{act}", s.postOffer)
	handle("GET /seller/agreements", s.getSellerAgreements)
	handle("GET /seller/agreements/{agreement}", s.getSellerAgreement)
	handle("POST /seller/agreements/{agreement}/cancellation", s.postCancellation)
	handle("POST /seller/agreements/{agreement}/adjustment", s.postAdjustment)
	handle("POST /seller/agreements/{agreement}/payment", s.postPayment)
	s.mountChannels(handle)
	handle("GET /seller/reports", s.getReports)
	handle("GET /seller/requests", s.getRequests)
	handle("POST /seller/requests/{request}/withdraw", s.postWithdraw)
}

// Counter is what stands around every page of the seller's desk.
type Counter struct {
	Chrome
	Seller  world.Seller
	Sellers []world.Seller
	Tabs    []webui.Link
	Waiting int // requests to buyers that wait for an answer
}

func (s *Storefront) counter(w http.ResponseWriter, r *http.Request) Counter {
	c := Counter{Chrome: s.chrome(w, r), Seller: s.seller(r), Sellers: s.opt.World.Sellers()}
	tab := func(href, label string) {
		link := webui.NewLink(href, label, c.Path)
		link.Current = link.Current && (href != "/seller" || c.Path == "/seller")
		c.Tabs = append(c.Tabs, link)
	}
	tab("/seller", "Listings")
	tab("/seller/offers", "Offers")
	tab("/seller/agreements", "Agreements")
	tab("/seller/requests", "Requests")
	if s.opt.Channels != nil {
		tab(channelsPath, "Channels")
	}
	tab("/seller/reports", "Reports")
	c.Waiting = len(s.opt.World.Cancellations(world.CancellationQuery{SellerAccount: c.Seller.AccountID, Status: world.PendingApproval}))
	return c
}

// seller is the one at whose desk the visitor sits: the world's first, until they choose another.
func (s *Storefront) seller(r *http.Request) world.Seller {
	if c, err := r.Cookie(sellerCookie); err == nil {
		if seller, err := s.opt.World.Seller(c.Value); err == nil {
			return seller
		}
	}
	seller, err := s.opt.World.Seller(s.opt.World.DefaultSeller())
	if err != nil {
		panic("storefront: the world's default seller is none of its sellers: " + err.Error())
	}
	return seller
}

// postSellerAs sits the visitor down at another seller's desk.
func (s *Storefront) postSellerAs(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	seller, err := s.opt.World.Seller(r.PostForm.Get("account"))
	if err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: sellerCookie, Value: seller.AccountID, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, "/seller", http.StatusSeeOther)
	return nil
}
