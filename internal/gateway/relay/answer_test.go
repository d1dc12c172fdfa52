package relay

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

// plan is what a handler answers.
type plan struct {
	status   int
	header   http.Header
	body     []byte
	declared bool // it says how long the body is
	step     int  // bytes of each write
}

// ServeHTTP implements http.Handler.
func (p *plan) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, values := range p.header {
		w.Header()[name] = slices.Clone(values)
	}
	if p.declared {
		w.Header().Set("Content-Length", strconv.Itoa(len(p.body)))
	}
	w.WriteHeader(p.status)
	if hasBody(http.MethodGet, p.status) {
		for part := range slices.Chunk(p.body, p.step) {
			_, _ = w.Write(part)
		}
	}
	_ = http.NewResponseController(w).Flush()
}

// got is an answer as a client has it.
type got struct {
	status int
	header http.Header
	body   []byte
	err    error // of the body
}

// asks is a client's request to srv.
func asks(t interface{ Fatal(...any) }, method, url string) (g got) {
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil { // the connection ended before anything was answered
		return got{err: err}
	}
	g.status, g.header = res.StatusCode, res.Header
	g.body, g.err = io.ReadAll(res.Body)
	_ = res.Body.Close()
	return g
}

// What the owner answers is what the client has, through another node as without: whatever the answer is like.
func TestAnswersArriveAsTheyAre(t *testing.T) {
	var p plan
	c := newCluster(t)
	direct := c.serve(&p)
	c.elect(c.node(p.ServeHTTP))
	through := c.serve(c.relay)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.IntRange(0, 3000), rapid.SampledFrom([]int{pieceSize - 1, pieceSize, pieceSize + 1, 3*pieceSize + 7})).Draw(t, "n")
		p = plan{
			status: rapid.SampledFrom([]int{200, 201, 204, 303, 304, 404, 500, 503}).Draw(t, "status"),
			header: http.Header{"Set-Cookie": {"a=1", "b=2"}, "X-Padded": {" two\nlines "}},
			body:   bytes.Repeat([]byte("<p>"), n/3+1)[:n], declared: rapid.Bool().Draw(t, "declared"), step: rapid.SampledFrom([]int{7, 1000, 20_000}).Draw(t, "step"),
		}
		if rapid.Bool().Draw(t, "typed") {
			p.header.Set("Content-Type", "text/x-own")
		}
		p.declared = p.declared && hasBody(http.MethodGet, p.status)
		method := rapid.SampledFrom([]string{http.MethodGet, http.MethodHead, http.MethodPost}).Draw(t, "method")
		want, have := asks(t, method, direct), asks(t, method, through)
		for _, g := range []got{want, have} {
			g.header.Del("Date")
			if !p.declared { // how long an answer is that does not say so is the server's to say, or not
				g.header.Del("Content-Length")
			}
		}
		if want.status != have.status || !bytes.Equal(want.body, have.body) || fmt.Sprint(want.header, want.err) != fmt.Sprint(have.header, have.err) {
			p.body = nil
			t.Fatalf("%s of %d bytes, %+v:\nhave %d %v, %d bytes, %v\nwant %d %v, %d bytes, %v", method, n, p, have.status, have.header, len(have.body), have.err, want.status, want.header, len(want.body), want.err)
		}
	})
	if len(c.refused) > 0 {
		t.Errorf("refused: %q", c.refused)
	}
}

// between stands between a node and the owner behind it, and alters answers.
type between struct {
	owner string
	alter func(a *wire, status *int)
	last  wire // the answer before
	asked atomic.Int64
}

