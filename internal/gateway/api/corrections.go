package api

import (
	"context"
	"net/http"
	"time"

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

func (h Corrections) calls() proposals[correction.Correction, correctionOut] {
	return proposals[correction.Correction, correctionOut]{"/v1/corrections", h.Corrections.Desk, correction.States, h.Directory, audit.CorrectionRefused, correctionOf, h.single}
}

// Mount implements [Mounter].
func (h Corrections) Mount(d *Door) {
	h.calls().mount(d)
	d.Create("POST /v1/corrections", h.post)
	d.Handle("POST /v1/corrections/{id}/approve", h.approve)
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
	return h.calls().created(w, r, c)
}

// single is a correction with those that may put the same mistake right.
func (h Corrections) single(ctx context.Context, c correction.Correction) (correctionOut, error) {
	out := correctionOf(c)
	others, err := h.Corrections.Overlapping(ctx, c)
	for _, o := range others {
		out.Overlaps = append(out.Overlaps, overlapOut{o.ID, o.State, o.Dimension, o.Quantity, o.Amount, o.CreatedAt})
	}
	return out, err
}

func (h Corrections) approve(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		By      string          `json:"by"`
		Besides []correction.ID `json:"besides"`
	}
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	return h.calls().acted(w, r, audit.CorrectionOkayed, in.By, func(id proposal.ID) (correction.Correction, error) {
		return h.Corrections.Approve(r.Context(), id, actor(r, in.By), in.Besides)
	})
}
