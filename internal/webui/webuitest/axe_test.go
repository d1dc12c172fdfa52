package webuitest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What keeps people out is found: the checker itself, and each rule of ours beside it.
func TestAxeFindsWhatKeepsPeopleOut(t *testing.T) {
	axe := NewAxe(t)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		body := `<button>Press</button>`
		switch r.URL.Path {
		case "/wide":
			body = `<p style="width: 700px">A line.</p>`
		case "/small":
			body = `<button style="width: 9px; height: 9px; padding: 0" aria-label="a"></button><button style="width: 9px; height: 9px; padding: 0" aria-label="b"></button>`
		case "/hidden":
			body = `<button style="outline: none">Press</button>`
		case "/pale":
			body = `<p style="color: #ddd; background: #fff">A line.</p>`
		}
		_, _ = w.Write([]byte(`<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>A page</title><main><h1>A page</h1>` + body + `</main></html>`))
	}))
	defer site.Close()
	for path, want := range map[string]string{"/": "", "/wide": "pixels wide", "/small": "target-size", "/hidden": "its focus cannot be seen", "/pale": "color-contrast"} {
		wrong, err := axe.look(site.URL+path, 390, "light")
		if err != nil {
			t.Fatal(err)
		}
		if said := strings.Join(wrong, "\n"); want == "" && said != "" || !strings.Contains(said, want) {
			t.Errorf("of %s it says %q; want %q", path, said, want)
		}
	}
}
