package api

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"souk.dev/souk/internal/httpx"
)

// checkLimit is how long one check may take, in real time.
const checkLimit = 3 * time.Second

// Check is one thing that must work for the gateway to be ready. It tells what it found, or why it fails; both are
// shown to anybody who can reach /readyz, so neither holds a secret.
type Check struct {
	Name string
	Run  func(ctx context.Context) (found string, err error)
}

// Health answers GET /healthz (the process lives) and GET /readyz (it can do its work).
type Health struct {
	Checks []Check
	Log    *slog.Logger
}

// Mount adds both to mux.
func (h Health) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", httpx.Try(h.Log, func(w http.ResponseWriter, r *http.Request) error {
		return httpx.JSON(w, http.StatusOK, map[string]string{"status": "ok"})
	}))
	mux.HandleFunc("GET /readyz", httpx.Try(h.Log, h.ready))
}

type checked struct {
	OK     bool   `json:"ok"`
	Reason string `json:"reason"`
}

func (h Health) ready(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), checkLimit)
	defer cancel()
	results := make([]checked, len(h.Checks))
	var wg sync.WaitGroup
	for i, c := range h.Checks {
		wg.Go(func() {
			found, err := c.Run(ctx)
			if results[i] = (checked{true, found}); err != nil {
				results[i] = checked{false, err.Error()}
			}
		})
	}
	wg.Wait()
	out := struct {
		Status string             `json:"status"`
		Checks map[string]checked `json:"checks"`
	}{"ready", map[string]checked{}}
	status := http.StatusOK
	for i, c := range h.Checks {
		out.Checks[c.Name] = results[i]
		if !results[i].OK {
			out.Status, status = "not_ready", http.StatusServiceUnavailable
		}
	}
	return httpx.JSON(w, status, out)
}
