package portal

import (
	"net/http"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/letter"
)

// remindersView lets somebody do without reminders, whether or not they are signed in.
type remindersView struct {
	Page
	Who   string // sealed
	Email string // theirs
	Quiet bool
}

// reminded is the person that the link of a reminder names.
func (p *Portal) reminded(r *http.Request) (account.Person, error) {
	id, err := p.Seal.Open(r.Context(), letter.UnsubscribePurpose, r.URL.Query().Get("who"))
	if err != nil {
		return account.Person{}, err
	}
	return p.Accounts.Person(r.Context(), core.PersonID(id))
}

func (p *Portal) getReminders(w http.ResponseWriter, r *http.Request) error {
	a, err := p.reminded(r)
	if fail.Is(err, fail.Denied) || fail.Is(err, fail.NotFound) {
		return p.staleLink(w, r, "/portal", "Go to your subscriptions")
	}
	if err != nil {
		return err
	}
	return p.ui.Render(w, http.StatusOK, "reminders", remindersView{p.page(r, nil), r.URL.Query().Get("who"), a.Email, !a.QuietAt.IsZero()})
}

// postReminders ends reminders, or, with again, has them sent again. A mail's reader may send it by itself when somebody
// presses its own Unsubscribe (RFC 8058): that knows the address alone, and has nobody signed in.
func (p *Portal) postReminders(w http.ResponseWriter, r *http.Request) error {
	in, err := p.form(w, r)
	if err != nil {
		return err
	}
	a, err := p.reminded(r)
	if fail.Is(err, fail.Denied) || fail.Is(err, fail.NotFound) {
		return p.staleLink(w, r, "/portal", "Go to your subscriptions")
	}
	if err != nil {
		return err
	}
	if err := p.Accounts.Quiet(r.Context(), a.ID, !in.Has("again")); err != nil {
		return err
	}
	seeOther(w, r, letter.UnsubscribePage+"?"+r.URL.Query().Encode())
	return nil
}