// ServeHTTP implements http.Handler.
func (b *between) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.asked.Add(1)
	out, err := http.NewRequestWithContext(r.Context(), r.Method, b.owner+r.RequestURI, r.Body)
	if err != nil {
		panic(err)
	}
	out.Header, out.ContentLength = r.Header, r.ContentLength
	res, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		panic(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		panic(err)
	}
	a, status := wire{header: res.Header, body: body}, res.StatusCode
	this := wire{header: a.header.Clone(), body: bytes.Clone(body)}
	if b.alter != nil {
		b.alter(&a, &status)
	}
	b.last = this
	a.header.Del("Content-Length")
	a.header.Del("Date")
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(status)
	_, _ = w.Write(a.body)
}

// Whoever stands between two nodes cannot answer in the owner's place, nor say that nothing was done: what may not be done
// twice is asked once.
func TestWhatOfAnAnswerIsNotBelieved(t *testing.T) {
	const long = 2*pieceSize + 5
	for name, c := range map[string]struct {
		alter  func(b *between) func(a *wire, status *int)
		code   string // of the problem; empty: the body breaks off
		reason string
	}{
		"another status":    {func(*between) func(*wire, *int) { return func(_ *wire, s *int) { *s = 204 } }, "answer_lost", "forged"},
		"another header":    {func(*between) func(*wire, *int) { return func(a *wire, _ *int) { a.header.Set("X-Answer", "no") } }, "answer_lost", "forged"},
		"a header twice":    {func(*between) func(*wire, *int) { return func(a *wire, _ *int) { a.header.Add("X-Answer", "no") } }, "answer_lost", "forged"},
		"a header less":     {func(*between) func(*wire, *int) { return func(a *wire, _ *int) { a.header.Del("X-Answer") } }, "answer_lost", "forged"},
		"no proof":          {func(*between) func(*wire, *int) { return func(a *wire, _ *int) { a.header.Del(answerHeader) } }, "answer_lost", "formless"},
		"nonsense":          {func(*between) func(*wire, *int) { return func(a *wire, _ *int) { a.header.Set(answerHeader, "x.y") } }, "answer_lost", "formless"},
		"the answer before": {func(b *between) func(*wire, *int) { return func(a *wire, _ *int) { *a = b.last } }, "answer_lost", "forged"},
		"the body before":   {func(b *between) func(*wire, *int) { return func(a *wire, _ *int) { a.body = b.last.body } }, "", "altered"},
		"another body":      {func(*between) func(*wire, *int) { return func(a *wire, _ *int) { a.body[len(a.body)/2] ^= 1 } }, "", "altered"},
		"a body cut off": {func(*between) func(*wire, *int) {
			return func(a *wire, _ *int) { a.body = a.body[:pieceSize+extraSize] }
		}, "", "altered"},
		"more after its end": {func(*between) func(*wire, *int) { return func(a *wire, _ *int) { a.body = append(a.body, '!') } }, "", "altered"},
		"it is said not done": {func(*between) func(*wire, *int) {
			return func(a *wire, s *int) { *s, *a = 503, wire{header: http.Header{notDone: {"not_owner"}}} }
		}, "answer_lost", "formless"},
		"it is said unbelieved": {func(*between) func(*wire, *int) {
			return func(a *wire, s *int) { *s, *a = 401, wire{header: http.Header{notDone: {"forged"}}} }
		}, "node_not_believed", "formless"},
	} {
		t.Run(name, func(t *testing.T) {
			nodes := newCluster(t)
			var done atomic.Int64
			b := &between{}
			b.owner = nodes.node(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Answer", r.URL.Path)
				fmt.Fprint(w, strings.Repeat("x", long), done.Add(1))
			})
			nodes.elect(nodes.serve(b))
			here := nodes.serve(nodes.relay)
			if a := asks(t, http.MethodPost, here+"/v1/accounts"); a.status != 200 || a.err != nil || len(a.body) != long+1 {
				t.Fatalf("unaltered: %d, %d bytes, %v", a.status, len(a.body), a.err)
			}
			b.alter = c.alter(b)
			a := asks(t, http.MethodPost, here+"/v1/accounts")
			if c.code == "" {
				if a.err == nil || bytes.ContainsAny(a.body, "!y1") {
					t.Errorf("%d, %d bytes, %v", a.status, len(a.body), a.err)
				}
			} else if a.status != http.StatusServiceUnavailable || !strings.Contains(string(a.body), `"`+c.code+`"`) || a.header.Get("X-Answer") != "" {
				t.Errorf("%d %.200s %v", a.status, a.body, a.header)
			}
			if n := done.Load(); n != 2 || b.asked.Load() != 2 {
				t.Errorf("done %d times, of %d", n, b.asked.Load())
			}
			nodes.mu.Lock()
			defer nodes.mu.Unlock()
			if want := []string{"answer " + c.reason}; !slices.Equal(nodes.refused, want) {
				t.Errorf("refused: %q, want %q", nodes.refused, want)
			}
		})
	}
}

