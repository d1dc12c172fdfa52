package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
)

// IdempotencyHeader carries a name that the client chose for one act of creation.
// Source: IETF draft-ietf-httpapi-idempotency-key-header.
const IdempotencyHeader = "Idempotency-Key"

// maxIdempotencyKey is the longest Idempotency-Key, in bytes.
const maxIdempotencyKey = 255

// claimLife is how long a request that has not been answered keeps others of its name out: longer than any request
// lasts, and it only matters when this process died in the middle.
const claimLife = time.Minute

// AnswerLife is how long an answer is kept for repetition.
const AnswerLife = 24 * time.Hour

// Answer is what a request was answered.
type Answer struct {
	Status      int
	ContentType string
	Location    string
	Body        []byte
}

// AnswerStore keeps answers under names that are unique per API key and call.
type AnswerStore interface {
	// Claim reserves name for the request whose hash is given, until the instant until. answered brings the answer
	// of an earlier request of that name. Errors: fail.Conflict if the name was used for another request, or its
	// request is still being worked on at now.
	Claim(ctx context.Context, name, request string, now, until time.Time) (answered *Answer, err error)
	// Answer keeps the answer until the instant until.
	Answer(ctx context.Context, name string, a Answer, until time.Time) error
	// Unclaim frees a name whose request came to nothing.
	Unclaim(ctx context.Context, name string) error
	// Forget removes what has outlived its time and reports how much that was.
	Forget(ctx context.Context, now time.Time) (int64, error)
}

// once does f at most once per Idempotency-Key. What failed on our side (5xx), or was to be repeated (429), is not
// kept: repeating is the cure.
func (d *Door) once(f httpx.Func) httpx.Func {
	return func(w http.ResponseWriter, r *http.Request) error {
		given := r.Header.Get(IdempotencyHeader)
		if given == "" {
			return f(w, r)
		}
		if len(given) > maxIdempotencyKey {
			return fail.New(fail.Invalid, "idempotency_key", "The Idempotency-Key is longer than %d bytes; a UUID will do.", maxIdempotencyKey)
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, httpx.MaxBody))
		if err != nil {
			return httpx.BodyError(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		name := KeyOf(r.Context()).ID + " " + r.Method + " " + r.URL.Path + " " + given
		sum := sha256.Sum256(body)
		now := d.clk.Now()
		answered, err := d.done.Claim(r.Context(), name, hex.EncodeToString(sum[:]), now, now.Add(claimLife))
		if err != nil {
			return err
		}
		if answered != nil {
			w.Header().Set("Idempotency-Replayed", "true")
			answered.write(w)
			return nil
		}
		rec := &recorder{header: http.Header{}, status: http.StatusOK}
		httpx.Try(d.log, f)(rec, r)
		a := Answer{rec.status, rec.header.Get("Content-Type"), rec.header.Get("Location"), rec.body.Bytes()}
		// The act is done; the client's going away must not keep us from remembering so.
		keep := context.WithoutCancel(r.Context())
		if a.Status >= 500 || a.Status == http.StatusTooManyRequests {
			err = d.done.Unclaim(keep, name)
		} else {
			err = d.done.Answer(keep, name, a, now.Add(AnswerLife))
		}
		if err != nil {
			d.log.ErrorContext(r.Context(), "an answer was not kept for its Idempotency-Key", "route", r.Pattern, "err", err)
		}
		for k, v := range rec.header {
			w.Header()[k] = v
		}
		a.write(w)
		return nil
	}
}

func (a Answer) write(w http.ResponseWriter) {
	h := w.Header()
	for k, v := range map[string]string{"Content-Type": a.ContentType, "Location": a.Location} {
		if v != "" {
			h.Set(k, v)
		}
	}
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // a client that has gone will ask again
}

// recorder holds an answer back until it is kept.
type recorder struct {
	header http.Header
	status int
	wrote  bool
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if !r.wrote {
		r.status, r.wrote = status, true
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	r.wrote = true
	return r.body.Write(p)
}
