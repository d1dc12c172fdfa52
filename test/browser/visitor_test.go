package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"

	"souk.dev/souk/test/chromium"
	"souk.dev/souk/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// visitor is a person at a browser of their own.
type visitor struct {
	t     *testing.T
	ctx   context.Context
	shots string // the folder of the pictures
	album bool   // keeps a picture of every page that is looked at; else of those alone that are wrong
	n     int
}

// newVisitor opens a browser with no history. Without scripts, pages can run none.
func newVisitor(t *testing.T, scripts bool) *visitor {
	t.Helper()
	ctx := chromium.Start(t, chromedp.ExecPath(harness.Tool(t, "/usr/bin/chromium")), chromedp.WindowSize(1200, 900))
	v := &visitor{t: t, ctx: ctx, album: true, shots: shotsOf(t)}
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !scripts}); err != nil {
		t.Fatalf("set up the browser: %v", err)
	}
	return v
}

// another is somebody else at the same browser, who finds nothing there of anybody before; of the pages, only those that are
// wrong are kept as pictures.
func (v *visitor) another(t *testing.T) *visitor {
	t.Helper()
	ctx, end := chromedp.NewContext(v.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a window: %v", err)
	}
	return &visitor{t: t, ctx: ctx, shots: shotsOf(t)}
}

// shotsOf is the folder of a test's pictures, without those of its last run.
func shotsOf(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(harness.Root(), ".tools", "screenshots", strings.ReplaceAll(t.Name(), "/", "-"))
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (v *visitor) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, chromium.Patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		v.picture("failed")
		v.t.Fatalf("%s: %v; at %s the page says: %.1500s", what, err, v.where(), v.text())
	}
}

// run is chromedp.Run within the visitor's patience; an error gives the zero T.
func run[T any](v *visitor, a chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(v.ctx, chromium.Patience)
	defer cancel()
	return chromedp.Run(ctx, a)
}

// open types an address.
func (v *visitor) open(url string) {
	v.t.Helper()
	v.do("open "+url, chromedp.Navigate(url))
}

// named is an XPath of the controls whose own words are text, but for those in a menu that is shut.
func named(text string) string {
	return fmt.Sprintf(`//*[self::button or self::a][normalize-space(.)=%q or @aria-label=%q][not(ancestor::details[not(@open)])]`, text, text)
}

// press presses the button or link that says text, and waits for the page that it leads to.
func (v *visitor) press(text string) {
	v.t.Helper()
	v.follow("press "+text, named(text))
}

// pressOn is press for controls with more words on them than text.
func (v *visitor) pressOn(text string) {
	v.t.Helper()
	v.follow("press on "+text, fmt.Sprintf(`//main//*[self::button or self::a][contains(normalize-space(.),%q)]`, text))
}

// tryPress presses a button that the browser itself may refuse to follow.
func (v *visitor) tryPress(text string) {
	v.t.Helper()
	v.do("press "+text, chromedp.WaitVisible(named(text)), chromedp.Click(named(text)))
}

