package api

import (
	"net/http"
	"slices"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/httpx"
)

// Registrations are the calls about registrations.
type Registrations struct {
	Register   *register.Service
	Delegation *register.Delegation
}

// Mount implements [Mounter].
func (h Registrations) Mount(d *Door) {
	d.Handle("GET /v1/registrations", h.list)
	d.Handle("GET /v1/registrations/{id}", h.get)
	d.Create("POST /v1/registrations/{handle}/redeem", h.redeem)
	d.Create("POST /v1/registrations/{id}/complete", h.complete)
	d.Create("POST /v1/registrations/{id}/ready", h.ready)
}

// registration is a registration from outside.
type registration struct {
	ID register.ID `json:"id"`
	register.Standing
	License            core.LicenseID          `json:"license"`
	ProductCode        core.ProductCode        `json:"productCode"`
	LicenseARN         core.LicenseARN         `json:"licenseArn,omitempty"`
	Customer           core.AWSAccountID       `json:"customerAWSAccountId,omitempty"`
	CustomerIdentifier core.CustomerIdentifier `json:"customerIdentifier,omitempty"`
	OfferType          string                  `json:"offerType,omitempty"`
	Account            core.AccountID          `json:"account,omitempty"`
	Reference          string                  `json:"reference,omitempty"` // only of a single registration
	Arrivals           int                     `json:"arrivals"`
	ArrivedAt          time.Time               `json:"arrivedAt"`
	LastArrivedAt      time.Time               `json:"lastArrivedAt"`
	ReadyAt            time.Time               `json:"readyAt,omitzero"`
	Answers            []register.Answer       `json:"answers,omitempty"`
}

func registrationOf(r register.Registration) registration {
	return registration{
		ID: r.ID, Standing: r.Standing(), License: r.License, ProductCode: r.Buyer.ProductCode, LicenseARN: r.Buyer.ARN,
		Customer: r.Buyer.Customer, CustomerIdentifier: r.Buyer.CustomerIdentifier, OfferType: r.Offer, Account: r.Account,
		Arrivals: r.Arrivals, ArrivedAt: r.ArrivedAt, LastArrivedAt: r.LastArrivedAt, ReadyAt: r.ReadyAt, Answers: r.Answers,
	}
}

func (h Registrations) get(w http.ResponseWriter, r *http.Request) error {
	reg, err := h.Register.Registration(r.Context(), register.ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	return h.show(w, r, reg)
}

// redeem takes the handle that a browser brought to the seller's sign-up page, once. The body may name the product that
// is expected; a handle of another is refused.
func (h Registrations) redeem(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		ProductCode core.ProductCode `json:"productCode"`
	}
	if r.ContentLength != 0 {
		if err := httpx.Decode(w, r, &in); err != nil {
			return err
		}
	}
	reg, err := h.Delegation.RedeemHandle(r.Context(), r.PathValue("handle"), in.ProductCode)
	if err != nil {
		return err
	}
	return h.show(w, r, reg)
}

// completion is what the seller tells of a customer whose account it keeps.
type completion struct {
	Account string `json:"account"`
	Email   string `json:"email,omitempty"`
	Name    string `json:"name,omitempty"`
	Company string `json:"company,omitempty"`
}

// complete gives the registration's licence to a customer whose account the seller keeps.
func (h Registrations) complete(w http.ResponseWriter, r *http.Request) error {
	var in completion
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	reg, err := h.Delegation.Complete(r.Context(), register.ID(r.PathValue("id")), account.Referred{Reference: in.Account, Email: in.Email, Name: in.Name, Company: in.Company})
	if err != nil {
		return err
	}
	return h.show(w, r, reg)
}

// ready notes that the account is ready that the seller's people have set up.
func (h Registrations) ready(w http.ResponseWriter, r *http.Request) error {
	reg, err := acted(r, audit.RegistrationReady, r.PathValue("id"), "", func() (register.Registration, error) {
		return h.Register.MakeReady(r.Context(), register.ID(r.PathValue("id")))
	})
	if err != nil {
		return err
	}
	return h.show(w, r, reg)
}

func (h Registrations) show(w http.ResponseWriter, r *http.Request, reg register.Registration) error {
	out := registrationOf(reg)
	var err error
	if out.Reference, err = h.Delegation.Reference(r.Context(), reg); err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, out)
}

func (h Registrations) list(w http.ResponseWriter, r *http.Request) error {
	limit, err := Limit(r)
	if err != nil {
		return err
	}
	var after register.ID
	if err := Cursor(r, &after); err != nil {
		return err
	}
	state := register.State(r.URL.Query().Get("state"))
	if state != "" && !slices.Contains(register.States, state) {
		return fail.New(fail.Invalid, "bad_query", "The query's state is %.20q; it is one of %v.", state, register.States)
	}
	regs, err := h.Register.Registrations(r.Context(), register.Query{State: state, After: after, Limit: limit + 1})
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, PageOf(regs, limit, func(reg register.Registration) any { return reg.ID }, registrationOf))
}
