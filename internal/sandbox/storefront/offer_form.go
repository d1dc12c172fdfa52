package storefront

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

// The kinds of offers that the desk has a form for.
const (
	usageOffer        = "usage"        // metered units at other prices
	configurableOffer = "configurable" // a contract that the buyer configures, at other prices
	fixedOffer        = "fixed"        // a contract of which nothing is left to pick
	trialOffer        = "trial"        // a time without charge, for everybody
)

func offerKinds() []webui.Choice {
	return []webui.Choice{{Value: usageOffer, Label: "Own prices for usage"}, {Value: configurableOffer, Label: "Contract that the buyer configures"},
		{Value: fixedOffer, Label: "Contract at a fixed price"}, {Value: trialOffer, Label: "Free trial"}}
}

// suitableKind is kind, or what fits p better.
func suitableKind(p world.Product, kind string) string {
	contract := p.Pricing.IsContract()
	switch {
	case kind == trialOffer:
		return kind
	case !contract:
		return usageOffer
	case kind == fixedOffer:
		return kind
	}
	return configurableOffer
}

// offerForm is an offer to be filled in.
type offerForm struct {
	Buyers []buyerBox // who it is for; of a trial, there are none
	About  []webui.Field
	Groups []fieldGroup
	Wrong  webui.Notice
}

type buyerBox struct {
	world.Buyer
	Checked bool
}

// fieldGroup is a part of a form with a heading.
type fieldGroup struct {
	Title, Hint string
	Dense       bool // many small fields, side by side
	Fields      []webui.Field
}

// newOfferForm is a form that nobody has filled in: prices as listed, and an expiry in a month.
func (s *Storefront) newOfferForm(p world.Product, kind string, now time.Time) offerForm {
	v := url.Values{"name": {""}, "expires": {now.AddDate(0, 1, 0).Format(time.DateOnly)}, "duration": {"P12M"}, "renew": {"on"}}
	if kind == trialOffer {
		v.Set("duration", "P30D")
	}
	for _, d := range p.Dimensions {
		for at, price := range d.Prices {
			v.Set(rateField(at, d.Key), price.String())
		}
	}
	return s.fillOfferForm(p, kind, v)
}

// rateField names the field for the price of a dimension, for a duration or for use.
func rateField(at, key string) string { return "rate_" + at + "_" + key }

// fillOfferForm is the form with values in it.
func (s *Storefront) fillOfferForm(p world.Product, kind string, v url.Values) offerForm {
	in := func(name, label, hint string) webui.Field {
		return webui.Field{Name: name, Label: label, Hint: hint, Value: v.Get(name), Autocomplete: "off", Bare: true}
	}
	day := func(name, label, hint string) webui.Field { f := in(name, label, hint); f.Type = "date"; return f }
	amount := func(name, label, hint string) webui.Field {
		f := in(name, label, hint)
		f.InputMode = "decimal"
		return f
	}
	f := offerForm{About: []webui.Field{in("name", "Name", "Buyers read it. Empty: the product's title.")}}
	duration := in("duration", "Duration", "Such as P12M or P18M.")
	duration.Required = true
	if kind == trialOffer {
		duration.Hint = "7 to 90 days, such as P30D."
		f.Groups = append(f.Groups, fieldGroup{Title: "The trial", Fields: []webui.Field{duration}})
		if p.Pricing.IsContract() {
			f.Groups = append(f.Groups, grantGroup(p, v, "What can be tried", "How much of each. All empty: everything, without limit."))
		}
		return f
	}
	for _, b := range s.opt.World.Buyers() {
		f.Buyers = append(f.Buyers, buyerBox{b, slices.Contains(v["buyer"], b.AccountID)})
	}
	f.About = append(f.About, day("expires", "Can be accepted until", "Empty: for ever."))
	switch kind {
	case configurableOffer:
		for _, d := range p.Durations() {
			g := fieldGroup{Title: "For " + durationWords(d), Hint: "USD for one unit and the whole time. All empty: not offered for this long.", Dense: true}
			for _, dim := range p.Entitled() {
				g.Fields = append(g.Fields, amount(rateField(d, dim.Key), dim.Name, ""))
			}
			f.Groups = append(f.Groups, g)
		}
	case fixedOffer:
		price := amount("price", "Price (USD)", "For everything, at the start. Empty: the sum of the schedule.")
		schedule := in("schedule", "Payment schedule", "A line for each payment: a date or a time from the start, and USD. Such as P0D 1000, P3M 500 or 2027-01-01 500.")
		schedule.Type, schedule.Rows = "textarea", 4
		f.Groups = append(f.Groups, fieldGroup{Title: "The contract", Fields: []webui.Field{duration, price, schedule,
			amount("variable", "Payment requests, up to (USD)", "In all. Empty: the seller can ask for none.")}},
			grantGroup(p, v, "What it entitles to", "Units of each; empty is none, * without limit."))
	}
	if kind == usageOffer || p.Pricing == world.ContractWithConsumption {
		g := fieldGroup{Title: "Usage", Hint: "USD for one unit.", Dense: true}
		for _, d := range p.Dimensions {
			if d.Is(world.Metered) {
				g.Fields = append(g.Fields, amount(rateField(world.UsagePrice, d.Key), d.Name, ""))
			}
		}
		f.Groups = append(f.Groups, g)
	}
	if kind == usageOffer {
		f.Groups = append(f.Groups, fieldGroup{Title: "Beside usage", Fields: []webui.Field{amount("monthly", "Price of a month (USD)", "At each month's end, whatever was used. Empty: none.")}})
	}
	time := fieldGroup{Title: "When", Fields: []webui.Field{day("start", "Starts on", "Empty: when it is accepted.")}}
	if kind != configurableOffer {
		time.Fields = append(time.Fields, day("end", "Ends on", "Empty: by its duration, or never."))
	}
	if kind != usageOffer {
		time.Fields = append(time.Fields, webui.Field{Name: "renew", Label: "May renew itself", Hint: "If its buyer wants it to.", Type: "checkbox", Checked: v.Get("renew") != ""})
	}
	replaces := in("replaces", "Replaces the agreement", "Accepting the offer ends it.")
	replaces.Type, replaces.Options = "select", s.replaceable(p)
	f.Groups = append(f.Groups, time, fieldGroup{Title: "In place of", Fields: []webui.Field{replaces}})
	return f
}

