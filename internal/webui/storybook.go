package webui

import (
	"fmt"
	"html/template"
	"net/http"
)

// Story is a page with sample data: what a test renders and a designer looks at.
type Story struct {
	Name string // in the story's address: "signin-wrong-password"
	Page string
	Data any
}

var storybookIndex = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Stories</title>
<h1>Stories</h1><ul>{{range .}}<li><a href="/{{.Name}}">{{.Name}}</a></li>{{end}}</ul></html>`))

// Storybook serves every story at /{name}, the list of them at /, and the assets they need. It is for tests and for
// looking at pages while making them; it answers any page with its sample data and touches nothing.
func (r *Renderer) Storybook(stories ...Story) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(r.assets.base, r.Assets())
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = storybookIndex.Execute(w, stories) // to a reader who may have gone
	})
	byName := map[string]Story{}
	for _, s := range stories {
		byName[s.Name] = s
	}
	mux.HandleFunc("GET /{name}", func(w http.ResponseWriter, req *http.Request) {
		s, ok := byName[req.PathValue("name")]
		if !ok {
			http.NotFound(w, req)
			return
		}
		if err := r.Render(w, http.StatusOK, s.Page, s.Data); err != nil {
			http.Error(w, fmt.Sprintf("story %s: %v", s.Name, err), http.StatusInternalServerError)
		}
	})
	return mux
}
