package api

import (
	"context"
	"net/http"
	"time"

	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/payment"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/httpx"
)

// Payments are the calls about the seller's requests to buyers for payments.
type Payments struct {
	Payments  *payment.Service
	Directory license.Directory
}

func (h Payments) calls() requests[payment.Payment, paymentOut] {
	return requests[payment.Payment, paymentOut]{
		proposals: proposals[payment.Payment, paymentOut]{"/v1/payments", h.Payments.Desk, payment.States, h.Directory, audit.PaymentRefused, paymentOf,
			func(_ context.Context, p payment.Payment) (paymentOut, error) { return paymentOf(p), nil }},
		okayed: audit.PaymentOkayed, withdrawn: audit.PaymentWithdrawn, approve: h.Payments.Approve, withdraw: h.Payments.Withdraw}
}

// Mount implements [Mounter].
func (h Payments) Mount(d *Door) {
	h.calls().mount(d)
	d.Create("POST /v1/payments", h.post)
}

// paymentIn is what a caller asks.
type paymentIn struct {
	License     string           `json:"license"`
	Agreement   core.AgreementID `json:"agreementId"`
	Name        string           `json:"name"`
	Amount      string           `json:"amount"`
	Description string           `json:"description"`
	By          string           `json:"by"`
}

// paymentOut is a request from outside.
type paymentOut struct {
	ID          payment.ID      `json:"id"`
	State       payment.State   `json:"state"`
	Why         string          `json:"why"`
	Since       time.Time       `json:"since"`
	NextAt      time.Time       `json:"nextAt,omitzero"`
	License     core.LicenseID  `json:"license"`
	Name        string          `json:"name"`
	Amount      string          `json:"amount"`
	Currency    string          `json:"currencyCode"`
	Maximum     string          `json:"maxTotalChargeAmount"`
	Description string          `json:"description,omitempty"`
	AskedBy     actorOut        `json:"askedBy"`
	CreatedAt   time.Time       `json:"createdAt"`
	DecidedBy   actorOut        `json:"decidedBy,omitzero"`
	DecidedAt   time.Time       `json:"decidedAt,omitzero"`
	Request     payment.Request `json:"request"`
	AWSID       string          `json:"paymentRequestId,omitempty"`
	RespondBy   time.Time       `json:"respondBy,omitzero"`
	WithdrawnBy actorOut        `json:"withdrawnBy,omitzero"`
	WithdrawWhy string          `json:"withdrawnWhy,omitempty"`
	SettledAt   time.Time       `json:"settledAt,omitzero"`
	ChargeID    string          `json:"chargeId,omitempty"`
}

func paymentOf(p payment.Payment) paymentOut {
	return paymentOut{ID: p.ID, State: p.State, Why: p.Why, Since: p.Since, NextAt: p.DueAt, License: p.License, Name: p.Name, Amount: p.Amount, Currency: p.Currency, Maximum: p.Maximum,
		Description: p.Description, AskedBy: actorOut(p.AskedBy), CreatedAt: p.CreatedAt, DecidedBy: actorOut(p.DecidedBy), DecidedAt: p.DecidedAt, Request: p.Request(), AWSID: p.AWSID,
		RespondBy: p.RespondBy, WithdrawnBy: actorOut(p.WithdrawnBy), WithdrawWhy: p.WithdrawWhy, SettledAt: p.SettledAt, ChargeID: p.ChargeID}
}

func (h Payments) post(w http.ResponseWriter, r *http.Request) error {
	var in paymentIn
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	l, err := FindLicense(h.Directory, in.License)
	if err != nil {
		return err
	}
	p, err := acted(r, audit.PaymentProposed, string(l.ID), in.By, func() (payment.Payment, error) {
		return h.Payments.Ask(r.Context(), payment.Payment{Life: proposal.Life{License: l.ID, AskedBy: actor(r, in.By)}, Agreement: in.Agreement, Name: in.Name, Amount: in.Amount, Description: in.Description})
	})
	if err != nil {
		return err
	}
	return h.calls().created(w, r, p)
}
