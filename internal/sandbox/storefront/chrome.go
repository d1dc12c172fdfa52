package storefront

import (
	"net/http"
	"net/url"
	"time"

	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

// Chrome is what stands around every page: it is embedded in every view.
type Chrome struct {
	Path   string
	Back   string // the page to return to after choosing a buyer
	Now    time.Time
	Frozen bool
	Buyer  *world.Buyer // who the visitor says they are; nil before they have
	Buyers []world.Buyer
	Rooms  []webui.Link // of the control room
	// Version is [Storefront.version] before the page looked at anything: the stream of events tells what came after it.
	Version uint64
	Note    webui.Notice // what the act before this page has to say
}

func (s *Storefront) chrome(w http.ResponseWriter, r *http.Request) Chrome {
	c := Chrome{Version: s.version(), Path: r.URL.Path, Back: backTo(r), Now: s.opt.Clock.Now(), Buyers: s.opt.World.Buyers(), Note: s.notes.take(w, r)}
	for _, room := range s.rooms {
		link := webui.NewLink(room.Href, room.Label, r.URL.Path)
		link.Current = link.Current && (room.Href != "/control" || r.URL.Path == "/control")
		c.Rooms = append(c.Rooms, link)
	}
	_, c.Frozen = s.opt.Time.Running()
	if b, ok := s.buyer(r); ok {
		c.Buyer = &b
	}
	return c
}

// backTo is the page being shown; of the answer to a form, which has no address of its own, the page with the form.
func backTo(r *http.Request) string {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return r.URL.RequestURI()
	}
	if u, err := url.Parse(r.Referer()); err == nil && u.Host == r.Host {
		return u.RequestURI()
	}
	return "/"
}

type problemView struct {
	Chrome
	Problem webui.Problem
}

// problem shows a page for what went wrong.
func (s *Storefront) problem(w http.ResponseWriter, r *http.Request, p webui.Problem) {
	if err := s.ui.Render(w, p.Status, "problem", problemView{s.chrome(w, r), p}); err != nil {
		s.opt.Log.ErrorContext(r.Context(), "problem page failed", "err", err)
		http.Error(w, p.Say, p.Status)
	}
}

// crossSite answers a form that another site sent here: nobody meant to buy or cancel by visiting it.
func (s *Storefront) crossSite(w http.ResponseWriter, r *http.Request) {
	s.problem(w, r, webui.Problem{Status: http.StatusForbidden, Title: "Not from here",
		Say: "This form was sent by another site, so nothing was done. Use the form on this site."})
}
