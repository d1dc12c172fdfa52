package storefront

import (
	"net/http"

	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

type subscriptionsView struct {
	Chrome
	Current, Past []Subscription // newest first
	Nothing       webui.Empty    // instead of current ones
}

// getSubscriptions is Your Marketplace Software, which the present console calls Manage subscriptions.
func (s *Storefront) getSubscriptions(w http.ResponseWriter, r *http.Request) error {
	v := subscriptionsView{Chrome: s.chrome(w, r), Nothing: webui.Empty{Title: "No subscriptions", Text: "What you subscribe to is listed here, with the way to its sign-in page.", Href: "/", Label: "Look around"}}
	if v.Buyer != nil {
		all, err := s.subscriptions(world.AgreementQuery{BuyerAccount: v.Buyer.AccountID}, v.Now)
		if err != nil {
			return err
		}
		waiting := s.waiting(v.Buyer.AccountID)
		for _, sub := range all {
			if c, ok := waiting[sub.AgreementID]; ok {
				sub.Asked = &c
			}
			if sub.Current {
				v.Current = append(v.Current, sub)
			} else {
				v.Past = append(v.Past, sub)
			}
		}
	}
	return s.ui.Render(w, http.StatusOK, "subscriptions", v)
}
