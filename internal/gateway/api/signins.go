package api

import (
	"net/http"

	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/httpx"
)

// SignIns are the calls by which the seller's application learns who has signed in.
type SignIns struct {
	Accounts *account.Service
	Register *register.Service
}

// Mount implements [Mounter].
func (h SignIns) Mount(d *Door) { d.Create("POST /v1/signins/{handle}/redeem", h.redeem) }

type signIn struct {
	Account  signInAccount   `json:"account"`
	Person   signInPerson    `json:"person"`
	Licenses []signInLicense `json:"licenses"`
}

type signInAccount struct {
	ID      core.AccountID `json:"id"`
	Email   string         `json:"email"`
	Name    string         `json:"name"`
	Company string         `json:"company"`
}

// signInPerson is who signed in: one of the account's people.
type signInPerson struct {
	ID    core.PersonID `json:"id"`
	Email string        `json:"email"`
	Name  string        `json:"name"`
	Role  account.Role  `json:"role"`
}

type signInLicense struct {
	ID          core.LicenseID   `json:"id"`
	LicenseARN  core.LicenseARN  `json:"licenseArn,omitempty"`
	ProductCode core.ProductCode `json:"productCode"`
	State       license.State    `json:"state"`
	Why         string           `json:"why"`
}

// redeem takes the handle that the browser brought back from /signin, once. The licences are the account's for the
// product that the handle was made for.
func (h SignIns) redeem(w http.ResponseWriter, r *http.Request) error {
	who, product, err := h.Accounts.RedeemHandle(r.Context(), r.PathValue("handle"))
	if err != nil {
		return err
	}
	a := who.Account
	owned, err := h.Register.Licenses(r.Context(), a.ID)
	if err != nil {
		return err
	}
	out := signIn{Account: signInAccount{a.ID, a.Email, a.Name, a.Company}, Person: signInPerson{who.ID, who.Email, who.Name, who.Role}, Licenses: []signInLicense{}}
	for _, lic := range owned {
		if lic.ProductCode == product {
			out.Licenses = append(out.Licenses, signInLicense{lic.ID, lic.ARN, lic.ProductCode, lic.Standing.State, lic.Standing.Why})
		}
	}
	return httpx.JSON(w, http.StatusOK, out)
}
