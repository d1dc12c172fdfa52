package console

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/webui"
)

// termRow is one accepted term in words.
type termRow struct {
	Name  string
	Facts []termFact
	Raw   []byte // AWS's own words, of a term that has no facts here
}

// termFact is one thing that a term says.
type termFact struct{ Label, Says, Href string }

// termNames are AWS's terms as people call them.
var termNames = map[string]string{
	"usageBasedPricingTerm": "Pay as you go", "configurableUpfrontPricingTerm": "Bought in advance", "fixedUpfrontPricingTerm": "Fixed price", "paymentScheduleTerm": "Payments",
	"recurringPaymentTerm": "Flat price", "freeTrialPricingTerm": "Free trial", "validityTerm": "How long it runs", "renewalTerm": "Renewal", "legalTerm": "Legal", "supportTerm": "Refund policy",
	"variablePaymentTerm": "Payments on request", "netPaymentTerm": "When invoices are due", "byolPricingTerm": "Licence of the buyer's own",
}

// termInWords tells what a term says, with the names that product gives its dimensions.
func termInWords(t agreement.Term, product core.Product) termRow {
	row := termRow{Name: cmp.Or(termNames[t.Name], spaced(t.Name))}
	c, ok := t.Read()
	if !ok {
		row.Raw = t.Content
		return row
	}
	add := func(label, format string, args ...any) {
		row.Facts = append(row.Facts, termFact{Label: label, Says: fmt.Sprintf(format, args...)})
	}
	money := func(amount string) string { return webui.Money(c.CurrencyCode, amount) }
	name := func(d core.Dimension) string { return nameOf(product.Measure(d)) }
	if c.Price != "" {
		add("Price", "%s%s", money(c.Price), map[bool]string{true: ", " + strings.ToLower(c.BillingPeriod)}[c.BillingPeriod != ""])
	}
	if d := cmp.Or(c.Duration, c.AgreementDuration, c.Chosen.Selector); d != "" {
		add("For", "%s", period(d))
	}
	if !c.StartsAt.IsZero() {
		add("From", "%s", c.StartsAt.UTC().Format("2 Jan 2006"))
	}
	if !c.EndsAt.IsZero() {
		add("Until", "%s", c.EndsAt.UTC().Format("2 Jan 2006"))
	}
	for _, b := range c.Chosen.Dimensions {
		add(name(b.Dimension), "%s bought", webui.Quantity(b.Units))
	}
	for _, card := range c.RateCards {
		of := ""
		if card.Selector.Value != "" {
			of = " for " + period(card.Selector.Value)
		}
		for _, r := range card.Rates {
			add(name(r.Dimension), "%s a unit%s", money(r.Price), of)
		}
	}
	for _, g := range c.Grants {
		if g.Most == nil {
			add(name(g.Dimension), "without bound")
		} else {
			add(name(g.Dimension), "up to %s", webui.Quantity(*g.Most))
		}
	}
	for _, p := range c.Schedule {
		add(p.At.UTC().Format("2 Jan 2006"), "%s", money(p.Amount))
	}
	if c.MaxTotal != "" {
		add("At most, of all together", "%s", money(c.MaxTotal))
	}
	switch {
	case c.Chosen.Approval == "":
	case c.Chosen.Expiration != "":
		add("The buyer's silence", "is a yes after %s", period(c.Chosen.Expiration))
	default:
		add("The buyer's silence", "changes nothing: each payment is approved")
	}
	if c.Chosen.AutoRenew != nil {
		add("By itself", "%s", map[bool]string{true: "Yes", false: "No: the buyer or you opted out"}[*c.Chosen.AutoRenew])
	}
	for _, d := range c.Documents {
		fact := termFact{Label: spaced(d.Type), Says: cmp.Or(d.Version, "the document")}
		if strings.HasPrefix(d.URL, "https://") {
			fact.Href = d.URL
		}
		row.Facts = append(row.Facts, fact)
	}
	if c.RefundPolicy != "" {
		add("The buyer reads", "%s", c.RefundPolicy)
	}
	if len(row.Facts) == 0 {
		row.Raw = t.Content
	}
	return row
}

// spaced parts a name in AWS's spelling into words: paymentScheduleTerm → Payment schedule.
func spaced(name string) string {
	var b strings.Builder
	for _, r := range strings.TrimSuffix(name, "Term") {
		if unicode.IsUpper(r) && b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return capital(b.String())
}

// period is an ISO 8601 period of one number in words: P12M → 12 months; another is as it is.
func period(text string) string {
	units := map[byte][2]string{'D': {"day", "days"}, 'W': {"week", "weeks"}, 'M': {"month", "months"}, 'Y': {"year", "years"}}
	if len(text) < 3 || text[0] != 'P' {
		return text
	}
	unit, ok := units[text[len(text)-1]]
	n, err := strconv.Atoi(text[1 : len(text)-1])
	if !ok || err != nil {
		return text
	}
	if n == 1 {
		return "1 " + unit[0]
	}
	return strconv.Itoa(n) + " " + unit[1]
}

// sortChain puts the agreements of a chain in the order of their beginnings.
func sortChain(chain []agreementRow) {
	slices.SortStableFunc(chain, func(a, b agreementRow) int {
		return cmp.Or(a.StartsAt.Compare(b.StartsAt), a.AcceptedAt.Compare(b.AcceptedAt), cmp.Compare(a.ID, b.ID))
	})
}
