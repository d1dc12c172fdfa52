package mailer

import (
	"embed"
	"errors"
	htmltemplate "html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
	texttemplate "text/template"
	"time"
	"unicode"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/letter"
	"souk.dev/souk/internal/webui"
)

//go:embed all:letters
var embedded embed.FS

// frame is the file, of either kind, that stands around every letter; it shows the template called main.
const frame = "_frame"

// files are templates by their names: the letters' and the frames', with .txt and .html.
type files map[string]string

func ownFiles() (files, error) {
	own := files{}
	dir, err := fs.Sub(embedded, "letters")
	if err != nil {
		return nil, err
	}
	return own, own.read(dir)
}

func (f files) read(dir fs.FS) error {
	return fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(dir, name)
		f[name] = string(text)
		return err
	})
}

// with is f with the templates of folder in the place of those of the same name. A name that no letter has is refused: it
// would never be used.
func (f files) with(folder string, open func(string) fs.FS) (files, error) {
	if folder == "" {
		return f, nil
	}
	theirs := files{}
	if err := theirs.read(open(folder)); err != nil {
		return nil, fail.Wrap(fail.Invalid, err, "mail_templates", "The folder of mail templates cannot be read: %v.", err)
	}
	for name, text := range theirs {
		if _, known := f[name]; !known {
			return nil, fail.New(fail.Invalid, "mail_templates", "The mail template %s stands in no letter's place; they are %s, with .txt and .html.", name, strings.Join(f.letters(), ", "))
		}
		f[name] = text
	}
	return f, nil
}

// letters names what may be replaced.
func (f files) letters() (names []string) {
	for name := range f {
		names = append(names, strings.TrimSuffix(name, path.Ext(name)))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// templates write letters. They are never changed.
type templates struct {
	text map[letter.Name]*texttemplate.Template
	html map[letter.Name]*htmltemplate.Template
	look look
}

// look is what the HTML of a letter is coloured with. Mails have no stylesheet that all readers heed.
type look struct{ Button, ButtonText string }

func lookOf(accent string) (l look, err error) {
	if l.Button, l.ButtonText, err = webui.ButtonColours(accent); err != nil {
		return l, fail.Wrap(fail.Invalid, err, "seller_look", "The seller's colour cannot be used: %v.", err)
	}
	return l, nil
}

// page is what a template is given.
type page struct {
	letter.Content
	Look look
}

// funcs are what templates may call besides what is built in.
var funcs = map[string]any{
	"at":       func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") },
	"day":      func(t time.Time) string { return t.UTC().Format("2 January 2006") },
	"money":    webui.Money,
	"quantity": webui.Quantity,
	// button is what {{template "button"}} of the HTML takes.
	"button": func(href, label string, l look) any {
		return struct {
			Href, Label string
			Look        look
		}{href, label, l}
	},
}

// parse reads all templates and writes every letter once, so that what cannot work is found now.
func (f files) parse(accent string) (*templates, error) {
	t := &templates{text: map[letter.Name]*texttemplate.Template{}, html: map[letter.Name]*htmltemplate.Template{}}
	var err error
	if t.look, err = lookOf(accent); err != nil {
		return nil, err
	}
	for _, name := range letter.Names {
		text, err := texttemplate.New(string(name)).Funcs(funcs).Option("missingkey=error").Parse(f[frame+".txt"])
		if err == nil {
			text, err = text.Parse(f[string(name)+".txt"])
		}
		if err != nil {
			return nil, broken(string(name)+".txt", err)
		}
		html, err := htmltemplate.New(string(name)).Funcs(funcs).Option("missingkey=error").Parse(f[frame+".html"])
		if err == nil {
			html, err = html.Parse(f[string(name)+".html"])
		}
		if err != nil {
			return nil, broken(string(name)+".html", err)
		}
		t.text[name], t.html[name] = text, html
		for _, c := range []letter.Content{Sample(name), {}} {
			if _, err := t.write(name, c); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

func broken(file string, err error) error {
	return fail.Wrap(fail.Invalid, err, "mail_templates", "The mail template %s cannot be used: %v.", file, err)
}

// written is a letter that was written.
type written struct{ subject, text, html string }

// write writes a letter. Its subject is the template called subject of the text.
//
// Errors: fail.Invalid when a template fails, saying which.
func (t *templates) write(name letter.Name, c letter.Content) (w written, err error) {
	text, html, p := t.text[name], t.html[name], page{c, t.look}
	if text == nil {
		return w, broken(string(name)+".txt", errors.New("there is no such letter"))
	}
	if c.Seller.Accent != "" { // the product's, perhaps
		if p.Look, err = lookOf(c.Seller.Accent); err != nil {
			return w, err
		}
	}
	var subject, body, markup strings.Builder
	if err := text.ExecuteTemplate(&subject, "subject", p); err != nil {
		return w, broken(string(name)+".txt", err)
	}
	if err := text.Execute(&body, p); err != nil {
		return w, broken(string(name)+".txt", err)
	}
	if err := html.Execute(&markup, p); err != nil {
		return w, broken(string(name)+".html", err)
	}
	// A line's end in a subject would begin another header.
	w = written{strings.Join(strings.FieldsFunc(subject.String(), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " "), tidy(body.String()), markup.String()}
	if w.subject == "" || strings.TrimSpace(w.text) == "" {
		return w, broken(string(name)+".txt", errors.New("its subject, or all of it, is empty"))
	}
	if strings.TrimSpace(w.html) == "" {
		return w, broken(string(name)+".html", errors.New("it is empty"))
	}
	return w, nil
}

// signature is the line before a text's last part, by which mails' readers tell that; its blank belongs to it.
// Source: RFC 3676, section 4.3.
const signature = "-- "

// tidy takes away the blanks that templates leave at the ends of lines, and more than one empty line in a row.
func tidy(text string) string {
	var out []string
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if line != signature {
			line = strings.TrimRightFunc(line, unicode.IsSpace)
		}
		if line == "" && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		out = append(out, line)
	}
	return strings.TrimRight(strings.Join(out, "\n"), "\n") + "\n"
}
