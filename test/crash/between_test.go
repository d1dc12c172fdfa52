package crash

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"souk.dev/souk/internal/pgtest"
	"souk.dev/souk/test/harness"
)

// proofHeader is that of a request which one node brings to another.
const proofHeader = "Souk-Node-Proof"

// wiretap stands between two nodes and hands on what passes, after a look at it.
type wiretap struct {
	to string

	mu     sync.Mutex
	heard  []*http.Request // with their bodies
	alter  func(*http.Request)
	answer func(*http.Response)
}

// ServeHTTP implements [http.Handler].
func (w *wiretap) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadGateway)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	w.mu.Lock()
	kept := r.Clone(r.Context())
	kept.Body = io.NopCloser(bytes.NewReader(body))
	w.heard = append(w.heard, kept)
	if w.alter != nil {
		w.alter(r)
	}
	w.mu.Unlock()
	res, err := w.send(r)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadGateway)
		return
	}
	defer res.Body.Close()
	w.mu.Lock()
	if w.answer != nil {
		w.answer(res)
	}
	w.mu.Unlock()
	for name, values := range res.Header {
		rw.Header()[name] = values
	}
	rw.WriteHeader(res.StatusCode)
	_, _ = io.Copy(rw, res.Body) // whoever has asked may be gone
}

// send sends r to the node behind.
func (w *wiretap) send(r *http.Request) (*http.Response, error) {
	out, err := http.NewRequest(r.Method, w.to+r.RequestURI, r.Body)
	if err != nil {
		return nil, err
	}
	out.Header = r.Header.Clone()
	return http.DefaultTransport.RoundTrip(out)
}

// TestANodeBelievesOnlyNodes has somebody listen between two nodes, and try what they know by it at the node that keeps the
// books: to send it again, to alter it, to make up their own. Nothing of it is done, and the node says so in its log.
func TestANodeBelievesOnlyNodes(t *testing.T) {
	t.Parallel()
	market, database := harness.StartSandbox(t, ""), pgtest.Database(t)
	addr := harness.FreeAddress(t)
	tap := &wiretap{to: "http://" + addr}
	between := httptest.NewServer(tap)
	t.Cleanup(between.Close)
	owner := harness.StartGateway(t, market, addr, database, "--instance", "owner", "--node-url", between.URL)
	standby := harness.StartGateway(t, market, "", database, "--instance", "standby")

	made := map[string]string{"url": "https://example.com/hook"}
	if err := standby.Do(http.MethodPost, "/v1/webhooks", made, nil); err != nil {
		t.Fatalf("what a node brings is not done: %v", err)
	}
	hooks := func() int { return len(harness.All[struct{ ID string }](&owner.API, "/v1/webhooks")) }
	if n := hooks(); n != 1 {
		t.Fatalf("there are %d webhooks", n)
	}
	tap.mu.Lock()
	heard := tap.heard[len(tap.heard)-1]
	tap.mu.Unlock()
	if heard.Method != http.MethodPost || heard.Header.Get(proofHeader) == "" {
		t.Fatalf("%s %s came without a proof", heard.Method, heard.RequestURI)
	}
	logged := func(what, word string) {
		t.Helper()
		like := regexp.MustCompile(word)
		harness.Eventually(t, what, func() error {
			if !like.MatchString(owner.Proc.Log()) {
				return fmt.Errorf("the log says nothing of it: %s", owner.Proc.Log())
			}
			return nil
		})
	}
	refused := func(what, reason string, r *http.Request) {
		t.Helper()
		res, err := tap.send(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusUnauthorized || !strings.Contains(string(text), "node_proof") {
			t.Errorf("%s: %s %s", what, res.Status, text)
		}
		logged(what, reason)
	}
	refused("the same once more", "replayed|stale", heard) // stale, if this machine was very slow
	another := heard.Clone(t.Context())
	another.RequestURI = "/v1/webhooks?x"
	refused("another query", "forged", another)
	own := heard.Clone(t.Context())
	own.Header.Set(proofHeader, "e30.AAAA")
	refused("a proof of their own", "formless", own)

	// On its way: another body. The node that brings it is told that nothing was done.
	tap.mu.Lock()
	tap.alter = func(r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(bytes.Replace(body, []byte("example"), []byte("malicio"), 1)))
	}
	tap.mu.Unlock()
	if err := standby.Do(http.MethodPost, "/v1/webhooks", made, nil); err == nil {
		t.Error("an altered body was taken")
	}
	logged("an altered body", "altered")
	if n := hooks(); n != 1 {
		t.Errorf("there are %d webhooks", n)
	}

	// On its way back: the word that nothing was done. The node does not believe it, and does not do it again.
	tap.mu.Lock()
	tap.alter, tap.answer = nil, func(res *http.Response) {
		res.StatusCode, res.Header = http.StatusServiceUnavailable, http.Header{"Souk-Not-Done": {"not_owner"}}
	}
	tap.mu.Unlock()
	if err := standby.Do(http.MethodPost, "/v1/webhooks", made, nil); err == nil || !strings.Contains(err.Error(), "answer_lost") {
		t.Errorf("an answer in the owner's name: %v", err)
	}
	if n := hooks(); n != 2 {
		t.Errorf("there are %d webhooks, and it was done once more", n)
	}
	res, err := http.Get(standby.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if text, _ := io.ReadAll(res.Body); !strings.Contains(string(text), `souk_node_refusals_total{reason="formless",what="answer"}`) {
		t.Errorf("the metrics tell nothing of what was refused: %s", text)
	}
}
