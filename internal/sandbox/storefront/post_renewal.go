package storefront

import (
	"net/http"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/world"
)

// postRenewal switches a contract's renewal on or off. Sent twice, it is as the first time left it.
func (s *Storefront) postRenewal(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	a, _, err := s.mine(r)
	if err != nil {
		return err
	}
	_, err = s.opt.World.Amend(s.opt.Clock.Now(), a.AgreementID, world.Amendment{AutoRenew: new(r.PostForm.Get("renew") == "on")})
	if err != nil && fail.CodeOf(err) != "nothing_changes" {
		return err
	}
	http.Redirect(w, r, "/subscriptions/"+a.AgreementID, http.StatusSeeOther)
	return nil
}
