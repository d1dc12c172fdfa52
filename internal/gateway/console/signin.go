package console

import (
	"net/http"
	"net/url"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/webui"
)

const sessionCookie = "souk_console"

type signInView struct {
	Page
	Fields []webui.Field // none: passwords are switched off
	Notice webui.Notice
	Then   string
	// Provider is what the sign-in provider is called, and ProviderHref leads there; empty if there is none.
	Provider, ProviderHref string
}

// signInPath leads to the form, and from there back to the page that was asked for.
func signInPath(r *http.Request) string {
	if r.Method != http.MethodGet || r.URL.Path == "/console" {
		return "/console/signin"
	}
	return "/console/signin?" + url.Values{"then": {r.URL.RequestURI()}}.Encode()
}

// destination is where to go after signing in: a page of the console, whatever the address says.
func destination(then string) string {
	u, err := url.Parse(then)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/console/") || strings.ContainsAny(then, "\\\r\n") || strings.Contains(u.Path, "..") {
		return "/console"
	}
	return u.RequestURI()
}

func (c *Console) signInForm(r *http.Request, then, email string) signInView {
	view := signInView{Page: Page{Path: r.URL.Path, Now: c.Clock.Now()}, Then: then}
	if c.Operators.Ways().Passwords {
		view.Fields = []webui.Field{
			{Name: "email", Label: "E-mail address", Type: "email", Autocomplete: "username", Required: true, MaxLength: credential.MaxEmail, Value: email, Autofocus: email == "" && c.Provider == nil},
			{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Required: true, Autofocus: email != ""},
		}
	}
	if c.Provider != nil {
		view.Provider, view.ProviderHref = c.Provider.Name, address("/console/signin/provider", "then", then)
	}
	return view
}

func (c *Console) getSignIn(w http.ResponseWriter, r *http.Request) error {
	_, err := c.Operators.SignedIn(r.Context(), c.cookies.Get(r, sessionCookie), true)
	if err == nil {
		seeOther(w, r, destination(r.URL.Query().Get("then")))
		return nil
	}
	if !fail.Is(err, fail.Denied) {
		return err
	}
	view := c.signInForm(r, r.URL.Query().Get("then"), "")
	if r.URL.Query().Has("signed-out") {
		view.Notice = webui.Notice{Tone: webui.Success, Text: "You are signed out."}
	}
	return c.ui.Render(w, http.StatusOK, "signin", view)
}

// postSignIn signs in. Whatever session the browser had is over, so a secret planted there before is worthless.
func (c *Console) postSignIn(w http.ResponseWriter, r *http.Request) error {
	in, err := form(w, r)
	if err != nil {
		return err
	}
	address := httpx.ClientAddress(r)
	who, err := c.Operators.SignIn(r.Context(), in.Get("email"), in.Get("password"), address)
	if fail.Is(err, fail.Denied) || fail.Is(err, fail.TooMuch) {
		view := c.signInForm(r, in.Get("then"), in.Get("email"))
		view.Notice = webui.Notice{Tone: webui.Error, Text: fail.SayOf(err)}
		return c.ui.Render(w, httpx.Status(fail.KindOf(err)), "signin", view)
	}
	if err != nil {
		return err
	}
	if who.SecondFactor {
		return c.askCode(w, r, who, destination(in.Get("then")))
	}
	if err := c.startSession(w, r, who); err != nil {
		return err
	}
	seeOther(w, r, destination(in.Get("then")))
	return nil
}

func (c *Console) startSession(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	secret, err := c.Operators.StartSession(r.Context(), who, httpx.ClientAddress(r), r.UserAgent(), c.cookies.Get(r, sessionCookie))
	if err != nil {
		return err
	}
	c.cookies.Set(w, sessionCookie, secret, operator.SessionLife)
	return nil
}

// postSignOut ends the session, here and in the database.
func (c *Console) postSignOut(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	if err := c.Operators.EndSession(r.Context(), who, httpx.ClientAddress(r), c.cookies.Get(r, sessionCookie)); err != nil {
		return err
	}
	c.cookies.Set(w, sessionCookie, "", 0)
	seeOther(w, r, "/console/signin?signed-out")
	return nil
}

type meView struct {
	Page
	Fields   []webui.Field
	Notice   webui.Notice
	Browsers webui.Browsers
}

func meFields(bad map[string]string) []webui.Field {
	return []webui.Field{
		{Name: "present", Label: "Your present password", Type: "password", Autocomplete: "current-password", Required: true, Error: bad["present"]},
		{Name: "password", Label: "A new one", Type: "password", Autocomplete: "new-password", Required: true, Error: bad["password"], Hint: "12 characters or more. A few words in a row are good."},
	}
}

// getMe shows who is signed in, and where, and the form for another password.
func (c *Console) getMe(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	view := meView{Fields: meFields(nil)}
	switch q := r.URL.Query(); {
	case q.Has("changed"):
		view.Notice = webui.Notice{Tone: webui.Success, Text: "Your password is changed. Every other browser that you were signed in with is signed out."}
	case q.Has("signed-out"):
		view.Notice = webui.Notice{Tone: webui.Success, Text: "You are signed out there."}
	}
	return c.showMe(w, r, who, http.StatusOK, view)
}

// showMe shows the page as it is for who.
func (c *Console) showMe(w http.ResponseWriter, r *http.Request, who operator.Person, status int, view meView) (err error) {
	if view.Page, err = c.page(r, who); err != nil {
		return err
	}
	if view.Browsers, err = c.browsers(r, who); err != nil {
		return err
	}
	return c.ui.Render(w, status, "me", view)
}

// postPassword changes one's own password: who has only the open browser cannot.
func (c *Console) postPassword(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	in, err := form(w, r)
	if err != nil {
		return err
	}
	bad := map[string]string{}
	_, err = c.Operators.SignIn(r.Context(), who.Email, in.Get("present"), httpx.ClientAddress(r))
	switch {
	case fail.Is(err, fail.Denied):
		bad["present"] = "This is not your present password."
	case fail.Is(err, fail.TooMuch):
		bad["present"] = fail.SayOf(err)
	case err != nil:
		return err
	default:
		err = c.Operators.ChangePassword(r.Context(), actor(r, who), who.ID, in.Get("password"))
		if fail.Is(err, fail.Invalid) {
			bad["password"] = fail.SayOf(err)
		} else if err != nil {
			return err
		}
	}
	if len(bad) > 0 {
		return c.showMe(w, r, who, http.StatusUnprocessableEntity, meView{Fields: meFields(bad)})
	}
	if err := c.startSession(w, r, who); err != nil {
		return err
	}
	seeOther(w, r, "/console/me?changed")
	return nil
}
