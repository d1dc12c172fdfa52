package storefront

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

// Rows for dimensions that are not there yet, and the most that a form may have.
const (
	blankDimensions = 2
	mostDimensions  = 30
)

// productForm is a listing to be filled in.
type productForm struct {
	About      []webui.Field
	Selling    []webui.Field // how it is sold, and where its buyers go
	Dimensions []dimensionForm
	Wrong      webui.Notice
}

// dimensionForm is one dimension of it.
type dimensionForm struct {
	N      int // from 1
	Fixed  bool
	Key    string // of a listed one, whose key and place stay
	Fields []webui.Field
	Prices []webui.Field
}

// newProductForm is the form as p is.
func newProductForm(p world.Product) productForm { return fillProductForm(p, productValues(p)) }

// dimensionField names a field of the i-th dimension, from 0.
func dimensionField(i int, name string) string { return "dim" + strconv.Itoa(i) + "_" + name }

// productValues writes p as the form sends it.
func productValues(p world.Product) url.Values {
	v := url.Values{"title": {p.Title}, "summary": {p.Summary}, "description": {p.Description}, "pricing": {string(p.Pricing)},
		"identity": {string(p.Identity)}, "selection": {string(p.Selection)}, "fulfillmentUrl": {p.FulfillmentURL}, "signInUrl": {p.SignInURL}}
	for i, d := range p.Dimensions {
		set := func(name, value string) { v.Set(dimensionField(i, name), value) }
		set("key", d.Key)
		set("name", d.Name)
		set("unit", d.Unit)
		set("description", d.Description)
		for _, k := range d.Kinds {
			set("kind_"+string(k), "on")
		}
		for at, price := range d.Prices {
			set("price_"+at, price.String())
		}
	}
	v.Set("rows", strconv.Itoa(len(p.Dimensions)))
	return v
}

// fillProductForm is the form for have with values in it. Of a listing that there is, the way of selling stays.
func fillProductForm(have world.Product, v url.Values) productForm {
	pricing := world.Pricing(v.Get("pricing"))
	if have.Pricing != "" {
		pricing = have.Pricing
	}
	f := productForm{About: []webui.Field{
		{Name: "title", Label: "Title", Value: v.Get("title"), Required: true, MaxLength: 72},
		{Name: "summary", Label: "Summary", Hint: "A line, for the storefront.", Value: v.Get("summary"), MaxLength: 300},
		{Name: "description", Label: "Description", Hint: "Paragraphs, for its own page.", Type: "textarea", Value: v.Get("description"), Rows: 5},
	}}
	if have.ProductID == "" {
		f.Selling = append(f.Selling, choiceField("pricing", "Sold as", string(pricing), map[world.Pricing]string{world.Subscription: "Pay as you go",
			world.Contract: "Contract", world.ContractWithConsumption: "Contract with consumption"}, world.Subscription, world.Contract, world.ContractWithConsumption))
		if pricing.IsContract() {
			f.Selling = append(f.Selling, choiceField("selection", "The buyer picks", v.Get("selection"),
				map[world.Selection]string{world.Quantities: "Units of each dimension", world.OneTier: "One dimension, as a tier"}, world.Quantities, world.OneTier))
		}
	}
	identities := []world.Identity{world.ByLicense, world.Legacy, world.Migrating}
	if have.Identity == world.ByLicense && have.ProductID != "" {
		identities = identities[:1] // there is no way back
	}
	f.Selling = append(f.Selling, choiceField("identity", "Buyers are known by", v.Get("identity"), map[world.Identity]string{
		world.ByLicense: "License ARN and account id", world.Legacy: "Customer identifier (legacy)", world.Migrating: "Both, on the way from legacy"}, identities...),
		webui.Field{Name: "fulfillmentUrl", Label: "Fulfilment URL", Hint: "Where Set up your account posts the token. Empty: the sandbox's own default.", Type: "url", Value: v.Get("fulfillmentUrl")},
		webui.Field{Name: "signInUrl", Label: "Sign-in page", Type: "url", Value: v.Get("signInUrl")})
	rows, _ := strconv.Atoi(v.Get("rows"))
	rows = min(max(rows, len(have.Dimensions))+blankDimensions, mostDimensions)
	for i := range rows {
		f.Dimensions = append(f.Dimensions, fillDimension(have, pricing, i, v))
	}
	return f
}

// choiceField is a select of the values in order, by their labels.
func choiceField[T ~string](name, label, value string, labels map[T]string, order ...T) webui.Field {
	f := webui.Field{Name: name, Label: label, Type: "select", Value: value, Required: true}
	for _, o := range order {
		f.Options = append(f.Options, webui.Choice{Value: string(o), Label: labels[o]})
	}
	return f
}

