package console

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/intake"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/webui"
)

type licenseView struct {
	Page
	licenseRow
	Owner         *account.Account // nil: nobody has registered
	Facts         []factRow
	Bought        []boughtRow
	BoughtAsOf    time.Time
	BoughtFails   bool
	Spans         []filter
	Charts        []chart
	Hours         []hourRow
	More          bool // there are more hours than are shown
	Records       []recordRow
	Notices       []noticeRow
	Corrections   []correctionRow
	Cancellations []cancellationRow
	Payments      []paymentRow
	Payable       core.AgreementID // under which payments can be asked for; empty: none
}

// Endable reports whether who is signed in may propose to end the licence's agreement.
func (v licenseView) Endable() bool {
	return v.Can(string(operator.Operator)) && v.Standing.State == license.Active && len(v.Agreements) > 0
}

// Refundable reports whether who is signed in may propose to give back what was billed of the licence.
func (v licenseView) Refundable() bool {
	return v.Can(string(operator.Operator)) && len(v.Agreements) > 0
}

type factRow struct {
	license.Fact
	Unused bool
}

type boughtRow struct {
	Name, Much string
	Until      time.Time
	Over       bool
}

// hourRow is one hour of one dimension in the table of usage.
type hourRow struct {
	metering.HourUsage
	Name string
}

// spans are the stretches of time that a licence's usage can be shown of, in hours.
var spans = []struct {
	name  string
	label string
	hours core.Hour
}{{"", "2 days", 48}, {"week", "7 days", 7 * 24}, {"month", "31 days", 31 * 24}}

// hoursShown is how many rows the table of usage has at most; the chart shows all.
const hoursShown = 48

func (c *Console) licenseNamed(name string) (license.License, error) {
	if l, ok := c.Book.ByID(core.LicenseID(name)); ok {
		return l, nil
	}
	if l, ok := c.Book.ByARN(core.LicenseARN(name)); ok {
		return l, nil
	}
	return license.License{}, fail.New(fail.NotFound, "unknown_license", "There is no licence %.80q here.", name)
}

// getLicense shows all that is known of one licence.
func (c *Console) getLicense(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	ctx := r.Context()
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	l, err := c.licenseNamed(r.PathValue("id"))
	if err != nil {
		return err
	}
	view := licenseView{Page: page, licenseRow: c.licenseRow(l), Facts: c.facts(l)}
	if l.Account != "" {
		owner, err := c.Accounts.Account(ctx, l.Account)
		if err != nil && !fail.Is(err, fail.NotFound) {
			return err
		}
		if err == nil {
			view.Owner = &owner
		}
	}
	c.bought(l, &view)
	if err := c.usage(r, l, &view); err != nil {
		return err
	}
	records, err := c.Engine.Records(ctx, metering.Query{License: l.ID, Limit: recent})
	if err != nil {
		return err
	}
	for _, rec := range records {
		view.Records = append(view.Records, c.recordRow(rec))
	}
	heard, err := c.Notices.Notices(ctx, intake.Query{License: l.ID, Limit: recent})
	if err != nil {
		return err
	}
	for _, n := range heard {
		view.Notices = append(view.Notices, c.noticeRow(n))
	}
	fixes, err := c.Corrections.List(ctx, proposal.Query{License: l.ID, Limit: pageSize})
	if err != nil {
		return err
	}
	for _, f := range slices.Backward(fixes) {
		view.Corrections = append(view.Corrections, c.correctionRow(f))
	}
	ends, err := c.Cancellations.List(ctx, proposal.Query{License: l.ID, Limit: pageSize})
	if err != nil {
		return err
	}
	for _, e := range slices.Backward(ends) {
		view.Cancellations = append(view.Cancellations, c.cancellationRow(e))
	}
	if err := c.payable(ctx, l, &view); err != nil {
		return err
	}
	return c.ui.Render(w, http.StatusOK, "license", view)
}

// payable fills in the payments that were asked for under l's agreements, and whether more can be under its newest.
func (c *Console) payable(ctx context.Context, l license.License, view *licenseView) error {
	asks, err := c.Payments.List(ctx, proposal.Query{License: l.ID, Limit: pageSize})
	if err != nil {
		return err
	}
	slices.Reverse(asks)
	view.Payments = c.paymentRows(asks)
	if l.Standing.State != license.Active || len(l.Agreements) == 0 || !view.Can(string(operator.Operator)) {
		return nil
	}
	newest := l.Agreements[len(l.Agreements)-1]
	terms, err := c.Agreements.TermsOf(ctx, newest)
	if err != nil {
		return err
	}
	if _, ok := terms.PaymentTerm(); ok {
		view.Payable = newest
	}
	return nil
}

// facts are what the licence's standing follows from, the newest first.
func (c *Console) facts(l license.License) (rows []factRow) {
	unused := map[string]bool{}
	for _, f := range l.Standing.Unused {
		unused[f.ID] = true
	}
	for _, f := range slices.Backward(c.Book.Facts(l.ID)) {
		rows = append(rows, factRow{f, unused[f.ID]})
	}
	return rows
}

func (c *Console) bought(l license.License, view *licenseView) {
	known, _ := c.Entitlements.Known(l)
	product := c.Products.Product(l.ProductCode)
	for _, e := range known.Entitlements {
		m := product.Measure(e.Dimension)
		row := boughtRow{Name: nameOf(m), Much: strings.TrimSpace(e.Value.Text() + " " + m.Unit), Until: e.ExpiresAt, Over: c.Entitlements.Over(l, known, e)}
		view.Bought = append(view.Bought, row)
	}
	view.BoughtAsOf, view.BoughtFails = known.At, known.Failure != ""
}

// nameOf is how people call a dimension.
func nameOf(m core.Measure) string {
	if m.Name != "" {
		return m.Name
	}
	return webui.Words(m.Key)
}

// usage fills in what became of the licence's usage in the hours that were asked for.
func (c *Console) usage(r *http.Request, l license.License, view *licenseView) error {
	chosen := spans[0]
	for _, s := range spans {
		if s.name == r.URL.Query().Get("span") {
			chosen = s
		}
	}
	for _, s := range spans {
		view.Spans = append(view.Spans, filter{s.label, address(view.Href(), "span", s.name) + "#usage", -1, s.name == chosen.name})
	}
	to := core.HourOf(view.Now)
	from := to - chosen.hours + 1
	used, err := c.Engine.Usage(r.Context(), l.ID, from, to)
	if err != nil {
		return err
	}
	product := c.Products.Product(l.ProductCode)
	view.Charts = chartsOf(used, product, from, to)
	for _, u := range slices.Backward(used) {
		if view.More = len(view.Hours) == hoursShown; view.More {
			break
		}
		view.Hours = append(view.Hours, hourRow{u, nameOf(product.Measure(u.Dimension))})
	}
	return nil
}

// Next is what happens next, in words; there always is something to say (law 7).
func (v licenseView) Next() string {
	switch s := v.Standing; {
	case s.Next != "":
		return s.Next
	case s.State == license.Active:
		return "It goes on until AWS tells its end."
	case s.State == license.Ended, s.State == license.Failed:
		return "Nothing, unless the buyer subscribes again."
	default:
		return "AWS's word that the subscription is active."
	}
}
