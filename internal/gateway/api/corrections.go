package api

import (
	"net/http"
	"slices"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/gateway/statement"
	"souk.dev/souk/internal/httpx"
)

// Corrections are the calls about what was billed wrongly.
type Corrections struct {
	Corrections *correction.Service
	Directory   license.Directory
}

// Mount implements [Mounter].
func (h Corrections) Mount(d *Door) {
	d.Create("POST /v1/corrections", h.post)
	d.Handle("GET /v1/corrections", h.list)
	d.Handle("GET /v1/corrections/{id}", h.get)
	d.Handle("POST /v1/corrections/{id}/approve", h.approve)
	d.Handle("POST /v1/corrections/{id}/reject", h.reject)
}

// correctionIn is what a caller asks.
type correctionIn struct {
	Kind        correction.Kind   `json:"kind"`
	License     string            `json:"license"`
	Dimension   core.Dimension    `json:"dimension"`
	Quantity    string            `json:"quantity"`
	Amount      string            `json:"amount"`
	Month       string            `json:"month"`
	Invoice     string            `json:"invoice"`
	Record      string            `json:"record"`
	Reason      string            `json:"reason"`
	Description string            `json:"description"`
	Tags        map[string]string `json:"tags"`
	By          string            `json:"by"`
	Besides     []correction.ID   `json:"besides"`
}

// correctionOut is a correction from outside.
type correctionOut struct {
	ID          correction.ID       `json:"id"`
	Kind        correction.Kind     `json:"kind"`
	State       correction.State    `json:"state"`
	Why         string              `json:"why"`
	Since       time.Time           `json:"since"`
	NextAt      time.Time           `json:"nextAt,omitzero"`
	License     core.LicenseID      `json:"license"`
	Dimension   core.Dimension      `json:"dimension,omitempty"`
	Quantity    string              `json:"quantity,omitempty"`
	Amount      string              `json:"amount,omitempty"`
	Month       string              `json:"month,omitempty"`
	Invoice     string              `json:"invoice,omitempty"`
	Record      string              `json:"record,omitempty"`
	Reason      string              `json:"reason"`
	Description string              `json:"description,omitempty"`
	Tags        map[string]string   `json:"tags,omitempty"`
	AskedBy     actorOut            `json:"askedBy"`
	CreatedAt   time.Time           `json:"createdAt"`
	DecidedBy   actorOut            `json:"decidedBy,omitzero"`
	DecidedAt   time.Time           `json:"decidedAt,omitzero"`
	Besides     []correction.ID     `json:"besides,omitempty"`
	Request     *correction.Request `json:"request,omitempty"`
	Maximum     string              `json:"maxAdjustmentAmount,omitempty"`
	SentAt      time.Time           `json:"sentAt,omitzero"`
	AWSID       string              `json:"billingAdjustmentRequestId,omitempty"`
	SettledAt   time.Time           `json:"settledAt,omitzero"`
	Event       eventName           `json:"event,omitzero"`
	Hour        core.Hour           `json:"hour,omitzero"`
	Overlaps    []overlapOut        `json:"overlaps,omitempty"` // only of a single correction
}

// overlapOut is another correction that may put the same mistake right.
type overlapOut struct {
	ID        correction.ID    `json:"id"`
	State     correction.State `json:"state"`
	Dimension core.Dimension   `json:"dimension,omitempty"`
	Quantity  string           `json:"quantity,omitempty"`
	Amount    string           `json:"amount,omitempty"`
	CreatedAt time.Time        `json:"createdAt"`
}

// actorOut is who did something.
type actorOut struct {
	Key    string `json:"key"`
	Person string `json:"person,omitempty"`
}

// eventName names an event.
type eventName struct {
	Source string `json:"source"`
	ID     string `json:"id"`
}

