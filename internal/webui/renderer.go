package webui

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
)

//go:embed templates/*.html
var templates embed.FS

// Renderer writes the pages of one site. It is safe for concurrent use.
type Renderer struct {
	theme  Theme
	pages  map[string]*template.Template
	assets *assets
}

// New reads every page, name.html at the top of pages, once: a page that does not parse is reported now, not when
// somebody asks for it. The page is then known as "name". A file of the same name in over stands over it: what it defines
// replaces what the page defines, block by block.
func New(theme Theme, pages fs.FS, over ...fs.FS) (*Renderer, error) {
	theme, err := theme.check()
	if err != nil {
		return nil, fmt.Errorf("webui: %w", err)
	}
	r := &Renderer{theme: theme, pages: map[string]*template.Template{}}
	if r.assets, err = newAssets(theme); err != nil {
		return nil, fmt.Errorf("webui: %w", err)
	}
	base, err := template.New("webui").Funcs(r.funcs()).ParseFS(templates, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("webui: %w", err)
	}
	names, err := fs.Glob(pages, "*.html")
	if err != nil {
		return nil, fmt.Errorf("webui: list pages: %w", err)
	}
	shared, own := split(names)
	for _, name := range shared {
		if err := add(base, name, pages, over); err != nil {
			return nil, fmt.Errorf("webui: %w", err)
		}
	}
	for _, name := range own {
		t, err := base.Clone()
		if err == nil {
			err = add(t, name, pages, over)
		}
		if err != nil {
			return nil, fmt.Errorf("webui: page %s: %w", name, err)
		}
		if t.Lookup("main") == nil || t.Lookup("title") == nil {
			return nil, fmt.Errorf(`webui: page %s defines no "title" or no "main"`, name)
		}
		r.pages[strings.TrimSuffix(path.Base(name), ".html")] = t
	}
	return r, nil
}

// add adds what the file called name defines to t, and then what the files over it define.
func add(t *template.Template, name string, pages fs.FS, over []fs.FS) error {
	if _, err := t.ParseFS(pages, name); err != nil {
		return err
	}
	for _, o := range over {
		text, err := fs.ReadFile(o, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if !defines.Match(text) {
			return fmt.Errorf(`template: %s:1: it defines no block, such as {{define "main"}}`, name)
		}
		if _, err := t.New(name).Parse(string(text)); err != nil {
			return err
		}
	}
	return nil
}

// defines finds the beginning of a block. What stands outside of all blocks is never shown.
var defines = regexp.MustCompile(`{{-?\s*define\s`)

// Try renders every story, and returns the first failure, which names the file and the line.
func (r *Renderer) Try(stories ...Story) error {
	for _, s := range stories {
		if _, err := r.render(s.Page, s.Data); err != nil {
			return fmt.Errorf("with the sample %s: %w", s.Name, err)
		}
	}
	return nil
}

// split tells the files that only define shared blocks (_name.html) from pages.
func split(names []string) (shared, own []string) {
	for _, n := range names {
		if strings.HasPrefix(n, "_") {
			shared = append(shared, n)
		} else {
			own = append(own, n)
		}
	}
	return shared, own
}

// Pages names every page, in no order; for tests that want a story for each.
func (r *Renderer) Pages() []string {
	names := make([]string, 0, len(r.pages))
	for n := range r.pages {
		names = append(names, n)
	}
	return names
}

// Render answers with the named page. It is rendered whole before anything is written: when it returns an error, w is
// untouched and the caller can still answer otherwise. A reader who has gone away is no error.
func (r *Renderer) Render(w http.ResponseWriter, status int, page string, data any, options ...Option) error {
	body, err := r.render(page, data)
	if err != nil {
		return err
	}
	h := headers{formAction: []string{"'self'"}, referrer: "same-origin"}
	for _, o := range options {
		o(&h)
	}
	h.set(w.Header())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body)
	return nil
}

func (r *Renderer) render(page string, data any) ([]byte, error) {
	t, ok := r.pages[page]
	if !ok {
		return nil, fmt.Errorf("webui: no page %q", page)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "layout", data); err != nil {
		return nil, fmt.Errorf("webui: render page %s: %w", page, err)
	}
	return b.Bytes(), nil
}

// funcs are the functions that pages may call; see funcs.go for each.
func (r *Renderer) funcs() template.FuncMap {
	m := template.FuncMap{
		"theme": func() Theme { return r.theme },
		"mark":  r.theme.mark,
		"logo": func() string { // "" where the theme has none
			if r.theme.Logo == nil {
				return ""
			}
			return r.assets.urls["logo"+r.theme.Logo.ext]
		},
		"asset": func(name string) (string, error) {
			url, ok := r.assets.urls[name]
			if !ok {
				return "", errors.New("no asset " + name)
			}
			return url, nil
		},
	}
	for name, f := range pageFuncs {
		m[name] = f
	}
	return m
}
