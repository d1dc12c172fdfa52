package app

import (
	"html"
	"html/template"
	"regexp"
	"strings"
	"unicode/utf8"
)

// A page takes this many lines of this many characters. What a block takes is worked out from its text alone, so that
// the same note always has the same number of pages: it is what the customer pays for.
const (
	linesPerPage = 26
	charsPerLine = 62
)

// block is one paragraph, heading, quotation or list item.
type block struct {
	kind string // "h1", "h2", "p", "q", "li", "hr"
	text string
}

// page is one printed page: HTML without any of the writer's.
type page struct {
	Number int
	Body   template.HTML
}

// lay sets text into pages. An empty text has none.
func lay(text string) []page {
	var pages []page
	var on []block
	room := linesPerPage
	turn := func() {
		if len(on) > 0 {
			pages = append(pages, page{len(pages) + 1, compose(on)})
		}
		on, room = nil, linesPerPage
	}
	for _, b := range blocks(text) {
		for b.text != "" || b.kind == "hr" {
			if room < minLines(b) {
				turn()
			}
			head, rest := split(b, room)
			on = append(on, head)
			room -= height(head)
			if rest.text == "" {
				break
			}
			turn()
			b = rest
		}
	}
	turn()
	return pages
}

// blocks takes text apart as people write notes: # and ## headings, - lists, > quotations, --- for a rule, and
// paragraphs with an empty line between them.
func blocks(text string) []block {
	var all []block
	var para []string
	flush := func() {
		if len(para) > 0 {
			all = append(all, block{"p", strings.Join(para, " ")})
			para = nil
		}
	}
	for line := range strings.Lines(strings.ReplaceAll(text, "\r\n", "\n")) {
		line = strings.TrimSpace(line)
		if line == "" {
			flush()
			continue
		}
		if line == "---" || line == "***" {
			flush()
			all = append(all, block{kind: "hr"})
			continue
		}
		mark, rest, found := strings.Cut(line, " ")
		kind := map[string]string{"#": "h1", "##": "h2", "###": "h2", "-": "li", "*": "li", ">": "q"}[mark]
		if !found || kind == "" {
			para = append(para, line)
			continue
		}
		flush()
		if rest = strings.TrimSpace(rest); rest != "" {
			all = append(all, block{kind, rest})
		}
	}
	flush()
	return all
}

// height is how many lines b takes, with the space after it.
func height(b block) int {
	lines := (utf8.RuneCountInString(b.text) + charsPerLine - 1) / charsPerLine
	switch b.kind {
	case "h1":
		return 2*lines + 1
	case "hr", "h2":
		return lines + 1
	case "li":
		return lines
	}
	return lines + 1
}

// minLines is the least room that b is begun in: a heading does not stand alone at a page's foot.
func minLines(b block) int {
	switch b.kind {
	case "h1", "h2":
		return min(height(b)+3, linesPerPage)
	case "p", "q":
		return min(height(b), 3)
	}
	return min(height(b), linesPerPage)
}

// split cuts off b what fits into room lines, between words where it can.
func split(b block, room int) (head, rest block) {
	fits := max(room-1, 1) * charsPerLine
	if height(b) <= room || utf8.RuneCountInString(b.text) <= fits {
		return b, block{kind: b.kind}
	}
	runes := []rune(b.text)
	cut := fits
	for i := fits; i > fits/2; i-- {
		if runes[i] == ' ' {
			cut = i
			break
		}
	}
	return block{b.kind, string(runes[:cut])}, block{b.kind, strings.TrimSpace(string(runes[cut:]))}
}

var (
	strong   = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	emphasis = regexp.MustCompile(`(^|[^\pL\pN*_])[*_]([^*_]+)[*_]`)
)

// compose writes a page's blocks as HTML. Every piece of the writer's text is escaped first; only then is emphasis put in.
func compose(blocks []block) template.HTML {
	var out strings.Builder
	list := false
	for _, b := range blocks {
		if (b.kind == "li") != list {
			out.WriteString(map[bool]string{true: "</ul>\n", false: "<ul>\n"}[list])
			list = !list
		}
		text := html.EscapeString(b.text)
		text = strong.ReplaceAllString(text, "<strong>$1</strong>")
		text = emphasis.ReplaceAllString(text, "$1<em>$2</em>")
		switch b.kind {
		case "hr":
			out.WriteString("<hr>\n")
		case "q":
			out.WriteString("<blockquote>" + text + "</blockquote>\n")
		default:
			out.WriteString("<" + b.kind + ">" + text + "</" + b.kind + ">\n")
		}
	}
	if list {
		out.WriteString("</ul>\n")
	}
	return template.HTML(out.String())
}

// titleOf is a note's first heading, or the beginning of its first words.
func titleOf(text string) string {
	for _, b := range blocks(text) {
		if b.text == "" {
			continue
		}
		b.text = emphasis.ReplaceAllString(strong.ReplaceAllString(b.text, "$1"), "$1$2")
		if r := []rune(b.text); len(r) > 60 {
			return strings.TrimSpace(string(r[:58])) + "…"
		}
		return b.text
	}
	return "Untitled"
}
