package api

import (
	"net/http"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/privacy"
	"souk.dev/souk/internal/httpx"
)

// Privacy are the calls about what is kept about a person.
type Privacy struct{ Privacy *privacy.Service }

// Mount implements [Mounter].
func (h Privacy) Mount(d *Door) {
	d.Handle("GET /v1/accounts/{id}/personal-data", h.get)
	d.Handle("DELETE /v1/accounts/{id}/personal-data", h.erase)
}

// personalData is all that is kept about an account's people.
type personalData struct {
	Account       accountOut     `json:"account"`
	Sessions      []sessionOut   `json:"sessions"`
	Addresses     []addressOut   `json:"addresses"`
	Passkeys      []passkeyOut   `json:"passkeys"`
	Registrations []registration `json:"registrations"`
}

// sessionOut is one browser's being signed in.
type sessionOut struct {
	Person       core.PersonID `json:"person"`
	Browser      string        `json:"browser,omitempty"` // in words
	CreatedAt    time.Time     `json:"createdAt"`
	SeenAt       time.Time     `json:"seenAt"`
	ExpiresAt    time.Time     `json:"expiresAt"`
	Applications []signOnOut   `json:"applications"`
}

// signOnOut is one of the seller's applications, opened from there.
type signOnOut struct {
	ClientID  string    `json:"clientId"`
	Scopes    []string  `json:"scopes"`
	CreatedAt time.Time `json:"createdAt"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// addressOut is an address that a member has asked for, or has got in place of another not long ago.
type addressOut struct {
	Person    core.PersonID `json:"person"`
	Email     string        `json:"email"`
	Was       string        `json:"was,omitempty"`
	ChangedAt time.Time     `json:"changedAt,omitzero"`
	ExpiresAt time.Time     `json:"expiresAt"`
}

// passkeyOut is a key that a member signs in with.
type passkeyOut struct {
	Person    core.PersonID `json:"person"`
	Name      string        `json:"name"`
	CreatedAt time.Time     `json:"createdAt"`
	UsedAt    time.Time     `json:"usedAt,omitzero"`
}

func (h Privacy) get(w http.ResponseWriter, r *http.Request) error {
	data, err := h.Privacy.Export(r.Context(), core.AccountID(r.PathValue("id")))
	if err != nil {
		return err
	}
	out := personalData{Account: accountOf(data.Account), Sessions: []sessionOut{}, Addresses: []addressOut{}, Passkeys: []passkeyOut{}, Registrations: []registration{}}
	for _, l := range data.Licenses {
		out.Account.Licenses = append(out.Account.Licenses, l.ID)
	}
	for _, m := range data.Members {
		out.Account.Members = append(out.Account.Members, memberOf(m.Member))
		for _, s := range m.Sessions {
			one := sessionOut{m.ID, s.Browser, s.CreatedAt, s.SeenAt, s.Expires, []signOnOut{}}
			for _, n := range s.SignOns {
				one.Applications = append(one.Applications, signOnOut{n.Application, n.Scopes, n.MadeAt, n.Expires})
			}
			out.Sessions = append(out.Sessions, one)
		}
		for _, k := range m.Passkeys {
			out.Passkeys = append(out.Passkeys, passkeyOut{m.ID, k.Name, k.AddedAt, k.UsedAt})
		}
		for _, c := range m.Addresses {
			out.Addresses = append(out.Addresses, addressOut{m.ID, c.Email, c.Was, c.ChangedAt, c.Expires})
		}
	}
	for _, reg := range data.Registrations {
		out.Registrations = append(out.Registrations, registrationOf(reg))
	}
	return httpx.JSON(w, http.StatusOK, out)
}

func (h Privacy) erase(w http.ResponseWriter, r *http.Request) error {
	var force bool
	switch text := r.URL.Query().Get("force"); text {
	case "", "false":
	case "true":
		force = true
	default:
		return fail.New(fail.Invalid, "bad_query", "The query's force is %.20q; it is true or false.", text)
	}
	a, err := acted(r, audit.PersonErased, r.PathValue("id"), "", func() (account.Account, error) {
		return h.Privacy.Erase(r.Context(), core.AccountID(r.PathValue("id")), force)
	})
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, accountOf(a))
}
