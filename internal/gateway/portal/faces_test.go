package portal

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
)

const drawing = `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 20"><script>alert(1)</script><text y="15">QUILL</text></svg>`

// branded is the catalogue with a brand of its own for pay as you go.
func branded(t *testing.T) core.Catalogue {
	t.Helper()
	logo := filepath.Join(t.TempDir(), "quill.svg")
	if err := os.WriteFile(logo, []byte(drawing), 0o600); err != nil {
		t.Fatal(err)
	}
	products := append(core.Catalogue{}, catalogue...)
	products[1].Brand = core.Brand{Name: "Quill Labs", Accent: "#ffe100", Logo: logo, SupportEmail: "hello@quill.example", Welcome: "Good to <b>have</b> you."}
	return products
}

func TestAProductsPagesHaveItsBrand(t *testing.T) {
	products := branded(t)
	s := newSiteOf(t, products, func(c *Config) { c.Products = products })
	quill := buyer(1)
	quill.ProductCode = metricCode
	s.sells("tok-1", quill)
	s.sells("tok-2", buyer(2))
	b := s.browser()
	b.land("tok-1")
	form := b.get("/register/account")
	if !form.Page.Has("title", "Quill Labs") || !form.Page.Has("a", "hello@quill.example") || !form.Page.Has("p", "Good to <b>have</b> you.") || form.Page.Has("a", seller.SupportEmail) {
		t.Errorf("%s", form.Page.Text())
	}
	// What is not said of the product is as the seller has it.
	if !form.Page.Has("a", "support pages") {
		t.Errorf("the seller's support pages are gone: %s", form.Page.Text())
	}
	b.goes(b.post("/register/signup", b.fill(form, "/register/signup", ada)), "/portal/licenses/"+b.license()+"?new")
	home := "/portal/licenses/" + b.license()
	b.land("tok-2")
	other := b.get("/register/account")
	for path, want := range map[string]string{home: "Quill Labs", home + "/cancel": "Quill Labs", home + "/refund": "Quill Labs", "/portal": "Inkwell Press", "/register": "Inkwell Press"} {
		if a := b.get(path); a.Code != http.StatusOK || !a.Page.Has("title", want) {
			t.Errorf("%s: %d %s", path, a.Code, a.Page.One(t, "title").Text())
		}
	}
	if !other.Page.Has("title", "Inkwell Press") {
		t.Errorf("another product's: %s", other.Page.Text())
	}
	if a := s.browser().get("/signin?product=" + string(metricCode)); !a.Page.Has("title", "Quill Labs") || !strings.Contains(a.Header.Get("Content-Security-Policy"), "quill.example.com") {
		t.Errorf("%s %v", a.Page.Text(), a.Header)
	}

	// The picture is a picture: whoever opens it runs nothing.
	src := form.Page.One(t, "header").One(t, "img").Attr("src")
	res, err := http.Get(s.URL + src) //nolint:noctx // a test's own server
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || string(body) != drawing || res.Header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(res.Header.Get("Content-Security-Policy"), "default-src 'none'") ||
		!strings.Contains(res.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%s: %d %v, %v", src, res.StatusCode, res.Header, err)
	}
	if len(other.Page.One(t, "header").All("img")) != 0 {
		t.Error("another product has the logo, too")
	}
	for _, page := range []answer{form, other} {
		for _, link := range page.Page.One(t, "head").All("link") {
			res, err := http.Get(s.URL + link.Attr("href")) //nolint:noctx // a test's own server
			if err != nil {
				t.Fatal(err)
			}
			if res.Body.Close(); res.StatusCode != http.StatusOK {
				t.Errorf("%s: %d", link.Attr("href"), res.StatusCode)
			}
		}
	}
}

func TestABrandThatCannotBeIsSaidAtTheStart(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"page.html": "<html><svg></svg></html>", "half.svg": "<svg><g></svg>", "big.svg": "<svg>" + strings.Repeat(" ", 256<<10) + "</svg>", "note.txt": "a logo"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for want, brand := range map[string]core.Brand{
		"no SVG, PNG": {Logo: filepath.Join(dir, "page.html")}, "half.svg is no SVG": {Logo: filepath.Join(dir, "half.svg")}, "note.txt is no SVG": {Logo: filepath.Join(dir, "note.txt")},
		"it may have": {Logo: filepath.Join(dir, "big.svg")}, "none.png": {Logo: filepath.Join(dir, "none.png")}, "green": {Accent: "green"},
	} {
		products := append(core.Catalogue{}, catalogue...)
		products[1].Brand = brand
		_, err := New(Config{BaseURL: "http://127.0.0.1:4710", Seller: seller, Products: products})
		if !fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), want) || !strings.Contains(fail.SayOf(err), string(metricCode)) {
			t.Errorf("%+v: %v; want %s", brand, err, want)
		}
		if _, err := New(Config{BaseURL: "http://127.0.0.1:4710", Seller: core.Brand{Accent: brand.Accent, Logo: brand.Logo}}); !fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("the seller's %+v: %v; want %s", brand, err, want)
		}
	}
}
