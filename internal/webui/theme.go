package webui

import (
	"fmt"
	"html/template"
	"strings"
)

// Theme is a brand: what the pages of one site have in common.
type Theme struct {
	// Name stands in the header and after every page's title.
	Name string
	// Tagline stands beside the name; may be empty.
	Tagline string
	// Home is where the name links to; "/" when empty.
	Home string
	// Accent is the brand's colour, "#rrggbb", for buttons, links and marks; a calm blue when empty. Shades that are
	// not legible are moved until they are (WCAG AA), in light and in dark.
	Accent string
	// Ribbon is a sentence above every page that readers must not miss; may be empty.
	Ribbon string
	// Mark is an SVG drawing for the header and the browser's tab; the name's initial on the accent when empty. It is
	// the program's own markup, never a user's.
	Mark template.HTML
	// Logo stands in the header in place of mark and name; nil: those do.
	Logo *Logo
	// AssetPath is where the stylesheet and its like are served; the constant AssetPath when empty. Two sites of one
	// server need two.
	AssetPath string
}

const defaultAccent = "#3157d5"

// textRatio is WCAG's 4.5:1 for text, with a little room for rounding.
const textRatio = 4.6

// Grounds that accents are written on. They are --sunk of css/tokens.css, of all grounds the nearest to ink; a test compares.
var (
	lightGround = mustColour("#f3f2ed")
	darkGround  = mustColour("#222327")
)

// check refuses a theme without a name or with a colour that is none, and fills in what may be left out.
func (t Theme) check() (Theme, error) {
	if t.Name == "" {
		return t, fmt.Errorf("a theme needs a name")
	}
	if t.Home == "" {
		t.Home = "/"
	}
	if t.Accent == "" {
		t.Accent = defaultAccent
	}
	if t.AssetPath == "" {
		t.AssetPath = AssetPath
	}
	if _, err := parseColour(t.Accent); err != nil {
		return t, err
	}
	return t, nil
}

// variables is the part of the stylesheet that depends on the accent.
func (t Theme) variables() string {
	accent, err := parseColour(t.Accent)
	if err != nil {
		panic("webui: unchecked theme: " + err.Error()) // check has been passed
	}
	var b strings.Builder
	mode := func(ground, surface, ink colour, softness float64) {
		soft := surface.mix(accent, softness)
		text := accent.readableOn(ground, ink, textRatio).readableOn(soft, ink, textRatio)
		fill := text // stands out from the ground as text must; its own ink has to be legible on it too
		for contrast(inkOn(fill), fill) < textRatio {
			fill = fill.mix(ink, 0.04)
		}
		fmt.Fprintf(&b, "--accent:%s;--accent-fill:%s;--accent-ink:%s;--accent-strong:%s;--accent-soft:%s;--accent-line:%s;",
			text, fill, inkOn(fill), fill.mix(inkOn(fill), -0.16), soft, ground.mix(accent, 0.42))
	}
	b.WriteString(":root{")
	mode(lightGround, white, black, 0.08)
	b.WriteString("}\n@media (prefers-color-scheme:dark){:root{")
	mode(darkGround, darkGround, white, 0.14)
	b.WriteString("}}\n")
	return b.String()
}

// mark is the theme's drawing, or one made from its initial. Its colours are fixed: a browser's tab has no stylesheet.
func (t Theme) mark() template.HTML {
	if t.Mark != "" {
		return t.Mark
	}
	accent, _ := parseColour(t.Accent) // checked
	initial := []rune(strings.TrimSpace(t.Name))
	letter := "·"
	if len(initial) > 0 {
		letter = template.HTMLEscapeString(strings.ToUpper(string(initial[0])))
	}
	return template.HTML(fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">`+
		`<rect width="32" height="32" rx="8" fill="%s"/><text x="16" y="22.5" text-anchor="middle" font-family="system-ui,sans-serif" `+
		`font-size="18" font-weight="700" fill="%s">%s</text></svg>`, accent, inkOn(accent), letter))
}

// ButtonColours are the ground and the text of a button in a brand's colour, "#rrggbb", on white: for what has no stylesheet,
// such as a mail. An empty accent is the calm blue. Errors: a colour that is none.
func ButtonColours(accent string) (ground, text string, err error) {
	if accent == "" {
		accent = defaultAccent
	}
	c, err := parseColour(accent)
	if err != nil {
		return "", "", err
	}
	fill := c.readableOn(white, black, textRatio)
	return fill.String(), inkOn(fill).String(), nil
}
