package portal

import (
	"net/http"

	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/webui"
)

// browsersPath is where the pages lie that sign somebody out in another browser, each under its session's id.
const browsersPath = selfPath + "/browsers/"

// browsers lists where who is signed in.
func (p *Portal) browsers(r *http.Request, who *account.Who) (webui.Browsers, error) {
	all, err := p.Accounts.Sessions(r.Context(), who.ID)
	b := webui.Browsers{Now: p.Clock.Now(), EndOthers: browsersPath + credential.OtherSessions}
	secret := p.cookie(r, sessionCookie)
	for _, n := range all {
		b.List = append(b.List, webui.Browser{Name: n.Name(), Since: n.CreatedAt, Seen: n.SeenAt, Here: n.HeldBy(secret), End: browsersPath + n.ID()})
	}
	return b, err
}

// browserChange is the page that signs out in the browser of n, or, where that is none, in all others.
func browserChange(n credential.Session) changeView {
	const apps = " What was opened from there with this account will have no access to it any more."
	if n == (credential.Session{}) {
		return changeView{Title: "Sign out everywhere else", Lede: "You will be signed in here alone." + apps, Button: "Sign out everywhere else"}
	}
	return changeView{Title: "Sign out elsewhere", Lede: n.Name() + ", signed in on " + n.CreatedAt.UTC().Format("2 January 2006 at 15:04 UTC") + ", will be signed out." + apps, Button: "Sign it out"}
}

// getBrowser asks for what somebody signs in with before they are signed out elsewhere: who has only their open browser could keep
// them out of their own otherwise.
func (p *Portal) getBrowser(w http.ResponseWriter, r *http.Request) error {
	who, done, err := p.signedIn(w, r)
	if err != nil || done {
		return err
	}
	n, err := p.Accounts.NamedSession(r.Context(), who.ID, r.PathValue("session"))
	if err != nil {
		return err
	}
	return p.showChange(w, r, who, browserChange(n), true, nil)
}

// postBrowser signs somebody out elsewhere.
func (p *Portal) postBrowser(w http.ResponseWriter, r *http.Request) error {
	who, in, done, err := p.ownForm(w, r)
	if err != nil || done {
		return err
	}
	id := r.PathValue("session")
	n, err := p.Accounts.NamedSession(r.Context(), who.ID, id)
	if err != nil {
		return err
	}
	if err := p.Accounts.SignOut(r.Context(), who.Person, id, confirmation(r, in), p.cookie(r, sessionCookie)); err != nil {
		return p.showChange(w, r, who, browserChange(n), true, err)
	}
	if n == (credential.Session{}) {
		seeOther(w, r, selfPath+"?others")
		return nil
	}
	seeOther(w, r, selfPath+"?browser")
	return nil
}