func fillDimension(have world.Product, pricing world.Pricing, i int, v url.Values) dimensionForm {
	get := func(name string) string { return v.Get(dimensionField(i, name)) }
	field := func(name, label, hint string) webui.Field {
		return webui.Field{Name: dimensionField(i, name), Label: label, Hint: hint, Value: get(name), Autocomplete: "off", Bare: true}
	}
	d := dimensionForm{N: i + 1}
	if i < len(have.Dimensions) {
		d.Fixed, d.Key = true, have.Dimensions[i].Key
	} else {
		d.Fields = append(d.Fields, field("key", "API name", ""))
	}
	d.Fields = append(d.Fields, field("name", "Name", ""), field("unit", "Unit", ""), field("description", "Description", ""))
	if pricing == world.ContractWithConsumption {
		for _, k := range []world.DimensionKind{world.Entitled, world.Metered} {
			label := map[world.DimensionKind]string{world.Entitled: "Bought in advance", world.Metered: "Metered"}[k]
			d.Fields = append(d.Fields, webui.Field{Name: dimensionField(i, "kind_"+string(k)), Label: label, Type: "checkbox",
				Checked: get("kind_"+string(k)) != ""})
		}
	}
	for _, at := range priceColumns(have, pricing) {
		label := "For " + durationWords(at)
		if at == world.UsagePrice {
			label = "Per unit used"
		}
		p := field("price_"+at, label+" (USD)", "")
		p.InputMode = "decimal"
		d.Prices = append(d.Prices, p)
	}
	return d
}

// priceColumns are what a dimension may have a price for: use, and the durations that contracts usually have beside
// those that the listing has.
func priceColumns(have world.Product, pricing world.Pricing) []string {
	if !pricing.IsContract() {
		return []string{world.UsagePrice}
	}
	columns := append([]string{"P1M", "P12M", "P24M", "P36M"}, have.Durations()...)
	slices.SortStableFunc(columns, func(a, b string) int { return len(a) - len(b) })
	slices.SortStableFunc(columns, func(a, b string) int { return months(a) - months(b) })
	columns = slices.Compact(columns)
	if pricing == world.ContractWithConsumption {
		columns = append(columns, world.UsagePrice)
	}
	return columns
}

// months is how long a duration such as P12M is; 0 when it is not in months.
func months(iso string) int {
	n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(iso, "P"), "M"))
	return n
}

// readProduct reads the form for have. fail.Invalid: something in it is no number. What a listing must be, the world
// checks.
func readProduct(have world.Product, v url.Values) (world.Product, error) {
	get := func(name string) string { return strings.TrimSpace(v.Get(name)) }
	p := world.Product{Title: get("title"), Summary: get("summary"), Description: strings.ReplaceAll(get("description"), "\r\n", "\n"), Pricing: world.Pricing(get("pricing")),
		Identity: world.Identity(get("identity")), Selection: world.Selection(get("selection")), FulfillmentURL: get("fulfillmentUrl"), SignInURL: get("signInUrl")}
	if have.Pricing != "" {
		p.Pricing = have.Pricing
	}
	if !p.Pricing.IsContract() {
		p.Selection = ""
	}
	for i := range mostDimensions {
		d := world.Dimension{Key: get(dimensionField(i, "key"))}
		if i < len(have.Dimensions) {
			d = have.Dimensions[i]
		} else if d.Key == "" {
			if get(dimensionField(i, "name")) != "" {
				return p, fail.New(fail.Invalid, "dimension_key", "The dimension %q needs an API name.", get(dimensionField(i, "name")))
			}
			continue
		}
		d.Name, d.Unit, d.Description = get(dimensionField(i, "name")), get(dimensionField(i, "unit")), get(dimensionField(i, "description"))
		d.Kinds, d.Prices = nil, map[string]decimal.Decimal{}
		for _, k := range []world.DimensionKind{world.Entitled, world.Metered} {
			if v.Get(dimensionField(i, "kind_"+string(k))) != "" {
				d.Kinds = append(d.Kinds, k)
			}
		}
		for _, at := range priceColumns(have, p.Pricing) {
			amount, err := money(get(dimensionField(i, "price_"+at)))
			if err != nil {
				return p, err
			}
			if amount != nil {
				d.Prices[at] = *amount
			}
		}
		p.Dimensions = append(p.Dimensions, d)
	}
	return p, nil
}

// money reads an amount of USD, with or without its sign; nil for an empty field. fail.Invalid: it is none.
func money(text string) (*decimal.Decimal, error) {
	plain := strings.NewReplacer("$", "", ",", "", " ", "").Replace(text)
	if plain == "" {
		return nil, nil
	}
	d, err := decimal.NewFromString(plain)
	if err != nil || len(plain) > 24 || strings.ContainsAny(plain, "eE") {
		return nil, fail.New(fail.Invalid, "money", "%q is no amount; write it like 1250.50.", text)
	}
	return &d, nil
}