func grantGroup(p world.Product, v url.Values, title, hint string) fieldGroup {
	g := fieldGroup{Title: title, Hint: hint, Dense: true}
	for _, d := range p.Entitled() {
		name := unitsField + d.Key
		g.Fields = append(g.Fields, webui.Field{Name: name, Label: d.Name, Value: v.Get(name), Autocomplete: "off", MaxLength: 10, Bare: true})
	}
	return g
}

// mostReplaceable is how many agreements an offer's form can name.
const mostReplaceable = 50

// replaceable are the running agreements for p that an offer can take the place of.
func (s *Storefront) replaceable(p world.Product) []webui.Choice {
	all := []webui.Choice{{Label: "None"}}
	running, _ := s.opt.World.NewestAgreements(world.AgreementQuery{ProductCode: p.ProductCode, Status: world.Active}, 0, mostReplaceable)
	for _, a := range running {
		name := a.BuyerAccount
		if b, err := s.opt.World.Buyer(a.BuyerAccount); err == nil {
			name = b.Name
		}
		all = append(all, webui.Choice{Value: a.AgreementID, Label: name + ", " + a.AgreementID})
	}
	return all
}

// offerWords says what o's terms are.
func offerWords(o world.Offer, p world.Product) []string {
	var says []string
	say := func(parts ...string) { says = append(says, strings.Join(parts, "")) }
	t := o.Terms
	if t.Trial != nil {
		say("Free for ", durationWords(t.Trial.Duration))
	}
	if t.Fixed != nil {
		say(grantWords(p, t.Fixed.Grants), " for ", webui.Money("USD", t.Fixed.Price.String()), lasting(t.Fixed.Duration))
	}
	if n := len(t.Schedule); n > 0 {
		say("Paid in ", strconv.Itoa(n), " parts")
	}
	if t.Upfront != nil {
		var durations []string
		for _, c := range t.Upfront.RateCards {
			durations = append(durations, durationWords(c.Duration))
		}
		say("Own prices for ", strings.Join(durations, ", "))
	}
	if t.Usage != nil && !o.Public && p.Pricing != world.Contract {
		say("Own prices for usage")
	}
	if t.Recurring != nil {
		say(webui.Money("USD", t.Recurring.Price.String()), " a month, beside usage")
	}
	if t.Variable != nil {
		say("Payment requests up to ", webui.Money("USD", t.Variable.MaxTotal.String()))
	}
	if v := t.Validity; v != nil {
		if !v.StartDate.IsZero() {
			say("Starts on ", v.StartDate.Format("2 January 2006"))
		}
		if !v.EndDate.IsZero() {
			say("Ends on ", v.EndDate.Format("2 January 2006"))
		}
	}
	if t.Renewal != nil {
		say("May renew itself")
	}
	if o.Replaces != "" {
		say("Replaces ", o.Replaces)
	}
	return says
}

func lasting(duration string) string {
	if duration == "" {
		return ""
	}
	return ", for " + durationWords(duration)
}

// grantWords lists what is granted: "25 × Seats, Shelves without limit".
func grantWords(p world.Product, grants []world.Grant) string {
	var all []string
	for _, g := range grants {
		name := g.Dimension
		if d, ok := p.Dimension(g.Dimension); ok {
			name = d.Name
		}
		if g.MaxQuantity == nil {
			all = append(all, name+" without limit")
		} else {
			all = append(all, webui.Quantity(*g.MaxQuantity)+" × "+name)
		}
	}
	return strings.Join(all, ", ")
}
