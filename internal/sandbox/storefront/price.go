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

// durationWords writes a duration, such as P12M, for people: 12 months. One of several parts stays as it is.
func durationWords(iso string) string {
	if len(iso) < 3 {
		return iso
	}
	n, unit := iso[1:len(iso)-1], map[byte]string{'D': "day", 'W': "week", 'M': "month", 'Y': "year"}[iso[len(iso)-1]]
	switch {
	case unit == "" || strings.ContainsFunc(n, func(r rune) bool { return r < '0' || r > '9' }):
		return iso
	case n == "1":
		return "1 " + unit
	}
	return n + " " + unit + "s"
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
