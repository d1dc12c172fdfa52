package portal

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/threshold"
	"souk.dev/souk/internal/webui"
)

// Budgets keeps what customers want to be told of in a month. It is fulfilled by *threshold.Watch.
type Budgets interface {
	BudgetsOf(ctx context.Context, l license.License) ([]threshold.Gauge, error)
	SetBudget(ctx context.Context, l license.License, d core.Dimension, amount string, by core.PersonID) error
	DropBudget(ctx context.Context, l license.License, d core.Dimension) error
	// Currency is that of a budget of money; fail.Invalid where there can be none.
	Currency(ctx context.Context, l license.License) (string, error)
}

// budgetLine is one budget, and how far it is used up.
type budgetLine struct {
	Key  core.Dimension // empty: money
	Name string
	Used string // with the unit, or as money
	Most string
	threshold.Gauge
}

// Full reports whether it is used up.
func (b budgetLine) Full() bool { return !b.Gauge.Used.Less(b.Gauge.Most) }

// money is what stands for a dimension in the form where the budget is of money: no dimension's key has a colon.
const money = ":money"

type budgetView struct {
	Page
	subscription
	Notice  webui.Notice
	Lines   []budgetLine
	Choices []webui.Choice // what a budget can be for
	Chosen  string
	Amount  webui.Field
	NoPrice string // why there is none of money; empty: there is
}

// budgets are those of lic, for its pages.
func (p *Portal) budgets(ctx context.Context, lic license.License) (lines []budgetLine, err error) {
	if p.Budgets == nil {
		return nil, nil
	}
	gauges, err := p.Budgets.BudgetsOf(ctx, lic)
	if err != nil {
		return nil, err
	}
	product := p.Products.Product(lic.ProductCode)
	for _, g := range gauges {
		line := budgetLine{Key: g.Dimension, Gauge: g}
		if g.Currency != "" {
			line.Name, line.Used, line.Most = "What usage costs", webui.Money(g.Currency, g.Used.String()), webui.Money(g.Currency, g.Most.String())
		} else {
			m := product.Measure(g.Dimension)
			line.Name, line.Used, line.Most = nameOf(m), webui.Quantity(g.Used), strings.TrimSpace(webui.Quantity(g.Most)+" "+m.Unit)
		}
		lines = append(lines, line)
	}
	return lines, nil
}

func nameOf(m core.Measure) string {
	if m.Name != "" {
		return m.Name
	}
	return webui.Words(m.Key)
}

// Budgetable reports whether budgets can be set for the subscription.
func (v subscriptionView) Budgetable() bool { return v.HasBudgets && v.Standing.Access() }

func (p *Portal) getBudget(w http.ResponseWriter, r *http.Request, who *account.Who, lic license.License) error {
	view := budgetView{}
	switch q := r.URL.Query(); {
	case q.Has("set"):
		view.Notice = webui.Notice{Tone: webui.Success, Text: "The budget is set. You are told when half of it is used, four fifths, and all of it."}
	case q.Has("dropped"):
		view.Notice = webui.Notice{Tone: webui.Success, Text: "The budget is gone."}
	}
	return p.showBudget(w, r, who, lic, http.StatusOK, view)
}

func (p *Portal) showBudget(w http.ResponseWriter, r *http.Request, who *account.Who, lic license.License, status int, view budgetView) (err error) {
	if p.Budgets == nil {
		return fail.New(fail.NotFound, "no_budgets", "There are no budgets here.")
	}
	view.Page, view.subscription = p.pageOf(r, who, lic.ProductCode), p.subscriptionOf(lic)
	if view.Lines, err = p.budgets(r.Context(), lic); err != nil {
		return err
	}
	if view.Choices, err = p.budgetChoices(r.Context(), lic); err != nil {
		return err
	}
	switch currency, err := p.Budgets.Currency(r.Context(), lic); {
	case fail.Is(err, fail.Invalid):
		view.NoPrice = fail.SayOf(err)
	case err != nil:
		return err
	default:
		view.Choices = append(view.Choices, webui.Choice{Value: money, Label: "Money: what usage costs, in " + currency})
	}
	view.Amount.Name, view.Amount.Label, view.Amount.Required, view.Amount.MaxLength, view.Amount.Autocomplete = "amount", "How much a month", true, 20, "off"
	return p.ui.Render(w, status, "budget", view)
}

// budgetChoices are the dimensions that are metered: those that are configured, or else those that were used this month.
func (p *Portal) budgetChoices(ctx context.Context, lic license.License) (all []webui.Choice, err error) {
	product := p.Products.Product(lic.ProductCode)
	measures := slices.Clone(product.Dimensions)
	if len(measures) == 0 && p.Usage != nil {
		used, err := p.Usage.Month(ctx, lic.ID, p.Clock.Now())
		if err != nil {
			return nil, err
		}
		for _, u := range used {
			measures = append(measures, product.Measure(u.Dimension))
		}
	}
	for _, m := range measures {
		label := nameOf(m)
		if m.Unit != "" {
			label += ", in " + m.Unit
		}
		all = append(all, webui.Choice{Value: string(m.Key), Label: label})
	}
	return all, nil
}

// budgetOf is what the form is about.
func budgetOf(in url.Values) core.Dimension {
	if what := in.Get("what"); what != money {
		return core.Dimension(what)
	}
	return ""
}

// postBudget sets a budget, or with drop forgets it. Owners do, who are told.
func (p *Portal) postBudget(w http.ResponseWriter, r *http.Request, who *account.Who, lic license.License) error {
	in, err := p.form(w, r)
	if err != nil {
		return err
	}
	place := "/portal/licenses/" + url.PathEscape(string(lic.ID)) + "/budget"
	switch {
	case p.Budgets == nil:
		return fail.New(fail.NotFound, "no_budgets", "There are no budgets here.")
	case !who.Owns():
		return fail.New(fail.Denied, "owners_only", "Only owners of the account may do this. Ask one of them.")
	case in.Has("drop"):
		if err := p.Budgets.DropBudget(r.Context(), lic, budgetOf(in)); err != nil {
			return err
		}
		seeOther(w, r, place+"?dropped")
		return nil
	case in.Get("what") == "":
		err = fail.New(fail.Invalid, "budget_dimension", "Choose what the budget is for.")
	default:
		err = p.Budgets.SetBudget(r.Context(), lic, budgetOf(in), strings.TrimSpace(in.Get("amount")), who.ID)
	}
	if fail.Is(err, fail.Invalid) {
		return p.showBudget(w, r, who, lic, http.StatusUnprocessableEntity, budgetView{Chosen: in.Get("what"), Amount: webui.Field{Value: in.Get("amount"), Error: fail.SayOf(err)}})
	}
	if err != nil {
		return err
	}
	seeOther(w, r, place+"?set")
	return nil
}
