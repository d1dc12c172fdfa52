package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/gateway/usage"
)

// books are what owners keep one after the other, and what they were told of keys.
type books struct {
	*usage.Intake
	bundles atomic.Int64
	mu      sync.Mutex
	used    []string
}

func newBooks(t *testing.T) *books {
	t.Helper()
	in, err := usage.New(t.Context(), usage.Config{Store: store.NewUsage(storetest.OpenURL(t, storetest.File(t, filepath.Join(storetest.Dir(t), "books.db")))), Licenses: everybodys{}, Clock: clock.NewVirtual(noon)})
	if err != nil {
		t.Fatal(err)
	}
	return &books{Intake: in}
}

// everybodys has the licence lic, and no other.
type everybodys struct{ license.Directory }

func (everybodys) ByARN(core.LicenseARN) (license.License, bool) { return license.License{}, false }
func (everybodys) ByID(id core.LicenseID) (license.License, bool) {
	return license.License{ID: id, ProductCode: "p", Standing: license.Standing{State: license.Active}}, id == "lic"
}

// AcceptBundle counts.
func (b *books) AcceptBundle(ctx context.Context, bundle []byte) ([]usage.Answer, []string, error) {
	b.bundles.Add(1)
	return b.Intake.AcceptBundle(ctx, bundle)
}

// taken are the events that the books have.
func (b *books) taken() (n int64) {
	for _, total := range b.Totals("", core.HourOf(noon)) {
		n += total.Events
	}
	return n
}

// door is how nodes bring b their bundles.
func (b *books) door() http.Handler {
	return Events(b, func(_ context.Context, key string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.used = append(b.used, key)
	}, http.NotFoundHandler(), slog.New(slog.DiscardHandler))
}

func (c *cluster) gatherer() *Gatherer {
	return NewGatherer(c.relay, func(context.Context) string { return "key_1" })
}

func someEvent(id string) []usage.Event {
	return []usage.Event{{ID: id, License: usage.Ref{Name: "lic"}, Dimension: "gb", Quantity: "1"}}
}

// What comes while bundles are under way goes with the next, and everybody has an answer of their own.
func TestRequestsGoTogether(t *testing.T) {
	b, c := newBooks(t), newCluster(t)
	came, open := make(chan struct{}, lanes), make(chan struct{})
	c.elect(c.node(func(w http.ResponseWriter, r *http.Request) {
		select {
		case came <- struct{}{}:
		default:
		}
		<-open
		b.door().ServeHTTP(w, r)
	}))
	g := c.gatherer()
	const requests = 100
	var done sync.WaitGroup
	ask := func(i int) {
		done.Go(func() {
			id := fmt.Sprint(i / 2) // each twice
			events := append(someEvent(id), usage.Event{ID: id})
			res, err := g.Accept(t.Context(), "", events)
			if err != nil || res.Accepted+res.Duplicates != 1 || len(res.Rejected) != 1 || res.Rejected[0].ID != id || res.Rejected[0].Index != 1 {
				t.Errorf("%+v, %v", res, err)
			}
		})
	}
	for i := range lanes {
		ask(i)
		<-came
	}
	for i := lanes; i < requests; i++ {
		ask(i)
	}
	for waiting := 0; waiting < requests-lanes; {
		if clock.Sleep(t.Context(), time.Millisecond) != nil {
			t.Fatal("not all wait")
		}
		g.mu.Lock()
		waiting = len(g.waiting)
		g.mu.Unlock()
	}
	close(open)
	done.Wait()
	if n := b.bundles.Load(); n > 2*lanes || b.taken() != requests/2 {
		t.Errorf("%d requests came in %d bundles, of %d events", requests, n, b.taken())
	}
	if b.mu.Lock(); len(b.used) != int(b.bundles.Load()) || b.used[0] != "key_1" {
		t.Errorf("the keys that were used: %q", b.used)
	}
	b.mu.Unlock()
	if g.mu.Lock(); g.events != 0 {
		t.Errorf("%d events wait, and nobody for them", g.events)
	}
	g.mu.Unlock()
}