// What comes before an answer, beside its headers, or after it is nobody's that is believed, and does not go on.
func TestWhatIsAddedToAnAnswerIsLeftOut(t *testing.T) {
	c := newCluster(t)
	b := &between{owner: c.node(echo), alter: func(a *wire, _ *int) {
		a.header.Set("Set-Cookie", "session=theirs")
		a.header.Set(notDone, notOwner.reason)
		a.header.Set("Trailer", "X-After")
	}}
	c.elect(c.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</theirs.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		b.ServeHTTP(w, r)
		w.Header().Set("X-After", "1")
	})))
	early := httptest.NewRecorder() // whose status is the first that was written
	c.relay.ServeHTTP(early, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	a := early.Result()
	if a.StatusCode != http.StatusAccepted || a.Header.Get("X-Answer") != "yes" || a.Header.Get("Link")+a.Header.Get("Set-Cookie")+a.Header.Get("Trailer") != "" || len(a.Trailer) > 0 {
		t.Errorf("%d %v %v", a.StatusCode, a.Header, a.Trailer)
	}
}

// An answer that its handler gave up in the middle does not look like a whole one.
func TestAnAnswerGivenUp(t *testing.T) {
	c := newCluster(t)
	c.elect(c.node(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", pieceSize+1))
		panic(http.ErrAbortHandler)
	}))
	if a := asks(t, http.MethodPost, c.serve(c.relay)); a.err == nil || len(a.body) > pieceSize {
		t.Errorf("%d, %d bytes, %v", a.status, len(a.body), a.err)
	}
}

// While nodes are brought to this version one after the other, an owner of the one before proves nothing, and nobody expects it to:
// the database tells what it is.
func TestAnOwnerOfTheVersionBefore(t *testing.T) {
	c := newCluster(t)
	c.elect(c.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if said, _, _, err := readProof(r.Header.Get(ProofHeader)); err != nil || said.Answer {
			t.Errorf("it is asked to prove its answer (%v)", err)
		}
		echo(w, r)
	})))
	c.to[0].Speaks = 0
	if w := c.ask(http.MethodGet, "/", ""); w.Code != http.StatusAccepted || w.Header().Get("X-Answer") != "yes" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

// FuzzReply holds any header against the check of answers: one that nobody has made proves nothing, and nothing breaks.
func FuzzReply(f *testing.F) {
	whole, _ := reply{Length: 3, Headers: []string{"X-Answer"}}.prove(theirs[1], tag{1}, http.StatusOK, http.Header{"X-Answer": {"yes"}})
	for _, seed := range []string{whole, whole[1:], "x", ".", "e30." + strings.Repeat("A", 43)} {
		f.Add(seed, 200)
	}
	f.Fuzz(func(t *testing.T, proof string, status int) {
		res := &http.Response{StatusCode: status, Header: http.Header{answerHeader: {proof}}, Body: http.NoBody, Request: httptest.NewRequest(http.MethodGet, "/", nil)}
		if _, err := opened(res, theirs[1], tag{2}, func() {}); err == nil {
			t.Errorf("%q proves an answer that was never given", proof)
		}
	})
}
