package browser

import (
	"iter"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// elements goes through the page's elements of some kinds, in the order of the page.
func (p *Page) elements(kinds ...atom.Atom) iter.Seq[*html.Node] {
	return func(yield func(*html.Node) bool) {
		for n := range p.root.Descendants() {
			if n.Type == html.ElementNode && slices.Contains(kinds, n.DataAtom) && !yield(n) {
				return
			}
		}
	}
}

func attr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// textOf is what can be read in n, with single spaces.
func textOf(n *html.Node) string {
	var out strings.Builder
	var visit func(*html.Node)
	visit = func(n *html.Node) {
		switch {
		case n.Type == html.TextNode:
			out.WriteString(n.Data)
		case n.DataAtom == atom.Script, n.DataAtom == atom.Style, n.DataAtom == atom.Template:
			return
		}
		for c := range n.ChildNodes() {
			visit(c)
		}
		if n.Type == html.ElementNode && !inline[n.DataAtom] {
			out.WriteByte(' ') // a block ends a word
		}
	}
	visit(n)
	return strings.Join(strings.Fields(out.String()), " ")
}

var inline = map[atom.Atom]bool{atom.A: true, atom.Abbr: true, atom.B: true, atom.Code: true, atom.Em: true, atom.I: true,
	atom.Small: true, atom.Span: true, atom.Strong: true, atom.Sub: true, atom.Sup: true, atom.Time: true}

// likeness is how much of what a person looks for stands on something.
type likeness int

const (
	notAtAll likeness = iota
	partly
	exactly
)

// readAs compares what stands on n, or is its label for those who listen, with the text that is looked for.
func readAs(n *html.Node, stands, text string) likeness {
	label, _ := attr(n, "aria-label")
	switch {
	case strings.EqualFold(stands, text), label != "" && strings.EqualFold(label, text):
		return exactly
	case strings.Contains(strings.ToLower(stands), strings.ToLower(text)):
		return partly
	}
	return notAtAll
}
