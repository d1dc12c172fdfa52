package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// theirs is the key that the nodes of these tests share, and noon is the time that they agree on.
var (
	theirs = keyring{1: []byte("the nodes of one database have it")}
	noon   = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
)

// keyring is a Keys whose newest key is the one with the largest id.
type keyring map[uint32][]byte

func (k keyring) NewestKey(string) (id uint32, key []byte, err error) {
	id = slices.Max(slices.Collect(maps.Keys(k)))
	return id, k[id], nil
}

func (k keyring) KeyCalled(_ context.Context, _ string, id uint32) ([]byte, error) { return k[id], nil }

const epoch = 7 // of the owner, in these tests

// cluster is a node that stands by, and the word about who the owner is.
type cluster struct {
	t     *testing.T
	relay *Relay

	mu      sync.Mutex
	refused []string // what was, and why
	to      []Owner  // one after the other, each time that the owner is asked for
	gone    chan struct{}
	own     http.Handler

	asked chan struct{} // receives whenever the owner is asked for
}

func newCluster(t *testing.T) *cluster {
	c := &cluster{t: t, asked: make(chan struct{}, 1000)}
	c.relay = New(Config{Node: "b", View: c.view, Log: slog.New(slog.DiscardHandler), Own: func() (http.Handler, func(), bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.own, func() {}, c.own != nil
	}, Refused: func(what, reason string) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.refused = append(c.refused, what+" "+reason)
	}})
	return c
}

func (c *cluster) view() View {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case c.asked <- struct{}{}:
	default:
	}
	v := View{Keys: theirs, Now: noon}
	if len(c.to) == 0 {
		return v
	}
	v.Owner = c.to[0]
	if len(c.to) > 1 {
		c.to = c.to[1:]
	}
	return v
}

// elect makes the nodes at these addresses the owner, the next one whenever the owner is asked for.
func (c *cluster) elect(addresses ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone != nil {
		close(c.gone)
	}
	c.gone = make(chan struct{})
	c.to = nil
	for _, a := range addresses {
		c.to = append(c.to, Owner{Address: a, Epoch: epoch, Speaks: Speaks, Gone: c.gone})
	}
}

func (c *cluster) ask(method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(c.t.Context(), method, path, strings.NewReader(body))
	r.RemoteAddr = "203.0.113.9:4000"
	w := httptest.NewRecorder()
	c.relay.ServeHTTP(w, r)
	return w
}

// node serves h as another node, which is the owner.
func (c *cluster) node(h http.HandlerFunc) string { return c.serve(newPeer().relay.Door(h)) }

func (c *cluster) serve(h http.Handler) string {
	srv := httptest.NewServer(h)
	c.t.Cleanup(srv.Close)
	return srv.URL
}

// echo answers with what it was asked.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header().Set("X-Answer", "yes")
	w.WriteHeader(http.StatusAccepted)
	fmt.Fprintf(w, "%s %s %s %s from %s by %v", r.Method, r.Host, r.URL, body, r.RemoteAddr, r.Context().Value(broughtKey{}))
}

func codeOf(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var p struct{ Code string }
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%d %q: %v", w.Code, w.Body, err)
	}
	if w.Code == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
		t.Errorf("%s has no Retry-After", p.Code)
	}
	return p.Code
}

func TestARequestIsBroughtAsItCame(t *testing.T) {
	c := newCluster(t)
	c.elect(c.node(echo))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "http://buy.example.com/v1/x%2Fy?a=b;c", strings.NewReader("body"))
	r.RemoteAddr = "10.0.0.2:99"
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	w := httptest.NewRecorder()
	c.relay.ServeHTTP(w, r)
	const want = "PUT buy.example.com /v1/x%2Fy?a=b;c body from 203.0.113.9:0 by b"
	if w.Code != http.StatusAccepted || w.Body.String() != want || w.Header().Get("X-Answer") != "yes" {
		t.Errorf("%d %q; want %q", w.Code, w.Body, want)
	}
}

// A large body goes on as it comes; nobody keeps it.
func TestALargeBody(t *testing.T) {
	c := newCluster(t)
	var got int64
	c.elect(c.node(func(_ http.ResponseWriter, r *http.Request) { got, _ = io.Copy(io.Discard, r.Body) }))
	if w := c.ask(http.MethodPost, "/v1/events", strings.Repeat("x", mostKept+1)); w.Code != http.StatusOK || got != mostKept+1 {
		t.Errorf("%d, and %d bytes have come", w.Code, got)
	}
}

