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
// somebody asks for it. The page is then known as "name".
func New(theme Theme, pages fs.FS) (*Renderer, error) {
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
	if len(shared) > 0 {
		if base, err = base.ParseFS(pages, shared...); err != nil {
			return nil, fmt.Errorf("webui: %w", err)
		}
	}
	for _, name := range own {
		t, err := base.Clone()
		if err == nil {
			t, err = t.ParseFS(pages, name)
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
