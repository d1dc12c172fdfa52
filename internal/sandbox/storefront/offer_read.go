package storefront

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/world"
)

// readOffer reads the form of an offer of a kind for p. fail.Invalid: something in it is no number, or no date. What an
// offer must be, the world checks.
func readOffer(p world.Product, kind string, v url.Values) (world.Offer, error) {
	in := offerReader{v: v}
	o := world.Offer{ProductID: p.ProductID, Name: in.text("name"), Public: kind == trialOffer}
	t := &o.Terms
	if kind == trialOffer {
		t.Trial = &world.TrialTerm{Duration: in.text("duration")}
		if p.Pricing.IsContract() {
			t.Trial.Grants = in.grants(p)
		}
		return o, in.wrong
	}
	o.Buyers, o.Replaces = v["buyer"], in.text("replaces")
	if last := in.day("expires"); !last.IsZero() {
		o.ExpiresAt = last.AddDate(0, 0, 1) // to the end of that day
	}
	switch kind {
	case configurableOffer:
		t.Upfront = in.upfront(p)
	case fixedOffer:
		t.Fixed = &world.FixedTerm{Duration: in.text("duration"), Price: in.amount("price"), Grants: in.grants(p)}
		t.Schedule = in.schedule("schedule")
		if most := in.amount("variable"); most.IsPositive() {
			t.Variable = &world.VariablePaymentTerm{MaxTotal: most}
		}
	}
	if kind == usageOffer || p.Pricing == world.ContractWithConsumption {
		t.Usage = &world.UsageTerm{Rates: map[string]decimal.Decimal{}}
		for _, d := range p.Dimensions {
			if name := rateField(world.UsagePrice, d.Key); d.Is(world.Metered) && in.text(name) != "" {
				t.Usage.Rates[d.Key] = in.amount(name)
			}
		}
	}
	if in.text("monthly") != "" && kind == usageOffer {
		t.Recurring = &world.RecurringTerm{Price: in.amount("monthly")}
	}
	start, end := in.day("start"), in.day("end")
	if kind == configurableOffer {
		end = time.Time{}
	}
	if !start.IsZero() || !end.IsZero() {
		t.Validity = &world.ValidityTerm{StartDate: start, EndDate: end}
	}
	if t.Fixed != nil && !end.IsZero() {
		t.Fixed.Duration = "" // the end says it
	}
	if kind != usageOffer && in.text("renew") != "" {
		t.Renewal = &world.RenewalTerm{}
	}
	return o, in.wrong
}

// offerReader reads fields, and remembers the first that makes no sense.
type offerReader struct {
	v     url.Values
	wrong error
}

func (in *offerReader) text(name string) string { return strings.TrimSpace(in.v.Get(name)) }

func (in *offerReader) refuse(err error) {
	if in.wrong == nil {
		in.wrong = err
	}
}

// amount is USD; zero for an empty field.
func (in *offerReader) amount(name string) decimal.Decimal {
	d, err := money(in.text(name))
	if err != nil {
		in.refuse(err)
	}
	if d == nil {
		return decimal.Zero
	}
	return *d
}

// day is a date; zero for an empty field.
func (in *offerReader) day(name string) time.Time {
	text := in.text(name)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		in.refuse(fail.New(fail.Invalid, "date", "%q is no date; write it like 2027-01-31.", text))
	}
	return t
}

// upfront are the rate cards that have a price.
func (in *offerReader) upfront(p world.Product) *world.UpfrontTerm {
	t := &world.UpfrontTerm{}
	for _, duration := range p.Durations() {
		card := world.RateCard{Duration: duration, Rates: map[string]decimal.Decimal{}}
		for _, d := range p.Entitled() {
			if name := rateField(duration, d.Key); in.text(name) != "" {
				card.Rates[d.Key] = in.amount(name)
			}
		}
		if len(card.Rates) > 0 {
			t.RateCards = append(t.RateCards, card)
		}
	}
	return t
}

// grants are the dimensions that have a number, or a * for no limit.
func (in *offerReader) grants(p world.Product) (all []world.Grant) {
	for _, d := range p.Entitled() {
		text := in.text(unitsField + d.Key)
		if text == "" {
			continue
		}
		g := world.Grant{Dimension: d.Key}
		if text != "*" {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				in.refuse(fail.New(fail.Invalid, "quantities", "%s: write how many as a whole number; %q is none.", d.Name, text))
				continue
			}
			g.MaxQuantity = &n
		}
		all = append(all, g)
	}
	return all
}

// schedule reads a line for each instalment: when, and USD.
func (in *offerReader) schedule(name string) (all []world.Instalment) {
	for line := range strings.Lines(in.text(name)) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		var i world.Instalment
		amount, err := money(strings.Join(words[1:], ""))
		if date, derr := time.Parse(time.DateOnly, words[0]); derr == nil {
			i.ChargeDate = date
		} else if strings.HasPrefix(words[0], "P") {
			i.After = words[0]
		} else {
			amount = nil
		}
		if err != nil || amount == nil {
			in.refuse(fail.New(fail.Invalid, "schedule", "The payment %q makes no sense; write it like P3M 500 or 2027-01-01 500.", strings.TrimSpace(line)))
			continue
		}
		i.Amount = *amount
		all = append(all, i)
	}
	return all
}
