package portal

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/webui"
)

// Addresses of the pages about second factors.
const (
	factorPath = selfPath + "/second-factor"
	codePath   = "/signin/code"
)

// What a browser carries from the password to the code, and from the picture to the first code; each sealed.
const (
	codeCookie    = "souk_code"
	codePurpose   = "sign-in between password and code"
	codeLife      = 5 * time.Minute
	maxReturn     = 1500                // bytes of the address to go back to: a cookie has no room for more
	secretPurpose = "second factor of " // and whose
	secretLife    = 15 * time.Minute
)

// halfway is a sign-in between password and code, and where it leads.
type halfway struct {
	Person   core.PersonID    `json:"person"`
	Product  core.ProductCode `json:"product,omitempty"` // whose application asked
	Return   string           `json:"return,omitempty"`
	Register bool             `json:"register,omitempty"` // to the registration that is open in this browser
	// Authorize is the query of the authorization request that an application sent the person with.
	Authorize string `json:"authorize,omitempty"`
}

// asksCode leads a person with a second factor, whose password was right, to the page that asks for the code.
// Nobody is signed in yet. done is false where there is no second factor.
func (p *Portal) asksCode(w http.ResponseWriter, r *http.Request, h halfway) (done bool, err error) {
	has, err := p.Accounts.HasFactor(r.Context(), h.Person)
	if err != nil || !has {
		return false, err
	}
	if len(h.Return) > maxReturn {
		h.Return = "" // to the application's beginning
	}
	text, err := json.Marshal(h)
	if err != nil {
		return false, err
	}
	p.setCookie(w, codeCookie, p.Seal.Seal(codePurpose, p.Clock.Now().Add(codeLife), text), codeLife)
	seeOther(w, r, codePath)
	return true, nil
}

// halfway is where the browser is, and where that leads. ok is false where it is not between password and code.
func (p *Portal) halfway(r *http.Request) (h halfway, to destination, ok bool, err error) {
	text, err := p.Seal.Open(r.Context(), codePurpose, p.cookie(r, codeCookie))
	if fail.Is(err, fail.Denied) {
		return h, to, false, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &h)
	}
	if err == nil {
		to, err = p.destinationOf(url.Values{"product": {string(h.Product)}, "return": {h.Return}, "authorize": {h.Authorize}})
	}
	return h, to, err == nil, err
}

type codeView struct {
	Page
	Fields  []webui.Field
	Notice  webui.Notice
	Passkey *webui.Passkey // the form for one in the code's stead; nil: they have none
}

func codeField(label, hint, bad string) webui.Field {
	return webui.Field{Name: "code", Label: label, Hint: hint, Error: bad, Required: true, Autofocus: true, Autocomplete: "one-time-code", MaxLength: 40, Code: true}
}

func (p *Portal) codeForm(r *http.Request, to destination) codeView {
	return codeView{Page: p.pageOf(r, nil, to.product.Code), Fields: []webui.Field{codeField("Code", "Six digits from your program, or one of your recovery codes.", "")}}
}

func (p *Portal) getCode(w http.ResponseWriter, r *http.Request) error {
	h, to, ok, err := p.halfway(r)
	if err != nil {
		return err
	}
	if !ok {
		seeOther(w, r, "/signin")
		return nil
	}
	return p.showCode(w, r, h, to, nil)
}

// showCode shows the page that asks for the code; why is why it is shown again, if it is.
func (p *Portal) showCode(w http.ResponseWriter, r *http.Request, h halfway, to destination, why error) (err error) {
	view := p.codeForm(r, to)
	if view.Passkey, err = p.codePasskey(r, h); err != nil {
		return err
	}
	if why != nil {
		view.Notice = noticeOf(why)
		return p.showAgain(w, r, "code", view, why, to.forms())
	}
	return p.ui.Render(w, http.StatusOK, "code", view, to.forms())
}

// postCode ends a sign-in that a password has begun.
func (p *Portal) postCode(w http.ResponseWriter, r *http.Request) error {
	in, err := p.form(w, r)
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
	a, err := p.Accounts.ProveFactor(r.Context(), h.Person, in.Get("code"), httpx.ClientAddress(r))
	if err != nil {
		return p.showCode(w, r, h, to, err)
	}
	return p.codeProven(w, r, a, h, to)
}

// codeProven signs in whose second factor was proven, and leads on.
func (p *Portal) codeProven(w http.ResponseWriter, r *http.Request, a account.Who, h halfway, to destination) error {
	p.setCookie(w, codeCookie, "", 0)
	if err := p.signIn(w, r, a); err != nil {
		return err
	}
	if h.Register {
		seeOther(w, r, "/register/account")
		return nil
	}
	return p.goOn(w, r, a, to)
}

