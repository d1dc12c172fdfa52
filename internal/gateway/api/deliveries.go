package api

import (
	"net/http"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/webhook"
	"souk.dev/souk/internal/httpx"
)

// Deliveries are the calls about what was told to whom.
type Deliveries struct {
	Outbox    *outbox.Service
	Directory license.Directory
}

// Mount implements [Mounter].
func (h Deliveries) Mount(d *Door) {
	d.Handle("GET /v1/deliveries", h.list)
	d.Handle("GET /v1/deliveries/{id}", h.get)
	d.Handle("POST /v1/deliveries/{id}/replay", h.replay)
}

// deliveryOut is a delivery from outside.
type deliveryOut struct {
	ID        outbox.DeliveryID `json:"id"`
	Event     outbox.EventID    `json:"event"`
	Type      outbox.Kind       `json:"type"`
	License   core.LicenseID    `json:"license,omitempty"`
	Channel   string            `json:"channel"`
	Target    string            `json:"target"`
	Form      string            `json:"form,omitempty"`
	State     outbox.State      `json:"state"`
	Why       string            `json:"why"`
	Since     time.Time         `json:"since"`
	NextAt    time.Time         `json:"nextAt,omitzero"`
	Tries     int               `json:"tries"`
	CreatedAt time.Time         `json:"createdAt"`

	// Only of a single delivery.
	Payload  *webhook.Payload `json:"payload,omitempty"`
	Attempts []attemptOut     `json:"attempts,omitempty"`
}

// attemptOut is one try.
type attemptOut struct {
	At     time.Time `json:"at"`
	TookMS int64     `json:"tookMs"`
	Status int       `json:"status,omitempty"`
	Say    string    `json:"say"`
}

func deliveryOf(d outbox.Delivery) deliveryOut {
	return deliveryOut{ID: d.ID, Event: d.Event, Type: d.Kind, License: d.License, Channel: d.Channel, Target: d.To, Form: d.Form, State: d.State, Why: d.Why, Since: d.Since,
		NextAt: d.DueAt, Tries: d.Tries, CreatedAt: d.CreatedAt}
}

func (h Deliveries) list(w http.ResponseWriter, r *http.Request) error {
	limit, err := Limit(r)
	if err != nil {
		return err
	}
	p := r.URL.Query()
	q := outbox.Query{Channel: p.Get("channel"), Target: p.Get("target"), Event: outbox.EventID(p.Get("event")), Limit: limit + 1}
	if s := outbox.State(p.Get("state")); s != "" {
		if !s.Known() {
			return fail.New(fail.Invalid, "bad_state", "There is no state %.40q; see /openapi.json.", s)
		}
		q.States = []outbox.State{s}
	}
	if q.License, err = licenseAsked(r, h.Directory); err != nil {
		return err
	}
	if err := Cursor(r, &q.After); err != nil {
		return err
	}
	list, err := h.Outbox.Deliveries(r.Context(), q)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, PageOf(list, limit, func(d outbox.Delivery) any { return outbox.CursorOf(d) }, deliveryOf))
}

func (h Deliveries) get(w http.ResponseWriter, r *http.Request) error {
	d, e, tries, err := h.Outbox.Delivery(r.Context(), outbox.DeliveryID(r.PathValue("id")))
	if err != nil {
		return err
	}
	out, payload := deliveryOf(d), webhook.PayloadOf(e)
	out.Payload = &payload
	for _, a := range tries {
		out.Attempts = append(out.Attempts, attemptOut{a.At, a.Took.Milliseconds(), a.Status, a.Say})
	}
	return httpx.JSON(w, http.StatusOK, out)
}

func (h Deliveries) replay(w http.ResponseWriter, r *http.Request) error {
	d, err := acted(r, audit.DeliveryReplayed, r.PathValue("id"), "", func() (outbox.Delivery, error) {
		return h.Outbox.Resend(r.Context(), outbox.DeliveryID(r.PathValue("id")))
	})
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusAccepted, deliveryOf(d))
}
