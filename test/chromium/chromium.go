// Package chromium starts a headless Chromium for tests that look at pages.
//
// It owns: how a browser is started, on a busy machine too, and that nothing of it is left behind. It knows no page.
package chromium

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Patience is how long a browser may take for one thing that a test asks of it, in real time, on a busy machine.
const Patience = 2 * time.Minute

// Start starts a browser that lives as long as the test, for chromedp: of what it gives, new tabs can be made. A browser
// that does not come up is started once more; without one on the machine the test is skipped. more are options beside the
// usual ones, which look for no network but the machine's own.
func Start(t testing.TB, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	ctx, err := start(t, more)
	if err != nil && !errors.Is(err, exec.ErrNotFound) {
		t.Logf("start Chromium: %v; once more", err)
		ctx, err = start(t, more)
	}
	switch {
	case errors.Is(err, exec.ErrNotFound):
		t.Skipf("no Chromium on this machine: %v", err)
	case err != nil:
		t.Fatalf("start Chromium: %v", err)
	}
	return ctx
}

func start(t testing.TB, more []chromedp.ExecAllocatorOption) (context.Context, error) {
	// Chromium leaves the lock of its profile in the folder for what is temporary when it is killed: so it has its own. The
	// test's own folder will not do, as its name may be too long for the socket in there.
	dir, err := os.MkdirTemp("", "souk-chromium-")
	if err != nil {
		return nil, err
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Env("TMPDIR="+dir),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-quic", true))
	// Not the test's context: it ends before the test's clean-up, and the browser would be killed in the middle of something.
	ctx, stop := chromedp.NewExecAllocator(context.Background(), append(options, more...)...)
	ctx, _ = chromedp.NewContext(ctx) // whose end is the browser's, and chromedp.Cancel's
	t.Cleanup(func() {
		closing, cancel := context.WithTimeout(ctx, Patience)
		defer cancel()
		_ = chromedp.Cancel(closing) // a browser that does not close is killed by stop
		stop()
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove what Chromium left: %v", err)
		}
	})
	late := time.AfterFunc(Patience, stop)
	defer late.Stop()
	return ctx, chromedp.Do(ctx)
}
