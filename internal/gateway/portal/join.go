package portal

import (
	"errors"
	"net/http"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/letter"
	"souk.dev/souk/internal/webui"
)

// What a browser carries from an invitation to sign-in and back; sealed.
const (
	invitationCookie  = "souk_invitation"
	invitationPurpose = "invitation on its way through sign-in"
)

// joinView asks whether somebody accepts an invitation, and for what is missing.
type joinView struct {
	Page
	Invited account.Invited
	Proof   string
	Fields  []webui.Field
	Notice  webui.Notice
}

// Mine reports whether who is signed in is whom the invitation is to.
func (v joinView) Mine() bool { return v.Account != nil && v.Account.ID == v.Invited.Known }

func joinFields(name string, bad account.FieldErrors) []webui.Field {
	return []webui.Field{
		{Name: account.FieldName, Label: "Full name", Autocomplete: "name", Required: true, MaxLength: account.MaxName, Value: name, Error: bad[account.FieldName], Autofocus: true},
		{Name: account.FieldPassword, Label: "Password", Type: "password", Autocomplete: "new-password", Required: true, MaxLength: credential.MaxPassword, Hint: passwordHint, Error: bad[account.FieldPassword]},
	}
}

// getJoin shows an invitation. Who has to sign in to accept it comes back here afterwards.
func (p *Portal) getJoin(w http.ResponseWriter, r *http.Request) error {
	secret := r.URL.Query().Get("proof")
	if secret == "" {
		var err error
		if secret, err = p.wayOf(r, invitationCookie, invitationPurpose); err != nil {
			return err
		}
	}
	return p.showJoin(w, r, secret, "", nil)
}

// showJoin shows an invitation; why is why its form was not taken.
func (p *Portal) showJoin(w http.ResponseWriter, r *http.Request, secret, name string, why error) error {
	in, err := p.Accounts.Invited(r.Context(), secret)
	if fail.Is(err, fail.NotFound) {
		p.setCookie(w, invitationCookie, "", 0)
		return p.staleLink(w, r, "/portal", "Go to your subscriptions")
	}
	if err != nil {
		return err
	}
	who, err := p.who(r)
	if err != nil {
		return err
	}
	view := joinView{Page: p.page(r, who), Invited: in, Proof: secret, Notice: noticeOf(why)}
	if in.Known == "" {
		bad, _ := errors.AsType[account.FieldErrors](why)
		view.Fields = joinFields(name, bad)
	} else if !view.Mine() {
		p.keepWay(w, invitationCookie, invitationPurpose, secret)
	}
	if why != nil {
		return p.showAgain(w, r, "join", view, why)
	}
	return p.ui.Render(w, http.StatusOK, "join", view)
}

// postJoin accepts an invitation: as who is signed in, or as a new person.
func (p *Portal) postJoin(w http.ResponseWriter, r *http.Request) error {
	form, err := p.form(w, r)
	if err != nil {
		return err
	}
	secret := form.Get("proof")
	in, err := p.Accounts.Invited(r.Context(), secret)
	if fail.Is(err, fail.NotFound) {
		return p.staleLink(w, r, "/portal", "Go to your subscriptions")
	}
	if err != nil {
		return err
	}
	who, err := p.who(r)
	if err != nil {
		return err
	}
	if in.Known != "" && (who == nil || who.ID != in.Known) {
		seeOther(w, r, letter.JoinPage) // which says who has to sign in
		return nil
	}
	if in.Known == "" {
		joined, err := p.Accounts.Join(r.Context(), secret, form.Get(account.FieldName), form.Get(account.FieldPassword))
		if fail.Is(err, fail.NotFound) || fail.Is(err, fail.Conflict) { // at once, in another window
			return p.staleLink(w, r, "/signin", "Sign in")
		}
		if err != nil {
			return p.showJoin(w, r, secret, form.Get(account.FieldName), err)
		}
		if err := p.signIn(w, r, joined); err != nil {
			return err
		}
	} else {
		of, err := p.Accounts.JoinAs(r.Context(), secret, *who)
		if fail.Is(err, fail.NotFound) {
			return p.staleLink(w, r, "/portal", "Go to your subscriptions")
		}
		if err == nil {
			err = p.Accounts.TakeSeat(r.Context(), p.cookie(r, sessionCookie), of)
		}
		if err != nil {
			return err
		}
	}
	p.setCookie(w, invitationCookie, "", 0)
	seeOther(w, r, peoplePath+"?joined")
	return nil
}
