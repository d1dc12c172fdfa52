package console

import (
	"net/http"

	"souk.dev/souk/internal/gateway/account"
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
	Licenses []licenseRow
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
	return c.ui.Render(w, http.StatusOK, "account", view)
}

type registrationsView struct {
	Page
	Rows  []registrationRow
	Newer string
}

// Nothing is what stands where the list would.
func (registrationsView) Nothing() webui.Empty {
	return webui.Empty{Title: "No registrations yet", Text: "One begins when AWS Marketplace brings a buyer to /register, which is this product's fulfilment URL."}
}

// registrationRow is a registration in a list.
type registrationRow struct {
	register.Registration
	Product string
}

// LicenseHref is its licence's page.
func (r registrationRow) LicenseHref() string { return "/console/licenses/" + string(r.License) }

// Buyer is what AWS names the buyer by.
func (r registrationRow) Buyer() string {
	if r.Registration.Buyer.Customer != "" {
		return string(r.Registration.Buyer.Customer)
	}
	return string(r.Registration.Buyer.CustomerIdentifier)
}

// State is how far it has come.
func (r registrationRow) State() string {
	if r.Account != "" {
		return "claimed"
	}
	return "waiting"
}

// getRegistrations lists the ways of buyers from the landing page to an account, the oldest first.
func (c *Console) getRegistrations(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	view := registrationsView{Page: page}
	list, err := c.Register.Registrations(r.Context(), register.ID(r.URL.Query().Get("after")), pageSize+1)
	if err != nil {
		return err
	}
	for i, reg := range list {
		if i == pageSize {
			view.Newer = address("/console/registrations", "after", string(list[i-1].ID))
			break
		}
		view.Rows = append(view.Rows, registrationRow{reg, c.title(reg.Buyer.ProductCode)})
	}
	return c.ui.Render(w, http.StatusOK, "registrations", view)
}
