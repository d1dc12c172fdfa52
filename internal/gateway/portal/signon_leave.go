package portal

import (
	"net/http"
	"net/url"
	"slices"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/signon"
	"souk.dev/souk/internal/webui"
)

// leave is an application's wish that a person be signed out here, too. Source: OpenID Connect RP-Initiated Logout 1.0, section 2.
type leave struct {
	application signon.Application // empty: it does not say which
	session     string             // that it speaks of, by [signon.SessionID]; empty: it does not say
	to          string             // where the person goes after that; empty: they stay here
}

// leaving reads the query of such a wish; of an empty one, an empty leave.
//
// Errors: fail.Invalid where the person would be led to where they must not.
func (p *Portal) leaving(query string) (l leave, err error) {
	if query == "" {
		return leave{}, nil
	}
	q, err := url.ParseQuery(query)
	if err != nil || p.SignOns == nil {
		return leave{}, fail.New(fail.Invalid, "bad_signout", "The link that brought you here cannot be read. To sign out, use the link at the top of the page.")
	}
	values := map[string]string{}
	for _, name := range []string{"id_token_hint", "client_id", "post_logout_redirect_uri", "state"} {
		if values[name], err = signon.Parameter(q, name); err != nil {
			return leave{}, err
		}
	}
	id := values["client_id"]
	if token := values["id_token_hint"]; token != "" {
		application, session, err := p.SignOns.Hint(token)
		switch {
		case fail.Is(err, fail.Denied): // as if it had not been there: the person is asked
		case err != nil:
			return leave{}, err
		case id != "" && id != application:
			return leave{}, fail.New(fail.Invalid, "bad_signout", "The application that sent you here speaks for another one. To sign out, use the link at the top of the page.")
		default:
			id, l.session = application, session
		}
	}
	l.application, _ = p.SignOns.Applications.Find(id)
	to := values["post_logout_redirect_uri"]
	if to == "" {
		return l, nil
	}
	if !slices.Contains(l.application.SignedOut, to) {
		return leave{}, fail.New(fail.Invalid, "foreign_redirect", "After signing out you would be led to an address that is not known to belong to an application here, so this was refused.")
	}
	if l.to = to; values["state"] != "" {
		l.to = withQuery(to, "state", values["state"])
	}
	return l, nil
}

// getSignOutFrom signs a person out whom an application has sent here for that. It asks first, unless the application shows by an
// ID token that it speaks of the session in this very browser.
func (p *Portal) getSignOutFrom(w http.ResponseWriter, r *http.Request) error {
	if p.SignOns == nil {
		return p.getNowhere(w, r)
	}
	l, err := p.leaving(r.URL.RawQuery)
	if err != nil {
		return err
	}
	who, session, err := p.signedOn(r, p.cookie(r, sessionCookie))
	if err != nil {
		return err
	}
	if who != nil {
		if l.session == "" || l.session != signon.SessionID(session.Hash) {
			return p.ui.Render(w, http.StatusOK, "signout", signOutView{Page: p.page(r, who), From: l.application.Name, After: r.URL.RawQuery}, webui.FormsMayGoTo(l.to))
		}
		if err := p.endSession(w, r); err != nil {
			return err
		}
	}
	to := l.to
	if to == "" {
		to = "/signin?signed-out"
	}
	w.Header().Set("Referrer-Policy", "no-referrer")
	seeOther(w, r, to)
	return nil
}
