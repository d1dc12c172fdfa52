package storefront

import (
	"net/http"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

// confirmWord is what a buyer types to cancel, as on the real site.
const confirmWord = "confirm"

type cancelView struct {
	Chrome
	Sub     Subscription
	Confirm webui.Field
}

func confirmField(value, wrong string) webui.Field {
	return webui.Field{Name: "confirm", Label: "To cancel, type confirm", Value: value, Error: wrong, Autocomplete: "off", Required: true, Autofocus: true, MaxLength: 40}
}

// getCancel asks whether the buyer means it. For a contract, the subscription's page says how it is cancelled.
func (s *Storefront) getCancel(w http.ResponseWriter, r *http.Request) error {
	return s.askCancel(w, r, http.StatusOK, confirmField("", ""))
}

func (s *Storefront) askCancel(w http.ResponseWriter, r *http.Request, status int, field webui.Field) error {
	a, _, err := s.mine(r)
	if err != nil {
		return err
	}
	if a.Status != world.Active || a.Contract() {
		http.Redirect(w, r, "/subscriptions/"+a.AgreementID, http.StatusSeeOther)
		return nil
	}
	v := cancelView{Chrome: s.chrome(w, r), Confirm: field}
	if v.Sub, err = s.subscription(a, v.Now); err != nil {
		return err
	}
	return s.ui.Render(w, status, "cancel", v)
}

// postCancel ends a subscription. Sent twice, it shows twice that the end is under way.
func (s *Storefront) postCancel(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	a, _, err := s.mine(r)
	if err != nil {
		return err
	}
	if a.Contract() {
		return fail.New(fail.Conflict, "contract", "A contract is not cancelled here: ask AWS Support within 48 hours of the purchase, and the seller after that.")
	}
	if typed := r.PostForm.Get("confirm"); strings.TrimSpace(strings.ToLower(typed)) != confirmWord {
		return s.askCancel(w, r, http.StatusUnprocessableEntity, confirmField(typed, "Type the word confirm, or go back if you want to keep the subscription."))
	}
	_, err = s.opt.World.Cancel(s.opt.Clock.Now(), a.AgreementID)
	if err != nil && !fail.Is(err, fail.Conflict) { // in conflict, it has ended meanwhile: that page says how
		return err
	}
	http.Redirect(w, r, "/subscriptions/"+a.AgreementID, http.StatusSeeOther)
	return nil
}
