package console

import (
	"net/http"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/webui"
)

type correctionsView struct {
	Page
	Filters []filter
	State   correction.State
	Rows    []correctionRow
	Newer   string
}

// Nothing is what stands where the list would.
func (v correctionsView) Nothing() webui.Empty {
	if v.State != "" {
		return webui.Empty{Title: "No correction is " + words(string(v.State)), Href: "/console/corrections", Label: "Show all corrections"}
	}
	return webui.Empty{Title: "No corrections yet", Text: "What was billed wrongly is proposed by a program, with POST /v1/corrections; here a person approves or rejects it."}
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
	row := correctionRow{Correction: f}
	if l, ok := c.Book.ByID(f.License); ok {
		lr := c.licenseRow(l)
		row.Product, row.Buyer = lr.Product, lr.Buyer()
	}
	return row
}

// getCorrections lists corrections, the oldest first: those that have waited longest for a decision.
func (c *Console) getCorrections(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	view := correctionsView{Page: page, State: correction.State(q.Get("state"))}
	view.Filters = []filter{{"All", "/console/corrections", -1, view.State == ""}}
	for _, s := range correction.States {
		view.Filters = append(view.Filters, filter{webui.Words(s), address("/console/corrections", "state", string(s)), -1, view.State == s})
	}
	list, err := c.Corrections.List(r.Context(), proposal.Query{State: view.State, After: correction.ID(q.Get("after")), Limit: pageSize + 1})
	if err != nil {
		return err
	}
	view.Rows, view.Newer = pageOf(list, c.correctionRow, func(last correction.Correction) string {
		return address("/console/corrections", "state", string(view.State), "after", string(last.ID))
	})
	return c.ui.Render(w, http.StatusOK, "corrections", view)
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
	switch {
	case r.URL.Query().Has("approved"):
		view.Said = webui.Notice{Tone: webui.Success, Title: "Approved", Text: "The request goes to AWS, which decides within some days."}
	case r.URL.Query().Has("rejected"):
		view.Said = webui.Notice{Tone: webui.Info, Title: "Rejected", Text: "Nothing is given back."}
	}
	return c.ui.Render(w, http.StatusOK, "correction", view)
}

// postApprove lets a proposal go to AWS.
func (c *Console) postApprove(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	in, err := form(w, r)
	if err != nil {
		return err
	}
	var besides []correction.ID
	for _, id := range in["besides"] {
		besides = append(besides, correction.ID(id))
	}
	return c.decide(w, r, who, audit.CorrectionOkayed, "approved", func(id correction.ID, by approval.Actor) error {
		_, err := c.Corrections.Approve(r.Context(), id, by, besides)
		return err
	})
}

// postReject ends a proposal without AWS.
func (c *Console) postReject(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	in, err := form(w, r)
	if err != nil {
		return err
	}
	return c.decide(w, r, who, audit.CorrectionRefused, "rejected", func(id correction.ID, by approval.Actor) error {
		_, err := c.Corrections.Reject(r.Context(), id, by, strings.TrimSpace(in.Get("why")))
		return err
	})
}

func (c *Console) decide(w http.ResponseWriter, r *http.Request, who operator.Person, action audit.Action, said string, do func(correction.ID, approval.Actor) error) error {
	id := correction.ID(r.PathValue("id"))
	f, err := c.Corrections.Find(r.Context(), id)
	if err != nil {
		return err
	}
	row := c.correctionRow(f)
	err = c.Audit.Do(r.Context(), actor(r, who), action, string(id), string(f.License)+", "+row.Much(), func() error {
		return do(id, decider(who))
	})
	if err != nil {
		return err
	}
	seeOther(w, r, row.Href()+"?"+said)
	return nil
}
