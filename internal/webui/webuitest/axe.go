package webuitest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Axe looks at pages with axe-core, which finds what keeps people with a screen reader, a keyboard or weak eyes out.
type Axe struct {
	camera *Camera
	source string
}

// NewAxe starts a browser that lives as long as the test. axe-core comes from where ./check setup puts it, below root,
// the repository's; without it, or without a browser, the test is skipped.
func NewAxe(t testing.TB, root string) *Axe {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(root, ".tools", "js", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Skipf("no axe-core on this machine (./check setup installs it): %v", err)
	}
	return &Axe{NewCamera(t), string(source)}
}

// axeRun answers with what is wrong, a line for each kind of it. Rules of WCAG 2.1, levels A and AA.
const axeRun = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}).then((r) => JSON.stringify(
	r.violations.map((v) => v.id + ": " + v.help + " – " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + " " + (n.any[0]?.message ?? "")).join(" | "))))`

// Check looks at the page at url, in the light or in the dark, and reports what is wrong with it.
func (a *Axe) Check(t testing.TB, url string, width int64, dark bool) {
	t.Helper()
	mode := "light"
	if dark {
		mode = "dark"
	}
	ctx := a.camera.ctx
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
