package webuitest

import (
	"context"
	"encoding/json"
	"net/http"
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

// axeRun answers with what is wrong, a line for each kind of it. Rules of WCAG 2.2, levels A and AA; that targets are 24 pixels
// large, or as far apart, axe-core leaves out where nobody asks for it.
const axeRun = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], rules: {"target-size": {enabled: true}}}).then((r) => JSON.stringify(
	r.violations.map((v) => v.id + ": " + v.help + " – " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + " " + (n.any[0]?.message ?? "")).join(" | "))))`

// roomAndFocus answers with what axe-core does not look for: a page that has to be moved sideways to be read, and controls on
// which nobody who uses a keyboard sees that they are there.
const roomAndFocus = `(() => {
	const wrong = [], root = document.scrollingElement;
	if (root.scrollWidth > root.clientWidth) {
		const wide = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > root.clientWidth + 1);
		wrong.push("it is " + root.scrollWidth + " pixels wide where there are " + root.clientWidth + ": " + wide.slice(0, 3).map((e) => e.outerHTML.slice(0, 120)).join(" | "));
	}
	// A control that fills a card may show on the card that it has the focus.
	const look = (e) => [e, e.closest(".card")].filter(Boolean).map((n) => { const s = getComputedStyle(n); return [s.outlineStyle, s.outlineWidth, s.boxShadow].join(); }).join();
	for (const e of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')) {
		if (e.disabled || !e.checkVisibility()) continue;
		const before = look(e);
		e.focus({focusVisible: true, preventScroll: true});
		if (document.activeElement !== e) wrong.push("it takes no focus: " + e.outerHTML.slice(0, 160));
		else if (look(e) === before) wrong.push("its focus cannot be seen: " + e.outerHTML.slice(0, 160));
		e.blur();
	}
	return wrong;
})()`

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
	a.Site(t, pagesOf(t, book))
}

// Check looks at the page at url, in the light or in the dark, and reports what is wrong with it.
func (a *Axe) Check(t testing.TB, url string, width int64, dark bool) {
	t.Helper()
	mode := "light"
	if dark {
		mode = "dark"
	}
	wrong, err := a.look(url, width, mode)
	if err != nil {
		t.Fatalf("look at %s: %v", url, err)
	}
	if len(wrong) > 0 {
		t.Errorf("%s, %s: %s", url, mode, strings.Join(wrong, "\n\t"))
	}
}

// look says what is wrong with the page at url, a line for each kind of it.
func (a *Axe) look(url string, width int64, mode string) (wrong []string, err error) {
	ctx, cancel := context.WithTimeout(a.camera.ctx, chromium.Patience)
	defer cancel()
	// A window that nobody works in shows no focus.
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		return nil, err
	}
	dress := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: mode}, {Name: "prefers-reduced-motion", Value: "reduce"}}}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, dress); err != nil {
		return nil, err
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 800), chromedp.Navigate(url)); err != nil {
		return nil, err
	}
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[string](a.source+`; "loaded"`)); err != nil {
		return nil, err
	}
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](axeRun, chromedp.EvalAwaitPromise))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(text), &wrong); err != nil {
		return nil, err
	}
	more, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](roomAndFocus))
	return append(wrong, more...), err
}
