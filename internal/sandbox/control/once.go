package control

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
)

// idempotencyHeader carries a name that the client chose for one act.
// Source: IETF draft-ietf-httpapi-idempotency-key-header.
const idempotencyHeader = "Idempotency-Key"

// Bounds of what is remembered: names, and the longest one in bytes.
const (
	maxAnswers        = 1024
	maxIdempotencyKey = 255
)

// answers remembers what acts were answered, by the name that their client gave them, so that repeating a request whose
// answer was lost acts once. The newest ones are remembered, as long as the process lives.
type answers struct {
	mu     sync.Mutex
	byName map[string]*told
	names  []string // oldest first
}

type told struct {
	request [sha256.Size]byte // what it answers
	done    chan struct{}     // closed when it is known
	status  int               // 0: it came to nothing, and may be tried again
	header  http.Header
	body    []byte
}

// once does f at most once for each name. What failed on our side is not remembered: repeating is the cure.
func (a *answers) once(f httpx.Func) httpx.Func {
	return func(w http.ResponseWriter, r *http.Request) error {
		name := r.Header.Get(idempotencyHeader)
		if name == "" {
			return f(w, r)
		}
		if len(name) > maxIdempotencyKey {
			return fail.New(fail.Invalid, "idempotency_key", "The Idempotency-Key is longer than %d bytes; a UUID will do.", maxIdempotencyKey)
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, httpx.MaxBody))
		if err != nil {
			return httpx.BodyError(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		request := sha256.Sum256([]byte(r.Method + " " + r.URL.RequestURI() + "\n" + string(body)))
		for {
			known, mine := a.claim(name, request)
			if mine {
				return a.do(name, known, f, w, r)
			}
			if known.request != request {
				return fail.New(fail.Conflict, "idempotency_key_used", "The Idempotency-Key %q was used for another request; choose a new one.", name)
			}
			select {
			case <-known.done:
			case <-r.Context().Done():
				return nil // nobody is left to tell
			}
			if known.status != 0 {
				w.Header().Set("Idempotency-Replayed", "true")
				known.write(w)
				return nil
			}
		}
	}
}

// claim is the answer that has the name. mine says that there was none, and that the caller is to find it.
func (a *answers) claim(name string, request [sha256.Size]byte) (known *told, mine bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if known = a.byName[name]; known != nil {
		return known, false
	}
	if a.byName == nil {
		a.byName = map[string]*told{}
	}
	if len(a.names) == maxAnswers {
		delete(a.byName, a.names[0])
		a.names = a.names[1:]
	}
	known = &told{request: request, done: make(chan struct{}), header: http.Header{}}
	a.byName[name], a.names = known, append(a.names, name)
	return known, true
}

// do acts, and remembers what came of it.
func (a *answers) do(name string, to *told, f httpx.Func, w http.ResponseWriter, r *http.Request) error {
	defer close(to.done)
	err := f(to.recorder(), r)
	if err == nil && to.status != 0 && to.status < http.StatusInternalServerError {
		to.write(w)
		return nil
	}
	// A refusal changed nothing, and a failure is to be tried again: neither is remembered.
	a.mu.Lock()
	if a.byName[name] == to {
		delete(a.byName, name)
		a.names = slices.DeleteFunc(a.names, func(n string) bool { return n == name })
	}
	status := to.status
	to.status = 0
	a.mu.Unlock()
	if err == nil && status == 0 {
		err = errors.New("a call of the control API answered nothing")
	}
	return err
}

func (a *told) write(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that has gone is told nothing
}

// recorder is an http.ResponseWriter that fills a.
func (a *told) recorder() http.ResponseWriter { return (*recorder)(a) }

type recorder told

func (r *recorder) Header() http.Header { return r.header }
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}
func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	r.body = append(r.body, b...)
	return len(b), nil
}

// isAct reports whether a call honours an Idempotency-Key: every act does, but for those whose repetition does no harm
// and whose body may be large, or whose answer is waited for.
func isAct(pattern string) bool {
	method, path, _ := strings.Cut(pattern, " ")
	return method == http.MethodPost && path != "/_sandbox/snapshot" && !strings.HasSuffix(path, "/followers/{name}")
}
