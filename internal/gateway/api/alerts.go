package api

import (
	"net/http"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/httpx"
)

// Alerts are the calls about what somebody should look at.
type Alerts struct{ Alerts *alert.Service }

// Mount implements [Mounter].
func (h Alerts) Mount(d *Door) {
	d.Handle("GET /v1/alerts", h.list)
	d.Handle("GET /v1/alerts/{id}", h.get)
}

// alertOut is an alert from outside.
type alertOut struct {
	ID      alert.ID         `json:"id"`
	Type    outbox.Kind      `json:"type"`
	State   alert.State      `json:"state"`
	Say     string           `json:"say"`
	Do      string           `json:"do,omitempty"` // while it is raised
	Since   time.Time        `json:"since"`
	FoundAt time.Time        `json:"foundAt"`
	ToldAt  time.Time        `json:"toldAt,omitzero"`
	Times   int              `json:"times"`
	License core.LicenseID   `json:"license,omitempty"`
	Product core.ProductCode `json:"productCode,omitempty"`
	About   string           `json:"about,omitempty"`
}

func alertOf(a alert.Alert) alertOut {
	out := alertOut{ID: a.ID, Type: a.Kind, State: a.State, Say: a.Say, Since: a.Since.UTC(), FoundAt: a.At.UTC(), ToldAt: a.ToldAt.UTC(), Times: a.Times,
		License: a.License, Product: a.Product, About: a.About}
	if a.State == alert.Raised {
		out.Do = a.Do()
	}
	return out
}

func (h Alerts) list(w http.ResponseWriter, r *http.Request) error {
	limit, err := Limit(r)
	if err != nil {
		return err
	}
	q := alert.Query{State: alert.State(r.URL.Query().Get("state")), Limit: limit + 1}
	if !q.State.Known() && q.State != "" {
		return fail.New(fail.Invalid, "bad_state", "There is no state %.40q; see /openapi.json.", q.State)
	}
	if err := Cursor(r, &q.After); err != nil {
		return err
	}
	all, err := h.Alerts.Alerts(r.Context(), q)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, PageOf(all, limit, func(a alert.Alert) any { return alert.CursorOf(a) }, alertOf))
}

func (h Alerts) get(w http.ResponseWriter, r *http.Request) error {
	a, err := h.Alerts.Alert(r.Context(), alert.ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, alertOf(a))
}
