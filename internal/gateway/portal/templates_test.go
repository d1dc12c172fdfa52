package portal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"souk.dev/souk/internal/fail"
)

// templates is a folder with these files.
func templates(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestTheSellersTemplatesStandOverPages(t *testing.T) {
	dir := templates(t, map[string]string{
		".notes":       "mine",
		"_frame.html":  `{{define "footer"}}<p>Quill &amp; Sons, since 1802</p>{{template "support-line" .}}{{end}}`,
		"arrive.html":  `{{define "title"}}Come in{{end}}`,
		"account.html": "{{define \"ours\"}}<p>For {{.Product}}</p>{{end}}\n{{define \"main\"}}<h1>Welcome, {{.CustomerAs}}</h1>{{template \"ours\" .}}<form method=\"post\" action=\"/register/signup\"><input type=\"hidden\" name=\"registration\" value=\"{{.Registration}}\">{{range .SignUp}}{{template \"ui-field\" .}}{{end}}<button>Go</button></form>{{end}}",
	})
	s := newSite(t, func(c *Config) { c.Templates = dir })
	s.sells("tok-1", buyer(1))
	b := s.browser()
	if a := b.get("/register"); !a.Page.Has("title", "Come in") || !a.Page.Has("h1", "Set up your account from AWS Marketplace") || !a.Page.Has("footer", "since 1802") || !a.Page.Has("footer", seller.SupportEmail) {
		t.Errorf("%s", a.Page.Text())
	}
	b.land("tok-1")
	form := b.get("/register/account")
	if !form.Page.Has("h1", "Welcome, 1111-2222-3333") || !form.Page.Has("p", "For Inkwell Pages") || !form.Page.Has("title", "Set up your account") {
		t.Errorf("%s", form.Page.Text())
	}
	b.goes(b.post("/register/signup", b.fill(form, "/register/signup", ada)), "/portal/licenses/"+b.license()+"?new")
}

func TestATemplateThatCannotBeUsedIsNamedAtTheStart(t *testing.T) {
	for want, files := range map[string]map[string]string{
		"account.html:2":                             {"account.html": "{{define \"main\"}}\n{{if}}\n{{end}}"},
		"account.html:3":                             {"account.html": "{{define \"main\"}}\n<h1>Hello</h1>\n<p>{{.Produkt}}</p>{{end}}"},
		"subscription.html:1":                        {"subscription.html": `{{define "main"}}{{if .Ending}}{{.Until.Nonsense}}{{end}}{{end}}`}, // in one state alone
		"_frame.html:2":                              {"_frame.html": "{{define \"footer\"}}\n{{template \"nowhere\" .}}{{end}}"},
		"home.html:1: it defines no block":           {"home.html": "<h1>Hello</h1>"},
		"welcome.html stands over no page; they are": {"welcome.html": `{{define "main"}}{{end}}`},
	} {
		_, err := New(Config{BaseURL: "http://127.0.0.1:4710", Seller: seller, Products: catalogue, Templates: templates(t, files)})
		if !fail.Is(err, fail.Invalid) || !strings.Contains(fail.SayOf(err), want) {
			t.Errorf("%v; want %s", err, want)
		}
	}
	if _, err := New(Config{BaseURL: "http://127.0.0.1:4710", Seller: seller, Templates: filepath.Join(t.TempDir(), "none")}); !fail.Is(err, fail.Invalid) || !strings.Contains(fail.SayOf(err), "cannot be read") {
		t.Errorf("%v", err)
	}
}
