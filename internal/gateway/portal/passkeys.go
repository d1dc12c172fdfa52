package portal

import (
	"errors"
	"net/http"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/webui"
)

// Addresses of the pages on which people add passkeys, and remove each under its id.
const (
	passkeysPath   = selfPath + "/passkeys"
	newPasskeyPath = passkeysPath + "/new"
)

func newPasskey(name string, why error) changeView {
	bad, _ := errors.AsType[account.FieldErrors](why)
	return changeView{Title: "Add a passkey", Lede: "With it you sign in by your finger, your face or a PIN, and without your password. Your telephone, your computer, a password manager or a security key holds it.", Button: "Go on", Fields: []webui.Field{
		{Name: account.FieldKeyName, Label: "What you call it", Hint: "So that you know it again: “My telephone”.", Required: true, MaxLength: account.MaxKeyName, Value: name, Error: bad[account.FieldKeyName], Autofocus: true}}}
}

// getNewPasskey asks for what somebody signs in with, before a way in is added.
func (p *Portal) getNewPasskey(w http.ResponseWriter, r *http.Request) error {
	who, done, err := p.signedIn(w, r)
	if err != nil || done {
		return err
	}
	if p.passkeys == nil {
		return p.getNowhere(w, r)
	}
	return p.showChange(w, r, who, newPasskey("", nil), true, nil)
}

// passkeyView is the page on which the browser is asked for a new passkey.
type passkeyView struct {
	Page
	Name    string
	Passkey *webui.Passkey
}

// postNewPasskey takes what was asked for, and asks the browser for the passkey.
func (p *Portal) postNewPasskey(w http.ResponseWriter, r *http.Request) error {
	who, in, done, err := p.ownForm(w, r)
	if err != nil || done {
		return err
	}
	if p.passkeys == nil {
		return p.getNowhere(w, r)
	}
	name := strings.Join(strings.Fields(in.Get(account.FieldKeyName)), " ")
	if err := p.Accounts.MayAddPasskey(r.Context(), who.Person, name, confirmation(r, in)); err != nil {
		return p.showChange(w, r, who, newPasskey(name, err), true, err)
	}
	o, err := p.keyOwner(r, who.ID)
	if err != nil {
		return err
	}
	q, err := p.passkeys.AskNew(o)
	if err != nil {
		return err
	}
	form := p.asking(q, p.newKeyPurpose(r, who, name), webui.Passkey{Class: "card form", Action: passkeysPath, New: true, Label: "Make the passkey", Hidden: map[string]string{account.FieldKeyName: name}})
	return p.ui.Render(w, http.StatusOK, "passkey", passkeyView{p.page(r, who), name, form})
}

// newKeyPurpose seals what a browser is asked for one session, one person and one name.
func (p *Portal) newKeyPurpose(r *http.Request, who *account.Who, name string) string {
	return newKeyPurpose + credential.HashOf(p.cookie(r, sessionCookie)) + " of " + string(who.ID) + " called " + name
}

// postPasskeys adds the passkey that the browser has made: who sends it has shown in the step before, in the same session, what they
// sign in with.
func (p *Portal) postPasskeys(w http.ResponseWriter, r *http.Request) error {
	who, done, err := p.signedIn(w, r)
	if err != nil || done {
		return err
	}
	if p.passkeys == nil {
		return p.getNowhere(w, r)
	}
	in, err := p.formOfPasskey(w, r)
	if err != nil {
		return err
	}
	name := in.Get(account.FieldKeyName)
	kept, err := p.Seal.Open(r.Context(), p.newKeyPurpose(r, who, name), in.Get("sealed"))
	if fail.Is(err, fail.Denied) {
		return p.passkeyAgain(w, r, who, name, fail.New(fail.Invalid, "late_passkey", "That took too long. Begin once more."))
	}
	if err != nil {
		return err
	}
	o, err := p.keyOwner(r, who.ID)
	if err != nil {
		return err
	}
	k, err := p.passkeys.TakeNew(o, kept, in.Get("answer"))
	if err == nil {
		err = p.Accounts.AddPasskey(r.Context(), who.ID, k, name)
	}
	if fail.Is(err, fail.Invalid) {
		return p.passkeyAgain(w, r, who, name, err)
	}
	if err != nil {
		return err
	}
	seeOther(w, r, selfPath+"?passkey")
	return nil
}

// passkeyAgain shows the first of the two pages again, and why.
func (p *Portal) passkeyAgain(w http.ResponseWriter, r *http.Request, who *account.Who, name string, why error) error {
	view := newPasskey(name, why)
	view.At = newPasskeyPath
	return p.showChange(w, r, who, view, true, why)
}

func passkeyRemoval(k credential.Passkey) changeView {
	return changeView{Title: "Remove a passkey", Lede: "“" + k.Name + "” will not sign you in any more. Remove it from what holds it, too: that cannot be done from here.", Button: "Remove it"}
}

func (p *Portal) getPasskey(w http.ResponseWriter, r *http.Request) error {
	who, done, err := p.signedIn(w, r)
	if err != nil || done {
		return err
	}
	k, err := p.Accounts.Passkey(r.Context(), who.ID, r.PathValue("passkey"))
	if err != nil {
		return err
	}
	return p.showChange(w, r, who, passkeyRemoval(k), true, nil)
}

// postPasskeyRemove removes a passkey: who has only the open browser cannot.
func (p *Portal) postPasskeyRemove(w http.ResponseWriter, r *http.Request) error {
	who, in, done, err := p.ownForm(w, r)
	if err != nil || done {
		return err
	}
	k, err := p.Accounts.Passkey(r.Context(), who.ID, r.PathValue("passkey"))
	if err != nil {
		return err
	}
	if err := p.Accounts.RemovePasskey(r.Context(), who.Person, k.ID, confirmation(r, in)); err != nil {
		return p.showChange(w, r, who, passkeyRemoval(k), true, err)
	}
	seeOther(w, r, selfPath+"?passkey-removed")
	return nil
}