// An owner that has died refuses connections: what was to be sent waits for the next owner, and arrives whole.
func TestAnOwnerThatIsDead(t *testing.T) {
	c := newCluster(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.elect("http://"+ln.Addr().String(), "", c.node(echo))
	ln.Close()
	if w := c.ask(http.MethodPost, "/v1/accounts", "whole"); w.Code != http.StatusAccepted || !strings.Contains(w.Body.String(), " whole ") {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

// An owner that was stopped takes requests and answers none. When another one has taken the books over, what may be done
// twice is asked of that; who asked for anything else is told that nobody knows.
func TestAnOwnerThatHangs(t *testing.T) {
	for _, ask := range []struct {
		method, path, body string
		again              bool
	}{
		{http.MethodGet, "/v1/licenses", "", true},
		{http.MethodPost, "/v1/events", `[{"id":"1"}]`, true},
		{http.MethodPost, "/v1/accounts", `{}`, false},
		{http.MethodDelete, "/v1/webhooks/1", "", false},
	} {
		t.Run(ask.method+" "+ask.path, func(t *testing.T) {
			c := newCluster(t)
			stopped, woken := make(chan struct{}), make(chan struct{})
			c.elect(c.node(func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				close(stopped)
				<-woken
			}))
			defer close(woken)
			next := c.node(echo)
			go func() {
				<-stopped
				c.elect(next)
			}()
			w := c.ask(ask.method, ask.path, ask.body)
			if ask.again && (w.Code != http.StatusAccepted || !strings.Contains(w.Body.String(), ask.body)) {
				t.Errorf("%d %q", w.Code, w.Body)
			}
			if !ask.again && (w.Code != http.StatusServiceUnavailable || codeOf(t, w) != "answer_lost") {
				t.Errorf("%d %q", w.Code, w.Body)
			}
		})
	}
}

// The word about the owner may be old: the one who is asked says that it is not, and has done nothing.
func TestWhoIsNotTheOwnerBringsNothingOn(t *testing.T) {
	last, here := newCluster(t), newCluster(t)
	last.elect(last.node(echo))
	here.elect(here.serve(last.relay.Door(last.relay)), here.node(echo))
	if w := here.ask(http.MethodPost, "/v1/accounts", "whole"); w.Code != http.StatusAccepted || !strings.HasSuffix(w.Body.String(), "by b") || !strings.Contains(w.Body.String(), " whole ") {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	if n := len(last.asked); n > 1 { // once to know that it is not the owner itself
		t.Error("the one that is not the owner has looked for it", n)
	}
}

func TestThereIsNoOwner(t *testing.T) {
	c := newCluster(t)
	c.relay.patience = time.Millisecond
	if w := c.ask(http.MethodGet, "/", ""); w.Code != http.StatusServiceUnavailable || codeOf(t, w) != "no_owner" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	c.relay.patience = patience
	c.relay.held.Store(mostHeld)
	if w := c.ask(http.MethodGet, "/", ""); w.Code != http.StatusServiceUnavailable || codeOf(t, w) != "no_owner" {
		t.Errorf("with many that wait: %d %q", w.Code, w.Body)
	}
	if n := c.relay.held.Load(); n != mostHeld {
		t.Errorf("%d wait when none does", n-mostHeld)
	}
}

// While a request waits, its own node may become the owner.
func TestThisNodeBecomesTheOwner(t *testing.T) {
	c := newCluster(t)
	go func() {
		<-c.asked
		c.mu.Lock()
		defer c.mu.Unlock()
		c.own = http.HandlerFunc(echo)
	}()
	if w := c.ask(http.MethodPost, "/v1/accounts", "whole"); w.Code != http.StatusAccepted || !strings.Contains(w.Body.String(), " whole ") {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	if w := c.ask(http.MethodPost, "/v1/accounts", "at once"); !strings.Contains(w.Body.String(), " at once ") {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

func TestABodyThatBreaksOff(t *testing.T) {
	c := newCluster(t)
	c.elect(c.node(echo))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/events", io.NopCloser(bytes.NewReader([]byte("half"))))
	r.ContentLength = 8
	w := httptest.NewRecorder()
	c.relay.ServeHTTP(w, r)
	if w.Code != http.StatusBadRequest || codeOf(t, w) != "body_unreadable" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}
