package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/webui"
)

// requests are the pages about one kind of proposal of which AWS asks the buyer, of which R is a row in a list.
type requests[C proposal.Request[C], R any] struct {
	proposals[C, R]
	form                        func(l license.License, in url.Values) proposalForm
	ask                         func(r *http.Request, l license.License, by approval.Actor, in url.Values) (proposal.ID, error)
	get                         handler
	approve                     func(ctx context.Context, id proposal.ID, by approval.Actor) (C, error)
	withdraw                    func(ctx context.Context, id proposal.ID, by approval.Actor, why string) (C, error)
	proposed, okayed, withdrawn audit.Action
}

// routes are where they are.
func (p requests[C, R]) routes() []route {
	return []route{
		{"GET " + p.place, operator.Viewer, p.list},
		{"GET " + p.place + "/new", operator.Operator, p.getProposalForm(p.form)},
		{"POST " + p.place, operator.Operator, p.postProposalForm(p.proposed, p.form, p.ask)},
		{"GET " + p.place + "/{id}", operator.Viewer, p.get},
		{"POST " + p.place + "/{id}/approve", operator.Operator, p.decide(p.okayed, "approved", func(r *http.Request, id proposal.ID, by approval.Actor, _ url.Values) error {
			_, err := p.approve(r.Context(), id, by)
			return err
		})},
		{"POST " + p.place + "/{id}/reject", operator.Operator, p.reject()},
		{"POST " + p.place + "/{id}/withdraw", operator.Operator, p.decide(p.withdrawn, "withdrawn", func(r *http.Request, id proposal.ID, by approval.Actor, in url.Values) error {
			_, err := p.withdraw(r.Context(), id, by, in.Get("why"))
			return err
		})},
	}
}

// decision is what a person may do about a request now, beside what is known of it.
type decision struct {
	Href  string
	State proposal.State
	May   bool   // who is signed in may decide
	Own   string // why they may not approve it; empty: they may
	Asks  string // what an approval brings about
	Told  string // who reads why it is withdrawn
	Must  bool   // and it must be said
}

// Proposal reports whether a person decides on it now.
func (d decision) Proposal() bool { return d.State == proposal.Proposed }

// Withdrawable reports whether it can be taken back now.
func (d decision) Withdrawable() bool { return d.State == proposal.Pending }

// decision is what who is signed in may do about a request that stands as l, whose page is at href.
func (c *Console) decision(who operator.Person, l proposal.Life, href string) decision {
	d := decision{Href: href, State: l.State, May: who.Role.May(operator.Operator)}
	if err := c.Approval.Approves(decider(who), l.AskedBy); err != nil {
		d.Own = fail.SayOf(err)
	}
	return d
}

// said is what became of the form that led to a request's page, as its address names it.
func said(r *http.Request, words map[string]webui.Notice) webui.Notice {
	for name, notice := range words {
		if r.URL.Query().Has(name) {
			return notice
		}
	}
	return webui.Notice{}
}

// agreementFields are the field in which one of l's agreements is chosen; none where there is no choice.
func agreementFields(l license.License, in url.Values) []webui.Field {
	if len(l.Agreements) < 2 {
		return nil
	}
	choice := webui.Field{Name: "agreement", Label: "Agreement", Type: "select", Required: true, Value: in.Get("agreement")}
	for _, a := range slices.Backward(l.Agreements) {
		choice.Options = append(choice.Options, webui.Choice{Value: string(a), Label: string(a)})
	}
	return []webui.Field{choice}
}
