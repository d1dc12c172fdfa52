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

// Checked is what became of a [Check].
type Checked struct {
	Name   string `json:"-"`
	OK     bool   `json:"ok"`
	Reason string `json:"reason"`
}

// Look runs all checks at once, and gives their results in the checks' order.
func (h Health) Look(ctx context.Context) []Checked {
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	results := make([]Checked, len(h.Checks))
	var wg sync.WaitGroup
	for i, c := range h.Checks {
		wg.Go(func() {
			found, err := c.Run(ctx)
			if results[i] = (Checked{c.Name, true, found}); err != nil {
				results[i] = Checked{c.Name, false, err.Error()}
			}
		})
	}
	wg.Wait()
	return results
}

func (h Health) ready(w http.ResponseWriter, r *http.Request) error {
	out := struct {
		Status string             `json:"status"`
		Checks map[string]Checked `json:"checks"`
	}{"ready", map[string]Checked{}}
	status := http.StatusOK
	for _, c := range h.Look(r.Context()) {
		out.Checks[c.Name] = c
		if !c.OK {
			out.Status, status = "not_ready", http.StatusServiceUnavailable
		}
	}
	return httpx.JSON(w, status, out)
}
