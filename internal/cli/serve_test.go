package cli

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"
)

// A connection that a client has opened ahead of need is no request, and holds up no end.
func TestAnUnusedConnectionHoldsUpNoEnd(t *testing.T) {
	ln, err := listen(t.Context(), "127.0.0.1:0", "listen")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	s := httpServer{name: "server", drain: time.Millisecond}
	go func() { ended <- s.serve(ctx, ln, http.NotFoundHandler(), slog.New(slog.DiscardHandler)) }()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	res, err := http.Get("http://" + ln.Addr().String()) // the server has taken the connection before this one
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Nor does the server wait with its end for a first request on it, while a request that is under way has its time.
func TestAnUnusedConnectionEndsBeforeTheRequests(t *testing.T) {
	ln, err := listen(t.Context(), "127.0.0.1:0", "listen")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	unusedEnded := make(chan struct{})
	s := httpServer{name: "server", drain: 4 * time.Second} // less than net/http lets an unused connection be
	go func() {
		ended <- s.serve(ctx, ln, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			cancel()
			select {
			case <-unusedEnded:
				w.WriteHeader(http.StatusNoContent)
			case <-r.Context().Done():
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}), slog.New(slog.DiscardHandler))
	}()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go func() {
		_, _ = conn.Read(make([]byte, 1)) // nothing comes, and then it ends
		close(unusedEnded)
	}()
	res, err := http.Get("http://" + ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		t.Error("the request was ended before the connection on which there was none")
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
