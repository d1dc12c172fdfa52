package console

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/gateway/statement"
	"souk.dev/souk/internal/webui"
)

func (c *Console) corrections() proposals[correction.Correction, correctionRow] {
	return proposals[correction.Correction, correctionRow]{c, "/console/corrections", "correction", correction.States, c.Corrections.Desk, c.correctionRow, correctionRow.Much,
		"What was billed too much is given back: propose it on the licence's page, or have a program do so with POST /v1/corrections. Another person approves or rejects it here.",
		audit.CorrectionRefused}
}

// correctionRow is a correction in a list.
type correctionRow struct {
	correction.Correction
	Product, Buyer string
}

// Href is the correction's own page.
func (c correctionRow) Href() string { return "/console/corrections/" + string(c.ID) }

// LicenseHref is its licence's page.
func (c correctionRow) LicenseHref() string { return "/console/licenses/" + string(c.License) }

// Much is what it gives back or adds, in words.
func (c correctionRow) Much() string {
	switch {
	case c.Amount != "":
		return c.Amount
	case c.Quantity != "":
		return c.Quantity + " × " + string(c.Dimension)
	}
	return ""
}

// What says what was wrong.
func (c correctionRow) What() string {
	if c.Kind == correction.OverBilled {
		return "Billed too much"
	}
	return "Billed too little"
}

func (c *Console) correctionRow(f correction.Correction) correctionRow {
	product, buyer := c.whose(f.License)
	return correctionRow{f, product, buyer}
}

type correctionView struct {
	Page
	correctionRow
	Overlaps []correctionRow // others that may put the same mistake right
	Own      string          // why who is signed in may not approve it; empty: may
}

// Decidable reports whether a person may decide on it now.
func (v correctionView) Decidable() bool {
	return v.State == correction.Proposed && v.Kind == correction.OverBilled && v.Request != nil
}

// Waits reports whether it is a proposal that cannot be decided on yet.
func (v correctionView) Waits() bool { return v.State == correction.Proposed && !v.Decidable() }

func (c *Console) getCorrection(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	f, err := c.Corrections.Find(r.Context(), correction.ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	view := correctionView{Page: page, correctionRow: c.correctionRow(f)}
	others, err := c.Corrections.Overlapping(r.Context(), f)
	if err != nil {
		return err
	}
	for _, o := range others {
		view.Overlaps = append(view.Overlaps, c.correctionRow(o))
	}
	if err := c.Approval.Approves(decider(who), f.AskedBy); err != nil {
		view.Own = fail.SayOf(err)
	}
	switch q := r.URL.Query(); {
	case q.Has("proposed"):
		view.Said = webui.Notice{Tone: webui.Success, Title: "Proposed", Text: "As soon as there is an invoice to take it off, another person can approve it."}
	case q.Has("approved"):
		view.Said = webui.Notice{Tone: webui.Success, Title: "Approved", Text: "The request goes to AWS, which decides within some days."}
	case q.Has("rejected"):
		view.Said = webui.Notice{Tone: webui.Info, Title: "Rejected", Text: "Nothing is given back."}
	}
	return c.ui.Render(w, http.StatusOK, "correction", view)
}

// approveCorrection lets a proposal go to AWS.
func (c *Console) approveCorrection(r *http.Request, id proposal.ID, by approval.Actor, in url.Values) error {
	var besides []correction.ID
	for _, id := range in["besides"] {
		besides = append(besides, correction.ID(id))
	}
	_, err := c.Corrections.Approve(r.Context(), id, by, besides)
	return err
}

// monthsBack is how many months the form offers besides the one that it is.
const monthsBack = 12

// correctionForm is the form in which it is proposed to give back what was billed too much.
func (c *Console) correctionForm(l license.License, in url.Values) proposalForm {
	now := c.Clock.Now().UTC()
	this := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	months := webui.Field{Name: "month", Label: "Month that was billed", Hint: "The money comes off this month's invoice, so that AWS can be asked once that is issued.", Type: "select", Required: true,
		Value: cmp.Or(in.Get("month"), this.AddDate(0, -1, 0).Format("2006-01"))}
	for back := range monthsBack + 1 {
		month := this.AddDate(0, -back, 0)
		label := month.Format("January 2006")
		if from := correction.InvoicedFrom(month); now.Before(from) {
			label += from.Format(", invoiced from 2 January, 15:04 UTC on")
		}
		months.Options = append(months.Options, webui.Choice{Value: month.Format("2006-01"), Label: label})
	}
	dimensions := webui.Field{Name: "dimension", Label: "What was counted too much", Type: "select", Bare: true, Value: in.Get("dimension"),
		Options: []webui.Choice{{Value: "", Label: "Nothing: it is about an amount of money"}}}
	for _, m := range c.Products.Product(l.ProductCode).Dimensions {
		if _, metered := c.Products.Metered(l.ProductCode, m.Key); metered {
			dimensions.Options = append(dimensions.Options, webui.Choice{Value: string(m.Key), Label: cmp.Or(m.Name, string(m.Key))})
		}
	}
	return proposalForm{Title: "Give money back", Place: "/console/corrections",
		Lede: "The gateway looks for the month's invoice and works out the amount: units at the price of the agreement, rounded as the invoice is, without tax, and no more than AWS honoured. Somebody else approves that amount. AWS then gives it back within some days without asking the buyer; it cannot be taken back.",
		Fields: []webui.Field{months, dimensions,
			{Name: "quantity", Label: "How many units of it", Hint: "In units that AWS bills.", InputMode: "decimal", Bare: true, Value: in.Get("quantity")},
			{Name: "amount", Label: "Or how much money", Hint: "Instead of units: in the invoice's currency and without tax, such as 12.50.", InputMode: "decimal", Bare: true, Value: in.Get("amount")},
			{Name: "reason", Label: "Reason", Type: "select", Required: true, Value: in.Get("reason"), Options: reasons(contract.AdjustmentReasons)},
			{Name: "description", Label: "In your words", Hint: "AWS and the buyer read it.", Type: "textarea", Value: in.Get("description"), MaxLength: proposal.Room(contract.MaxAdjustmentDescription)},
			{Name: "invoice", Label: "Invoice", Hint: "Its number, if AWS has several of the month.", Code: true, Value: in.Get("invoice"), MaxLength: contract.MaxInvoiceID}}}
}

// askCorrection proposes to give back what was billed too much.
func (c *Console) askCorrection(r *http.Request, l license.License, by approval.Actor, in url.Values) (proposal.ID, error) {
	said := func(name string) string { return strings.TrimSpace(in.Get(name)) }
	ask := correction.Correction{Life: proposal.Life{License: l.ID, AskedBy: by}, Kind: correction.OverBilled, Dimension: core.Dimension(said("dimension")), Quantity: said("quantity"),
		Amount: said("amount"), InvoiceID: said("invoice"), Reason: said("reason"), Description: said("description")}
	var err error
	if ask.Month, err = statement.ParseMonth(said("month")); err != nil {
		return "", err
	}
	made, err := c.Corrections.Ask(r.Context(), ask)
	return made.ID, err
}
