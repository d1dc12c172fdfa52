// Package httpx is the little that every HTTP face of souk has in common: strict decoding of JSON, problem documents
// (RFC 9457), and one translation of failures into answers.
//
// It owns: the mapping from fail.Kind to status. It does not own: routes, authentication, pages.
package httpx

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"

	"souk.dev/souk/internal/fail"
)

// MaxBody is the largest JSON body, in bytes, that [Decode] reads.
const MaxBody = 1 << 20

// CurlType is what `curl -d` calls any body unless told otherwise: JSON typed by hand comes with it. A browser's form
// comes with it too, so whoever takes it must refuse other sites' posts, or want a key that no browser sends by itself.
const CurlType = "application/x-www-form-urlencoded"

// Decode reads r's body, one JSON document, into v. What is too large, not JSON, of another media type or has a field
// that v does not know is fail.Invalid, saying which.
func Decode(w http.ResponseWriter, r *http.Request, v any) error {
	if ct := r.Header.Get("Content-Type"); ct != "" {
		if mt, _, err := mime.ParseMediaType(ct); err != nil || (mt != "application/json" && mt != CurlType) {
			return fail.New(fail.Invalid, "media_type", "The body has the type %q; send application/json.", ct)
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		return BodyError(err)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		if errors.Is(err, io.EOF) {
			return fail.New(fail.Invalid, "empty_body", "The body is empty; send a JSON object.")
		}
		return fail.New(fail.Invalid, "bad_json", "The body is not the JSON this call takes (%v); see /openapi.json.", err)
	}
	if dec.More() {
		return fail.New(fail.Invalid, "bad_json", "The body has more than one JSON document; send one.")
	}
	return nil
}

// BodyError translates a failure to read a request's body.
func BodyError(err error) error {
	if big, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fail.New(fail.Invalid, "body_too_large", "The body is larger than %d bytes; send less at once.", big.Limit)
	}
	return fail.Wrap(fail.Invalid, err, "body_unreadable", "The body broke off; send it again.")
}

// JSON answers with status and v.
func JSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, err = w.Write(append(body, '\n'))
	if err != nil {
		return nil // the client has gone; nobody is left to tell
	}
	return nil
}

// Status is the HTTP status of a kind of failure.
func Status(k fail.Kind) int {
	switch k {
	case fail.Invalid:
		return http.StatusBadRequest
	case fail.Denied:
		return http.StatusUnauthorized
	case fail.NotFound:
		return http.StatusNotFound
	case fail.Conflict:
		return http.StatusConflict
	case fail.TooMuch:
		return http.StatusTooManyRequests
	case fail.Later:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// Problem is an RFC 9457 problem document.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Code   string `json:"code,omitempty"`
}

// ProblemOf is what err looks like from outside: an Internal one shows nothing of its cause.
func ProblemOf(err error) Problem {
	p := Problem{Type: "about:blank", Status: Status(fail.KindOf(err)), Code: fail.CodeOf(err),
		Detail: "Something went wrong on our side; it has been logged. Try again, or ask the operator."}
	if e, ok := errors.AsType[*fail.Error](err); ok && e.Kind != fail.Internal {
		p.Detail = e.Say
	}
	p.Title = http.StatusText(p.Status)
	return p
}

// Fail answers with err's problem document and logs what is ours to mend.
func Fail(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	p := ProblemOf(err)
	if p.Status >= 500 {
		log.ErrorContext(r.Context(), "request failed", "method", r.Method, "route", r.Pattern, "err", err)
	}
	if p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	body, _ := json.Marshal(p) // strings and a number: cannot fail
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n'))
}

// Func is a handler that may fail.
type Func func(w http.ResponseWriter, r *http.Request) error

// Try makes a Func a handler, answering its failures with problem documents.
func Try(log *slog.Logger, f Func) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := f(w, r); err != nil {
			Fail(w, r, log, err)
		}
	}
}

// List is how every list looks from outside.
type List[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"` // the ?cursor= of the next page; absent on the last
}
