package console

import (
	"net/http"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/webui"
)

// browsersPath is where the pages lie that sign an operator out in another browser, each under its session's id.
const browsersPath = "/console/me/browsers/"

// browsers lists where who is signed in.
func (c *Console) browsers(r *http.Request, who operator.Person) (webui.Browsers, error) {
	all, err := c.Operators.Sessions(r.Context(), who.ID)
	b := webui.Browsers{Now: c.Clock.Now(), EndOthers: browsersPath + credential.OtherSessions}
	secret := c.cookies.Get(r, sessionCookie)
	for _, n := range all {
		b.List = append(b.List, webui.Browser{Name: n.Name(), Since: n.CreatedAt, Seen: n.SeenAt, Here: n.HeldBy(secret), End: browsersPath + n.ID()})
	}
	return b, err
}

// browserView is the page that signs an operator out in another browser.
type browserView struct {
	Page
	Session credential.Session // zero: in all others
	Browser string
	Fields  []webui.Field // none: who is vouched for has no password here
}

// showBrowser shows the page for the session that its address names; bad is what is wrong with the password that was given.
func (c *Console) showBrowser(w http.ResponseWriter, r *http.Request, who operator.Person, n credential.Session, status int, bad string) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	view := browserView{Page: page, Session: n, Browser: n.Name()}
	if !who.Vouched() {
		view.Fields = presentField(bad)
	}
	return c.ui.Render(w, status, "browser", view)
}

// getBrowser asks, before somebody is signed out elsewhere.
func (c *Console) getBrowser(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	n, err := c.Operators.NamedSession(r.Context(), who.ID, r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.showBrowser(w, r, who, n, http.StatusOK, "")
}

// postBrowser signs somebody out elsewhere: where they have a password, who has only the open browser cannot.
func (c *Console) postBrowser(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	in, err := form(w, r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	n, err := c.Operators.NamedSession(r.Context(), who.ID, id)
	if err != nil {
		return err
	}
	if !who.Vouched() {
		_, err := c.Operators.SignIn(r.Context(), who.Email, in.Get("present"), httpx.ClientAddress(r))
		if fail.Is(err, fail.Denied) {
			return c.showBrowser(w, r, who, n, http.StatusUnprocessableEntity, "This is not your password.")
		}
		if fail.Is(err, fail.TooMuch) {
			return c.showBrowser(w, r, who, n, http.StatusTooManyRequests, fail.SayOf(err))
		}
		if err != nil {
			return err
		}
	}
	if err := c.Operators.SignOut(r.Context(), actor(r, who), who, id, c.cookies.Get(r, sessionCookie)); err != nil {
		return err
	}
	seeOther(w, r, "/console/me?signed-out")
	return nil
}
