package console

import (
	"encoding/json"
	"net/http"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/idp"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/webui"
)

// What a browser carries to the provider and back.
const (
	awayCookie  = "souk_console_away"
	awayPurpose = "console sign-in at the provider"
	awayLife    = 10 * time.Minute
	maxThen     = 1000 // bytes of the address to go on to: a cookie has no room for more
)

// away is a sign-in on its way, as the cookie has it, sealed.
type away struct {
	SignIn idp.SignIn `json:"signIn"`
	Then   string     `json:"then"`
}

// carried is then, if a cookie has room for it.
func carried(then string) string {
	if len(then) > maxThen {
		return "/console"
	}
	return then
}

// getProvider leads to the provider. That a link does so is no harm: whoever comes back is who the provider says they are.
func (c *Console) getProvider(w http.ResponseWriter, r *http.Request) error {
	to, s, err := c.Provider.Begin(r.Context())
	if err != nil {
		return c.notSignedIn(w, r, err)
	}
	text, err := json.Marshal(away{SignIn: s, Then: carried(destination(r.URL.Query().Get("then")))})
	if err != nil {
		return err
	}
	c.cookies.Set(w, awayCookie, c.Seal.Seal(awayPurpose, c.Clock.Now().Add(awayLife), text), awayLife)
	w.Header().Set("Referrer-Policy", "no-referrer")
	seeOther(w, r, to)
	return nil
}

// getCallback takes who comes back from the provider. What the browser was sent away with is taken from it, so that an
// answer is good once; whatever session it had is over, as after a password.
func (c *Console) getCallback(w http.ResponseWriter, r *http.Request) error {
	sealed := c.cookies.Get(r, awayCookie)
	c.cookies.Set(w, awayCookie, "", 0)
	w.Header().Set("Referrer-Policy", "no-referrer") // the address has a code in it
	var a away
	text, err := c.Seal.Open(r.Context(), awayPurpose, sealed)
	if fail.Is(err, fail.Denied) {
		return c.notSignedIn(w, r, idp.Stray())
	}
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	if err != nil {
		return err
	}
	id, err := c.Provider.Finish(r.Context(), a.SignIn, r.URL.Query())
	if err != nil {
		return c.notSignedIn(w, r, err)
	}
	who, err := c.Operators.Admit(r.Context(), id, httpx.ClientAddress(r))
	if err != nil {
		return c.notSignedIn(w, r, err)
	}
	if err := c.startSession(w, r, who); err != nil {
		return err
	}
	seeOther(w, r, a.Then)
	return nil
}

// notSignedIn tells somebody why they could not sign in at the provider, and how to try again.
func (c *Console) notSignedIn(w http.ResponseWriter, r *http.Request, err error) error {
	if fail.Is(err, fail.Internal) {
		return err
	}
	c.Log.WarnContext(r.Context(), "console sign-in by the provider failed", "code", fail.CodeOf(err), "err", err)
	c.showProblem(w, r, webui.Problem{Status: httpx.Status(fail.KindOf(err)), Title: "You are not signed in", Say: fail.SayOf(err), Href: "/console/signin", Label: "Sign in again"})
	return nil
}
