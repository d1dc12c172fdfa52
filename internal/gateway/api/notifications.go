package api

import (
	"context"
	"net/http"
	"time"

	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/intake"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/httpx"
)

// Notices is where notices are looked up.
type Notices interface {
	NoticeByKey(ctx context.Context, key string) (intake.Notice, error)
	Notices(ctx context.Context, q intake.Query) ([]intake.Notice, error)
}

// Replayer reads a notice that had no effect again, and applies it; *intake.Intake is one.
type Replayer interface {
	Replay(ctx context.Context, key string) (intake.Notice, error)
}

// Notifications are the calls about notices from AWS.
type Notifications struct {
	Notices  Notices
	Replayer Replayer
}

// Mount implements [Mounter].
func (h Notifications) Mount(d *Door) {
	d.Handle("GET /v1/notifications", h.list)
	d.Handle("GET /v1/notifications/{id}", h.get)
	d.Handle("POST /v1/notifications/{id}/replay", h.replay)
}

// notificationOut is a notice from outside.
type notificationOut struct {
	ID          string           `json:"id"`
	Via         intake.Way       `json:"via"`
	Channel     intake.Channel   `json:"channel"`
	Kind        string           `json:"kind"`
	Role        string           `json:"role,omitempty"`
	ProductCode core.ProductCode `json:"productCode,omitempty"`
	License     core.LicenseID   `json:"license,omitempty"`
	Outcome     license.Outcome  `json:"outcome"`
	Why         string           `json:"why"`
	Time        time.Time        `json:"time"`
	ReceivedAt  time.Time        `json:"receivedAt"`
	LastAt      time.Time        `json:"lastReceivedAt"`
	Deliveries  int              `json:"deliveries"`
	Body        string           `json:"body,omitempty"` // only of a single notice: as it came
}

func notificationOf(n intake.Notice) notificationOut {
	return notificationOut{ID: n.Key, Via: n.Way, Channel: n.Channel, Kind: n.Kind, Role: n.Role, ProductCode: n.ProductCode, License: n.License,
		Outcome: n.Outcome, Why: n.Why, Time: n.At, ReceivedAt: n.ReceivedAt, LastAt: n.LastAt, Deliveries: n.Deliveries}
}

func (h Notifications) get(w http.ResponseWriter, r *http.Request) error {
	n, err := h.Notices.NoticeByKey(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	out := notificationOf(n)
	out.Body = n.Body
	return httpx.JSON(w, http.StatusOK, out)
}

func (h Notifications) replay(w http.ResponseWriter, r *http.Request) error {
	n, err := acted(r, audit.NoticeReplayed, r.PathValue("id"), "", func() (intake.Notice, error) {
		return h.Replayer.Replay(r.Context(), r.PathValue("id"))
	})
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, notificationOf(n))
}

// noticeCursor is the last notice of a page: they are listed newest first.
type noticeCursor struct {
	ReceivedAt time.Time `json:"r"`
	Key        string    `json:"k"`
}

func (h Notifications) list(w http.ResponseWriter, r *http.Request) error {
	limit, err := Limit(r)
	if err != nil {
		return err
	}
	var c noticeCursor
	if err := Cursor(r, &c); err != nil {
		return err
	}
	q := r.URL.Query()
	ns, err := h.Notices.Notices(r.Context(), intake.Query{
		Outcome: license.Outcome(q.Get("outcome")), Kind: q.Get("kind"), License: core.LicenseID(q.Get("license")), Way: intake.Way(q.Get("via")),
		Before: c.ReceivedAt, BeforeKey: c.Key, Limit: limit + 1})
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, PageOf(ns, limit, func(n intake.Notice) any { return noticeCursor{n.ReceivedAt, n.Key} }, notificationOf))
}
