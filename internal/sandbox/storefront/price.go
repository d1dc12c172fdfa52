package storefront

import (
	"strings"

	"souk.dev/souk/internal/sandbox/world"
)

// PriceRow is a dimension with its prices.
type PriceRow struct {
	world.Dimension
	Prices []Price
}

// Price is what something costs, and for what: "per page", "per user for 12 months".
type Price struct{ USD, Per string }

// pricesOf lists the prices of p's dimension d: upfront ones by their duration, the shortest first, then that of usage.
func pricesOf(p world.Product, d world.Dimension) []Price {
	var all []Price
	if d.Is(world.Entitled) {
		for _, duration := range p.Durations() {
			per := "for " + durationWords(duration)
			if p.Selection != world.OneTier {
				per = "per " + unitName(d) + " " + per
			}
			all = append(all, Price{d.Prices[duration].String(), per})
		}
	}
	if d.Is(world.Metered) {
		all = append(all, Price{d.Price().String(), "per " + unitName(d)})
	}
	return all
}

// durationWords writes a contract's duration, such as P12M, for people: 12 months.
func durationWords(iso string) string {
	n := strings.TrimSuffix(strings.TrimPrefix(iso, "P"), "M")
	if n == "1" {
		return "1 month"
	}
	return n + " months"
}

// unitName is what one unit of d is called after a price: "unit" for Units, "GB-hour" for GB-hours, and "unit" when
// nothing better is known.
func unitName(d world.Dimension) string {
	u := strings.TrimSpace(d.Unit)
	if u == "" {
		return "unit"
	}
	if len(u) > 1 && strings.ToLower(u[1:]) == u[1:] { // a plain word, not an abbreviation
		u = strings.ToLower(u)
	}
	if strings.HasSuffix(u, "s") && !strings.HasSuffix(u, "ss") {
		return strings.TrimSuffix(u, "s")
	}
	return u
}
