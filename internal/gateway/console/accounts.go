package console

import (
	"net/http"
	"slices"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/webui"
)

type accountsView struct {
	Page
	Rows  []account.Account
	Newer string
}

// Nothing is what stands where the list would.
func (accountsView) Nothing() webui.Empty {
	return webui.Empty{Title: "No accounts yet", Text: "An account is made when a buyer who comes from AWS Marketplace fills in the form."}
}

// getAccounts lists the customers' accounts, the oldest first.
func (c *Console) getAccounts(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	view := accountsView{Page: page}
	if view.Rows, err = c.Accounts.Accounts(r.Context(), core.AccountID(r.URL.Query().Get("after")), pageSize+1); err != nil {
		return err
	}
	if len(view.Rows) > pageSize {
		view.Rows = view.Rows[:pageSize]
		view.Newer = address("/console/accounts", "after", string(view.Rows[pageSize-1].ID))
	}
	return c.ui.Render(w, http.StatusOK, "accounts", view)
}

type accountView struct {
	Page
	account.Account
	Licenses      []licenseRow
	Registrations []register.Registration
	Members       []member
}

// member is one of an account's people.
type member struct {
	account.Member
	HasFactor bool // a second factor
}

// Answered reports whether the account's owner has answered any of the seller's questions.
func (v accountView) Answered() bool {
	return slices.ContainsFunc(v.Registrations, func(r register.Registration) bool { return len(r.Answers) > 0 })
}

// getAccount shows one account and what it owns.
func (c *Console) getAccount(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	view := accountView{Page: page}
	if view.Account, err = c.Accounts.Account(r.Context(), core.AccountID(r.PathValue("id"))); err != nil {
		return err
	}
	owned, err := c.Register.Licenses(r.Context(), view.ID)
	if err != nil {
		return err
	}
	for _, l := range owned {
		view.Licenses = append(view.Licenses, c.licenseRow(l))
	}
	if view.Registrations, err = c.Register.OfAccount(r.Context(), view.ID); err != nil {
		return err
	}
	members, err := c.Accounts.Members(r.Context(), view.ID)
	if err != nil {
		return err
	}
	for _, m := range members {
		has, err := c.Accounts.HasFactor(r.Context(), m.ID)
		if err != nil {
			return err
		}
		view.Members = append(view.Members, member{m, has})
	}
	return c.ui.Render(w, http.StatusOK, "account", view)
}

// postMemberFactor removes the second factor of a member, whose telephone is gone.
func (c *Console) postMemberFactor(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	id, m, err := c.member(r)
	if err != nil {
		return err
	}
	err = c.Audit.Do(r.Context(), actor(r, who), audit.FactorRemoved, string(m.ID), "", func() error { return c.Accounts.RemoveFactor(r.Context(), m.ID) })
	if err != nil {
		return err
	}
	seeOther(w, r, "/console/accounts/"+string(id))
	return nil
}

// member is the member of the account that the address names; fail.NotFound.
func (c *Console) member(r *http.Request) (id core.AccountID, m account.Member, err error) {
	id = core.AccountID(r.PathValue("id"))
	members, err := c.Accounts.Members(r.Context(), id)
	if err != nil {
		return id, m, err
	}
	i := slices.IndexFunc(members, func(m account.Member) bool { return string(m.ID) == r.PathValue("person") })
	if i < 0 {
		return id, m, fail.New(fail.NotFound, "no_such_person", "There is no such person in this account.")
	}
	return id, members[i], nil
}
