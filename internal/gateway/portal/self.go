package portal

import (
	"errors"
	"net/http"
	"net/url"

	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/webui"
)

// Addresses of the pages on which people change what they sign in with.
const (
	selfPath     = "/portal/sign-in"
	namePath     = selfPath + "/name"
	emailPath    = selfPath + "/email"
	passwordPath = selfPath + "/password"
)

// selfView is what somebody signs in with.
type selfView struct {
	Page
	Notice webui.Notice
	Factor bool                   // they have a second factor
	Asked  *account.AddressChange // the address that they have asked for and not yet confirmed; nil: none
	// Passkeys are those that they have; HasPasskeys says that they may add some.
	Passkeys    []credential.Passkey
	HasPasskeys bool
	// Browsers are where they are signed in.
	Browsers webui.Browsers
}

// selfNotices are what was done, by the query that says so.
var selfNotices = map[string]string{
	"name": "Your name is changed.", "password": "Your password is changed. You are signed out everywhere else.",
	"email": "This is your address from now on: sign in with it. You are signed out everywhere else.", "asked": "The mail is on its way. Its link makes the new address yours; until then nothing changes.",
	"passkey": "Your passkey is added. Try it when you sign in next.", "passkey-removed": "That passkey does not sign you in any more.",
	"browser": "That browser is signed out.", "others": "You are signed out everywhere else.",
	"dropped": "Your address stays as it is: the link of the mail leads nowhere any more.",
}

// getSelf shows what somebody signs in with, and leads to where they change it.
func (p *Portal) getSelf(w http.ResponseWriter, r *http.Request) error {
	who, done, err := p.signedIn(w, r)
	if err != nil || done {
		return err
	}
	view := selfView{Page: p.page(r, who)}
	for name, text := range selfNotices {
		if r.URL.Query().Has(name) {
			view.Notice = webui.Notice{Tone: webui.Success, Text: text}
		}
	}
	if view.Factor, err = p.Accounts.HasFactor(r.Context(), who.ID); err != nil {
		return err
	}
	if asked, ok, err := p.Accounts.AskedAddress(r.Context(), who.ID); err != nil {
		return err
	} else if ok {
		view.Asked = &asked
	}
	view.HasPasskeys = p.passkeys != nil
	if view.Passkeys, err = p.Accounts.Passkeys(r.Context(), who.ID); err != nil {
		return err
	}
	if view.Browsers, err = p.browsers(r, who); err != nil {
		return err
	}
	return p.ui.Render(w, http.StatusOK, "self", view)
}

// changeView is the page of one change.
type changeView struct {
	Page
	Title, Lede, Button string
	At                  string // where its form goes; empty: to the page's own address
	Notice              webui.Notice
	Fields              []webui.Field
}

// confirmFields ask once more for what somebody signs in with: the code only of who has a second factor.
func confirmFields(factor bool, bad account.FieldErrors) []webui.Field {
	fields := []webui.Field{{Name: account.FieldPresent, Label: "Your present password", Type: "password", Autocomplete: "current-password", Required: true, Error: bad[account.FieldPresent]}}
	if factor {
		code := codeField("Code", "Of your second factor: six digits from your program, or one of your recovery codes.", bad[account.FieldCode])
		code.Autofocus = false
		fields = append(fields, code)
	}
	return fields
}

// confirmation is what confirmFields have asked for.
func confirmation(r *http.Request, in url.Values) account.Confirmation {
	return account.Confirmation{Password: in.Get(account.FieldPresent), Code: in.Get(account.FieldCode), Address: httpx.ClientAddress(r)}
}

// showChange shows the page of one change: as new, or with why its form was not taken. first are its fields before those that
// confirm it; nil confirms nothing.
func (p *Portal) showChange(w http.ResponseWriter, r *http.Request, who *account.Who, view changeView, confirm bool, why error) error {
	view.Page, view.Notice = p.page(r, who), noticeOf(why)
	if confirm {
		factor, err := p.Accounts.HasFactor(r.Context(), who.ID)
		if err != nil {
			return err
		}
		bad, _ := errors.AsType[account.FieldErrors](why)
		view.Fields = append(view.Fields, confirmFields(factor, bad)...)
	}
	if why != nil {
		return p.showAgain(w, r, "change", view, why)
	}
	return p.ui.Render(w, http.StatusOK, "change", view)
}

func nameChange(name string, why error) changeView {
	bad, _ := errors.AsType[account.FieldErrors](why)
	return changeView{Title: "Your name", Lede: "What you are called here, in mails, and in applications that you open with this account.", Button: "Change my name", Fields: []webui.Field{
		{Name: account.FieldName, Label: "Full name", Autocomplete: "name", Required: true, MaxLength: account.MaxName, Value: name, Error: bad[account.FieldName], Autofocus: true}}}
}

func (p *Portal) getName(w http.ResponseWriter, r *http.Request) error {
	who, done, err := p.signedIn(w, r)
	if err != nil || done {
		return err
	}
	return p.showChange(w, r, who, nameChange(who.Name, nil), false, nil)
}

func (p *Portal) postName(w http.ResponseWriter, r *http.Request) error {
	who, in, done, err := p.ownForm(w, r)
	if err != nil || done {
		return err
	}
	name := in.Get(account.FieldName)
	if err := p.Accounts.ChangeName(r.Context(), who.ID, name); err != nil {
		return p.showChange(w, r, who, nameChange(name, err), false, err)
	}
	seeOther(w, r, selfPath+"?name")
	return nil
}

func passwordChange(why error) changeView {
	bad, _ := errors.AsType[account.FieldErrors](why)
	return changeView{Title: "Your password", Lede: "Everybody who is signed in with the old one is signed out, but you, here.", Button: "Change my password", Fields: []webui.Field{
		{Name: account.FieldPassword, Label: "New password", Type: "password", Autocomplete: "new-password", Required: true, MaxLength: credential.MaxPassword, Hint: passwordHint, Error: bad[account.FieldPassword], Autofocus: true}}}
}

func (p *Portal) getPassword(w http.ResponseWriter, r *http.Request) error {
	who, done, err := p.signedIn(w, r)
	if err != nil || done {
		return err
	}
	return p.showChange(w, r, who, passwordChange(nil), true, nil)
}

func (p *Portal) postPassword(w http.ResponseWriter, r *http.Request) error {
	who, in, done, err := p.ownForm(w, r)
	if err != nil || done {
		return err
	}
	if err := p.Accounts.ChangePassword(r.Context(), who.ID, in.Get(account.FieldPassword), confirmation(r, in), p.cookie(r, sessionCookie)); err != nil {
		return p.showChange(w, r, who, passwordChange(err), true, err)
	}
	seeOther(w, r, selfPath+"?password")
	return nil
}

// ownForm reads a form of who is signed in. done is true where nobody is, who was sent to sign in.
func (p *Portal) ownForm(w http.ResponseWriter, r *http.Request) (who *account.Who, in url.Values, done bool, err error) {
	if who, done, err = p.signedIn(w, r); err != nil || done {
		return nil, nil, done, err
	}
	in, err = p.form(w, r)
	return who, in, false, err
}
