package agreement

import (
	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/sandbox/world"
)

// usageRates are the prices of what is metered.
func usageRates(p world.Product) []rate {
	var all []rate
	for _, d := range p.Dimensions {
		if d.Is(world.Metered) {
			all = append(all, rate{d.Key, d.Price().String()})
		}
	}
	return all
}

// upfrontRates are the prices of what is bought upfront, a card for each duration, the shortest first; nothing for pay
// as you go. On the card that a's buyer has chosen are the prices that were agreed on, whatever the listing says today.
func upfrontRates(a world.Agreement, p world.Product) []upfrontRateCard {
	limits := constraints{"Allowed", "Allowed"}
	if p.Selection == world.OneTier {
		limits = constraints{"Disallowed", "Disallowed"}
	}
	var cards []upfrontRateCard
	for _, duration := range p.Durations() {
		card := upfrontRateCard{Selector: selector{"Duration", duration}, Constraints: limits}
		for _, d := range p.Entitled() {
			price := d.Prices[duration]
			if agreed, ok := a.Rates[d.Key]; ok && duration == a.Terms.Duration {
				price = agreed
			}
			card.RateCard = append(card.RateCard, rate{d.Key, price.String()})
		}
		cards = append(cards, card)
	}
	return cards
}

// configuration is what a's buyer has chosen from the rate cards, amendments included.
func configuration(a world.Agreement, p world.Product) chosen {
	out := chosen{SelectorValue: a.Terms.Duration, Dimensions: []chosenDimension{}}
	for _, d := range p.Entitled() {
		if n, ok := a.Terms.Quantities[d.Key]; ok {
			out.Dimensions = append(out.Dimensions, chosenDimension{d.Key, n})
		}
	}
	return out
}

// committed is what a's buyer pays in any case, amendments included: nothing for pay as you go.
func committed(a world.Agreement) decimal.Decimal {
	sum := decimal.Zero
	for _, c := range a.Charges {
		sum = sum.Add(c.Amount)
	}
	return sum
}
