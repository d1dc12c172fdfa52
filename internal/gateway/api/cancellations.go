package api

import (
	"net/http"
	"slices"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/cancellation"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/httpx"
)

// Cancellations are the calls about the seller's requests to buyers to end an agreement.
type Cancellations struct {
	Cancellations *cancellation.Service
	Directory     license.Directory
}

// Mount implements [Mounter].
func (h Cancellations) Mount(d *Door) {
	d.Create("POST /v1/cancellations", h.post)
	d.Handle("GET /v1/cancellations", h.list)
	d.Handle("GET /v1/cancellations/{id}", h.get)
	d.Handle("POST /v1/cancellations/{id}/approve", h.approve)
	d.Handle("POST /v1/cancellations/{id}/reject", h.reject)
	d.Handle("POST /v1/cancellations/{id}/withdraw", h.withdraw)
}

// cancellationIn is what a caller asks.
type cancellationIn struct {
	License     string           `json:"license"`
	Agreement   core.AgreementID `json:"agreementId"`
	Reason      string           `json:"reason"`
	Description string           `json:"description"`
	By          string           `json:"by"`
}

// cancellationOut is a request from outside.
type cancellationOut struct {
	ID          cancellation.ID      `json:"id"`
	State       cancellation.State   `json:"state"`
	Why         string               `json:"why"`
	Since       time.Time            `json:"since"`
	NextAt      time.Time            `json:"nextAt,omitzero"`
	License     core.LicenseID       `json:"license"`
	Reason      string               `json:"reason"`
	Description string               `json:"description,omitempty"`
	AskedBy     actorOut             `json:"askedBy"`
	CreatedAt   time.Time            `json:"createdAt"`
	DecidedBy   actorOut             `json:"decidedBy,omitzero"`
	DecidedAt   time.Time            `json:"decidedAt,omitzero"`
	Request     cancellation.Request `json:"request"`
	AWSID       string               `json:"agreementCancellationRequestId,omitempty"`
	RespondBy   time.Time            `json:"respondBy,omitzero"`
	WithdrawnBy actorOut             `json:"withdrawnBy,omitzero"`
	WithdrawWhy string               `json:"withdrawnWhy,omitempty"`
	SettledAt   time.Time            `json:"settledAt,omitzero"`
}

func cancellationOf(c cancellation.Cancellation) cancellationOut {
	return cancellationOut{ID: c.ID, State: c.State, Why: c.Why, Since: c.Since, NextAt: c.DueAt, License: c.License, Reason: c.Reason, Description: c.Description,
		AskedBy: actorOut(c.AskedBy), CreatedAt: c.CreatedAt, DecidedBy: actorOut(c.DecidedBy), DecidedAt: c.DecidedAt, Request: c.Request(), AWSID: c.AWSID, RespondBy: c.RespondBy,
		WithdrawnBy: actorOut(c.WithdrawnBy), WithdrawWhy: c.WithdrawWhy, SettledAt: c.SettledAt}
}

func (h Cancellations) post(w http.ResponseWriter, r *http.Request) error {
	var in cancellationIn
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	l, err := FindLicense(h.Directory, in.License)
	if err != nil {
		return err
	}
	c, err := acted(r, audit.EndProposed, string(l.ID), in.By, func() (cancellation.Cancellation, error) {
		return h.Cancellations.Ask(r.Context(), cancellation.Cancellation{Life: proposal.Life{License: l.ID, AskedBy: actor(r, in.By)}, Agreement: in.Agreement, Reason: in.Reason, Description: in.Description})
	})
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/cancellations/"+string(c.ID))
	return httpx.JSON(w, http.StatusCreated, cancellationOf(c))
}

func (h Cancellations) get(w http.ResponseWriter, r *http.Request) error {
	return h.show(w)(h.Cancellations.Find(r.Context(), requested(r)))
}

// requested is the request that a call's address names.
func requested(r *http.Request) cancellation.ID { return cancellation.ID(r.PathValue("id")) }

// show answers with a request, or fails.
func (h Cancellations) show(w http.ResponseWriter) func(c cancellation.Cancellation, err error) error {
	return func(c cancellation.Cancellation, err error) error {
		if err != nil {
			return err
		}
		return httpx.JSON(w, http.StatusOK, cancellationOf(c))
	}
}

func (h Cancellations) approve(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		By string `json:"by"`
	}
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	return h.show(w)(acted(r, audit.EndOkayed, r.PathValue("id"), in.By, func() (cancellation.Cancellation, error) {
		return h.Cancellations.Approve(r.Context(), requested(r), actor(r, in.By))
	}))
}

// decision is who decides, and why.
type decision struct {
	By  string `json:"by"`
	Why string `json:"why"`
}

func (h Cancellations) reject(w http.ResponseWriter, r *http.Request) error {
	var in decision
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	return h.show(w)(acted(r, audit.EndRefused, r.PathValue("id"), in.By, func() (cancellation.Cancellation, error) {
		return h.Cancellations.Reject(r.Context(), requested(r), actor(r, in.By), in.Why)
	}))
}

func (h Cancellations) withdraw(w http.ResponseWriter, r *http.Request) error {
	var in decision
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	return h.show(w)(acted(r, audit.EndWithdrawn, r.PathValue("id"), in.By, func() (cancellation.Cancellation, error) {
		return h.Cancellations.Withdraw(r.Context(), requested(r), actor(r, in.By), in.Why)
	}))
}

func (h Cancellations) list(w http.ResponseWriter, r *http.Request) error {
	limit, err := Limit(r)
	if err != nil {
		return err
	}
	q := proposal.Query{State: cancellation.State(r.URL.Query().Get("state")), Limit: limit + 1}
	if q.State != "" && !slices.Contains(cancellation.States, q.State) {
		return fail.New(fail.Invalid, "bad_state", "There is no state %.40q; see /openapi.json.", q.State)
	}
	if q.License, err = licenseAsked(r, h.Directory); err != nil {
		return err
	}
	if err := Cursor(r, &q.After); err != nil {
		return err
	}
	list, err := h.Cancellations.List(r.Context(), q)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, PageOf(list, limit, func(c cancellation.Cancellation) any { return c.ID }, cancellationOf))
}
