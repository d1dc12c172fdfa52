package webui

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/webui/webuitest"
)

var when = time.Date(2026, 11, 1, 10, 15, 0, 0, time.UTC)

type componentsView struct {
	Path      string
	Now, When time.Time
	Notices   []Notice
	States    []string
	Nothing   Empty
	Fields    []Field
	Products  []string
	JSON      string
}

var components = Story{Name: "components", Page: "components", Data: componentsView{
	Path: "/components", Now: when.Add(90 * time.Minute), When: when,
	Notices: []Notice{{Info, "Payment is being verified", "The contract starts once it is."}, {Success, "You are subscribed", ""},
		{Warn, "Cancellation in progress", "Usage until 11:15 UTC will still be billed."}, {Error, "", "That link has expired; ask for a new one."}},
	States:  []string{"active", "pending", "winding_down", "failed", "ended"},
	Nothing: Empty{"No subscriptions yet", "What you subscribe to is listed here.", "/", "Look around"},
	Fields: []Field{{Name: "email", Label: "Email address", Type: "email", Hint: "Usage notices go there.", Error: "Write it like name@example.com.", Value: "ada@", Required: true},
		{Name: "plan", Label: "Plan", Type: "select", Value: "b", Options: []Choice{{"a", "Small"}, {"b", "Large"}}, Required: true},
		{Name: "note", Label: "Anything else", Type: "textarea", Rows: 3}, {Name: "agree", Label: "Send me the monthly letter", Type: "checkbox", Hint: "Twelve a year."}},
	Products: []string{"Inkwell Pages", "Quill Analytics", "Vellum Archive"},
	JSON:     `{"ProductCode":"ink","Quantity":7}`,
}}

