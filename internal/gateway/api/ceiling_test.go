package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/usage"
)

// newUsual is a server as one is usually written: encoding/json reads a body, the events are checked as [nothing] does, and
// none is kept. The gateway's own door reads several times as fast, so a share of what it does storing nothing says how much
// storing adds; a share of what this one does says what storing is beside what a server that stores nothing needs anyway.
func newUsual(b *testing.B, check nothing) *server {
	s := &server{Server: httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		events, err := readUsual(r)
		if err == nil {
			var res usage.Result
			if res, err = check.Accept(r.Context(), "bench", events); err == nil {
				fmt.Fprintf(w, `{"accepted":%d,"duplicates":%d,"rejected":[]}`, res.Accepted, res.Duplicates)
				return
			}
		}
		http.Error(w, err.Error(), http.StatusBadRequest)
	})), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 128}}}
	b.Cleanup(s.Close)
	return s
}

// usual is an event as encoding/json reads it.
type usual struct {
	ID, License, Quantity string
	Dimension             string
	Time                  time.Time
	Tags                  map[string]string
}

func readUsual(r *http.Request) ([]usage.Event, error) {
	var read []usual
	body := json.NewDecoder(r.Body)
	if r.Header.Get("Content-Type") == "application/x-ndjson" || r.ContentLength < 512 { // one after the other, or one
		for {
			var one usual
			if err := body.Decode(&one); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return nil, err
			}
			read = append(read, one)
		}
	} else if err := body.Decode(&read); err != nil {
		return nil, err
	}
	events := make([]usage.Event, len(read))
	for i, e := range read {
		events[i] = usage.Event{ID: e.ID, License: usage.Ref{Name: e.License}, Dimension: core.Dimension(e.Dimension), Quantity: e.Quantity, Time: e.Time, Tags: e.Tags}
	}
	return events, nil
}
