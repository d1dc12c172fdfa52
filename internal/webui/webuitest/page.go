// Package webuitest helps to test pages: on the parsed document, not on strings, and to take pictures of them.
//
// It owns: finding things in a page, and the rules that every page keeps (Check). It does not own what any page says.
package webuitest

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Node is an element of a page.
type Node struct{ *html.Node }

// Parse reads a page.
func Parse(t testing.TB, body io.Reader) Node {
	t.Helper()
	n, err := html.Parse(body)
	if err != nil {
		t.Fatalf("the page is not HTML: %v", err)
	}
	return Node{n}
}

// Attr is the value of an attribute, or "".
func (n Node) Attr(name string) string {
	v, _ := n.attr(name)
	return v
}

func (n Node) attr(name string) (string, bool) {
	for _, a := range n.Node.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// Text is the text in n, with white space folded.
func (n Node) Text() string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// raw is the text in n as it stands.
func (n Node) raw() string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// All lists the elements in n that sel describes: "tag", "tag.class", "tag#id", "tag[name=value]", "tag[name]", with "*" for any tag.
func (n Node) All(sel string) []Node {
	match := selector(sel)
	var out []Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && match(Node{d}) {
			out = append(out, Node{d})
		}
	}
	return out
}

// One is the only element in n that sel describes; any other number fails the test.
func (n Node) One(t testing.TB, sel string) Node {
	t.Helper()
	found := n.All(sel)
	if len(found) != 1 {
		t.Fatalf("%d elements are %s, want one; the page says: %.600s", len(found), sel, n.Text())
	}
	return found[0]
}

// Has reports whether some element in n that sel describes says text.
func (n Node) Has(sel, text string) bool {
	return slices.ContainsFunc(n.All(sel), func(d Node) bool { return strings.Contains(d.Text(), text) })
}

// Form is the only form in n whose action is action.
func (n Node) Form(t testing.TB, action string) Node {
	t.Helper()
	return n.One(t, "form[action="+action+"]")
}

// Fields are a form's values as a browser would send them when nobody changes anything, without buttons.
func (n Node) Fields() url.Values {
	v := url.Values{}
	for _, in := range n.All("input") {
		switch in.Attr("type") {
		case "checkbox", "radio":
			if _, checked := in.attr("checked"); !checked {
				continue
			}
		case "submit":
			continue
		}
		if name := in.Attr("name"); name != "" {
			v.Add(name, in.Attr("value"))
		}
	}
	for _, area := range n.All("textarea") {
		v.Add(area.Attr("name"), area.raw())
	}
	for _, sel := range n.All("select") {
		options := sel.All("option")
		chosen := sel.All("option[selected]")
		switch {
		case len(chosen) > 0:
			v.Add(sel.Attr("name"), chosen[0].choice())
		case len(options) > 0:
			v.Add(sel.Attr("name"), options[0].choice())
		}
	}
	return v
}

// choice is what an option stands for: its value, or its text where it has none.
func (n Node) choice() string {
	if v, ok := n.attr("value"); ok {
		return v
	}
	return n.Text()
}

// selector reads what [Node.All] takes. A selector that is not of that form is a mistake in a test.
func selector(sel string) func(Node) bool {
	at := strings.IndexAny(sel, ".#[")
	if at < 0 {
		return func(n Node) bool { return sel == "*" || n.Data == sel }
	}
	tag, rest := sel[:at], sel[at+1:]
	var more func(Node) bool
	switch sel[at] {
	case '.':
		more = func(n Node) bool { return slices.Contains(strings.Fields(n.Attr("class")), rest) }
	case '#':
		more = func(n Node) bool { return n.Attr("id") == rest }
	default:
		rest, ok := strings.CutSuffix(rest, "]")
		if !ok {
			panic(fmt.Sprintf("webuitest: selector %q", sel))
		}
		name, want, exact := strings.Cut(rest, "=")
		more = func(n Node) bool {
			v, ok := n.attr(name)
			return ok && (!exact || v == want)
		}
	}
	return func(n Node) bool { return (tag == "" || tag == "*" || n.Data == tag) && more(n) }
}
