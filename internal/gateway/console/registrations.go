package console

import (
	"net/http"
	"net/url"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/webui"
)

type registrationsView struct {
	Page
	Filters []filter
	State   register.State
	Rows    []registrationRow
	Newer   string
}

// Nothing is what stands where the list would.
func (v registrationsView) Nothing() webui.Empty {
	if v.State != "" {
		return webui.Empty{Title: "No registration is " + words(string(v.State)), Href: "/console/registrations", Label: "Show all registrations"}
	}
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
func (r registrationRow) State() register.State { return r.Standing().State }

// getRegistrations lists the ways of buyers from the landing page to an account, the oldest first.
func (c *Console) getRegistrations(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	view := registrationsView{Page: page, State: register.State(q.Get("state"))}
	view.Filters = []filter{{"All", "/console/registrations", -1, view.State == ""}}
	for _, s := range register.States {
		view.Filters = append(view.Filters, filter{webui.Words(s), address("/console/registrations", "state", string(s)), -1, view.State == s})
	}
	list, err := c.Register.Registrations(r.Context(), register.Query{State: view.State, After: register.ID(q.Get("after")), Limit: pageSize + 1})
	if err != nil {
		return err
	}
	row := func(reg register.Registration) registrationRow {
		return registrationRow{reg, c.title(reg.Buyer.ProductCode)}
	}
	view.Rows, view.Newer = pageOf(list, row, func(last register.Registration) string {
		return address("/console/registrations", "state", string(view.State), "after", string(last.ID))
	})
	return c.ui.Render(w, http.StatusOK, "registrations", view)
}

type registrationView struct {
	Page
	registrationRow
	Stands register.Standing
	Owner  *account.Account // nil: the form is not sent yet
}

// Late reports whether the buyer should have been contacted by now.
func (v registrationView) Late() bool { return !v.Stands.By.IsZero() && v.Now.After(v.Stands.By) }

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
	view := registrationView{Page: page, registrationRow: registrationRow{reg, c.title(reg.Buyer.ProductCode)}, Stands: reg.Standing()}
	if reg.Account != "" {
		switch a, err := c.Accounts.Account(r.Context(), reg.Account); {
		case err == nil:
			view.Owner = &a
		case !fail.Is(err, fail.NotFound):
			return err
		}
	}
	if r.URL.Query().Has("ready") {
		view.Said = webui.Notice{Tone: webui.Success, Title: "The account is ready", Text: "Its owner is told as soon as AWS says that the subscription is active."}
	}
	return c.ui.Render(w, http.StatusOK, "registration", view)
}

// postReady notes that the account of a registration, which is set up by hand, is ready.
func (c *Console) postReady(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	id := r.PathValue("id")
	err := c.Audit.Do(r.Context(), actor(r, who), audit.RegistrationReady, id, "", func() error {
		_, err := c.Register.MakeReady(r.Context(), register.ID(id))
		return err
	})
	if err != nil {
		return err
	}
	seeOther(w, r, "/console/registrations/"+url.PathEscape(id)+"?ready")
	return nil
}

// toSetUp counts the accounts that wait to be made ready, up to maxToDo, and those of them whose buyers should have been contacted by
// now. An account whose subscription is over waits for nothing.
func (c *Console) toSetUp(r *http.Request) (waiting, late int, err error) {
	list, err := c.Register.Registrations(r.Context(), register.Query{State: register.SettingUp, Limit: maxToDo})
	for _, reg := range list {
		if l, ok := c.Book.ByID(reg.License); ok && (l.Standing.State == license.Ended || l.Standing.State == license.Failed) {
			continue
		}
		if waiting++; c.Clock.Now().After(reg.DueAt) {
			late++
		}
	}
	return waiting, late, err
}
