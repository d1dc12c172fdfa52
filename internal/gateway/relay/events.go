package relay

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strconv"

	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/httpx"
)

// EventsPath is where the owner takes the events that other nodes have gathered.
const EventsPath = "/node/events"

// mostBundle is the largest bundle, in bytes, that the owner takes: what is enough for a [Gatherer], and the events of a whole request more.
const mostBundle = 16 << 20

const bundleType = "application/octet-stream"

// Taker takes bundles. [usage.Intake] does.
type Taker interface {
	AcceptBundle(ctx context.Context, bundle []byte) (answers []usage.Answer, keys []string, err error)
}

// Events answers a [Gatherer] of another node; what anybody else asks, elsewhere answers. used is told the id of each API key
// with which events came, which that node has checked.
func Events(taker Taker, used func(ctx context.Context, key string), elsewhere http.Handler, log *slog.Logger) http.Handler {
	take := httpx.Try(log, func(w http.ResponseWriter, r *http.Request) error {
		bundle, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBundle))
		if err != nil {
			return httpx.BodyError(err)
		}
		answers, keys, err := taker.AcceptBundle(r.Context(), bundle)
		if err != nil {
			return err
		}
		for _, key := range keys {
			used(r.Context(), key)
		}
		body := usage.AppendAnswers(nil, answers)
		w.Header().Set("Content-Type", bundleType)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body) // a node that has gone asks again
		return nil
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !asksForItself(r) {
			elsewhere.ServeHTTP(w, r)
			return
		}
		take(w, r)
	})
}