func newRenderer(t *testing.T, theme Theme) *Renderer {
	t.Helper()
	r, err := New(theme, os.DirFS("testdata"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func get(t *testing.T, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}

func TestComponentsAreOpenToEverybody(t *testing.T) {
	axe := webuitest.NewAxe(t)
	for _, theme := range []Theme{{Name: "Inkwell", Accent: "#7a3e8a"}, {Name: "Acme", Ribbon: "Practice only"}} {
		axe.Stories(t, newRenderer(t, theme).Storybook(components))
	}
}

func TestComponentsKeepTheRules(t *testing.T) {
	book := newRenderer(t, Theme{Name: "Inkwell", Ribbon: "Practice only"}).Storybook(components)
	w := get(t, book, "/components")
	page := webuitest.Parse(t, w.Body)
	webuitest.Check(t, page)
	if got := page.One(t, "title").Text(); got != "Components · Inkwell" {
		t.Errorf("title %q", got)
	}
	email := page.One(t, "input#email")
	if email.Attr("aria-invalid") != "true" || email.Attr("aria-describedby") != "email-hint email-error" {
		t.Errorf("a wrong field is not announced as one: %v", email.Node.Attr)
	}
	if page.One(t, "option[selected]").Attr("value") != "b" {
		t.Error("the chosen option is not selected")
	}
	if !page.Has("span.badge-warn", "Winding down") {
		t.Error("winding_down is not shown as a warning")
	}
	for _, css := range page.All("link[rel=stylesheet]") {
		if a := get(t, book, css.Attr("href")); a.Code != 200 || !strings.Contains(a.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("the stylesheet %s answers %d, %v", css.Attr("href"), a.Code, a.Header())
		}
	}
}

func TestHeadersForbidWhatPagesDoNotNeed(t *testing.T) {
	r := newRenderer(t, Theme{Name: "Inkwell"})
	w := httptest.NewRecorder()
	if err := r.Render(w, http.StatusTeapot, "components", components.Data, FormsMayGoTo("https://seller.example/register?x=1", "javascript:alert(1)"), TellOrigin()); err != nil {
		t.Fatal(err)
	}
	csp := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	if !strings.HasSuffix(csp, "form-action 'self' https://seller.example") {
		t.Errorf("forms: %q", csp)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "strict-origin", "Cache-Control": "no-store"} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if w.Code != http.StatusTeapot {
		t.Errorf("status %d", w.Code)
	}
}

func TestBrokenPageWritesNothing(t *testing.T) {
	r, err := New(Theme{Name: "x"}, fstest.MapFS{"bad.html": {Data: []byte(`{{define "title"}}t{{end}}{{define "main"}}<h1>long before</h1>{{.Missing.Field}}{{end}}`)}})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if err := r.Render(w, 200, "bad", struct{}{}); err == nil {
		t.Fatal("want an error")
	}
	if w.Body.Len() > 0 || len(w.Header()) > 0 {
		t.Errorf("half a page was written: %q %v", w.Body, w.Header())
	}
	if err := r.Render(w, 200, "nowhere", nil); err == nil {
		t.Error("a page that does not exist was rendered")
	}
}

func TestPagesAreCheckedAtTheStart(t *testing.T) {
	for name, page := range map[string]string{"does not parse": `{{define "main"}}{{end`, "has no main": `{{define "title"}}x{{end}}`} {
		if _, err := New(Theme{Name: "x"}, fstest.MapFS{"p.html": {Data: []byte(page)}}); err == nil {
			t.Errorf("a page that %s was taken", name)
		}
	}
	if _, err := New(Theme{Name: "x", Accent: "red;}body{display:none"}, fstest.MapFS{}); err == nil {
		t.Error("an accent that is no colour was taken")
	}
}

func TestHostileTextIsEscaped(t *testing.T) {
	r := newRenderer(t, Theme{Name: `<script>alert("name")</script>`})
	view := components.Data.(componentsView)
	view.Products = []string{`</h2><script>alert(1)</script>`}
	view.States = []string{`"><script>alert(2)</script>`}
	view.Fields = []Field{{Name: "f", Label: "<script>", Value: `"><script>alert(3)</script>`, Type: `"><script>`}}
	w := httptest.NewRecorder()
	if err := r.Render(w, 200, "components", view); err != nil {
		t.Fatal(err)
	}
	if n := len(webuitest.Parse(t, w.Body).All("script")); n != 0 {
		t.Errorf("%d scripts came in through data", n)
	}
	icon := get(t, r.Assets(), r.assets.urls["icon.svg"])
	if strings.Contains(icon.Body.String(), "<script") {
		t.Error("the icon has a script in it")
	}
}

func TestAssetsUnknownName(t *testing.T) {
	r := newRenderer(t, Theme{Name: "x"})
	w := get(t, r.Assets(), "/assets/style.000000000000.css")
	if w.Code != http.StatusNotFound || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if newRenderer(t, Theme{Name: "x", Accent: "#008800"}).assets.urls["style.css"] == r.assets.urls["style.css"] {
		t.Error("two different stylesheets have one name: browsers would keep the wrong one")
	}
}

// palette reads the colours of one mode out of the stylesheet as it is served.
func palette(t *testing.T, css string, dark bool) map[string]colour {
	t.Helper()
	found := map[string]colour{}
	rest := css
	for {
		at := strings.Index(rest, ":root")
		if at < 0 {
			return found
		}
		inDark := strings.Contains(rest[max(0, at-60):at], "prefers-color-scheme")
		body, after, _ := strings.Cut(rest[at:], "}")
		if !inDark || dark {
			for _, m := range regexp.MustCompile(`--([a-z-]+):\s*(#[0-9a-f]{6})`).FindAllStringSubmatch(body, -1) {
				found[m[1]] = mustColour(m[2])
			}
		}
		rest = after
	}
}

func TestTextIsLegibleWhateverTheAccent(t *testing.T) {
	for _, accent := range []string{"", "#0f766e", "#ffeb3b", "#ffffff", "#000000", "#ff0000", "#777777", "#1a2b3c", "#00ffcc"} {
		r := newRenderer(t, Theme{Name: "x", Accent: accent})
		css := get(t, r.Assets(), r.assets.urls["style.css"]).Body.String()
		for _, dark := range []bool{false, true} {
			p := palette(t, css, dark)
			pairs := [][2]string{{"accent", "accent-soft"}, {"accent-ink", "accent-fill"}, {"accent-ink", "accent-strong"}}
			for _, ground := range []string{"ground", "surface", "sunk"} {
				for _, text := range []string{"ink", "soft", "accent"} {
					pairs = append(pairs, [2]string{text, ground})
				}
			}
			for _, tone := range []string{"info", "success", "warn", "error"} {
				pairs = append(pairs, [2]string{tone, tone + "-ground"}, [2]string{tone, "surface"})
			}
			for _, pair := range pairs {
				text, ok1 := p[pair[0]]
				ground, ok2 := p[pair[1]]
				if !ok1 || !ok2 {
					t.Fatalf("the stylesheet does not define --%s and --%s", pair[0], pair[1])
				}
				if c := contrast(text, ground); c < 4.5 {
					t.Errorf("accent %q, dark %v: --%s %s on --%s %s has contrast %.2f, want 4.5", accent, dark, pair[0], text, pair[1], ground, c)
				}
			}
			for _, ground := range []string{"surface", "ground"} { // the edge of a field: WCAG 1.4.11
				if c := contrast(p["line-strong"], p[ground]); c < 3 {
					t.Errorf("dark %v: fields stand out from --%s by %.2f, want 3", dark, ground, c)
				}
			}
			want := lightGround
			if dark {
				want = darkGround
			}
			if p["sunk"] != want {
				t.Errorf("dark %v: --sunk is %s, theme.go says %s", dark, p["sunk"], want)
			}
		}
	}
}

func TestTilesAreLegible(t *testing.T) {
	css, err := files.ReadFile("css/components.css")
	if err != nil {
		t.Fatal(err)
	}
	tints := regexp.MustCompile(`\.tint-\d \{ background: (#[0-9a-f]{6})`).FindAllStringSubmatch(string(css), -1)
	if len(tints) != 8 {
		t.Fatalf("%d tints, want 8", len(tints))
	}
	for _, m := range tints {
		if c := contrast(white, mustColour(m[1])); c < 4.5 {
			t.Errorf("white on %s has contrast %.2f", m[1], c)
		}
	}
}

func TestWriting(t *testing.T) {
	for got, want := range map[string]string{
		Money("USD", "1234567.5"): "$1,234,567.50", Money("USD", "0.001"): "$0.001", Money("EUR", "-12"): "−€12.00",
		Money("CHF", "3.10"): "CHF 3.10", Money("USD", "lots"): "lots USD", Money("USD", "0.00000100"): "$0.000001",
		Quantity(1234567): "1,234,567", Quantity(-999): "−999", Quantity("1000.25"): "1,000.25", Quantity("<b>"): "<b>",
		Words("WINDING_DOWN"): "Winding down", Words(""): "", distance(-90 * time.Minute): "1 hour ago",
		distance(49 * time.Hour): "in 2 days", distance(400 * time.Millisecond): "now", distance(-time.Second): "1 second ago",
		initials("Inkwell Press"): "IP", initials("  éclair"): "É", initials("…"): "",
		string(At(time.Time{})): `<span class="nothing">–</span>`,
		string(Day(when)):       `<time datetime="2026-11-01T10:15:00Z" title="Sunday, 1 November 2026, 10:15:00 UTC">1 Nov 2026</time>`,
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	zone := time.FixedZone("", 2*3600)
	if At(when.In(zone)) != At(when) {
		t.Error("a time is not written in UTC")
	}
}

func TestProblemHidesItsCause(t *testing.T) {
	p := ProblemOf(os.ErrPermission)
	if p.Status != 500 || strings.Contains(p.Say, "permission") {
		t.Errorf("%+v", p)
	}
	if p := ProblemOf(fail.New(fail.NotFound, "x", "No such product.")); p.Status != 404 || p.Say != "No such product." || p.Title == "" {
		t.Errorf("%+v", p)
	}
}

func TestLinkIsCurrentOnAndUnderItsPage(t *testing.T) {
	for path, want := range map[string]bool{"/bill": true, "/bill/2026-11": true, "/billing": false, "/": false} {
		if got := NewLink("/bill", "Bill", path).Current; got != want {
			t.Errorf("on %s: %v", path, got)
		}
	}
	if NewLink("/", "Home", "/bill").Current {
		t.Error("home is current everywhere")
	}
}
