package api

import (
	"bytes"
	"context"
	"mime"
	"net/http"
	"slices"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/httpx"
)

// Limits of POST /v1/events.
const (
	maxEventsBody = 4 << 20 // bytes
	maxEvents     = 10_000  // in one request
)

// Acceptor takes usage events. [usage.Intake] does.
type Acceptor interface {
	Accept(ctx context.Context, source string, events []usage.Event) (usage.Result, error)
}

// Events is the call that takes usage.
type Events struct{ Intake Acceptor }

// Mount implements [Mounter].
func (h Events) Mount(d *Door) { d.Handle("POST /v1/events", h.post) }

// eventsOut is the answer: every event of the request is counted once in it.
type eventsOut struct {
	Accepted   int           `json:"accepted"`
	Duplicates int           `json:"duplicates"`
	Rejected   []rejectedOut `json:"rejected"`
}

type rejectedOut struct {
	Index   int    `json:"index"`
	ID      string `json:"id,omitempty"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (h Events) post(w http.ResponseWriter, r *http.Request) error {
	decode, err := eventDecoder(r.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	var body bytes.Buffer
	if n := r.ContentLength; n > 0 && n <= maxEventsBody {
		body.Grow(int(n) + bytes.MinRead)
	}
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, maxEventsBody)); err != nil {
		return httpx.BodyError(err)
	}
	t, err := decode(body.Bytes())
	if err != nil {
		return err
	}
	if n := len(t.events) + len(t.bad); n > maxEvents {
		return fail.New(fail.Invalid, "too_many_events", "The request has %d events; send at most %d at once.", n, maxEvents)
	}
	out, err := h.accept(r.Context(), t)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, out)
}

// accept hands on the events that could be read, and gives each of the others its place among the rejected.
func (h Events) accept(ctx context.Context, t told) (eventsOut, error) {
	out := eventsOut{Rejected: []rejectedOut{}}
	if len(t.events) > 0 {
		res, err := h.Intake.Accept(ctx, "", t.events)
		if err != nil {
			return eventsOut{}, err
		}
		out.Accepted, out.Duplicates = res.Accepted, res.Duplicates
		for _, j := range res.Rejected {
			out.Rejected = append(out.Rejected, rejectedOut{Index: t.place(j.Index), ID: j.ID, Code: j.Code, Message: j.Message})
		}
	}
	out.Rejected = append(out.Rejected, t.bad...)
	slices.SortFunc(out.Rejected, func(a, b rejectedOut) int { return a.Index - b.Index })
	return out, nil
}

// eventDecoder chooses the form in which events travel by the request's media type.
func eventDecoder(contentType string) (func([]byte) (told, error), error) {
	mt := "application/json"
	if contentType != "" {
		var err error
		if mt, _, err = mime.ParseMediaType(contentType); err != nil {
			mt = contentType
		}
	}
	switch mt {
	case "application/json", httpx.CurlType:
		return decodePlain, nil
	case "application/x-ndjson", "application/ndjson":
		return decodeLines, nil
	case "application/cloudevents+json":
		return decodeCloudEvent, nil
	case "application/cloudevents-batch+json":
		return decodeCloudEvents, nil
	}
	return nil, fail.New(fail.Invalid, "media_type", "The body has the type %.80q; send application/json, application/x-ndjson, application/cloudevents+json or application/cloudevents-batch+json.", contentType)
}
