package portal

import (
	"errors"
	"net/http"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/letter"
	"souk.dev/souk/internal/webui"
)

// What a browser carries from the mail to a new address to sign-in and back; sealed.
const (
	addressCookie  = "souk_address"
	addressPurpose = "change of address on its way through sign-in"
)

func emailChange(email string, why error) changeView {
	bad, _ := errors.AsType[account.FieldErrors](why)
	return changeView{Title: "Your e-mail address", Lede: "We send a mail to the new address. Once you have opened its link, you sign in with it; until then nothing changes.", Button: "Send me the mail", Fields: []webui.Field{
		{Name: account.FieldEmail, Label: "New e-mail address", Type: "email", Autocomplete: "email", Required: true, MaxLength: account.MaxEmail, Value: email, Error: bad[account.FieldEmail], Autofocus: true}}}
}

func (p *Portal) getEmail(w http.ResponseWriter, r *http.Request) error {
	who, done, err := p.signedIn(w, r)
	if err != nil || done {
		return err
	}
	if !p.Mails {
		return p.noMail()
	}
	return p.showChange(w, r, who, emailChange("", nil), true, nil)
}

func (p *Portal) postEmail(w http.ResponseWriter, r *http.Request) error {
	who, in, done, err := p.ownForm(w, r)
	if err != nil || done {
		return err
	}
	if !p.Mails {
		return p.noMail()
	}
	email := in.Get(account.FieldEmail)
	if err := p.Accounts.AskAddress(r.Context(), who.Person, email, confirmation(r, in)); err != nil {
		return p.showChange(w, r, who, emailChange(email, err), true, err)
	}
	seeOther(w, r, selfPath+"?asked")
	return nil
}

// postEmailDrop has the address stay as it is.
func (p *Portal) postEmailDrop(w http.ResponseWriter, r *http.Request) error {
	who, done, err := p.signedIn(w, r)
	if err != nil || done {
		return err
	}
	if err := p.Accounts.DropAddress(r.Context(), who.ID); err != nil {
		return err
	}
	seeOther(w, r, selfPath+"?dropped")
	return nil
}

// addressView asks whether an address is to be somebody's from now on.
type addressView struct {
	Page
	Email, Proof string
	Mine         bool // who is signed in has asked for it
	Notice       webui.Notice
}

// getAddress shows where the link of a mail to a new address leads. Who has to sign in first, with the old one, comes back here.
func (p *Portal) getAddress(w http.ResponseWriter, r *http.Request) error {
	secret := r.URL.Query().Get("proof")
	if secret == "" {
		var err error
		if secret, err = p.wayOf(r, addressCookie, addressPurpose); err != nil {
			return err
		}
	}
	wish, err := p.Accounts.ProvesAddress(r.Context(), secret)
	if fail.Is(err, fail.NotFound) {
		return p.staleAddress(w, r)
	}
	if err != nil {
		return err
	}
	who, err := p.who(r)
	if err != nil {
		return err
	}
	view := addressView{Page: p.page(r, who), Email: wish.Email, Proof: secret, Mine: who != nil && who.ID == wish.Person}
	if !view.Mine {
		p.keepWay(w, addressCookie, addressPurpose, secret)
	}
	return p.ui.Render(w, http.StatusOK, "address", view)
}

// postAddress makes the address that of who is signed in and asked for it.
func (p *Portal) postAddress(w http.ResponseWriter, r *http.Request) error {
	in, err := p.form(w, r)
	if err != nil {
		return err
	}
	secret := in.Get("proof")
	who, err := p.who(r)
	if err != nil {
		return err
	}
	if who == nil {
		seeOther(w, r, letter.AddressPage) // which says who has to sign in
		return nil
	}
	err = p.Accounts.ChangeAddress(r.Context(), secret, who.Person, p.cookie(r, sessionCookie))
	switch {
	case fail.Is(err, fail.NotFound):
		return p.staleAddress(w, r)
	case fail.Is(err, fail.Conflict):
		p.showProblem(w, r, webui.Problem{Status: http.StatusConflict, Title: "This address has a sign-in of its own",
			Say: "Somebody signs in with this address already, you perhaps: so it cannot be made that of another sign-in. Yours stays as it is.", Href: selfPath, Label: "Go to your sign-in"})
		return nil
	case err != nil:
		return err
	}
	p.setCookie(w, addressCookie, "", 0)
	seeOther(w, r, selfPath+"?email")
	return nil
}

func (p *Portal) staleAddress(w http.ResponseWriter, r *http.Request) error {
	p.setCookie(w, addressCookie, "", 0)
	return p.staleLink(w, r, selfPath, "Go to your sign-in")
}
