package storefront

import (
	"net/url"
	"strconv"
	"strings"
	"time"

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
	values url.Values
}

// contractFormOf is the form for p, as o sells it, for somebody who asked for a page with a query: filled in as that says.
func contractFormOf(p world.Product, o world.Offer, query url.Values) contractForm {
	if filledIn(query) {
		return fillContractForm(p, o, query)
	}
	return newContractForm(p, o)
}

// cost is what the form would cost a buyer, on a page. Until somebody has picked something, nobody is told that it is missing.
func (f contractForm) cost(s *Storefront, now time.Time, buyer string, p world.Product, o world.Offer, page string) Cost {
	c := s.cost(now, buyer, p, o, f.values)
	c.Page, c.Asked = page, o.Terms.Upfront == nil || filledIn(f.values)
	return c
}

// newContractForm is a form for p, as o sells it, that has not been filled in: no units, the shortest duration, and
// renewal, switched on.
func newContractForm(p world.Product, o world.Offer) contractForm {
	return fillContractForm(p, o, url.Values{renewField: {"on"}})
}

// fillContractForm is the form for p, as o sells it, with values in it; it has fields only for what o leaves to the buyer.
func fillContractForm(p world.Product, o world.Offer, values url.Values) contractForm {
	f := contractForm{values: values}
	if o.Terms.Upfront != nil {
		f.Fields = upfrontFields(p, values)
	}
	if o.Terms.Renewal != nil {
		f.Fields = append(f.Fields, webui.Field{Name: renewField, Label: "Renew automatically", Hint: "For the same duration, at the price of then. You can change this later.",
			Type: "checkbox", Checked: values.Get(renewField) != ""})
	}
	return f
}

// upfrontFields ask for quantities, or a tier, and a duration.
func upfrontFields(p world.Product, values url.Values) (fields []webui.Field) {
	if p.Selection == world.OneTier {
		tier := webui.Field{Name: tierField, Label: "Tier", Type: "select", Value: values.Get(tierField), Required: true}
		for _, d := range p.Entitled() {
			tier.Options = append(tier.Options, webui.Choice{Value: d.Key, Label: d.Name})
		}
		fields = append(fields, tier)
	} else {
		for _, d := range p.Entitled() {
			fields = append(fields, webui.Field{Name: unitsField + d.Key, Label: d.Name, Hint: hint(d.Description, priceList(p, d)),
				Value: values.Get(unitsField + d.Key), InputMode: "numeric", Placeholder: "0", Autocomplete: "off", MaxLength: 10})
		}
	}
	duration := webui.Field{Name: durationField, Label: "Duration", Type: "select", Value: values.Get(durationField), Required: true}
	for _, d := range p.Durations() {
		duration.Options = append(duration.Options, webui.Choice{Value: d, Label: durationWords(d)})
	}
	return append(fields, duration)
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

// readTerms reads the form for p, as o sells it, as it was sent. fail.Invalid: something in it is no number.
func readTerms(p world.Product, o world.Offer, values url.Values) (t world.Terms, err error) {
	t.AutoRenew = o.Terms.Renewal != nil && values.Get(renewField) != ""
	if o.Terms.Upfront != nil {
		t.Duration = values.Get(durationField)
		t.Quantities, err = readQuantities(p, values)
	}
	return t, err
}

// readQuantities reads how much of p is wanted. fail.Invalid: something is no number.
func readQuantities(p world.Product, values url.Values) (map[string]int64, error) {
	if p.Selection == world.OneTier {
		return map[string]int64{values.Get(tierField): 1}, nil
	}
	wanted := map[string]int64{}
	for _, d := range p.Entitled() {
		text := strings.TrimSpace(values.Get(unitsField + d.Key))
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fail.New(fail.Invalid, "quantities", "%s: write how many as a whole number; %q is none.", d.Name, text)
		}
		wanted[d.Key] = n
	}
	return wanted, nil
}
