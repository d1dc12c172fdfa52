package app

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"time"
)

//go:embed static
var assets embed.FS

//go:embed templates
var templateFiles embed.FS

var templates = parseTemplates("welcome.html", "desk.html", "ended.html", "note.html", "message.html")

func parseTemplates(names ...string) map[string]*template.Template {
	all := map[string]*template.Template{}
	for _, name := range names {
		all[name] = template.Must(template.New("layout.html").Funcs(template.FuncMap{
			"hour":    func(t time.Time) string { return t.UTC().Format("2 Jan, 15:04") },
			"instant": func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 MST") },
		}).ParseFS(templateFiles, "templates/layout.html", "templates/"+name))
	}
	return all
}

// frame is what every page has.
type frame struct {
	Title string
	Who   *session // nil: nobody is signed in
}

type welcomeView struct {
	frame
	Specimen page
}

type noteView struct {
	frame
	Note  note
	Pages []page
}

type messageView struct {
	frame
	Text, Link, LinkText string
}

// specimen is the page on the welcome page.
const specimen = `# On setting type

A page is a small room. It has walls of white, a floor of margin, and **just enough light** to read by.

Write as you speak. Leave the *ems* and *ens* to us.

- Notes go in, pages come out
- Each page is counted, once
- You pay for pages, and for nothing else

> Typography is what language looks like.`

// render writes a page whole, or none of it.
func (a *App) render(w http.ResponseWriter, status int, name string, view any) {
	var out bytes.Buffer
	if err := templates[name].Execute(&out, view); err != nil {
		a.broken(w, "show "+name, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // a reader who has gone will come back
}

// fail shows what went wrong and what to do about it.
func (a *App) fail(w http.ResponseWriter, status int, title, text, link, linkText string) {
	a.render(w, status, "message.html", messageView{frame{Title: title}, text, link, linkText})
}

// broken shows that something of ours failed, and logs what.
func (a *App) broken(w http.ResponseWriter, doing string, err error) {
	a.log.Error("failed to "+doing, "err", err)
	http.Error(w, "Inkwell has a fault of its own just now. Nothing was counted twice; please try again.", http.StatusInternalServerError)
}
