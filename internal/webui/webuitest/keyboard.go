package webuitest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"souk.dev/souk/test/chromium"
)

// Keyboard is a person at a browser who has no mouse.
type Keyboard struct {
	t   testing.TB
	ctx context.Context
}

// NewKeyboard starts a browser that lives as long as the test; see [chromium.Start].
func NewKeyboard(t testing.TB) *Keyboard {
	t.Helper()
	return &Keyboard{t, chromium.Start(t, chromedp.WindowSize(1280, 800))}
}

// held is the control that has the focus.
type held struct {
	Name   string `json:"name"` // what a screen reader says of it; empty: none has
	ID     string `json:"id"`
	Opened bool   `json:"opened"` // it stands in something that folds, which is open
	Shows  bool   `json:"shows"`  // that it has the focus can be seen
	Again  bool   `json:"again"`  // it had it before already
}

const heldScript = `(() => {
	const e = document.activeElement;
	if (!e || e === document.body) { window.soukHeld = undefined; return {name: "", id: "", opened: false, shows: true, again: false}; }
	const s = getComputedStyle(e), r = e.getBoundingClientRect(), again = window.soukHeld === e;
	window.soukHeld = e;
	const name = e.getAttribute("aria-label") || (e.labels?.length ? e.labels[0].textContent : e.textContent);
	return {name: name.trim().replace(/\s+/g, " "), id: e.id, opened: !!e.closest("details")?.open, again,
		shows: r.width > 0 && r.bottom > 0 && r.top < innerHeight && (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== "none")};
})()`

func (k *Keyboard) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.ctx, chromium.Patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		k.t.Fatalf("%s: %v", what, err)
	}
}

func ask[T any](k *Keyboard, script string) (T, error) {
	ctx, cancel := context.WithTimeout(k.ctx, chromium.Patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](script))
}

func (k *Keyboard) held() held {
	k.t.Helper()
	h, err := ask[held](k, heldScript)
	if err != nil {
		k.t.Fatalf("find what has the focus: %v", err)
	}
	return h
}

// until waits until done, and fails the test when it never is.
func (k *Keyboard) until(what string, done func() bool) {
	k.t.Helper()
	for deadline := time.Now().Add(chromium.Patience); !done(); {
		if time.Now().After(deadline) {
			k.t.Fatalf("%s: not within %s; at %s the page says: %.1500s", what, chromium.Patience, k.Where(), k.text())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Open types an address.
func (k *Keyboard) Open(url string) {
	k.t.Helper()
	k.do("open "+url, chromedp.Navigate(url))
}

// To presses Tab until the focus is on the control whose name begins or ends with name. It fails the test where the focus cannot
// be seen on the way, does not move on, or has been everywhere.
func (k *Keyboard) To(name string) {
	k.t.Helper()
	var been []string
	for ends := 0; ends < 2; {
		k.do("press Tab", chromedp.KeyEvent(kb.Tab))
		h := k.held()
		switch {
		case h.Name == "" && h.ID == "":
			ends++
			continue
		case h.Again:
			k.t.Fatalf("on the way to %s, the focus stays on %q at %s", name, h.Name, k.Where())
		case !h.Shows:
			k.t.Errorf("at %s nobody sees that the focus is on %q", k.Where(), h.Name)
		}
		if strings.HasPrefix(h.Name, name) || strings.HasSuffix(h.Name, name) {
			return
		}
		if been = append(been, h.Name); len(been) > 500 {
			break
		}
	}
	k.t.Fatalf("at %s Tab does not lead to %q; it leads to %q", k.Where(), name, been)
}

// ToContent presses the link at a page's beginning that leads past what all pages have.
func (k *Keyboard) ToContent() {
	k.t.Helper()
	k.do("press Tab", chromedp.KeyEvent(kb.Tab))
	k.On("Skip to content")
	k.do("press Enter", chromedp.KeyEvent(kb.Enter))
	k.until("the content has the focus", func() bool { return k.held().ID == "main" })
}

// On fails the test unless the control of that name has the focus.
func (k *Keyboard) On(name string) {
	k.t.Helper()
	if h := k.held(); !strings.HasPrefix(h.Name, name) || !h.Shows {
		k.t.Fatalf("at %s the focus is on %+v; want it on %q, to be seen", k.Where(), h, name)
	}
}

// Type writes into the field that has the focus.
func (k *Keyboard) Type(text string) {
	k.t.Helper()
	k.do("type", chromedp.KeyEvent(text))
}

// Enter presses Enter, and waits for the page that it leads to.
func (k *Keyboard) Enter() {
	k.t.Helper()
	born := func() float64 { // of the page that is there, whole; 0: none is
		at, err := ask[float64](k, `document.readyState == "complete" ? performance.timeOrigin : 0`)
		if err != nil {
			return 0
		}
		return at
	}
	before := born()
	k.do("press Enter", chromedp.KeyEvent(kb.Enter))
	k.until("another page", func() bool { now := born(); return now != 0 && now != before })
}

// Unfold presses Enter on the head of something that folds.
func (k *Keyboard) Unfold() {
	k.t.Helper()
	k.do("press Enter", chromedp.KeyEvent(kb.Enter))
	k.until("it is open", func() bool { return k.held().Opened })
}

// Sees waits until the page says all of texts; capitals do not matter.
func (k *Keyboard) Sees(texts ...string) {
	k.t.Helper()
	for _, text := range texts {
		k.until("see "+text, func() bool { return strings.Contains(strings.ToLower(k.text()), strings.ToLower(text)) })
	}
}

// Where is the address of the page.
func (k *Keyboard) Where() string {
	at, err := ask[string](k, "location.href")
	if err != nil {
		return "an unknown address"
	}
	return at
}

// text is what can be read on the page, white space folded; empty while it is being replaced.
func (k *Keyboard) text() string {
	text, err := ask[string](k, "document.body.innerText")
	if err != nil {
		return ""
	}
	return strings.Join(strings.Fields(text), " ")
}