func correctionOf(c correction.Correction) correctionOut {
	out := correctionOut{
		ID: c.ID, Kind: c.Kind, State: c.State, Why: c.Why, Since: c.Since, NextAt: c.DueAt, License: c.License, Dimension: c.Dimension, Quantity: c.Quantity,
		Amount: c.Amount, Invoice: c.InvoiceID, Record: c.Record, Reason: c.Reason, Description: c.Description, Tags: c.Tags, AskedBy: actorOut(c.AskedBy), CreatedAt: c.CreatedAt,
		DecidedBy: actorOut(c.DecidedBy), DecidedAt: c.DecidedAt, Besides: c.Besides, Request: c.Request, Maximum: c.Maximum, SentAt: c.SentAt, AWSID: c.AWSID, SettledAt: c.SettledAt, Hour: c.Hour,
	}
	if !c.Month.IsZero() {
		out.Month = c.Month.Format("2006-01")
	}
	if c.Kind == correction.UnderBilled && c.State == correction.Completed {
		out.Event = eventName{correction.Source, string(c.ID)}
	}
	return out
}

func (h Corrections) post(w http.ResponseWriter, r *http.Request) error {
	var in correctionIn
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	l, err := FindLicense(h.Directory, in.License)
	if err != nil {
		return err
	}
	c := correction.Correction{Life: proposal.Life{License: l.ID, AskedBy: actor(r, in.By)}, Kind: in.Kind, Dimension: in.Dimension, Quantity: in.Quantity, Amount: in.Amount, InvoiceID: in.Invoice, Record: in.Record, Reason: in.Reason,
		Description: in.Description, Tags: in.Tags, Besides: in.Besides}
	if in.Month != "" {
		if c.Month, err = statement.ParseMonth(in.Month); err != nil {
			return err
		}
	}
	c, err = acted(r, audit.CorrectionAsked, string(l.ID), in.By, func() (correction.Correction, error) { return h.Corrections.Ask(r.Context(), c) })
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/corrections/"+string(c.ID))
	return h.show(w, r, http.StatusCreated, c)
}

// show answers with a single correction, and with those that may put the same mistake right.
func (h Corrections) show(w http.ResponseWriter, r *http.Request, status int, c correction.Correction) error {
	others, err := h.Corrections.Overlapping(r.Context(), c)
	if err != nil {
		return err
	}
	out := correctionOf(c)
	for _, o := range others {
		out.Overlaps = append(out.Overlaps, overlapOut{o.ID, o.State, o.Dimension, o.Quantity, o.Amount, o.CreatedAt})
	}
	return httpx.JSON(w, status, out)
}

// actor is the key that the call came with, and the person whom its body names.
func actor(r *http.Request, person string) approval.Actor {
	return approval.Actor{Key: KeyOf(r.Context()).ID, Person: person}
}

func (h Corrections) get(w http.ResponseWriter, r *http.Request) error {
	c, err := h.Corrections.Find(r.Context(), correction.ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	return h.show(w, r, http.StatusOK, c)
}

func (h Corrections) approve(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		By      string          `json:"by"`
		Besides []correction.ID `json:"besides"`
	}
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	c, err := acted(r, audit.CorrectionOkayed, r.PathValue("id"), in.By, func() (correction.Correction, error) {
		return h.Corrections.Approve(r.Context(), correction.ID(r.PathValue("id")), actor(r, in.By), in.Besides)
	})
	if err != nil {
		return err
	}
	return h.show(w, r, http.StatusOK, c)
}

func (h Corrections) reject(w http.ResponseWriter, r *http.Request) error {
	var in decision
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	c, err := acted(r, audit.CorrectionRefused, r.PathValue("id"), in.By, func() (correction.Correction, error) {
		return h.Corrections.Reject(r.Context(), correction.ID(r.PathValue("id")), actor(r, in.By), in.Why)
	})
	if err != nil {
		return err
	}
	return h.show(w, r, http.StatusOK, c)
}

func (h Corrections) list(w http.ResponseWriter, r *http.Request) error {
	limit, err := Limit(r)
	if err != nil {
		return err
	}
	q := proposal.Query{State: correction.State(r.URL.Query().Get("state")), Limit: limit + 1}
	if q.State != "" && !slices.Contains(correction.States, q.State) {
		return fail.New(fail.Invalid, "bad_state", "There is no state %.40q; see /openapi.json.", q.State)
	}
	if q.License, err = licenseAsked(r, h.Directory); err != nil {
		return err
	}
	if err := Cursor(r, &q.After); err != nil {
		return err
	}
	list, err := h.Corrections.List(r.Context(), q)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, PageOf(list, limit, func(c correction.Correction) any { return c.ID }, correctionOf))
}