// An owner that dies, or hangs, with a bundle may have taken it or not: the next one is brought the same, and recognises what was.
func TestAnOwnerThatIsLostWithABundle(t *testing.T) {
	for name, last := range map[string]func(c *cluster, b *books, next string) http.HandlerFunc{
		"it died before": func(c *cluster, _ *books, next string) http.HandlerFunc {
			return func(http.ResponseWriter, *http.Request) {
				c.elect(next)
				panic(http.ErrAbortHandler)
			}
		},
		"it died afterwards": func(c *cluster, b *books, next string) http.HandlerFunc {
			return func(_ http.ResponseWriter, r *http.Request) {
				b.door().ServeHTTP(&answer{header: http.Header{}}, r)
				c.elect(next)
				panic(http.ErrAbortHandler)
			}
		},
		"it died while it answered": func(c *cluster, b *books, next string) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				said := &answer{header: http.Header{}}
				b.door().ServeHTTP(said, r)
				w.Header().Set("Content-Length", said.header.Get("Content-Length"))
				_, _ = w.Write(said.body.Bytes()[:1])
				_ = http.NewResponseController(w).Flush()
				c.elect(next)
				panic(http.ErrAbortHandler)
			}
		},
		"it hangs": func(c *cluster, b *books, next string) http.HandlerFunc {
			return func(_ http.ResponseWriter, r *http.Request) {
				b.door().ServeHTTP(&answer{header: http.Header{}}, r)
				c.elect(next)
				<-r.Context().Done()
			}
		},
		"it is the owner no more": func(c *cluster, _ *books, next string) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				c.elect(next)
				w.Header().Set(notDone, notOwner.reason)
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, c := newBooks(t), newCluster(t)
			next := c.node(b.door().ServeHTTP)
			c.elect(c.node(last(c, b, next)))
			res, err := c.gatherer().Accept(t.Context(), "", someEvent("1"))
			if err != nil || res.Accepted+res.Duplicates != 1 || b.taken() != 1 {
				t.Errorf("%+v, %v; %d are taken", res, err, b.taken())
			}
		})
	}
}

// While a bundle waits, its own node may become the owner.
func TestThisNodeBecomesTheOwnerOfABundle(t *testing.T) {
	b, c := newBooks(t), newCluster(t)
	go func() {
		<-c.asked
		c.mu.Lock()
		defer c.mu.Unlock()
		c.own = b.door()
	}()
	if res, err := c.gatherer().Accept(t.Context(), "", someEvent("1")); err != nil || res.Accepted != 1 {
		t.Errorf("%+v, %v", res, err)
	}
}

// With nobody to bring them to, all who wait are told so: those who came behind a bundle, too.
func TestNobodyTakesBundles(t *testing.T) {
	c := newCluster(t)
	c.relay.patience = 50 * time.Millisecond
	g := c.gatherer()
	var done sync.WaitGroup
	for i := range 20 {
		done.Go(func() {
			if res, err := g.Accept(t.Context(), "", someEvent(fmt.Sprint(i))); !fail.Is(err, fail.Later) || fail.CodeOf(err) != "no_owner" {
				t.Errorf("%+v, %v", res, err)
			}
		})
	}
	done.Wait()
	g.mu.Lock()
	g.events = mostWaiting
	g.mu.Unlock()
	if _, err := g.Accept(t.Context(), "", someEvent("more")); !fail.Is(err, fail.TooMuch) {
		t.Errorf("with too many that wait: %v", err)
	}
}

// What the owner says of a whole bundle, everybody hears.
func TestAnOwnerThatTakesNothing(t *testing.T) {
	for status, want := range map[int]fail.Kind{http.StatusServiceUnavailable: fail.Later, http.StatusInternalServerError: fail.Internal, http.StatusBadRequest: fail.Internal} {
		c := newCluster(t)
		c.elect(c.node(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"status":%d,"code":"theirs","detail":"Wait."}`, status)
		}))
		_, err := c.gatherer().Accept(t.Context(), "", someEvent("1"))
		if fail.KindOf(err) != want || want == fail.Later && (fail.CodeOf(err) != "theirs" || err.Error() != "Wait.") {
			t.Errorf("after %d: %v", status, err)
		}
	}
}

// An owner of an older version is brought requests whole.
func TestAnOwnerThatKnowsNoBundles(t *testing.T) {
	c := newCluster(t)
	c.elect(c.node(http.NotFound))
	g := c.gatherer()
	if !g.Ready() {
		t.Error("one of this version is not brought bundles")
	}
	c.mu.Lock()
	c.to[0].Speaks = takesBundles - 1
	c.mu.Unlock()
	if g.Ready() {
		t.Error("it is brought bundles")
	}
	if _, err := g.Accept(t.Context(), "", someEvent("1")); !errors.Is(err, errNoBundles) {
		t.Errorf("a bundle that was under way to another one: %v", err)
	}
}
