package console

import (
	"fmt"
	"net/http"
	"strings"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/cancellation"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/webui"
)

type cancellationsView struct {
	Page
	Filters []filter
	State   cancellation.State
	Rows    []cancellationRow
	Newer   string
}

// Nothing is what stands where the list would.
func (v cancellationsView) Nothing() webui.Empty {
	if v.State != "" {
		return webui.Empty{Title: "No cancellation request is " + words(string(v.State)), Href: "/console/cancellations", Label: "Show all cancellation requests"}
	}
	return webui.Empty{Title: "No cancellation requests yet", Text: "A contract ends before its time when the buyer agrees to your request. Propose one on its licence's page; pay as you go is cancelled by buyers themselves."}
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
	row := cancellationRow{Cancellation: e}
	if l, ok := c.Book.ByID(e.License); ok {
		lr := c.licenseRow(l)
		row.Product, row.Buyer = lr.Product, lr.Buyer()
	}
	return row
}

// getCancellations lists cancellation requests, the oldest first: those that have waited longest for a decision.
func (c *Console) getCancellations(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	view := cancellationsView{Page: page, State: cancellation.State(q.Get("state"))}
	view.Filters = []filter{{"All", "/console/cancellations", -1, view.State == ""}}
	for _, s := range cancellation.States {
		view.Filters = append(view.Filters, filter{webui.Words(s), address("/console/cancellations", "state", string(s)), -1, view.State == s})
	}
	list, err := c.Cancellations.List(r.Context(), proposal.Query{State: view.State, After: cancellation.ID(q.Get("after")), Limit: pageSize + 1})
	if err != nil {
		return err
	}
	view.Rows, view.Newer = pageOf(list, c.cancellationRow, func(last cancellation.Cancellation) string {
		return address("/console/cancellations", "state", string(view.State), "after", string(last.ID))
	})
	return c.ui.Render(w, http.StatusOK, "cancellations", view)
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

// newCancellationView is the form in which a request is proposed.
type newCancellationView struct {
	Page
	licenseRow
	Fields []webui.Field
}

// reasons are AWS's reason codes as a person reads them.
func reasons(codes []string) []webui.Choice {
	all := []webui.Choice{{Value: "", Label: "Choose one"}}
	for _, code := range codes {
		all = append(all, webui.Choice{Value: code, Label: webui.Words(strings.ToLower(code))})
	}
	return all
}

func cancellationFields(agreements []core.AgreementID, agreement, reason, description, bad string) (fields []webui.Field) {
	if n := len(agreements); n > 1 {
		f := webui.Field{Name: "agreement", Label: "Agreement", Type: "select", Required: true, Value: agreement}
		for i := range agreements {
			a := string(agreements[n-1-i])
			f.Options = append(f.Options, webui.Choice{Value: a, Label: a})
		}
		fields = append(fields, f)
	}
	return append(fields,
		webui.Field{Name: "reason", Label: "Reason", Hint: "AWS tells the buyer.", Type: "select", Required: true, Value: reason, Options: reasons(contract.CancellationReasons), Error: bad},
		webui.Field{Name: "description", Label: "In your words", Hint: "The buyer reads it, and decides with it.", Type: "textarea", Value: description, MaxLength: 1900})
}

// getNewCancellation shows the form in which the end of a licence's agreement is proposed.
func (c *Console) getNewCancellation(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	l, err := c.licenseNamed(r.URL.Query().Get("license"))
	if err != nil {
		return err
	}
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	return c.ui.Render(w, http.StatusOK, "cancellation-new", newCancellationView{page, c.licenseRow(l), cancellationFields(l.Agreements, "", "", "", "")})
}

// postCancellation proposes the end of a licence's agreement.
func (c *Console) postCancellation(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	in, err := form(w, r)
	if err != nil {
		return err
	}
	l, err := c.licenseNamed(in.Get("license"))
	if err != nil {
		return err
	}
	ask := cancellation.Cancellation{Life: proposal.Life{License: l.ID, AskedBy: decider(who)}, Agreement: core.AgreementID(in.Get("agreement")), Reason: in.Get("reason"), Description: in.Get("description")}
	var made cancellation.Cancellation
	err = c.Audit.Do(r.Context(), actor(r, who), audit.EndProposed, string(l.ID), ask.Reason, func() (err error) {
		made, err = c.Cancellations.Ask(r.Context(), ask)
		return err
	})
	if fail.Is(err, fail.Invalid) {
		page, pageErr := c.page(r, who)
		if pageErr != nil {
			return fmt.Errorf("show the form again: %w", pageErr)
		}
		return c.ui.Render(w, http.StatusUnprocessableEntity, "cancellation-new",
			newCancellationView{page, c.licenseRow(l), cancellationFields(l.Agreements, string(ask.Agreement), ask.Reason, ask.Description, fail.SayOf(err))})
	}
	if err != nil {
		return err
	}
	seeOther(w, r, c.cancellationRow(made).Href()+"?proposed")
	return nil
}

// postApproveEnd lets a proposal go to AWS.
func (c *Console) postApproveEnd(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	return c.decideEnd(w, r, who, audit.EndOkayed, "approved", func(id cancellation.ID, by approval.Actor, _ string) error {
		_, err := c.Cancellations.Approve(r.Context(), id, by)
		return err
	})
}

// postRejectEnd ends a proposal without AWS.
func (c *Console) postRejectEnd(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	return c.decideEnd(w, r, who, audit.EndRefused, "rejected", func(id cancellation.ID, by approval.Actor, why string) error {
		_, err := c.Cancellations.Reject(r.Context(), id, by, why)
		return err
	})
}

// postWithdrawEnd takes a request back that the buyer has not answered.
func (c *Console) postWithdrawEnd(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	return c.decideEnd(w, r, who, audit.EndWithdrawn, "withdrawn", func(id cancellation.ID, by approval.Actor, why string) error {
		_, err := c.Cancellations.Withdraw(r.Context(), id, by, why)
		return err
	})
}

func (c *Console) decideEnd(w http.ResponseWriter, r *http.Request, who operator.Person, action audit.Action, said string, do func(cancellation.ID, approval.Actor, string) error) error {
	in, err := form(w, r)
	if err != nil {
		return err
	}
	e, err := c.Cancellations.Find(r.Context(), cancellation.ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	err = c.Audit.Do(r.Context(), actor(r, who), action, string(e.ID), string(e.License)+", "+string(e.Agreement), func() error {
		return do(e.ID, decider(who), strings.TrimSpace(in.Get("why")))
	})
	if err != nil {
		return err
	}
	seeOther(w, r, c.cancellationRow(e).Href()+"?"+said)
	return nil
}