type factorView struct {
	Page
	Notice   webui.Notice
	Has      bool
	Fields   []webui.Field
	Key      webui.Key // that is not added yet
	Sealed   string    // its secret, for this account alone
	Recovery []string  // of a factor that was added just now; shown once
}

// getFactor shows that there is a second factor, or how to add one.
func (p *Portal) getFactor(w http.ResponseWriter, r *http.Request) error {
	who, done, err := p.signedIn(w, r)
	if err != nil || done {
		return err
	}
	view := factorView{}
	if r.URL.Query().Has("removed") {
		view.Notice = webui.Notice{Tone: webui.Success, Text: "Your second factor is removed."}
	}
	return p.showFactor(w, r, who, http.StatusOK, view, credential.NewFactorSecret())
}

// showFactor shows the page as it is for who: with secret, to add it, where there is no factor.
func (p *Portal) showFactor(w http.ResponseWriter, r *http.Request, who *account.Who, status int, view factorView, secret string) (err error) {
	view.Page = p.page(r, who)
	if view.Has, err = p.Accounts.HasFactor(r.Context(), who.ID); err != nil {
		return err
	}
	switch {
	case len(view.Recovery) > 0:
	case view.Has:
		if view.Fields == nil {
			view.Fields = presentField("")
		}
	default:
		if view.Fields == nil {
			view.Fields = []webui.Field{codeField("The code that it shows", "", "")}
		}
		key, err := credential.NewFactorKey(secret, p.Seller.Name, who.Email)
		if err != nil {
			return err
		}
		view.Key = webui.Key{Picture: webui.PNG(key.Picture), Text: key.Text}
		view.Sealed = p.Seal.Seal(secretPurpose+string(who.ID), p.Clock.Now().Add(secretLife), []byte(secret))
	}
	return p.ui.Render(w, status, "factor", view)
}

func presentField(bad string) []webui.Field {
	return []webui.Field{{Name: "present", Label: "Your password", Type: "password", Autocomplete: "current-password", Required: true, Error: bad}}
}

// postFactor adds a second factor. Its recovery codes are in the answer and nowhere else, so that the answer is a page and no
// redirect.
func (p *Portal) postFactor(w http.ResponseWriter, r *http.Request) error {
	who, done, err := p.signedIn(w, r)
	if err != nil || done {
		return err
	}
	in, err := p.form(w, r)
	if err != nil {
		return err
	}
	secret, err := p.Seal.Open(r.Context(), secretPurpose+string(who.ID), in.Get("sealed"))
	if fail.Is(err, fail.Denied) {
		return p.showFactor(w, r, who, http.StatusUnprocessableEntity, factorView{Notice: webui.Notice{Tone: webui.Error, Text: "That took too long. Take the key below in place of the one before."}}, credential.NewFactorSecret())
	}
	if err != nil {
		return err
	}
	recovery, err := p.Accounts.AddFactor(r.Context(), who.ID, string(secret), in.Get("code"))
	if fail.Is(err, fail.Invalid) {
		return p.showFactor(w, r, who, http.StatusUnprocessableEntity, factorView{Fields: []webui.Field{codeField("The code that it shows", "", fail.SayOf(err))}}, string(secret))
	}
	if err != nil {
		return err
	}
	return p.showFactor(w, r, who, http.StatusCreated, factorView{Recovery: recovery}, "")
}

// postFactorRemove removes the second factor: who has only the open browser cannot.
func (p *Portal) postFactorRemove(w http.ResponseWriter, r *http.Request) error {
	who, done, err := p.signedIn(w, r)
	if err != nil || done {
		return err
	}
	in, err := p.form(w, r)
	if err != nil {
		return err
	}
	_, err = p.Accounts.SignIn(r.Context(), who.Email, in.Get("present"), httpx.ClientAddress(r))
	if fail.Is(err, fail.Denied) || fail.Is(err, fail.TooMuch) {
		say := "This is not your password."
		if fail.Is(err, fail.TooMuch) {
			say = fail.SayOf(err)
		}
		return p.showFactor(w, r, who, http.StatusUnprocessableEntity, factorView{Fields: presentField(say)}, credential.NewFactorSecret())
	}
	if err != nil {
		return err
	}
	if err := p.Accounts.RemoveFactor(r.Context(), who.ID); err != nil {
		return err
	}
	seeOther(w, r, factorPath+"?removed")
	return nil
}
