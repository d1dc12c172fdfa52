package storefront

import (
	"net/http"
	"strconv"

	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

// subscriptionsOnPage is how many agreements the page lists at a time.
const subscriptionsOnPage = 25

type subscriptionsView struct {
	Chrome
	Filter        []webui.Field
	Current, Past []Subscription // newest first
	Older         string         // address of the next page; empty on the last
	Nothing       webui.Empty    // instead of current ones
}

// getSubscriptions is Your Marketplace Software, which the present console calls Manage subscriptions.
func (s *Storefront) getSubscriptions(w http.ResponseWriter, r *http.Request) error {
	v := subscriptionsView{Chrome: s.chrome(w, r), Nothing: webui.Empty{Title: "No subscriptions", Text: "What you subscribe to is listed here, with the way to its sign-in page.", Href: "/", Label: "Look around"}}
	if v.Buyer == nil {
		return s.ui.Render(w, http.StatusOK, "subscriptions", v)
	}
	in := r.URL.Query()
	q := world.AgreementQuery{BuyerAccount: v.Buyer.AccountID, ProductCode: in.Get("product"), Status: world.AgreementStatus(in.Get("status"))}
	v.Filter = s.agreementFilter(q)[1:] // a buyer sees their own
	if q.ProductCode != "" || q.Status != "" {
		v.Nothing = webui.Empty{Title: "None of these", Text: "Nothing that still runs is like this.", Href: "/subscriptions", Label: "Show all"}
	}
	before, err := pageBefore(in)
	if err != nil {
		return err
	}
	page, next := s.opt.World.NewestAgreements(q, before, subscriptionsOnPage)
	waiting := s.waiting(v.Buyer.AccountID)
	for _, a := range page {
		sub, err := s.subscription(a, v.Now)
		if err != nil {
			return err
		}
		if c, ok := waiting[sub.AgreementID]; ok {
			sub.Asked = &c
		}
		if sub.Current {
			v.Current = append(v.Current, sub)
		} else {
			v.Past = append(v.Past, sub)
		}
	}
	if next > 0 {
		v.Older = older("/subscriptions", in, strconv.Itoa(next))
	}
	return s.ui.Render(w, http.StatusOK, "subscriptions", v)
}
