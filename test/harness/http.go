package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// API is a JSON API of a running souk.
type API struct {
	URL string
	Key string // of the gateway's API; empty: none is sent
	t   testing.TB
}

// StatusError is an answer that says no.
type StatusError struct {
	Status int
	Body   string
}

// Error gives the status and what was said.
func (e *StatusError) Error() string { return fmt.Sprintf("status %d: %s", e.Status, e.Body) }

// Do calls method on path with body as JSON (nil: none) and reads a JSON answer into out (nil: it is not read).
// A status of 400 or more is a *StatusError.
func (a *API) Do(method, path string, body, out any) error {
	// Moving a sandbox's clock answers when all followers have done what is due.
	return a.DoWithin(2*time.Minute, method, path, body, out)
}

// DoWithin is Do by a client that waits no longer than limit.
func (a *API) DoWithin(limit time.Duration, method, path string, body, out any) error {
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		in = bytes.NewReader(text)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, a.URL+path, in)
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if a.Key != "" {
		req.Header.Set("Authorization", "Bearer "+a.Key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("%s %s: read the answer: %w", method, path, err)
	}
	if res.StatusCode >= 400 {
		return fmt.Errorf("%s %s: %w", method, path, &StatusError{res.StatusCode, string(text)})
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%s %s: %w in %s", method, path, err, text)
	}
	return nil
}

// Get is Do with GET, and fails the test on an error.
func (a *API) Get(path string, out any) {
	a.t.Helper()
	if err := a.Do(http.MethodGet, path, nil, out); err != nil {
		a.t.Fatal(err)
	}
}

// Post is Do with POST, and fails the test on an error.
func (a *API) Post(path string, body, out any) {
	a.t.Helper()
	if err := a.Do(http.MethodPost, path, body, out); err != nil {
		a.t.Fatal(err)
	}
}

// All reads every page of a list.
func All[T any](a *API, path string) []T {
	a.t.Helper()
	var all []T
	for cursor := ""; ; {
		var page struct {
			Items []T    `json:"items"`
			Next  string `json:"next"`
		}
		a.Get(withCursor(path, cursor), &page)
		all = append(all, page.Items...)
		if cursor = page.Next; cursor == "" {
			return all
		}
	}
}
