package metering

import (
	"fmt"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/usage"
)

// measure is how a dimension is billed.
type measure struct {
	meter core.Meter
	per   usage.Quantity // of what events count, in one unit that AWS bills
	round core.Rounding

	allowance core.Allowed
}

// plain is the measure of a dimension that is not configured: events count units.
var plain = measure{per: usage.Whole(1)}

// measures are those that are configured otherwise than plain.
type measures map[core.ProductCode]map[core.Dimension]measure

func measuresOf(products core.Catalogue) (measures, error) {
	all := measures{}
	for _, p := range products {
		for _, d := range p.Dimensions {
			per, err := usage.ParsePer(d.Per)
			if err != nil {
				return nil, fmt.Errorf("the dimension %s of %s: %w", d.Key, p.Code, err)
			}
			m := measure{meter: d.Meter, per: per, round: d.Round, allowance: d.Allowance}
			if m == plain {
				continue
			}
			if all[p.Code] == nil {
				all[p.Code] = map[core.Dimension]measure{}
			}
			all[p.Code][d.Key] = m
		}
	}
	return all, nil
}

func (e *Engine) measure(code core.ProductCode, d core.Dimension) measure {
	if m, ok := e.measures[code][d]; ok {
		return m
	}
	return plain
}

// fill is what must be added to amount for its last unit to be whole, as the dimension is rounded at a licence's end.
func (m measure) fill(amount usage.Quantity) usage.Quantity {
	_, rest := amount.Divide(m.per)
	switch {
	case rest.IsZero() || m.round == core.RoundDown:
	case m.round == core.RoundUp || !rest.Times(2).Less(m.per):
		return m.per.Sub(rest)
	}
	return usage.Quantity{}
}

// last reports whether hour is the last that can be billed for l.
func (e *Engine) last(l license.License, hour core.Hour) bool {
	end, ends := usage.EndOf(l.Standing)
	return ends && hour >= lastHour(end)
}
