package storefront

import (
	"net/http"

	"souk.dev/souk/internal/sandbox/world"
)

type subscriptionView struct {
	Chrome
	Sub      Subscription
	Requests []Request // the seller's, newest first
	Payments []Payment // that it asks for
}

// getConfirmation is the page after a purchase. Its one thing to do is to set up the account.
func (s *Storefront) getConfirmation(w http.ResponseWriter, r *http.Request) error {
	return s.showSubscription(w, r, "confirmation")
}

// getSubscription shows one subscription with all that is known of it.
func (s *Storefront) getSubscription(w http.ResponseWriter, r *http.Request) error {
	return s.showSubscription(w, r, "subscription")
}

func (s *Storefront) showSubscription(w http.ResponseWriter, r *http.Request, page string) error {
	a, _, err := s.mine(r)
	if err != nil {
		return err
	}
	v := subscriptionView{Chrome: s.chrome(w, r)}
	if v.Sub, err = s.subscription(a, v.Now); err != nil {
		return err
	}
	if v.Requests, err = s.requests(world.CancellationQuery{AgreementID: a.AgreementID}, v.Now); err != nil {
		return err
	}
	v.Payments = s.payments(a.AgreementID)
	return s.ui.Render(w, http.StatusOK, page, v)
}
