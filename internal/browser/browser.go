// Package browser goes through web pages as a person with a browser does: it opens addresses, follows links by their
// text, fills in forms and presses buttons, keeps cookies, and tells servers where a request comes from.
//
// It owns: what a browser without JavaScript does with a page. It does not own: what the pages mean. The demo walks
// the purchase with it.
package browser

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

// Browser has one tab.
type Browser struct {
	hc    *http.Client
	Page  *Page
	Trail []string // the address of every request made, redirects too
}

// New opens a browser without cookies, on an empty page.
func New() *Browser {
	jar, _ := cookiejar.New(nil) // fails only for options that are not given
	b := &Browser{Page: blank()}
	b.hc = &http.Client{Jar: jar, Timeout: 30 * time.Second, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) > 10 {
			return fmt.Errorf("more than 10 redirects, at last to %s", req.URL.Host)
		}
		b.Trail = append(b.Trail, req.URL.String())
		return nil
	}}
	return b
}

// Open goes to an address, as if it had been typed.
func (b *Browser) Open(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	return b.load(ctx, http.MethodGet, u, nil, nil)
}

// Follow presses the first link with this text.
func (b *Browser) Follow(ctx context.Context, text string) error {
	u, err := b.Page.Link(text)
	if err != nil {
		return err
	}
	return b.load(ctx, http.MethodGet, u, nil, b.Page.URL)
}

// Press presses the first button with this text, after filling in the fields of its form. A field that the form does
// not have is an error: a person could not have filled it in.
func (b *Browser) Press(ctx context.Context, button string, fields map[string]string) error {
	s, err := b.Page.submission(button, fields)
	if err != nil {
		return err
	}
	if s.method == http.MethodGet {
		to := *s.action
		to.RawQuery = s.values.Encode()
		return b.load(ctx, http.MethodGet, &to, nil, b.Page.URL)
	}
	return b.load(ctx, http.MethodPost, s.action, s.values, b.Page.URL)
}

// load makes a request from the page at from (nil: typed) and shows what comes.
func (b *Browser) load(ctx context.Context, method string, to *url.URL, form url.Values, from *url.URL) error {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, to.String(), body)
	if err != nil {
		return err
	}
	h := req.Header
	h.Set("User-Agent", "Mozilla/5.0 (compatible; souk demo)")
	h.Set("Accept", "text/html,application/xhtml+xml")
	h.Set("Sec-Fetch-Mode", "navigate")
	h.Set("Sec-Fetch-Dest", "document")
	h.Set("Sec-Fetch-Site", fetchSite(from, to))
	if form != nil {
		h.Set("Content-Type", "application/x-www-form-urlencoded")
		h.Set("Origin", from.Scheme+"://"+from.Host)
	}
	b.Trail = append(b.Trail, to.String())
	res, err := b.hc.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b.Page, err = readPage(res)
	return err
}

// fetchSite is what browsers say about the distance between two pages. Ports make another origin, but not another site.
// Source: W3C Fetch Metadata Request Headers.
func fetchSite(from, to *url.URL) string {
	switch {
	case from == nil:
		return "none"
	case from.Scheme == to.Scheme && from.Host == to.Host:
		return "same-origin"
	case from.Scheme == to.Scheme && from.Hostname() == to.Hostname():
		return "same-site"
	}
	return "cross-site"
}
