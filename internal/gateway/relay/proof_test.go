package relay

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// peer is a node that is asked.
type peer struct {
	relay *Relay
	log   bytes.Buffer // of one request at a time

	mu   sync.Mutex
	view View
}

func newPeer() *peer {
	p := &peer{view: View{Keys: theirs, Now: noon, Epoch: epoch}}
	p.relay = New(Config{Node: "a", Log: slog.New(slog.NewTextHandler(&p.log, nil)), View: func() View {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.view
	}})
	return p
}

// sees changes what the node sees.
func (p *peer) sees(change func(v *View)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.view)
}

// asked is what the peer says to a request as it came from a node.
func (p *peer) asked(w wire) (status int, body string, why string) {
	r := httptest.NewRequest(w.method, w.uri, bytes.NewReader(w.body))
	r.Header, r.RemoteAddr = w.header.Clone(), "10.0.0.3:1"
	a := httptest.NewRecorder()
	p.relay.Door(http.HandlerFunc(echo)).ServeHTTP(a, r)
	return a.Code, a.Body.String(), a.Header().Get(notDone)
}

// wire is a request between two nodes, as somebody in between has it.
type wire struct {
	method, uri string
	header      http.Header
	body        []byte
}

// caught is what a node sends to the owner when it is asked for this.
func caught(t testing.TB, method, path, body string, header ...string) (w wire) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		w = wire{r.Method, r.RequestURI, r.Header, nil}
		w.body, _ = io.ReadAll(r.Body)
	}))
	defer srv.Close()
	here := New(Config{Node: "b", Log: slog.New(slog.DiscardHandler), Own: func() (http.Handler, func(), bool) { return nil, nil, false }, View: func() View {
		return View{Keys: theirs, Now: noon, Owner: Owner{Address: srv.URL, Epoch: epoch}}
	}})
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.RemoteAddr = "203.0.113.9:4000"
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	a := httptest.NewRecorder()
	here.ServeHTTP(a, r)
	if a.Code != http.StatusOK || w.header.Get(ProofHeader) == "" {
		t.Fatalf("it was not brought: %d %s", a.Code, a.Body)
	}
	return w
}

func TestWhatANodeBringsIsBelieved(t *testing.T) {
	p := newPeer()
	w := caught(t, http.MethodPut, "http://buy.example.com/v1/x%2Fy?a=b;c", "body", "Authorization", "Bearer k", "X-Forwarded-For", "198.51.100.1", "Content-Length", "4")
	const want = "PUT buy.example.com /v1/x%2Fy?a=b;c body from 203.0.113.9:0 by b"
	if status, body, _ := p.asked(w); status != http.StatusAccepted || body != want {
		t.Errorf("%d %q, want %q", status, body, want)
	}
}