// follow clicks on sel and waits until another page is there.
func (v *visitor) follow(what, sel string) {
	v.t.Helper()
	before := v.born()
	v.do(what, chromedp.WaitVisible(sel), chromedp.Click(sel))
	deadline := time.Now().Add(chromium.Patience)
	for {
		if now := v.born(); now != 0 && now != before {
			return
		}
		if time.Now().After(deadline) {
			v.picture("failed")
			v.t.Fatalf("%s: no other page came; at %s it says: %.1500s", what, v.where(), v.text())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// born tells pages apart, the same address loaded twice too: it is when this one began. 0 while there is none whole.
func (v *visitor) born() float64 {
	at, err := run(v, chromedp.Evaluate[float64](`document.readyState == "complete" ? performance.timeOrigin : 0`))
	if err != nil {
		return 0
	}
	return at
}

// fill types value into the field with this label, the first of several, in place of what is in it.
func (v *visitor) fill(label, value string) {
	v.t.Helper()
	sel := fmt.Sprintf(`//*[@id=(//label[contains(normalize-space(.),%q)]/@for)[1]]`, label)
	v.do("find "+label, chromedp.WaitVisible(sel))
	empty := fmt.Sprintf(`document.evaluate(%q, document, null, XPathResult.FIRST_ORDERED_NODE_TYPE).singleNodeValue.value = ""`, sel)
	if _, err := run(v, chromedp.Evaluate[string](empty)); err != nil {
		v.t.Fatalf("empty %s: %v", label, err)
	}
	v.do("fill in "+label, chromedp.SendKeys(sel, value))
}

// sees waits until the page says all of texts, and takes a picture of it. Capitals do not matter: style may set them.
func (v *visitor) sees(texts ...string) {
	v.t.Helper()
	deadline := time.Now().Add(chromium.Patience)
	for {
		page := strings.ToLower(v.text())
		missing := slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return strings.Contains(page, strings.ToLower(s)) })
		if len(missing) == 0 {
			break
		}
		if time.Now().After(deadline) {
			v.picture("failed")
			v.t.Fatalf("the page at %s does not say %q; it says: %.1500s", v.where(), missing, v.text())
		}
		time.Sleep(50 * time.Millisecond)
	}
	if v.album {
		v.picture(texts[0])
	}
}

// seesNot fails the test when the page says text.
func (v *visitor) seesNot(text string) {
	v.t.Helper()
	if page := v.text(); strings.Contains(strings.ToLower(page), strings.ToLower(text)) {
		v.picture("failed")
		v.t.Errorf("the page at %s says %q: %.1500s", v.where(), text, page)
	}
}

// text is what can be read on the page, white space folded; empty while it is being replaced.
func (v *visitor) text() string {
	s, err := run(v, chromedp.Text(chromedp.CSS("body")))
	if err != nil {
		return ""
	}
	return strings.Join(strings.Fields(s), " ")
}

// html is the page as the browser holds it.
func (v *visitor) html() string {
	v.t.Helper()
	s, err := run(v, chromedp.OuterHTML(chromedp.CSS("html")))
	if err != nil {
		v.t.Fatalf("read the page: %v", err)
	}
	return s
}

// where is the address of the page.
func (v *visitor) where() string {
	s, err := run(v, chromedp.Location())
	if err != nil {
		return "an unknown address"
	}
	return s
}

// cookies are the values of all that the browser keeps.
func (v *visitor) cookies() map[string]string {
	v.t.Helper()
	got, err := chromedp.Call(v.ctx, storage.GetCookies, storage.GetCookiesParams{})
	if err != nil {
		v.t.Fatalf("read the cookies: %v", err)
	}
	values := map[string]string{}
	for _, c := range got.Cookies {
		values[c.Name] = c.Value
	}
	return values
}

// history are the addresses that the browser has been at.
func (v *visitor) history() []string {
	v.t.Helper()
	entries, err := run(v, chromedp.NavigationEntries())
	if err != nil {
		v.t.Fatalf("read the browser's history: %v", err)
	}
	var urls []string
	for _, e := range entries.Entries {
		urls = append(urls, e.URL)
	}
	return urls
}

// picture keeps the page as a PNG.
func (v *visitor) picture(name string) {
	v.t.Helper()
	png, err := run(v, chromedp.FullScreenshot(100))
	if err != nil {
		v.t.Logf("no picture of %s: %v", name, err)
		return
	}
	v.n++
	file := filepath.Join(v.shots, fmt.Sprintf("%02d-%s.png", v.n, strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, name)))
	if err = os.MkdirAll(v.shots, 0o755); err == nil {
		err = os.WriteFile(file, png, 0o644)
	}
	if err != nil {
		v.t.Fatalf("keep a picture: %v", err)
	}
}
