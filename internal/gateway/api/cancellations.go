package api

import (
	"context"
	"net/http"
	"time"

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

func (h Cancellations) calls() requests[cancellation.Cancellation, cancellationOut] {
	return requests[cancellation.Cancellation, cancellationOut]{
		proposals: proposals[cancellation.Cancellation, cancellationOut]{"/v1/cancellations", h.Cancellations.Desk, cancellation.States, h.Directory, audit.EndRefused, cancellationOf,
			func(_ context.Context, c cancellation.Cancellation) (cancellationOut, error) {
				return cancellationOf(c), nil
			}},
		okayed: audit.EndOkayed, withdrawn: audit.EndWithdrawn, approve: h.Cancellations.Approve, withdraw: h.Cancellations.Withdraw}
}

// Mount implements [Mounter].
func (h Cancellations) Mount(d *Door) {
	h.calls().mount(d)
	d.Create("POST /v1/cancellations", h.post)
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
	return h.calls().created(w, r, c)
}
