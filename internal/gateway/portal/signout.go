package portal

import "net/http"

type signOutView struct {
	Page
	From  string // the application that sent the person here; may be empty
	After string // the query that it sent them with
}

// getSignOut asks: a link must not sign anybody out.
func (p *Portal) getSignOut(w http.ResponseWriter, r *http.Request) error {
	who, err := p.who(r)
	if err != nil {
		return err
	}
	if who == nil {
		seeOther(w, r, "/signin")
		return nil
	}
	return p.ui.Render(w, http.StatusOK, "signout", signOutView{Page: p.page(r, who)})
}

// postSignOut ends the session, here and in the database. With then=register it leads back to the registration that
// is open in this browser, for another account.
func (p *Portal) postSignOut(w http.ResponseWriter, r *http.Request) error {
	in, err := p.form(w, r)
	if err != nil {
		return err
	}
	after, err := p.leaving(in.Get("after"))
	if err != nil {
		return err
	}
	if err := p.endSession(w, r); err != nil {
		return err
	}
	if after.to != "" {
		p.forgetRegistration(w)
		seeOther(w, r, after.to)
		return nil
	}
	if in.Get("then") == "register" {
		seeOther(w, r, "/register/account")
		return nil
	}
	p.forgetRegistration(w)
	seeOther(w, r, "/signin?signed-out")
	return nil
}

// endSession ends the session, here and in the database.
func (p *Portal) endSession(w http.ResponseWriter, r *http.Request) error {
	if err := p.Accounts.EndSession(r.Context(), p.cookie(r, sessionCookie)); err != nil {
		return err
	}
	p.setCookie(w, sessionCookie, "", 0)
	return nil
}
