package console

import (
	"net/http"
	"net/url"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/cancellation"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/webui"
)

func (c *Console) cancellations() requests[cancellation.Cancellation, cancellationRow] {
	return requests[cancellation.Cancellation, cancellationRow]{
		proposals: proposals[cancellation.Cancellation, cancellationRow]{c, "/console/cancellations", "cancellation request", cancellation.States, c.Cancellations.Desk, c.cancellationRow,
			func(row cancellationRow) string { return string(row.Agreement) },
			"A contract ends before its time when the buyer agrees to your request. Propose one on its licence's page; pay as you go is cancelled by buyers themselves.", audit.EndRefused},
		form: c.cancellationForm, ask: c.askEnd, get: c.getCancellation, approve: c.Cancellations.Approve, withdraw: c.Cancellations.Withdraw,
		proposed: audit.EndProposed, okayed: audit.EndOkayed, withdrawn: audit.EndWithdrawn}
}

// cancellationRow is a cancellation request in a list.
type cancellationRow struct {
	cancellation.Cancellation
	Product, Buyer string
}

// Href is the request's own page.
func (c cancellationRow) Href() string { return "/console/cancellations/" + string(c.ID) }

// LicenseHref is its licence's page.
func (c cancellationRow) LicenseHref() string { return "/console/licenses/" + string(c.License) }

func (c *Console) cancellationRow(e cancellation.Cancellation) cancellationRow {
	product, buyer := c.whose(e.License)
	return cancellationRow{e, product, buyer}
}

type cancellationView struct {
	Page
	cancellationRow
	Decision decision
}

// Ending reports whether the agreement ends, or has, so that money is a question.
func (v cancellationView) Ending() bool {
	return v.State == cancellation.Agreed || v.State == cancellation.Completed
}

var cancellationSaid = map[string]webui.Notice{
	"proposed":  {Tone: webui.Success, Title: "Proposed", Text: "Another person approves it; then AWS asks the buyer."},
	"approved":  {Tone: webui.Success, Title: "Approved", Text: "AWS asks the buyer, who has seven days to answer."},
	"rejected":  {Tone: webui.Info, Title: "Rejected", Text: "Nothing went to AWS; the agreement goes on."},
	"withdrawn": {Tone: webui.Info, Title: "Being withdrawn", Text: "AWS and the buyer are told. Should the buyer have been faster, their answer counts."},
}

func (c *Console) getCancellation(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	e, err := c.Cancellations.Find(r.Context(), cancellation.ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	page.Said = said(r, cancellationSaid)
	row := c.cancellationRow(e)
	return c.ui.Render(w, http.StatusOK, "cancellation", cancellationView{page, row, endDecision(c.decision(who, e.Life, row.Href()))})
}

// endDecision is d in the words of this kind.
func endDecision(d decision) decision {
	d.Asks, d.Told, d.Must = "AWS asks the buyer to agree to the end. Seven days without an answer count as a yes.", "AWS and the buyer are told.", true
	return d
}

// cancellationForm is the form in which the end of a licence's agreement is proposed.
func (c *Console) cancellationForm(l license.License, in url.Values) proposalForm {
	f := proposalForm{Title: "Ask the buyer to end it", Place: "/console/cancellations",
		Lede: "Somebody else approves this; then AWS asks the buyer, who agrees or denies. Seven days without an answer count as a yes. It gives no money back."}
	f.Fields = append(agreementFields(l, in),
		webui.Field{Name: "reason", Label: "Reason", Hint: "AWS tells the buyer.", Type: "select", Required: true, Value: in.Get("reason"), Options: reasons(contract.CancellationReasons)},
		webui.Field{Name: "description", Label: "In your words", Hint: "The buyer reads it, and decides with it.", Type: "textarea", Value: in.Get("description"), MaxLength: proposal.Room(contract.MaxRequestDescription)})
	return f
}

// askEnd proposes the end of a licence's agreement.
func (c *Console) askEnd(r *http.Request, l license.License, by approval.Actor, in url.Values) (proposal.ID, error) {
	made, err := c.Cancellations.Ask(r.Context(), cancellation.Cancellation{Life: proposal.Life{License: l.ID, AskedBy: by}, Agreement: core.AgreementID(in.Get("agreement")),
		Reason: in.Get("reason"), Description: in.Get("description")})
	return made.ID, err
}
