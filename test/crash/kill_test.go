package crash

import (
	"path/filepath"
	"testing"
	"time"

	"souk.dev/souk/test/harness"
)

// world is a journey on a souk up that keeps its data in a folder, and can be killed.
type world struct {
	*journey
	up    *harness.Up
	books string // the URL of the gateway's database
}

func newWorld(t *testing.T, args ...string) *world {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	up := harness.StartUp(t, append([]string{"--data", dir}, args...)...)
	return &world{newJourney(t, up.Sandbox, up.Gateway), up, "sqlite:" + filepath.Join(dir, "gateway.db")}
}

// crash kills souk up and starts it again on what it left.
func (w *world) crash() {
	w.t.Helper()
	w.up.Proc.Kill()
	w.up.Again()
	w.sandbox, w.gateway = w.up.Sandbox, w.up.Gateway
}

// audit has souk check its own books, while nothing uses them.
func (w *world) audit() {
	w.t.Helper()
	w.up.Proc.Kill()
	p := harness.Start(w.t, nil, "audit", "--database", w.books)
	if code := p.Wait(); code != 0 {
		w.t.Errorf("souk audit ends with %d: %s", code, p.Output())
	}
}

// TestNothingIsDisturbed is the journey alone: if it fails, no other test of this package means anything.
func TestNothingIsDisturbed(t *testing.T) {
	w := newWorld(t)
	for _, s := range steps {
		if err := s.do(w.journey); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
	}
	w.compare()
	w.audit()
}

// TestKilledAfterEveryStep kills souk up after each step of the flow.
func TestKilledAfterEveryStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, s := range steps {
		w.try(s)
		w.crash()
	}
	w.compare()
	w.audit()
}

// TestKilledInTheMiddleOfEveryStep kills souk up while each step is being done, sooner or later after its beginning,
// and lets the step be repeated.
func TestKilledInTheMiddleOfEveryStep(t *testing.T) {
	for name, after := range map[string]time.Duration{"1ms": time.Millisecond, "4ms": 4 * time.Millisecond, "15ms": 15 * time.Millisecond, "60ms": 60 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, s := range steps {
				done := make(chan struct{})
				go func() {
					defer close(done)
					if err := s.do(w.journey); err != nil {
						t.Logf("%s was cut off: %v", s.name, err)
					}
				}()
				time.Sleep(after)
				w.up.Proc.Kill()
				<-done
				w.crash()
				w.try(s)
			}
			w.compare()
			w.audit()
		})
	}
}
