package api

import (
	"net/http"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/httpx"
)

// Registrations are the calls about registrations.
type Registrations struct{ Register *register.Service }

// Mount implements [Mounter].
func (h Registrations) Mount(d *Door) {
	d.Handle("GET /v1/registrations", h.list)
	d.Handle("GET /v1/registrations/{id}", h.get)
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
	Arrivals           int                     `json:"arrivals"`
	ArrivedAt          time.Time               `json:"arrivedAt"`
	LastArrivedAt      time.Time               `json:"lastArrivedAt"`
}

func registrationOf(r register.Registration) registration {
	return registration{
		ID: r.ID, Standing: r.Standing(), License: r.License, ProductCode: r.Buyer.ProductCode, LicenseARN: r.Buyer.ARN,
		Customer: r.Buyer.Customer, CustomerIdentifier: r.Buyer.CustomerIdentifier, OfferType: r.Offer, Account: r.Account,
		Arrivals: r.Arrivals, ArrivedAt: r.ArrivedAt, LastArrivedAt: r.LastArrivedAt,
	}
}

func (h Registrations) get(w http.ResponseWriter, r *http.Request) error {
	reg, err := h.Register.Registration(r.Context(), register.ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, registrationOf(reg))
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
	regs, err := h.Register.Registrations(r.Context(), after, limit+1)
	if err != nil {
		return err
	}
	out := httpx.List[registration]{Items: []registration{}}
	for i, reg := range regs {
		if i == limit {
			out.Next = CursorOf(regs[i-1].ID)
			break
		}
		out.Items = append(out.Items, registrationOf(reg))
	}
	return httpx.JSON(w, http.StatusOK, out)
}
