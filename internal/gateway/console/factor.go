package console

import (
	"encoding/json"
	"net/http"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/webui"
)

// Addresses of the pages about second factors.
const (
	factorPath = "/console/me/factor"
	codePath   = "/console/signin/code"
)

// What a browser carries from the password to the code, and from the picture to the first code; each sealed.
const (
	codeCookie    = "souk_console_code"
	codePurpose   = "console sign-in between password and code"
	codeLife      = 5 * time.Minute
	secretPurpose = "console second factor of " // and whose
	secretLife    = 15 * time.Minute
)

// halfway is a sign-in between password and code.
type halfway struct {
	Who  operator.ID `json:"who"`
	Then string      `json:"then"`
}

// askCode leads somebody whose password was right to the page that asks for the code. Nobody is signed in yet.
func (c *Console) askCode(w http.ResponseWriter, r *http.Request, who operator.Person, then string) error {
	text, err := json.Marshal(halfway{who.ID, carried(then)})
	if err != nil {
		return err
	}
	c.cookies.Set(w, codeCookie, c.Seal.Seal(codePurpose, c.Clock.Now().Add(codeLife), text), codeLife)
	seeOther(w, r, codePath)
	return nil
}

// halfway is where the browser is; ok is false where it is not between password and code.
func (c *Console) halfway(r *http.Request) (h halfway, ok bool, err error) {
	text, err := c.Seal.Open(r.Context(), codePurpose, c.cookies.Get(r, codeCookie))
	if fail.Is(err, fail.Denied) {
		return h, false, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &h)
	}
	return h, err == nil, err
}

type codeView struct {
	Page
	Fields []webui.Field
	Notice webui.Notice
}

func codeField(label, hint string) webui.Field {
	return webui.Field{Name: "code", Label: label, Hint: hint, Required: true, Autofocus: true, Autocomplete: "one-time-code", MaxLength: 40, Code: true}
}

func (c *Console) codeForm(r *http.Request) codeView {
	return codeView{Page: Page{Path: r.URL.Path, Now: c.Clock.Now()}, Fields: []webui.Field{codeField("Code", "Six digits from your program, or one of your recovery codes.")}}
}

func (c *Console) getCode(w http.ResponseWriter, r *http.Request) error {
	_, ok, err := c.halfway(r)
	if err != nil {
		return err
	}
	if !ok {
		seeOther(w, r, "/console/signin")
		return nil
	}
	return c.ui.Render(w, http.StatusOK, "code", c.codeForm(r))
}

// postCode ends a sign-in that a password has begun.
func (c *Console) postCode(w http.ResponseWriter, r *http.Request) error {
	in, err := form(w, r)
	if err != nil {
		return err
	}
	h, ok, err := c.halfway(r)
	if err != nil {
		return err
	}
	if !ok {
		seeOther(w, r, "/console/signin")
		return nil
	}
	who, err := c.Operators.ProveFactor(r.Context(), h.Who, in.Get("code"), httpx.ClientAddress(r))
	if fail.Is(err, fail.Denied) || fail.Is(err, fail.TooMuch) {
		view := c.codeForm(r)
		view.Notice = webui.Notice{Tone: webui.Error, Text: fail.SayOf(err)}
		return c.ui.Render(w, httpx.Status(fail.KindOf(err)), "code", view)
	}
	if err != nil {
		return err
	}
	c.cookies.Set(w, codeCookie, "", 0)
	if err := c.startSession(w, r, who); err != nil {
		return err
	}
	seeOther(w, r, destination(h.Then))
	return nil
}

type factorView struct {
	Page
	Notice   webui.Notice
	Must     bool // nothing else may be done before
	Fields   []webui.Field
	Key      webui.Key // that is not added yet
	Sealed   string    // its secret, for this operator alone
	Recovery []string  // of a factor that was added just now; shown once
}

