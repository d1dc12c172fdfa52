package portal

import (
	"net/http"
	"net/url"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/passkey"
	"souk.dev/souk/internal/webui"
)

// Addresses of the forms by which a browser answers with a passkey.
const (
	passkeyPath     = "/signin/passkey"
	codePasskeyPath = codePath + "/passkey"
)

// What was asked of a browser goes to its page and back: sealed for the step that it is of, and for the secret of a cookie, so that
// what one browser was asked no other can answer.
const (
	passkeyCookie  = "souk_passkey"                // of browsers in which nobody is signed in yet
	passkeyPurpose = "passkey for sign-in from "   // and a hash of passkeyCookie's secret
	codeKeyPurpose = "passkey for a code in "      // and of codeCookie's
	newKeyPurpose  = "new passkey in the session " // and of sessionCookie's
)

// asking is the form that asks for a passkey by q.
func (p *Portal) asking(q passkey.Question, purpose string, form webui.Passkey) *webui.Passkey {
	form.Options, form.Sealed = q.Options, p.Seal.Seal(purpose, p.Clock.Now().Add(passkey.Life), q.Kept)
	return &form
}

// passkeyForm is the form by which somebody signs in with nothing but a passkey; nil where there are none.
func (p *Portal) passkeyForm(w http.ResponseWriter, r *http.Request, to destination) (*webui.Passkey, error) {
	if p.passkeys == nil {
		return nil, nil
	}
	q, err := p.passkeys.Ask(nil)
	if err != nil {
		return nil, err
	}
	secret := p.cookie(r, passkeyCookie)
	if secret == "" {
		secret = credential.NewSecret()
	}
	p.setCookie(w, passkeyCookie, secret, passkey.Life)
	hidden := map[string]string{}
	for name, value := range map[string]string{"product": string(to.product.Code), "return": to.back, "authorize": to.query} {
		if value != "" {
			hidden[name] = value
		}
	}
	return p.asking(q, passkeyPurpose+credential.HashOf(secret), webui.Passkey{Action: passkeyPath, Label: "Sign in with a passkey", Hidden: hidden}), nil
}

// showSignIn shows the sign-in form; why is why it is shown again, if it is.
func (p *Portal) showSignIn(w http.ResponseWriter, r *http.Request, view signInView, to destination, why error) (err error) {
	if view.Passkey, err = p.passkeyForm(w, r, to); err != nil {
		return err
	}
	if why != nil {
		view.Notice = noticeOf(why)
		return p.showAgain(w, r, "signin", view, why, to.forms())
	}
	return p.ui.Render(w, http.StatusOK, "signin", view, to.forms())
}

// answered reads what a browser has answered to what was sealed for purpose.
func (p *Portal) answered(r *http.Request, in url.Values, purpose string) (credential.Answer, error) {
	kept, err := p.Seal.Open(r.Context(), purpose, in.Get("sealed"))
	if fail.Is(err, fail.Denied) {
		return credential.Answer{}, fail.New(fail.Denied, "late_passkey", "That took too long. Use your passkey once more.")
	}
	if err != nil {
		return credential.Answer{}, err
	}
	a, err := p.passkeys.Take(kept, in.Get("answer"), func(id string) (passkey.Owner, error) { return p.keyOwner(r, core.PersonID(id)) })
	a.Expires = p.Clock.Now().Add(passkey.Life) // by when none can be given any more to what was asked before
	if fail.Is(err, fail.Denied) {
		p.Log.InfoContext(r.Context(), "sign-in refused: no good answer of a passkey", "code", fail.CodeOf(err))
	}
	return a, err
}

// keyOwner is a person whose passkeys may be asked for; fail.NotFound.
func (p *Portal) keyOwner(r *http.Request, id core.PersonID) (passkey.Owner, error) {
	person, err := p.Accounts.Person(r.Context(), id)
	if err != nil {
		return passkey.Owner{}, err
	}
	keys, err := p.Accounts.Passkeys(r.Context(), id)
	return passkey.Owner{ID: string(id), Name: person.Email, Keys: keys}, err
}

// postPasskey signs in by a passkey alone: its program has verified the person, so no code is asked for.
func (p *Portal) postPasskey(w http.ResponseWriter, r *http.Request) error {
	if p.passkeys == nil {
		return p.getNowhere(w, r)
	}
	in, err := p.formOfPasskey(w, r)
	if err != nil {
		return err
	}
	to, err := p.destinationOf(in)
	if err != nil {
		return err
	}
	a, err := p.answered(r, in, passkeyPurpose+credential.HashOf(p.cookie(r, passkeyCookie)))
	var who account.Who
	if err == nil {
		who, err = p.Accounts.SignInByPasskey(r.Context(), a)
	}
	if err != nil {
		return p.showSignIn(w, r, p.signInForm(r, to, ""), to, err)
	}
	p.setCookie(w, passkeyCookie, "", 0)
	if err := p.signIn(w, r, who); err != nil {
		return err
	}
	return p.goOn(w, r, who, to)
}

// codePasskey is the form by which somebody between password and code uses a passkey in the code's stead; nil where they have none.
func (p *Portal) codePasskey(r *http.Request, h halfway) (*webui.Passkey, error) {
	if p.passkeys == nil {
		return nil, nil
	}
	o, err := p.keyOwner(r, h.Person)
	if fail.Is(err, fail.NotFound) || err == nil && len(o.Keys) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	q, err := p.passkeys.Ask(&o)
	if err != nil {
		return nil, err
	}
	return p.asking(q, codeKeyPurpose+credential.HashOf(p.cookie(r, codeCookie)), webui.Passkey{Action: codePasskeyPath, Label: "Use a passkey instead"}), nil
}

// postCodePasskey ends a sign-in that a password has begun by a passkey of the same person's.
func (p *Portal) postCodePasskey(w http.ResponseWriter, r *http.Request) error {
	if p.passkeys == nil {
		return p.getNowhere(w, r)
	}
	in, err := p.formOfPasskey(w, r)
	if err != nil {
		return err
	}
	h, to, ok, err := p.halfway(r)
	if err != nil {
		return err
	}
	if !ok {
		seeOther(w, r, "/signin")
		return nil
	}
	a, err := p.answered(r, in, codeKeyPurpose+credential.HashOf(p.cookie(r, codeCookie)))
	var who account.Who
	if err == nil {
		who, err = p.Accounts.SignInByPasskey(r.Context(), a)
	}
	if err != nil {
		return p.showCode(w, r, h, to, err)
	}
	return p.codeProven(w, r, who, h, to)
}

// formOfPasskey reads a form with a passkey's answer.
func (p *Portal) formOfPasskey(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	return formUpTo(w, r, maxForm+2*passkey.MaxAnswer)
}
