package storetest

import (
	"slices"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/threshold"
	"souk.dev/souk/internal/gateway/usage"
)

// Thresholds is what every engine must do for package threshold. The outbox is of the same database.
func Thresholds(t *testing.T, open func(t *testing.T) (threshold.Store, outbox.Store)) {
	limit := threshold.Limit{License: "lic_1", Dimension: "gb", Of: threshold.Entitlement, Period: "2026-11", Most: usage.Whole(10)}
	s, box := open(t)
	others := []threshold.Limit{limit, limit, limit, limit, limit}
	others[0].License, others[1].Dimension, others[2].Of, others[3].Period, others[4].Most = "lic_2", "calls", threshold.Budget, "2026-12", usage.Whole(11)
	n := 0
	reach := func(l threshold.Limit, percent int, want bool) {
		t.Helper()
		n++
		before := len(unspread(t, box))
		told, err := s.ReachThreshold(t.Context(), l, percent, noon.Add(time.Duration(n)*time.Second), told(n))
		if err != nil || told != want {
			t.Errorf("%d %% of %+v: %v, %v; want %v", percent, l, told, err, want)
		}
		if after := len(unspread(t, box)); (after > before) != want {
			t.Errorf("%d %% of %+v: of %d events there are %d", percent, l, before, after)
		}
	}
	reach(limit, 50, true)
	reach(limit, 50, false)
	reach(limit, 100, true)
	reach(limit, 80, false)
	reach(limit, 100, false)
	for _, other := range others {
		reach(other, 80, true)
		reach(other, 80, false)
	}

	budgets := func(id core.LicenseID, want ...threshold.CustomerBudget) {
		t.Helper()
		if got, err := s.Budgets(t.Context(), id); err != nil || !slices.Equal(got, want) {
			t.Errorf("budgets of %q: %+v, %v; want %+v", id, got, err, want)
		}
	}
	units := threshold.CustomerBudget{License: "lic_1", Dimension: "gb", Most: usage.Whole(10), By: "per_1", At: noon}
	money := threshold.CustomerBudget{License: "lic_1", Most: usage.Whole(50), Currency: "USD", By: "per_1", At: noon}
	other := threshold.CustomerBudget{License: "lic_2", Dimension: "gb", Most: usage.Whole(7), By: "per_2", At: noon}
	for _, b := range []threshold.CustomerBudget{other, units, money} {
		must(t, s.PutBudget(t.Context(), b))
	}
	budgets("", money, units, other)
	budgets("lic_1", money, units)
	units.Most, units.By, units.At = usage.Whole(11), "per_3", noon.Add(time.Hour)
	must(t, s.PutBudget(t.Context(), units))
	must(t, s.DropBudget(t.Context(), "lic_1", ""))
	must(t, s.DropBudget(t.Context(), "lic_1", "none"))
	budgets("lic_1", units)
	budgets("lic_3")
}
