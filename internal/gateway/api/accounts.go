package api

import (
	"net/http"
	"time"

	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/httpx"
)

// Accounts are the calls about accounts.
type Accounts struct {
	Accounts *account.Service
	Register *register.Service
}

// Mount implements [Mounter].
func (h Accounts) Mount(d *Door) {
	d.Handle("GET /v1/accounts", h.list)
	d.Handle("GET /v1/accounts/{id}", h.get)
}

// accountOut is an account from outside. Nothing of its password is told, not even the hash.
type accountOut struct {
	ID         core.AccountID   `json:"id"`
	Email      string           `json:"email"`
	Name       string           `json:"name"`
	Company    string           `json:"company,omitempty"`
	Reference  string           `json:"reference,omitempty"`
	CreatedAt  time.Time        `json:"createdAt"`
	VerifiedAt time.Time        `json:"emailVerifiedAt,omitzero"`
	ErasedAt   time.Time        `json:"erasedAt,omitzero"`
	Licenses   []core.LicenseID `json:"licenses,omitempty"` // only of a single account
	Members    []memberOut      `json:"members,omitempty"`  // only of a single account
}

// memberOut is one of an account's people.
type memberOut struct {
	ID         core.PersonID `json:"id"`
	Email      string        `json:"email"`
	Name       string        `json:"name"`
	Role       account.Role  `json:"role"`
	Since      time.Time     `json:"since"`
	VerifiedAt time.Time     `json:"emailVerifiedAt,omitzero"`
}

func memberOf(m account.Member) memberOut {
	return memberOut{m.ID, m.Email, m.Name, m.Role, m.Since, m.VerifiedAt}
}

func accountOf(a account.Account) accountOut {
	return accountOut{ID: a.ID, Email: a.Email, Name: a.Name, Company: a.Company, Reference: a.Reference, CreatedAt: a.CreatedAt, VerifiedAt: a.VerifiedAt, ErasedAt: a.ErasedAt}
}

func (h Accounts) get(w http.ResponseWriter, r *http.Request) error {
	a, err := h.Accounts.Account(r.Context(), core.AccountID(r.PathValue("id")))
	if err != nil {
		return err
	}
	owned, err := h.Register.Licenses(r.Context(), a.ID)
	if err != nil {
		return err
	}
	out := accountOf(a)
	for _, lic := range owned {
		out.Licenses = append(out.Licenses, lic.ID)
	}
	members, err := h.Accounts.Members(r.Context(), a.ID)
	if err != nil {
		return err
	}
	for _, m := range members {
		out.Members = append(out.Members, memberOf(m))
	}
	return httpx.JSON(w, http.StatusOK, out)
}

func (h Accounts) list(w http.ResponseWriter, r *http.Request) error {
	limit, err := Limit(r)
	if err != nil {
		return err
	}
	var after core.AccountID
	if err := Cursor(r, &after); err != nil {
		return err
	}
	accounts, err := h.Accounts.Accounts(r.Context(), after, limit+1)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, PageOf(accounts, limit, func(a account.Account) any { return a.ID }, accountOf))
}
