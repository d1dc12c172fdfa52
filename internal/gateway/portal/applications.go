package portal

import (
	"net/http"
	"slices"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/signon"
	"souk.dev/souk/internal/webui"
)

// applicationsPath is the page about where a person has signed on.
const applicationsPath = "/portal/applications"

// used is one of the seller's applications that a person has signed on to.
type used struct {
	ID, Name string
	Since    time.Time // of the oldest of its sign-ons
	Browsers int       // that it was opened in: sessions here
}

type applicationsView struct {
	Page
	Notice       webui.Notice
	Applications []used
}

// Nothing is what stands on the page of somebody who has signed on to none.
func (v applicationsView) Nothing() webui.Empty {
	return webui.Empty{Title: "No application at this moment", Text: "When you open an application with this account, it appears here.", Href: "/portal", Label: "Your subscriptions"}
}

// getApplications shows which of the seller's applications the person has signed on to.
func (p *Portal) getApplications(w http.ResponseWriter, r *http.Request) error {
	if p.SignOns == nil {
		return p.getNowhere(w, r)
	}
	who, done, err := p.signedIn(w, r)
	if err != nil || done {
		return err
	}
	all, err := p.signOnsOf(r, who.ID)
	if err != nil {
		return err
	}
	view := applicationsView{Page: p.page(r, who), Applications: p.usedOf(all)}
	if r.URL.Query().Has("ended") {
		view.Notice = webui.Notice{Tone: webui.Success, Text: "It has no access to your account any more. What is still open in it may stay so until you sign out there."}
	}
	return p.ui.Render(w, http.StatusOK, "applications", view)
}

// postApplicationEnd takes an application's access to the account away, from whichever browser it was given. To open it again, the
// person signs in as they did.
func (p *Portal) postApplicationEnd(w http.ResponseWriter, r *http.Request) error {
	if p.SignOns == nil {
		return p.getNowhere(w, r)
	}
	who, done, err := p.signedIn(w, r)
	if err != nil || done {
		return err
	}
	in, err := p.form(w, r)
	if err != nil {
		return err
	}
	all, err := p.signOnsOf(r, who.ID)
	if err != nil {
		return err
	}
	for _, n := range all {
		if n.Application != in.Get("application") {
			continue
		}
		if err := p.SignOns.End(r.Context(), n); err != nil {
			return err
		}
	}
	seeOther(w, r, applicationsPath+"?ended")
	return nil
}

// signOnsOf are the sign-ons of the person's sessions that are good.
func (p *Portal) signOnsOf(r *http.Request, who core.PersonID) (all []signon.SignOn, err error) {
	sessions, err := p.Accounts.Sessions(r.Context(), who)
	if err != nil {
		return nil, err
	}
	for _, s := range sessions {
		of, err := p.SignOns.Of(r.Context(), s.Hash)
		if err != nil {
			return nil, err
		}
		all = append(all, of...)
	}
	return all, nil
}

// usedOf is all by application, in the order in which the seller names them.
func (p *Portal) usedOf(all []signon.SignOn) (list []used) {
	for _, a := range p.SignOns.Applications {
		u := used{ID: a.ID, Name: a.Name}
		var sessions []string
		for _, n := range all {
			if n.Application != a.ID {
				continue
			}
			if u.Since.IsZero() || n.MadeAt.Before(u.Since) {
				u.Since = n.MadeAt
			}
			if !slices.Contains(sessions, n.Session) {
				sessions = append(sessions, n.Session)
			}
		}
		if u.Browsers = len(sessions); u.Browsers > 0 {
			list = append(list, u)
		}
	}
	return list
}
