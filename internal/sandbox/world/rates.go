package world

import (
	"fmt"
	"maps"
	"slices"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
)

// Selection is what a contract's buyer picks from its entitled dimensions. Source: Agreement API, the constraints
// multipleDimensionSelection and quantityConfiguration of a rate card.
type Selection string

// The selections.
const (
	Quantities Selection = "quantities" // units of one dimension or several
	OneTier    Selection = "tier"       // one dimension of several, once
)

// months are the durations that contracts are publicly sold for. Source: seller guide, saas-contracts.
var months = map[string]int{"P1M": 1, "P12M": 12, "P24M": 24, "P36M": 36}

// IsContract reports whether something is bought upfront, for a duration.
func (g Pricing) IsContract() bool { return g == Contract || g == ContractWithConsumption }

// Entitled lists the dimensions that are bought upfront.
func (p Product) Entitled() []Dimension {
	var all []Dimension
	for _, d := range p.Dimensions {
		if d.Is(Entitled) {
			all = append(all, d)
		}
	}
	return all
}

// Durations lists what the product's contracts are sold for, such as P12M, the shortest first; none for pay as you go.
func (p Product) Durations() []string {
	for _, d := range p.Dimensions {
		if d.Is(Entitled) {
			return d.durations() // the same for all: checkRates sees to it
		}
	}
	return nil
}

func (d Dimension) durations() []string {
	var all []string
	for name := range d.Prices {
		if monthly(name) > 0 {
			all = append(all, name)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return monthly(a) - monthly(b) })
	return all
}

// rates are the prices of one unit of each entitled dimension for a duration.
func (p Product) rates(duration string) map[string]decimal.Decimal {
	rates := map[string]decimal.Decimal{}
	for _, d := range p.Entitled() {
		if price, ok := d.Prices[duration]; ok {
			rates[d.Key] = price
		}
	}
	return rates
}

// completed are the dimensions with what their listing leaves out.
func completed(pricing Pricing, dimensions []Dimension) []Dimension {
	all := slices.Clone(dimensions)
	for i := range all {
		d := &all[i]
		if d.Name == "" {
			d.Name = d.Key
		}
		if len(d.Kinds) == 0 {
			d.Kinds = kindsOf(pricing, *d)
		}
	}
	return all
}

// kindsOf tells from its prices what a dimension counts.
func kindsOf(pricing Pricing, d Dimension) []DimensionKind {
	var kinds []DimensionKind
	if len(d.durations()) > 0 || pricing == Contract {
		kinds = append(kinds, Entitled)
	}
	if _, metered := d.Prices[UsagePrice]; metered || len(kinds) == 0 {
		kinds = append(kinds, Metered)
	}
	return kinds
}

// checkRates refuses dimensions and prices that do not go with how p is sold.
func checkRates(p Product) error {
	bad := func(code, format string, args ...any) error {
		return fail.New(fail.Invalid, code, "The product %s: %s", p.ProductID, fmt.Sprintf(format, args...))
	}
	durations := p.Durations()
	metered := false
	for _, d := range p.Dimensions {
		metered = metered || d.Is(Metered)
		switch {
		case d.Is(Entitled) && !p.Pricing.IsContract():
			return bad("dimension_kind", "%q is entitled; a product with the pricing %s has metered dimensions only.", d.Key, p.Pricing)
		case d.Is(Metered) && p.Pricing == Contract:
			return bad("dimension_kind", "%q is metered; use the pricing %s.", d.Key, ContractWithConsumption)
		case d.Is(Entitled) && !slices.Equal(d.durations(), durations): // source: seller guide, saas-contracts
			return bad("durations", "%q has prices for %q, and the dimension before it for %q; all must have the same durations.", d.Key, d.durations(), durations)
		}
		for _, name := range slices.Sorted(maps.Keys(d.Prices)) {
			switch {
			case name != UsagePrice && months[name] == 0:
				return bad("price", "the price %q of %q is unknown; use %s, or a duration: P1M, P12M, P24M, P36M.", name, d.Key, UsagePrice)
			case name == UsagePrice && !d.Is(Metered):
				return bad("price", "%q has a price for usage but is not metered.", d.Key)
			case name != UsagePrice && !d.Is(Entitled):
				return bad("price", "%q has a price for %s but is not entitled.", d.Key, name)
			}
		}
	}
	switch {
	case p.Pricing.IsContract() && len(durations) == 0:
		return bad("durations", "a contract needs an entitled dimension with a price for a duration, such as prices: {P12M: 120}.")
	case p.Pricing == ContractWithConsumption && !metered:
		return bad("dimensions", "a contract with consumption needs a metered dimension; without one, use the pricing %s.", Contract)
	case p.Pricing.IsContract() && p.Selection != Quantities && p.Selection != OneTier:
		return bad("selection", "the selection %q is unknown; use %s or %s.", p.Selection, Quantities, OneTier)
	case !p.Pricing.IsContract() && p.Selection != "":
		return bad("selection", "a selection is for contracts.")
	}
	return nil
}