// Whoever can reach a node, or stands between two of them, changes nothing by it.
func TestWhatIsNotBelieved(t *testing.T) {
	at := func(d time.Duration) func(*peer, *wire) {
		return func(p *peer, _ *wire) { p.sees(func(v *View) { v.Now = v.Now.Add(d) }) }
	}
	flip := func(i int) func(*peer, *wire) {
		return func(_ *peer, w *wire) {
			proof := []byte(w.header.Get(ProofHeader))
			if i < 0 {
				i += len(proof)
			}
			was := proof[i]
			if proof[i] = 'B'; was == 'B' {
				proof[i] = 'C'
			}
			w.header.Set(ProofHeader, string(proof))
		}
	}
	for name, c := range map[string]struct {
		do     func(*peer, *wire)
		status int
		why    string
		logged string
	}{
		"another method":               {func(_ *peer, w *wire) { w.method = http.MethodDelete }, 401, "forged", "forged"},
		"another path":                 {func(_ *peer, w *wire) { w.uri = "/v1/accounts" }, 401, "forged", "forged"},
		"another query":                {func(_ *peer, w *wire) { w.uri += "x" }, 401, "forged", "forged"},
		"another key of the API":       {func(_ *peer, w *wire) { w.header.Set("Authorization", "Bearer mine") }, 401, "forged", "forged"},
		"a second one":                 {func(_ *peer, w *wire) { w.header.Add("Authorization", "Bearer mine") }, 401, "forged", "forged"},
		"a header less":                {func(_ *peer, w *wire) { w.header.Del("Authorization") }, 401, "forged", "forged"},
		"another body":                 {func(_ *peer, w *wire) { w.body[lengthSize] ^= 1 }, 400, "", "altered"},
		"a body cut off":               {func(_ *peer, w *wire) { w.body = w.body[:len(w.body)-1] }, 400, "", "altered"},
		"a body cut off at its pieces": {func(_ *peer, w *wire) { w.body = w.body[:pieceSize+extraSize] }, 400, "", "altered"},
		"pieces in another order": {func(_ *peer, w *wire) {
			first, second := bytes.Clone(w.body[:pieceSize+extraSize]), w.body[pieceSize+extraSize:2*(pieceSize+extraSize)]
			copy(w.body, second)
			copy(w.body[len(first):], first)
		}, 400, "", "altered"},
		"more after its end":             {func(_ *peer, w *wire) { w.body = append(w.body, 0) }, 400, "", "altered"},
		"a piece that is too long":       {func(_ *peer, w *wire) { w.body[0] = 0xff }, 400, "", "altered"},
		"no body":                        {func(_ *peer, w *wire) { w.body = nil }, 400, "", "altered"},
		"another code":                   {flip(-3), 401, "forged", "forged"},
		"no claim":                       {flip(0), 401, "formless", "formless"},
		"no proof":                       {func(_ *peer, w *wire) { w.header.Set(ProofHeader, "x") }, 401, "formless", "formless"},
		"old":                            {at(mostAge + time.Second), 401, "stale", "stale"},
		"of the future":                  {at(-mostAhead - time.Second), 401, "stale", "stale"},
		"of another database":            {func(p *peer, _ *wire) { p.sees(func(v *View) { v.Keys = keyring{1: []byte("another")} }) }, 401, "forged", "forged"},
		"of keys that are forgotten":     {func(p *peer, _ *wire) { p.sees(func(v *View) { v.Keys = keyring{2: theirs[1]} }) }, 401, "unknown_key", "unknown_key"},
		"for the last owner":             {func(p *peer, _ *wire) { p.sees(func(v *View) { v.Epoch++ }) }, 503, "not_owner", "not_owner"},
		"for an owner that stands by":    {func(p *peer, _ *wire) { p.sees(func(v *View) { v.Epoch = 0 }) }, 503, "not_owner", "not_owner"},
		"to a process that is no node":   {func(p *peer, _ *wire) { p.sees(func(v *View) { *v = View{} }) }, 503, "not_owner", "not_owner"},
		"once more":                      {func(p *peer, w *wire) { p.asked(*w) }, 401, "replayed", "replayed"},
		"once more, a little later":      {func(p *peer, w *wire) { p.asked(*w); at(mostAge)(p, w) }, 401, "replayed", "replayed"},
		"once more, with another's body": {func(p *peer, w *wire) { p.asked(*w); w.body = []byte("x") }, 401, "replayed", "replayed"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPeer()
			w := caught(t, http.MethodPost, "/v1/events?a=b", strings.Repeat("x", 2*pieceSize+5), "Authorization", "Bearer k")
			c.do(p, &w)
			status, body, why := p.asked(w)
			if status != c.status || why != c.why || !strings.Contains(p.log.String(), c.logged) || strings.Contains(p.log.String(), "Bearer") {
				t.Errorf("%d, %q, %s, logged %s", status, why, body, &p.log)
			}
		})
	}
}

// What comes from outside is taken for what it is: a word of where it comes from counts as a proxy's, and no more.
func TestWhatComesFromOutsideIsNoNodes(t *testing.T) {
	p := newPeer()
	status, body, _ := p.asked(wire{http.MethodGet, "/v1/events", http.Header{"Souk-Node": {"a"}}, nil})
	if status != http.StatusAccepted || !strings.HasSuffix(body, "from 10.0.0.3:1 by <nil>") {
		t.Errorf("%d %q", status, body)
	}
}

// A header that was put in between two nodes does not come in.
func TestHeadersOnTheWayAreLeftOut(t *testing.T) {
	w := caught(t, http.MethodGet, "/", "", "Cookie", "a=b", "Connection", "close, x-hop", "X-Hop", "1", "Empty", "")
	w.header.Set("X-Forwarded-For", "192.0.2.1")
	w.header.Set("Idempotency-Key", "mine")
	r := httptest.NewRequest(w.method, w.uri, nil)
	r.Header = w.header
	newPeer().relay.Door(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if len(r.Header) != 1 || r.Header.Get("Cookie") != "a=b" || r.ContentLength != 0 {
			t.Errorf("it came with %v", r.Header)
		}
	})).ServeHTTP(httptest.NewRecorder(), r)
}