// getFactor shows that there is a second factor, or how to add one.
func (c *Console) getFactor(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	view := factorView{}
	if r.URL.Query().Has("removed") {
		view.Notice = webui.Notice{Tone: webui.Success, Text: "Your second factor is removed."}
	}
	return c.showFactor(w, r, who, http.StatusOK, view, credential.NewFactorSecret())
}

// showFactor shows the page as it is for who: with secret, to add it, where there is no factor.
func (c *Console) showFactor(w http.ResponseWriter, r *http.Request, who operator.Person, status int, view factorView, secret string) (err error) {
	if view.Page, err = c.page(r, who); err != nil {
		return err
	}
	view.Must = c.Operators.MustAddFactor(who)
	switch {
	case who.Vouched() || len(view.Recovery) > 0:
	case who.SecondFactor:
		if view.Fields == nil {
			view.Fields = presentField("")
		}
	default:
		if view.Fields == nil {
			view.Fields = []webui.Field{codeField("The code that it shows", "")}
		}
		key, err := credential.NewFactorKey(secret, c.Name, who.Email)
		if err != nil {
			return err
		}
		view.Key = webui.Key{Picture: webui.PNG(key.Picture), Text: key.Text}
		view.Sealed = c.Seal.Seal(secretPurpose+string(who.ID), c.Clock.Now().Add(secretLife), []byte(secret))
	}
	return c.ui.Render(w, status, "factor", view)
}

func presentField(bad string) []webui.Field {
	return []webui.Field{{Name: "present", Label: "Your password", Type: "password", Autocomplete: "current-password", Required: true, Error: bad}}
}

// postFactor adds a second factor. Its recovery codes are in the answer and nowhere else, so that the answer is a page and no
// redirect.
func (c *Console) postFactor(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	in, err := form(w, r)
	if err != nil {
		return err
	}
	secret, err := c.Seal.Open(r.Context(), secretPurpose+string(who.ID), in.Get("sealed"))
	if fail.Is(err, fail.Denied) {
		return c.showFactor(w, r, who, http.StatusUnprocessableEntity, factorView{Notice: webui.Notice{Tone: webui.Error, Text: "That took too long. Take the key below in place of the one before."}}, credential.NewFactorSecret())
	}
	if err != nil {
		return err
	}
	recovery, err := c.Operators.AddFactor(r.Context(), actor(r, who), who, string(secret), in.Get("code"))
	if fail.Is(err, fail.Invalid) {
		field := codeField("The code that it shows", "")
		field.Error = fail.SayOf(err)
		return c.showFactor(w, r, who, http.StatusUnprocessableEntity, factorView{Fields: []webui.Field{field}}, string(secret))
	}
	if err != nil {
		return err
	}
	who.SecondFactor = true
	return c.showFactor(w, r, who, http.StatusCreated, factorView{Recovery: recovery}, "")
}

// postFactorRemove removes one's own second factor: who has only the open browser cannot.
func (c *Console) postFactorRemove(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	in, err := form(w, r)
	if err != nil {
		return err
	}
	_, err = c.Operators.SignIn(r.Context(), who.Email, in.Get("present"), httpx.ClientAddress(r))
	if fail.Is(err, fail.Denied) || fail.Is(err, fail.TooMuch) {
		say := "This is not your password."
		if fail.Is(err, fail.TooMuch) {
			say = fail.SayOf(err)
		}
		view := factorView{}
		if who.SecondFactor {
			view.Fields = presentField(say)
		}
		return c.showFactor(w, r, who, http.StatusUnprocessableEntity, view, credential.NewFactorSecret())
	}
	if err != nil {
		return err
	}
	if err := c.Operators.RemoveFactor(r.Context(), actor(r, who), who.ID); err != nil {
		return err
	}
	seeOther(w, r, factorPath+"?removed")
	return nil
}

// postFactorForget removes another's second factor, for somebody whose telephone is gone.
func (c *Console) postFactorForget(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	return c.changed(w, r, who, c.Operators.RemoveFactor(r.Context(), actor(r, who), operator.ID(r.PathValue("id"))))
}
