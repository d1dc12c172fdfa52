package threshold

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/usage"
)

func (h *house) UnitPrice(_ context.Context, _ *license.License, d core.Dimension) (price, currency string, ok bool, err error) {
	if h.broken != nil {
		return "", "", false, h.broken
	}
	text, ok := h.prices[d]
	price, currency, _ = strings.Cut(text, " ")
	return price, currency, ok, nil
}

func (h *house) PutBudget(_ context.Context, b CustomerBudget) error {
	_ = h.DropBudget(context.Background(), b.License, b.Dimension)
	h.own = append(h.own, b)
	return nil
}

func (h *house) DropBudget(_ context.Context, id core.LicenseID, d core.Dimension) error {
	h.own = slices.DeleteFunc(h.own, func(b CustomerBudget) bool { return b.License == id && b.Dimension == d })
	return nil
}

func (h *house) Budgets(_ context.Context, id core.LicenseID) (all []CustomerBudget, err error) {
	for _, b := range h.own {
		if id == "" || b.License == id {
			all = append(all, b)
		}
	}
	return all, nil
}

func (h *house) sets(t *testing.T, d core.Dimension, amount string) {
	t.Helper()
	if err := h.watch.SetBudget(t.Context(), h.all[0], d, amount, "per_1"); err != nil {
		t.Fatal(err)
	}
	h.pass(10 * time.Minute)
}

// A customer's budget of units is told of beside the seller's, from the moment that it is set; another amount begins anew.
func TestACustomersBudgetOfUnits(t *testing.T) {
	h := newHouse()
	h.month = usage.Whole(200) // of the seller's 1000
	h.sets(t, "calls", "250")
	if got := h.says(); got != "lic_1 calls budget 80/250" {
		t.Errorf("set when much is used: %q", got)
	}
	h.month = usage.Whole(300)
	h.bell.Ring()
	h.pass(time.Hour)
	if got := h.says(); got != "lic_1 calls budget 100/250" {
		t.Errorf("used up: %q", got)
	}
	h.sets(t, "calls", "400")
	if got := h.says(); got != "lic_1 calls budget 50/400" {
		t.Errorf("raised: %q", got)
	}
	if gs, err := h.watch.BudgetsOf(t.Context(), h.all[0]); err != nil || len(gs) != 1 || gs[0].Share() != 75 || gs[0].Used != usage.Whole(300) {
		t.Errorf("%+v, %v", gs, err)
	}
	if err := h.watch.DropBudget(t.Context(), h.all[0], "calls"); err != nil {
		t.Fatal(err)
	}
	h.month = usage.Whole(400)
	h.bell.Ring()
	h.pass(time.Hour)
	if got := h.says(); got != "" {
		t.Errorf("one that is gone is told of: %q", got)
	}
}

func TestACustomersBudgetOfMoney(t *testing.T) {
	h := newHouse()
	h.prices = map[core.Dimension]string{"gb": "1.50 USD", "calls": "0.0025 USD"}
	h.month = usage.Whole(200) // 0.50 USD
	h.sets(t, "", "1.25")
	if got := h.says(); got != "" {
		t.Errorf("0.50 of 1.25: %q", got)
	}
	h.month = usage.Whole(400)
	h.bell.Ring()
	h.pass(time.Hour)
	if got := h.says(); got != "lic_1  budget 80/1.25" {
		t.Errorf("1.00 of 1.25: %q", got)
	}
	gs, err := h.watch.BudgetsOf(t.Context(), h.all[0])
	if err != nil || len(gs) != 1 || gs[0].Currency != "USD" || gs[0].Used != usage.Whole(1) || gs[0].Share() != 80 {
		t.Fatalf("%+v, %v", gs, err)
	}
	if told := string(gs[0].tidings(80, "acc_1", noon).Data); strings.Contains(told, "dimension") || !strings.Contains(told, `"currency":"USD"`) {
		t.Errorf("told %s", told)
	}
	h.prices["calls"] = "0.0025 EUR" // a new agreement is in another currency
	if gs, err := h.watch.BudgetsOf(t.Context(), h.all[0]); err != nil || len(gs) != 0 {
		t.Errorf("what cannot be told is shown: %+v, %v", gs, err)
	}
	h.broken = errors.New("away")
	if _, err := h.watch.BudgetsOf(t.Context(), h.all[0]); err == nil {
		t.Error("a store that fails has no budgets")
	}
}

// Money needs one price for each dimension, of which nothing is bought in advance.
func TestNoBudgetOfMoneyWithoutPrices(t *testing.T) {
	for name, c := range map[string]struct {
		prices map[core.Dimension]string
		bought int64
		ok     bool
	}{
		"all": {map[core.Dimension]string{"gb": "1 USD", "calls": "2 USD"}, 0, true}, "none": {nil, 0, false}, "one": {map[core.Dimension]string{"gb": "1 USD"}, 0, false},
		"two currencies": {map[core.Dimension]string{"gb": "1 USD", "calls": "2 EUR"}, 0, false}, "no number": {map[core.Dimension]string{"gb": "1 USD", "calls": "much USD"}, 0, false},
		"bought in advance": {map[core.Dimension]string{"gb": "1 USD", "calls": "2 USD"}, 10, false},
	} {
		h := newHouse()
		h.prices = c.prices
		if c.bought > 0 {
			h.use("lic_1", 0, c.bought)
		}
		err := h.watch.SetBudget(t.Context(), h.all[0], "", "10", "per_1")
		if (err == nil) != c.ok || err != nil && fail.CodeOf(err) != "no_price" || (len(h.own) == 1) != c.ok {
			t.Errorf("%s: %v, kept %+v", name, err, h.own)
		}
	}
	h := newHouse()
	for dimension, amount := range map[core.Dimension]string{"calls": "0", "gb": "much", "none": "5"} {
		if err := h.watch.SetBudget(t.Context(), h.all[0], dimension, amount, "per_1"); !fail.Is(err, fail.Invalid) || len(h.own) != 0 {
			t.Errorf("%s of %s: %v", amount, dimension, err)
		}
	}
}
