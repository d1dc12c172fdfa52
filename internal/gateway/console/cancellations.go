package console

import (
	"net/http"
	"net/url"
	"slices"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/cancellation"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/webui"
)

func (c *Console) cancellations() proposals[cancellation.Cancellation, cancellationRow] {
	return proposals[cancellation.Cancellation, cancellationRow]{c, "/console/cancellations", "cancellation request", cancellation.States, c.Cancellations.Desk, c.cancellationRow,
		func(row cancellationRow) string { return string(row.Agreement) },
		"A contract ends before its time when the buyer agrees to your request. Propose one on its licence's page; pay as you go is cancelled by buyers themselves.", audit.EndRefused}
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
	Own string // why who is signed in may not approve it; empty: may
}

// Proposal reports whether a person decides on it now.
func (v cancellationView) Proposal() bool { return v.State == cancellation.Proposed }

// Withdrawable reports whether it can be taken back now.
func (v cancellationView) Withdrawable() bool { return v.State == cancellation.Pending }

// Ending reports whether the agreement ends, or has, so that money is a question.
func (v cancellationView) Ending() bool {
	return v.State == cancellation.Agreed || v.State == cancellation.Completed
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
	view := cancellationView{Page: page, cancellationRow: c.cancellationRow(e)}
	if err := c.Approval.Approves(decider(who), e.AskedBy); err != nil {
		view.Own = fail.SayOf(err)
	}
	switch q := r.URL.Query(); {
	case q.Has("proposed"):
		view.Said = webui.Notice{Tone: webui.Success, Title: "Proposed", Text: "Another person approves it; then AWS asks the buyer."}
	case q.Has("approved"):
		view.Said = webui.Notice{Tone: webui.Success, Title: "Approved", Text: "AWS asks the buyer, who has seven days to answer."}
	case q.Has("rejected"):
		view.Said = webui.Notice{Tone: webui.Info, Title: "Rejected", Text: "Nothing went to AWS; the agreement goes on."}
	case q.Has("withdrawn"):
		view.Said = webui.Notice{Tone: webui.Info, Title: "Being withdrawn", Text: "AWS and the buyer are told. Should the buyer have been faster, their answer counts."}
	}
	return c.ui.Render(w, http.StatusOK, "cancellation", view)
}

// cancellationForm is the form in which the end of a licence's agreement is proposed.
func (c *Console) cancellationForm(l license.License, in url.Values) proposalForm {
	f := proposalForm{Title: "Ask the buyer to end it", Place: "/console/cancellations",
		Lede: "Somebody else approves this; then AWS asks the buyer, who agrees or denies. Seven days without an answer count as a yes. It gives no money back."}
	if len(l.Agreements) > 1 {
		choice := webui.Field{Name: "agreement", Label: "Agreement", Type: "select", Required: true, Value: in.Get("agreement")}
		for _, a := range slices.Backward(l.Agreements) {
			choice.Options = append(choice.Options, webui.Choice{Value: string(a), Label: string(a)})
		}
		f.Fields = append(f.Fields, choice)
	}
	f.Fields = append(f.Fields,
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

// approveEnd lets a proposal go to AWS.
func (c *Console) approveEnd(r *http.Request, id proposal.ID, by approval.Actor, _ url.Values) error {
	_, err := c.Cancellations.Approve(r.Context(), id, by)
	return err
}

// withdrawEnd takes a request back that the buyer has not answered.
func (c *Console) withdrawEnd(r *http.Request, id proposal.ID, by approval.Actor, in url.Values) error {
	_, err := c.Cancellations.Withdraw(r.Context(), id, by, in.Get("why"))
	return err
}
