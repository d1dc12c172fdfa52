package console

import (
	"net/http"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/webui"
)

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

// Href is the registration's own page.
func (r registrationRow) Href() string { return "/console/registrations/" + string(r.ID) }

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

type registrationView struct {
	Page
	registrationRow
	Standing register.Standing
	Owner    *account.Account // nil: the form is not sent yet
}

// getRegistration shows one buyer's way to an account, and what they answered on it.
func (c *Console) getRegistration(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	reg, err := c.Register.Registration(r.Context(), register.ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	view := registrationView{Page: page, registrationRow: registrationRow{reg, c.title(reg.Buyer.ProductCode)}, Standing: reg.Standing()}
	if reg.Account != "" {
		switch a, err := c.Accounts.Account(r.Context(), reg.Account); {
		case err == nil:
			view.Owner = &a
		case !fail.Is(err, fail.NotFound):
			return err
		}
	}
	return c.ui.Render(w, http.StatusOK, "registration", view)
}
