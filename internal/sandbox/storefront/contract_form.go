package storefront

import (
	"net/url"
	"strconv"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

// The names of the contract form's fields; those for units end in the dimension's key.
const (
	durationField = "duration"
	tierField     = "tier"
	renewField    = "renew"
	unitsField    = "units_"
)

// contractForm is what a buyer fills in to buy a contract.
type contractForm struct {
	Fields []webui.Field
	Wrong  webui.Notice // why it could not be bought as filled in
}

// newContractForm is a form for p that has not been filled in: no units, the shortest duration, and renewal, switched
// on.
func newContractForm(p world.Product) contractForm {
	return fillContractForm(p, url.Values{renewField: {"on"}})
}

// fillContractForm is p's form with values in it; of pay as you go, there is none.
func fillContractForm(p world.Product, values url.Values) contractForm {
	var f contractForm
	if !p.Pricing.IsContract() {
		return f
	}
	if p.Selection == world.OneTier {
		tier := webui.Field{Name: tierField, Label: "Tier", Type: "select", Value: values.Get(tierField), Required: true}
		for _, d := range p.Entitled() {
			tier.Options = append(tier.Options, webui.Choice{Value: d.Key, Label: d.Name})
		}
		f.Fields = append(f.Fields, tier)
	} else {
		for _, d := range p.Entitled() {
			f.Fields = append(f.Fields, webui.Field{Name: unitsField + d.Key, Label: d.Name, Hint: hint(d.Description, priceList(p, d)),
				Value: values.Get(unitsField + d.Key), InputMode: "numeric", Placeholder: "0", Autocomplete: "off", MaxLength: 10})
		}
	}
	duration := webui.Field{Name: durationField, Label: "Duration", Type: "select", Value: values.Get(durationField), Required: true}
	for _, d := range p.Durations() {
		duration.Options = append(duration.Options, webui.Choice{Value: d, Label: durationWords(d)})
	}
	renew := webui.Field{Name: renewField, Label: "Renew automatically", Hint: "For the same duration, at the price of then. You can change this later.",
		Type: "checkbox", Checked: values.Get(renewField) != ""}
	f.Fields = append(f.Fields, duration, renew)
	return f
}

// priceList writes the prices of a dimension in one line.
func priceList(p world.Product, d world.Dimension) string {
	var all []string
	for _, price := range pricesOf(p, d) {
		all = append(all, webui.Money("USD", price.USD)+" "+price.Per)
	}
	return strings.Join(all, ", ")
}

// hint joins what is to be said under a field's label.
func hint(parts ...string) string {
	var said []string
	for _, part := range parts {
		if part != "" {
			said = append(said, strings.TrimSuffix(part, ".")+".")
		}
	}
	return strings.Join(said, " ")
}

// readTerms reads p's form as it was sent. fail.Invalid: something in it is no number.
func readTerms(p world.Product, values url.Values) (world.Terms, error) {
	if !p.Pricing.IsContract() {
		return world.Terms{}, nil
	}
	t := world.Terms{Quantities: map[string]int64{}, Duration: values.Get(durationField), AutoRenew: values.Get(renewField) != ""}
	if p.Selection == world.OneTier {
		t.Quantities[values.Get(tierField)] = 1
		return t, nil
	}
	for _, d := range p.Entitled() {
		text := strings.TrimSpace(values.Get(unitsField + d.Key))
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return t, fail.New(fail.Invalid, "quantities", "%s: write how many as a whole number; %q is none.", d.Name, text)
		}
		t.Quantities[d.Key] = n
	}
	return t, nil
}
