package webuitest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"souk.dev/souk/test/chromium"
)

// Axe looks at pages with axe-core, which finds what keeps people with a screen reader, a keyboard or weak eyes out.
type Axe struct {
	camera *Camera
	source string
}

// NewAxe starts a browser that lives as long as the test. axe-core comes from where ./check setup puts it; without it, or
// without a browser, the test is skipped. So it is in a short run, such as the race detector's: it would see nothing more.
func NewAxe(t testing.TB) *Axe {
	t.Helper()
	if testing.Short() {
		t.Skip("axe-core looks at the pages in the long run")
	}
	_, file, _, _ := runtime.Caller(0)
	source, err := os.ReadFile(filepath.Join(filepath.Dir(file), "..", "..", "..", ".tools", "js", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Skipf("no axe-core on this machine (./check setup installs it): %v", err)
	}
	return &Axe{NewCamera(t), string(source)}
}

// axeRun answers with what is wrong, a line for each kind of it. Rules of WCAG 2.1, levels A and AA.
const axeRun = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}).then((r) => JSON.stringify(
	r.violations.map((v) => v.id + ": " + v.help + " – " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + " " + (n.any[0]?.message ?? "")).join(" | "))))`

// Site looks at the pages of a site: for each a name, and where it is. It looks in the light as it is on a phone, and in
// the dark on a wide screen.
func (a *Axe) Site(t *testing.T, pages map[string]string) {
	for name, url := range pages {
		t.Run(name, func(t *testing.T) {
			a.Check(t, url, 390, false)
			a.Check(t, url, 1280, true)
		})
	}
}

// Stories looks at every page of a storybook, as Site does.
func (a *Axe) Stories(t *testing.T, book http.Handler) {
	t.Helper()
	shown := httptest.NewServer(book)
	defer shown.Close()
	index := httptest.NewRecorder()
	book.ServeHTTP(index, httptest.NewRequest("GET", "/", nil))
	pages := map[string]string{}
	for _, story := range Parse(t, index.Body).All("a[href]") {
		pages[story.Text()] = shown.URL + story.Attr("href")
	}
	if len(pages) == 0 {
		t.Fatal("the storybook has no stories")
	}
	a.Site(t, pages)
}

// Check looks at the page at url, in the light or in the dark, and reports what is wrong with it.
func (a *Axe) Check(t testing.TB, url string, width int64, dark bool) {
	t.Helper()
	mode := "light"
	if dark {
		mode = "dark"
	}
	ctx, cancel := context.WithTimeout(a.camera.ctx, chromium.Patience)
	defer cancel()
	look := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: mode}}}
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, look)
	if err == nil {
		err = chromedp.Do(ctx, chromedp.EmulateViewport(width, 800), chromedp.Navigate(url))
	}
	if err == nil {
		_, err = chromedp.Run(ctx, chromedp.Evaluate[string](a.source+`; "loaded"`))
	}
	var text string
	if err == nil {
		text, err = chromedp.Run(ctx, chromedp.Evaluate[string](axeRun, chromedp.EvalAwaitPromise))
	}
	var wrong []string
	if err == nil {
		err = json.Unmarshal([]byte(text), &wrong)
	}
	if err != nil {
		t.Fatalf("look at %s: %v", url, err)
	}
	if len(wrong) > 0 {
		t.Errorf("%s, %s: %s", url, mode, strings.Join(wrong, "\n\t"))
	}
}