// A body that breaks off on its way to the first node must not reach the owner as a whole one.
func TestABodyThatBrokeOffIsNotSealed(t *testing.T) {
	broken := io.MultiReader(strings.NewReader("half"), brokenOff{})
	if _, err := io.ReadAll(newPacker(io.NopCloser(broken), theirs[1], tag{})); err == nil {
		t.Error("it was sealed")
	}
}

type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Any body arrives as it was, in as many bytes as was said.
func TestBodiesArrive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.IntRange(0, 100), rapid.SampledFrom([]int{pieceSize - 1, pieceSize, pieceSize + 1, 3 * pieceSize})).Draw(t, "n")
		body := bytes.Repeat([]byte("ab\x00"), n/3+1)[:n]
		packed, err := io.ReadAll(newPacker(io.NopCloser(bytes.NewReader(body)), theirs[1], tag{1}))
		if err != nil || int64(len(packed)) != packedLength(int64(n)) {
			t.Fatalf("%d bytes became %d, not %d: %v", n, len(packed), packedLength(int64(n)), err)
		}
		altered := false
		got, err := io.ReadAll(newUnpacker(io.NopCloser(bytes.NewReader(packed)), theirs[1], tag{1}, func() { altered = true }))
		if err != nil || !bytes.Equal(got, body) || altered {
			t.Fatalf("%d of %d bytes came, %v", len(got), n, err)
		}
		i := rapid.IntRange(0, len(packed)-1).Draw(t, "altered")
		packed[i] ^= 1
		got, err = io.ReadAll(newUnpacker(io.NopCloser(bytes.NewReader(packed)), theirs[1], tag{1}, func() { altered = true }))
		if err == nil || !altered || !bytes.HasPrefix(body, got) {
			t.Fatalf("with byte %d altered %d of %d bytes came, %v", i, len(got), n, err)
		}
	})
}

// Each number is taken once, whatever the order; none is taken that is further back than the window reaches.
func TestEachNumberIsTakenOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w window
		taken, top := map[uint64]bool{}, uint64(0)
		step := rapid.OneOf(rapid.Uint64Range(0, 200), rapid.Uint64Range(windowSize-2, windowSize+2), rapid.Uint64Range(0, 3*windowSize))
		for range rapid.IntRange(1, 60).Draw(t, "numbers") {
			n := top + step.Draw(t, "ahead")
			if back := step.Draw(t, "back"); back <= n {
				n -= back
			}
			want := !taken[n] && (n > top || top-n < windowSize) && n > 0
			if n == 0 {
				continue // numbers begin with 1
			}
			if got := w.take(n); got != want {
				t.Fatalf("%d after %d: %t, want %t", n, top, got, want)
			}
			taken[n], top = true, max(top, n)
		}
	})
}

// What is remembered of senders is forgotten when their requests would be refused for their age.
func TestSendersAreForgotten(t *testing.T) {
	var ws windows
	for _, sender := range []string{"a", "b"} {
		if !ws.take(sender, 1, noon, noon) || ws.take(sender, 1, noon, noon) {
			t.Errorf("%s is not taken once", sender)
		}
	}
	if later := noon.Add(mostAge + time.Second); !ws.take("c", 1, later, later) || len(ws.of) != 1 {
		t.Errorf("%d senders are remembered", len(ws.of))
	}
}

// FuzzProof holds any header against the door: nothing but what a node has made comes in, and nothing breaks.
func FuzzProof(f *testing.F) {
	whole := caught(f, http.MethodGet, "/v1/licenses", "").header.Get(ProofHeader)
	for _, seed := range []string{whole, whole[:len(whole)-1], "x", ".", "e30.AAAA", strings.Repeat("A", 70) + "." + strings.Repeat("A", 43)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, proof string) {
		said, text, head, err := readProof(proof)
		if err != nil {
			return
		}
		if text+"."+encoding.EncodeToString(head[:]) != proof {
			t.Errorf("%q has another spelling", proof)
		}
		want := overRequest(theirs[1], text, http.MethodGet, "/v1/other", nil, said.Headers)
		if want == head {
			t.Errorf("%q proves what no node has asked for", proof)
		}
	})
}
