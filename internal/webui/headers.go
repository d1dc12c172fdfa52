package webui

import (
	"net/http"
	"net/url"
	"strings"
)

// headers of one page, beside its type.
type headers struct {
	formAction []string
	referrer   string
	frames     string // where frames may come from; empty: there are none
}

// Option changes the headers of one page.
type Option func(*headers)

// FormsMayGoTo lets the page's forms be sent to the origins of urls, beside its own. Browsers apply it to redirects
// that follow as well. What is not an absolute http or https URL is left out.
func FormsMayGoTo(urls ...string) Option {
	return func(h *headers) {
		for _, s := range urls {
			if u, err := url.Parse(s); err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") {
				h.formAction = append(h.formAction, u.Scheme+"://"+u.Host)
			}
		}
	}
}

// FormsMayGoAnywhere lets the page's forms be sent to any web address. It is for a page whose form leads to a site
// that may redirect to yet another: browsers check each hop, and only that site knows them.
func FormsMayGoAnywhere() Option {
	return func(h *headers) { h.formAction = append(h.formAction, "https:", "http:") }
}

// TellOrigin lets the next site see this site's origin (never the page's path) in Referer and Origin. Without it other sites
// see no Referer, and "null" as the Origin of a form.
func TellOrigin() Option { return func(h *headers) { h.referrer = "strict-origin" } }

// FramesOfThisSite lets the page show other pages of this site within itself, where those allow it. What nobody here has
// written, such as a mail, belongs in a frame with the attribute sandbox.
func FramesOfThisSite() Option { return func(h *headers) { h.frames = "frame-src 'self'; " } }

func (h headers) set(to http.Header) {
	to.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "+
		"img-src 'self' data:; "+h.frames+"base-uri 'none'; frame-ancestors 'none'; form-action "+strings.Join(h.formAction, " "))
	to.Set("X-Content-Type-Options", "nosniff")
	to.Set("X-Frame-Options", "DENY") // for what does not know frame-ancestors
	to.Set("Referrer-Policy", h.referrer)
	to.Set("Cross-Origin-Opener-Policy", "same-origin")
	to.Set("Cache-Control", "no-store") // every page is somebody's
}

// Live reports whether a page is asked for by a page that looks again by itself (live.js), and not by a person.
func Live(r *http.Request) bool { return r.Header.Get("Souk-Live") != "" }
