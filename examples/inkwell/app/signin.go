package app

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strconv"

	"souk.dev/souk/client"
)

// getSignIn sends the browser to the gateway, which knows the accounts. The state ties the way back to this browser:
// without it, somebody could sign a visitor in under another's account with a link.
func (a *App) getSignIn(w http.ResponseWriter, r *http.Request) {
	a.sendToSignIn(w, r, 0)
}

// sendToSignIn asks the gateway who the person is, as a customer of the nth product.
func (a *App) sendToSignIn(w http.ResponseWriter, r *http.Request, nth int) {
	state := rand.Text()
	setCookie(w, r, stateCookie, state, 15*60)
	back := a.cfg.URL + "/signed-in?" + url.Values{"state": {state}, "nth": {strconv.Itoa(nth)}}.Encode()
	http.Redirect(w, r, a.souk.SignInURL(a.cfg.Products[nth], back), http.StatusSeeOther)
}

// getSignedIn takes the browser back from the gateway.
func (a *App) getSignedIn(w http.ResponseWriter, r *http.Request) {
	sent, err := r.Cookie(stateCookie)
	if err != nil || subtle.ConstantTimeCompare([]byte(sent.Value), []byte(r.FormValue("state"))) != 1 {
		a.fail(w, http.StatusBadRequest, "This sign-in began in another browser", "Or it began too long ago. Sign in again from here.", "/signin", "Sign in")
		return
	}
	who, err := a.souk.RedeemSignIn(r.Context(), r.FormValue(client.SignInParam))
	if err != nil {
		a.log.Warn("a sign-in could not be redeemed", "err", err)
		a.fail(w, http.StatusBadGateway, "The sign-in did not work", "It may have been used before, or our accounts are away for a moment. Sign in again.", "/signin", "Sign in")
		return
	}
	// Who has not bought this product may have bought another of Inkwell's: the gateway knows the browser by now, and
	// sends it back at once.
	if nth, _ := strconv.Atoi(r.FormValue("nth")); len(who.Licenses) == 0 && nth >= 0 && nth+1 < len(a.cfg.Products) {
		a.sendToSignIn(w, r, nth+1)
		return
	}
	s := session{Account: who.Account.ID, Email: who.Person.Email}
	if l, ok := best(who.Licenses); ok {
		s.License = l.ID
	}
	if err := a.sessions.start(w, r, s); err != nil {
		a.broken(w, "keep a session", err)
		return
	}
	setCookie(w, r, stateCookie, "", -1)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// best picks the license to work under: the newest that gives access, or else the newest.
func best(all []client.License) (best client.License, ok bool) {
	for _, l := range all {
		if !ok || l.State.Access() || !best.State.Access() {
			best, ok = l, true
		}
	}
	return best, ok
}

func (a *App) postSignOut(w http.ResponseWriter, r *http.Request) {
	if err := a.sessions.end(w, r); err != nil {
		a.broken(w, "end a session", err)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
