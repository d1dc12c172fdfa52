package portal

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/threshold"
	"souk.dev/souk/internal/gateway/usage"
)

// budgets keeps budgets in memory; a third of each is used, and all of those that are of a dimension called storage_gb.
type budgets struct {
	set   map[core.Dimension]usage.Quantity
	of    map[core.LicenseID]bool // whose were asked for, or changed
	price string                  // the currency; empty: there are no prices
}

func (b *budgets) BudgetsOf(_ context.Context, l license.License) (gs []threshold.Gauge, err error) {
	for _, d := range []core.Dimension{"", "pages", "storage_gb"} {
		most, ok := b.set[d]
		if !ok {
			continue
		}
		g := threshold.Gauge{Limit: threshold.Limit{License: l.ID, Dimension: d, Of: threshold.Budget, Most: most}, Used: usage.Whole(most.Floor(1e9) / 3)}
		if d == "" {
			g.Currency = b.price
		}
		if d == "storage_gb" {
			g.Used = most
		}
		gs = append(gs, g)
	}
	return gs, nil
}

func (b *budgets) SetBudget(_ context.Context, l license.License, d core.Dimension, amount string, _ core.PersonID) error {
	q, err := usage.ParseQuantity(amount)
	if err != nil {
		return err
	}
	if b.set == nil {
		b.set, b.of = map[core.Dimension]usage.Quantity{}, map[core.LicenseID]bool{}
	}
	b.set[d], b.of[l.ID] = q, true
	return nil
}

func (b *budgets) DropBudget(_ context.Context, _ license.License, d core.Dimension) error {
	delete(b.set, d)
	return nil
}

func (b *budgets) Currency(context.Context, license.License) (string, error) {
	if b.price == "" {
		return "", fail.New(fail.Invalid, "no_price", "What your usage costs cannot be told here.")
	}
	return b.price, nil
}

// monthOf is a month in which nothing was used.
type monthOf struct{}

func (monthOf) Month(context.Context, core.LicenseID, time.Time) ([]DimensionUsage, error) {
	return nil, nil
}

func TestAnOwnerSetsBudgets(t *testing.T) {
	kept := &budgets{}
	s := newSite(t, func(c *Config) { c.Budgets, c.Usage = kept, monthOf{} })
	s.sells("tok-1", buyer(1))
	b := s.browser()
	b.signUp("tok-1", ada)
	s.tell(license.Activated, buyer(1))
	home := "/portal/licenses/" + string(s.registrations()[0].License)
	page := b.get(home)
	if !page.Page.Has("a[href="+home+"/budget]", "Set a budget") {
		t.Fatalf("no budget is offered: %s", page.Page.Text())
	}
	page = b.get(home + "/budget")
	if page.Page.Has("option[value=:money]", "") || !page.Page.Has("p", "What your usage costs cannot be told here") {
		t.Errorf("money is offered where there are no prices: %s", page.Page.Text())
	}
	for _, wrong := range []url.Values{{}, {"what": {"pages"}, "amount": {"much"}}, {"what": {""}, "amount": {"5"}}} {
		if a := b.post(home+"/budget", wrong); a.Code != http.StatusUnprocessableEntity || len(kept.set) != 0 {
			t.Errorf("%v: %d, kept %v", wrong, a.Code, kept.set)
		}
	}
	kept.price = "USD"
	for what, amount := range map[string]string{"pages": "300", ":money": " 90 ", "storage_gb": "6"} {
		if a := b.post(home+"/budget", url.Values{"what": {what}, "amount": {amount}}); a.Location != home+"/budget?set" {
			t.Fatalf("%s: %d %s", what, a.Code, a.Body)
		}
	}
	for _, place := range []string{home, home + "/budget?set"} {
		page = b.get(place)
		for _, says := range []string{"100 of 300 pages this month, 33 %", "$30.00 of $90.00 this month, 33 %", "6 of 6 GB this month, 100 % Used up"} {
			if !page.Page.Has("p", says) {
				t.Errorf("%s does not say %q: %s", place, says, page.Page.Text())
			}
		}
	}
	if a := b.post(home+"/budget", url.Values{"what": {":money"}, "drop": {"1"}}); a.Location != home+"/budget?dropped" || len(kept.set) != 2 {
		t.Errorf("%d %s, kept %v", a.Code, a.Location, kept.set)
	}
}
