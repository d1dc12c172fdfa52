package console

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/webui"
)

// proposals are the pages about one kind of proposal, of which R is a row in a list.
type proposals[C proposal.Proposal[C], R any] struct {
	*Console
	place   string // where they are; its last part names the page that lists them
	called  string // "cancellation request"
	states  []proposal.State
	desk    *proposal.Desk[C]
	row     func(C) R
	about   func(R) string // what the audit log says of one beside its licence
	none    string         // what stands where the list would, while nobody has proposed anything
	refused audit.Action
}

// proposalsView is a list of one kind of proposal.
type proposalsView[R any] struct {
	Page
	Filters []filter
	Rows    []R
	Newer   string
	Nothing webui.Empty // what stands where the list would
}

// list lists them, the oldest first: those that have waited longest for a decision.
func (p proposals[C, R]) list(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := p.page(r, who)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	state := proposal.State(q.Get("state"))
	view := proposalsView[R]{Page: page, Filters: []filter{{"All", p.place, -1, state == ""}}, Nothing: webui.Empty{Title: "No " + p.called + "s yet", Text: p.none}}
	for _, s := range p.states {
		view.Filters = append(view.Filters, filter{webui.Words(s), address(p.place, "state", string(s)), -1, state == s})
	}
	if state != "" {
		view.Nothing = webui.Empty{Title: "No " + p.called + " is " + words(string(state)), Href: p.place, Label: "Show all " + p.called + "s"}
	}
	list, err := p.desk.List(r.Context(), proposal.Query{State: state, After: proposal.ID(q.Get("after")), Limit: pageSize + 1})
	if err != nil {
		return err
	}
	view.Rows, view.Newer = pageOf(list, p.row, func(last C) string {
		return address(p.place, "state", string(state), "after", string(last.Stands().ID))
	})
	return p.ui.Render(w, http.StatusOK, strings.TrimPrefix(p.place, "/console/"), view)
}

// decide has do take a person's decision, writes it down in the audit log, and shows the proposal, which says that it was said.
func (p proposals[C, R]) decide(action audit.Action, said string, do func(r *http.Request, id proposal.ID, by approval.Actor, in url.Values) error) handler {
	return func(w http.ResponseWriter, r *http.Request, who operator.Person) error {
		in, err := form(w, r)
		if err != nil {
			return err
		}
		c, err := p.desk.Find(r.Context(), proposal.ID(r.PathValue("id")))
		if err != nil {
			return err
		}
		l := c.Stands()
		err = p.Audit.Do(r.Context(), actor(r, who), action, string(l.ID), string(l.License)+", "+p.about(p.row(c)), func() error {
			return do(r, l.ID, decider(who), in)
		})
		if err != nil {
			return err
		}
		seeOther(w, r, p.place+"/"+string(l.ID)+"?"+said)
		return nil
	}
}

// reject ends a proposal without AWS.
func (p proposals[C, R]) reject() handler {
	return p.decide(p.refused, "rejected", func(r *http.Request, id proposal.ID, by approval.Actor, in url.Values) error {
		_, err := p.desk.Reject(r.Context(), id, by, strings.TrimSpace(in.Get("why")))
		return err
	})
}

// whose are the title of the product, and the buyer, of a licence; empty if it is gone.
func (c *Console) whose(id core.LicenseID) (product, buyer string) {
	l, ok := c.Book.ByID(id)
	if !ok {
		return "", ""
	}
	row := c.licenseRow(l)
	return row.Product, row.Buyer()
}

// proposalForm is a form in which something about a licence is proposed.
type proposalForm struct {
	Title  string
	Lede   string
	Place  string // what it is posted to
	Fields []webui.Field
}

// mark says at the field that an error's code names what is wrong with it; otherwise at the first.
func (f proposalForm) mark(err error) {
	at := 0
	for i, field := range f.Fields {
		if code := fail.CodeOf(err); code == field.Name || strings.HasSuffix(code, "_"+field.Name) {
			at = i
		}
	}
	f.Fields[at].Error = fail.SayOf(err)
}

type proposalFormView struct {
	Page
	licenseRow
	Form proposalForm
}

// getProposalForm shows the form in which something about a licence is proposed.
func (c *Console) getProposalForm(of func(l license.License, in url.Values) proposalForm) handler {
	return func(w http.ResponseWriter, r *http.Request, who operator.Person) error {
		l, err := c.licenseNamed(r.URL.Query().Get("license"))
		if err != nil {
			return err
		}
		page, err := c.page(r, who)
		if err != nil {
			return err
		}
		return c.ui.Render(w, http.StatusOK, "proposal-new", proposalFormView{page, c.licenseRow(l), of(l, r.URL.Query())})
	}
}

// postProposalForm has ask propose what the form says, and shows the proposal; or the form again, with what is wrong with it.
func (c *Console) postProposalForm(action audit.Action, of func(l license.License, in url.Values) proposalForm, ask func(r *http.Request, l license.License, by approval.Actor, in url.Values) (proposal.ID, error)) handler {
	return func(w http.ResponseWriter, r *http.Request, who operator.Person) error {
		in, err := form(w, r)
		if err != nil {
			return err
		}
		l, err := c.licenseNamed(in.Get("license"))
		if err != nil {
			return err
		}
		var made proposal.ID
		err = c.Audit.Do(r.Context(), actor(r, who), action, string(l.ID), cmp.Or(in.Get("reason"), in.Get("name")), func() (err error) {
			made, err = ask(r, l, decider(who), in)
			return err
		})
		f := of(l, in)
		if kind := fail.KindOf(err); err != nil && (kind == fail.Invalid || kind == fail.Conflict) {
			page, pageErr := c.page(r, who)
			if pageErr != nil {
				return fmt.Errorf("show the form again: %w", pageErr)
			}
			status := http.StatusUnprocessableEntity
			if kind == fail.Conflict {
				status = http.StatusConflict
				page.Said = webui.Notice{Tone: webui.Error, Title: "It cannot be proposed", Text: fail.SayOf(err)}
			} else {
				f.mark(err)
			}
			return c.ui.Render(w, status, "proposal-new", proposalFormView{page, c.licenseRow(l), f})
		}
		if err != nil {
			return err
		}
		seeOther(w, r, f.Place+"/"+string(made)+"?proposed")
		return nil
	}
}

// reasons are AWS's reason codes as a person reads them.
func reasons(codes []string) []webui.Choice {
	all := []webui.Choice{{Value: "", Label: "Choose one"}}
	for _, code := range codes {
		all = append(all, webui.Choice{Value: code, Label: webui.Words(strings.ToLower(code))})
	}
	return all
}
