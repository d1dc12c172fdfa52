package browser

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Page is what a browser shows.
type Page struct {
	URL    *url.URL
	Status int
	Title  string
	root   *html.Node
}

func blank() *Page {
	return &Page{URL: &url.URL{Scheme: "about", Opaque: "blank"}, root: &html.Node{Type: html.DocumentNode}}
}

func readPage(res *http.Response) (*Page, error) {
	root, err := html.Parse(io.LimitReader(res.Body, 4<<20))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", res.Request.URL, err)
	}
	p := &Page{URL: res.Request.URL, Status: res.StatusCode, root: root}
	for n := range p.elements(atom.Title) {
		p.Title = textOf(n)
		break
	}
	return p, nil
}

// Text is all that can be read on the page, with single spaces.
func (p *Page) Text() string { return textOf(p.root) }

// Has reports whether text can be read on the page, whatever its case.
func (p *Page) Has(text string) bool {
	return strings.Contains(strings.ToLower(p.Text()), strings.ToLower(text))
}

// String names the page.
func (p *Page) String() string {
	return fmt.Sprintf("%q (%s, HTTP %d)", p.Title, p.URL.Redacted(), p.Status)
}

// Link is where the first link with this text leads, or else the first that has the text as a part of its own.
func (p *Page) Link(text string) (*url.URL, error) {
	var have []string
	var like *html.Node
	for n := range p.elements(atom.A) {
		if _, ok := attr(n, "href"); !ok {
			continue
		}
		switch readAs(n, textOf(n), text) {
		case exactly:
			href, _ := attr(n, "href")
			return p.URL.Parse(href)
		case partly:
			like = cmp.Or(like, n)
		}
		have = append(have, textOf(n))
	}
	if like != nil {
		href, _ := attr(like, "href")
		return p.URL.Parse(href)
	}
	return nil, fmt.Errorf("the page %v has no link %q; it has %q", p, text, have)
}

// LinkTo is the first link whose address contains part.
func (p *Page) LinkTo(part string) (*url.URL, error) {
	for n := range p.elements(atom.A) {
		if href, ok := attr(n, "href"); ok && strings.Contains(href, part) {
			return p.URL.Parse(href)
		}
	}
	return nil, fmt.Errorf("the page %v has no link to %q", p, part)
}

// FormTo is where the form with this button is sent.
func (p *Page) FormTo(button string) (*url.URL, error) {
	s, err := p.submission(button, nil)
	if err != nil {
		return nil, err
	}
	return s.action, nil
}

// Field is the value that a form's field has as the page came, in the form with this button.
func (p *Page) Field(button, name string) (string, error) {
	s, err := p.submission(button, nil)
	if err != nil {
		return "", err
	}
	if !s.values.Has(name) {
		return "", fmt.Errorf("the form of %q on %v has no field %q", button, p, name)
	}
	return s.values.Get(name), nil
}

type submission struct {
	method string
	action *url.URL
	values url.Values
}

// submission is what pressing a button sends.
func (p *Page) submission(button string, fields map[string]string) (submission, error) {
	var have []string
	var like *html.Node
	for n := range p.elements(atom.Button, atom.Input) {
		label, isButton := buttonLabel(n)
		if !isButton || p.formOf(n) == nil {
			continue
		}
		switch readAs(n, label, button) {
		case exactly:
			return p.fill(p.formOf(n), n, fields)
		case partly:
			like = cmp.Or(like, n)
		}
		have = append(have, label)
	}
	if like != nil {
		return p.fill(p.formOf(like), like, fields)
	}
	return submission{}, fmt.Errorf("the page %v has no button %q; it has %q", p, button, have)
}

func (p *Page) fill(form, button *html.Node, fields map[string]string) (submission, error) {
	s := submission{method: http.MethodGet, values: url.Values{}}
	for n := range p.elements(atom.Input, atom.Textarea, atom.Select) {
		if p.formOf(n) == form {
			collect(n, s.values)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !s.values.Has(name) {
			return s, fmt.Errorf("the form on %v has no field %q; it has %q", p, name, slices.Sorted(maps.Keys(s.values)))
		}
		s.values.Set(name, fields[name])
	}
	if name, ok := attr(button, "name"); ok {
		value, _ := attr(button, "value")
		s.values.Set(name, value)
	}
	method, _ := attr(form, "method")
	action, _ := attr(form, "action")
	if m, ok := attr(button, "formmethod"); ok {
		method = m
	}
	if a, ok := attr(button, "formaction"); ok {
		action = a
	}
	if strings.EqualFold(method, http.MethodPost) {
		s.method = http.MethodPost
	}
	var err error
	s.action, err = p.URL.Parse(action)
	return s, err
}

// collect adds what a field sends if nobody touches it. An empty radio group or checkbox sends nothing, as in a browser.
func collect(n *html.Node, into url.Values) {
	name, ok := attr(n, "name")
	if _, off := attr(n, "disabled"); !ok || off {
		return
	}
	value, _ := attr(n, "value")
	switch n.DataAtom {
	case atom.Textarea:
		if n.FirstChild != nil {
			value = n.FirstChild.Data
		}
		into.Add(name, value)
		return
	case atom.Select:
		into.Add(name, chosen(n))
		return
	}
	kind, _ := attr(n, "type")
	switch strings.ToLower(kind) {
	case "submit", "button", "image", "reset", "file":
	case "checkbox", "radio":
		if _, on := attr(n, "checked"); on {
			if value == "" {
				value = "on"
			}
			into.Add(name, value)
		}
	default:
		into.Add(name, value)
	}
}

// chosen is the value of the option that is selected, or else of the first.
func chosen(sel *html.Node) string {
	first, any := "", false
	for n := range sel.Descendants() {
		if n.DataAtom != atom.Option {
			continue
		}
		value, ok := attr(n, "value")
		if !ok {
			value = textOf(n)
		}
		if _, on := attr(n, "selected"); on {
			return value
		}
		if !any {
			first, any = value, true
		}
	}
	return first
}

// formOf is the form that a field or button belongs to: the one its attribute names, or the one around it.
func (p *Page) formOf(n *html.Node) *html.Node {
	if id, ok := attr(n, "form"); ok {
		for f := range p.elements(atom.Form) {
			if have, _ := attr(f, "id"); have == id {
				return f
			}
		}
		return nil
	}
	for up := range n.Ancestors() {
		if up.DataAtom == atom.Form {
			return up
		}
	}
	return nil
}

// buttonLabel is what stands on a button that sends its form; ok is false for anything else.
func buttonLabel(n *html.Node) (label string, ok bool) {
	kind, _ := attr(n, "type")
	kind = strings.ToLower(kind)
	if n.DataAtom == atom.Button && (kind == "" || kind == "submit") {
		return textOf(n), true
	}
	if n.DataAtom == atom.Input && kind == "submit" {
		label, _ = attr(n, "value")
		return label, true
	}
	return "", false
}
