// Package api is the door for the seller's programs: JSON under /v1, health, metrics and the OpenAPI document.
//
// It owns: routes, API keys on requests, problem documents, paging, Idempotency-Key, one file per group of calls. It
// does not own any rule: a handler decodes, calls a feature, and encodes. What the calls mean is api/gateway.yaml.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/keys"
	"souk.dev/souk/internal/httpx"
)

// Door is the mux of the calls under /v1. Groups of calls mount themselves on it.
type Door struct {
	mux   *http.ServeMux
	ring  *keys.Ring
	done  AnswerStore
	acts  *audit.Log
	clk   clock.Clock
	log   *slog.Logger
	calls []string
}

// Mounter is a group of calls.
type Mounter interface{ Mount(d *Door) }

// NewDoor makes a door with the groups of calls given. done keeps answers for Idempotency-Key, acts who changed what.
func NewDoor(ring *keys.Ring, done AnswerStore, acts *audit.Log, clk clock.Clock, log *slog.Logger, groups ...Mounter) *Door {
	d := &Door{mux: http.NewServeMux(), ring: ring, done: done, acts: acts, clk: clk, log: log}
	d.mux.Handle("/v1/", d.signedIn(func(http.ResponseWriter, *http.Request) error {
		return fail.New(fail.NotFound, "no_such_call", "There is no such call, or not with this method; see /openapi.json.")
	}))
	for _, g := range groups {
		g.Mount(d)
	}
	return d
}

// Handle mounts f at pattern, such as "GET /v1/licenses/{id}", for requests that bring a working API key.
func (d *Door) Handle(pattern string, f httpx.Func) {
	d.calls = append(d.calls, pattern)
	d.mux.Handle(pattern, d.signedIn(f))
}

// Create mounts f like Handle, for a POST that creates something: with the header Idempotency-Key, the same request
// sent again is answered as it was the first time, and not done again.
func (d *Door) Create(pattern string, f httpx.Func) { d.Handle(pattern, d.once(f)) }

// Calls lists the patterns mounted.
func (d *Door) Calls() []string { return slices.Clone(d.calls) }

// ServeHTTP implements [http.Handler].
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.mux.ServeHTTP(w, r) }

// caller is who makes a request, and where it is written down what is done for it.
type caller struct {
	key  keys.Key
	acts *audit.Log
}

type callerKey struct{}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// KeyOf is the API key that the request came with.
func KeyOf(ctx context.Context) keys.Key { return callerOf(ctx).key }

func (d *Door) signedIn(f httpx.Func) http.Handler {
	return httpx.Try(d.log, func(w http.ResponseWriter, r *http.Request) error {
		scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") || text == "" {
			w.Header().Set("WWW-Authenticate", `Bearer realm="souk"`)
			return fail.New(fail.Denied, "no_key", "Send an API key in the header Authorization: Bearer KEY; make one with souk keys create.")
		}
		k, err := d.ring.Check(r.Context(), strings.TrimSpace(text))
		if err != nil {
			if fail.Is(err, fail.Denied) {
				w.Header().Set("WWW-Authenticate", `Bearer realm="souk", error="invalid_token"`)
			}
			return err
		}
		return f(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, caller{k, d.acts})))
	})
}
