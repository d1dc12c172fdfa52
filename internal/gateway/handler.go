package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	openapi "souk.dev/souk/api"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/api"
	"souk.dev/souk/internal/gateway/console"
	"souk.dev/souk/internal/gateway/portal"
	"souk.dev/souk/internal/gateway/provider"
	"souk.dev/souk/internal/gateway/push"
	"souk.dev/souk/internal/gateway/relay"
	"souk.dev/souk/internal/httpx"
)

// maxBody is the largest body, in bytes, that any request may have; most calls take less (httpx.MaxBody).
const maxBody = 32 << 20

// handler puts the doors into one house.
func handler(log *slog.Logger, door *api.Door, events gathered, pages *portal.Portal, desk *console.Console, posts *push.Door, applications *provider.Door, health api.Health, metrics *api.Metrics) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/v1/", door)
	pages.Mount(mux)
	desk.Mount(mux)
	posts.Mount(mux)
	if applications != nil {
		applications.Mount(mux)
	}
	health.Mount(mux)
	mux.Handle("GET /metrics", metrics.Handler())
	mux.Handle("GET /openapi.json", openapi.Handler(openapi.Gateway))
	mux.Handle("GET /{$}", http.RedirectHandler("/portal", http.StatusSeeOther))
	mux.Handle("POST "+relay.EventsPath, relay.Events(events.taker, events.used, nowhere(log, pages.Nowhere()), log))
	mux.Handle("/", nowhere(log, pages.Nowhere()))
	return survive(log, asItSays(http.MaxBytesHandler(mux, maxBody)))
}

// gathered is who takes what other nodes have gathered.
type gathered struct {
	taker relay.Taker
	used  func(ctx context.Context, key string) // see [relay.Events]
}

// nowhere answers what is asked at an address where nothing is: a browser with a page.
func nowhere(log *slog.Logger, page http.Handler) http.Handler {
	problem := httpx.Try(log, func(http.ResponseWriter, *http.Request) error {
		return fail.New(fail.NotFound, "nothing_here", "There is nothing at this address. Calls for programs are under /v1 (see /openapi.json), pages for buyers under /portal, for the seller's people under /console.")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Accept"), "text/html") { // a browser's
			page.ServeHTTP(w, r)
			return
		}
		problem(w, r)
	})
}

// asItSays has browsers take every answer for what its Content-Type says, and not for what its bytes look like.
func asItSays(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// survive answers a request whose handler panicked, and logs where; other requests are none the wiser.
func survive(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler { //nolint:errorlint // it is this value, by net/http's contract
				panic(p)
			}
			log.ErrorContext(r.Context(), "a handler panicked", "method", r.Method, "route", r.Pattern, "panic", p, "stack", string(debug.Stack()))
			httpx.Fail(w, r, log, fail.New(fail.Internal, "", "panic"))
		}()
		next.ServeHTTP(w, r)
	})
}
