package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/httpx"
)

// Records are the calls about metering records, and about the events that they are made of.
type Records struct {
	Engine    *metering.Engine
	Directory license.Directory
}

// Mount implements [Mounter].
func (h Records) Mount(d *Door) {
	d.Handle("GET /v1/records", h.list)
	d.Handle("GET /v1/records/{id}", h.get)
	d.Handle("GET /v1/events/{id}", h.event)
}

// recordOut is a record from outside.
type recordOut struct {
	ID               string           `json:"id"`
	License          core.LicenseID   `json:"license"`
	ProductCode      core.ProductCode `json:"productCode"`
	Dimension        core.Dimension   `json:"dimension"`
	Hour             core.Hour        `json:"hour"`
	Timestamp        time.Time        `json:"timestamp"`
	Quantity         int64            `json:"quantity"`
	MeteringRecordID string           `json:"meteringRecordId,omitempty"`

	State    metering.State `json:"state"`
	Reason   string         `json:"reason,omitempty"`
	Why      string         `json:"why"`
	Since    time.Time      `json:"since"`
	Next     string         `json:"next,omitempty"`
	By       time.Time      `json:"by,omitzero"`
	Tries    int            `json:"tries"`
	RetryAt  time.Time      `json:"retryAt,omitzero"`
	Deadline time.Time      `json:"deadline"`

	Request *requestOut `json:"request,omitempty"`        // these only of a single record
	Forgot  bool        `json:"requestDropped,omitempty"` // the request was older than the retention and is gone
	Events  []entryOut  `json:"events,omitempty"`
	More    bool        `json:"moreEvents,omitempty"`    // there are more events than are shown
	Dropped bool        `json:"eventsDropped,omitempty"` // events were older than the retention and are gone
}

// requestOut is the newest request that the record was in, and AWS's answer.
type requestOut struct {
	ID         string          `json:"id"`
	SentAt     time.Time       `json:"sentAt"`
	Body       json.RawMessage `json:"body"`
	AnsweredAt time.Time       `json:"answeredAt,omitzero"`
	Outcome    string          `json:"outcome,omitempty"`
	Code       string          `json:"code,omitempty"`
	Answer     json.RawMessage `json:"answer,omitempty"`
}

// entryOut is an event that was billed in the record's hour.
type entryOut struct {
	Source   string            `json:"source,omitempty"`
	ID       string            `json:"id"`
	Quantity usage.Quantity    `json:"quantity"`
	Time     time.Time         `json:"time"`
	Received time.Time         `json:"received"`
	Late     bool              `json:"late,omitempty"`
	Tags     map[string]string `json:"tags,omitempty"`
}

func entryOf(e *usage.Entry) entryOut {
	return entryOut{e.Source, e.ID, e.Quantity, time.UnixMicro(e.Time).UTC(), time.UnixMicro(e.Received).UTC(), e.Late, e.Tags}
}

func recordOf(r metering.Record) recordOut {
	x := r.Explain()
	out := recordOut{ID: r.ID, License: r.License, ProductCode: r.Product, Dimension: r.Dimension, Hour: r.Hour, Timestamp: r.Line.Timestamp.Time(),
		Quantity: r.Line.Quantity, MeteringRecordID: r.Receipt, State: r.State, Reason: r.Reason, Why: x.Why, Since: x.Since, Next: x.Next, By: x.By,
		Tries: r.Tries, Deadline: r.Deadline}
	if r.State == metering.Waiting || r.State == metering.Parked {
		out.RetryAt = r.RetryAt
	}
	return out
}

func (h Records) list(w http.ResponseWriter, r *http.Request) error {
	limit, err := Limit(r)
	if err != nil {
		return err
	}
	q := metering.Query{State: metering.State(r.URL.Query().Get("state")), Limit: limit + 1}
	if err := Cursor(r, &q.Before); err != nil {
		return err
	}
	if q.License, err = licenseAsked(r, h.Directory); err != nil {
		return err
	}
	if q.From, q.To, err = hours(r, 0, 0); err != nil {
		return err
	}
	rs, err := h.Engine.Records(r.Context(), q)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, PageOf(rs, limit, func(rec metering.Record) any { return rec.ID }, recordOf))
}

// hours reads ?from= and ?to= as the hours in which these instants lie; to is the last hour that begins before it.
func hours(r *http.Request, from, to core.Hour) (core.Hour, core.Hour, error) {
	read := func(name string, h *core.Hour, back time.Duration) error {
		s := r.URL.Query().Get(name)
		if s == "" {
			return nil
		}
		t, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return fail.New(fail.Invalid, "bad_time", "%s is %.40q; write it like 2026-11-01T10:00:00Z.", name, s)
		}
		*h = core.HourOf(t.Add(-back))
		return nil
	}
	err := errors.Join(read("from", &from, 0), read("to", &to, 1))
	return from, to, err
}

// shownEvents is how many events of a record are shown.
const shownEvents = 1000

var errEnough = errors.New("enough")

func (h Records) get(w http.ResponseWriter, r *http.Request) error {
	d, err := h.Engine.Record(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	out := detailOf(d)
	err = h.events(r.Context(), d.Record, &out)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, out)
}

// detailOf is a record from outside, but for its events.
func detailOf(d metering.Detail) recordOut {
	out := recordOf(d.Record)
	if a := d.Request; a != nil {
		out.Request = &requestOut{ID: a.ID, SentAt: a.At, Body: a.Request, AnsweredAt: a.Answered, Outcome: a.Outcome, Code: a.Code, Answer: a.Answer}
	}
	out.Forgot, out.Dropped = d.RequestDropped, d.EventsDropped
	return out
}

func (h Records) events(ctx context.Context, r metering.Record, out *recordOut) error {
	err := h.Engine.Events(ctx, r, func(e *usage.Entry) error {
		if len(out.Events) == shownEvents {
			out.More = true
			return errEnough
		}
		out.Events = append(out.Events, entryOf(e))
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}
