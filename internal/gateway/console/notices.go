package console

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/intake"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/webui"
)

type noticesView struct {
	Page
	Filters []filter
	Outcome license.Outcome
	License core.LicenseID
	Rows    []noticeRow
	Older   string
}

// Nothing is what stands where the list would.
func (v noticesView) Nothing() webui.Empty {
	if v.Outcome != "" || v.License != "" {
		return webui.Empty{Title: "No notice fits", Href: "/console/notices", Label: "Show all notices"}
	}
	return webui.Empty{Title: "AWS has told nothing yet", Text: "Notices come through the queue, or are posted to /aws/sns and /aws/events. The overview says whether the queue answers."}
}

// noticeRow is a notice in a list.
type noticeRow struct {
	intake.Notice
	Product string
}

// Href is the notice's own page.
func (n noticeRow) Href() string { return "/console/notices/" + url.PathEscape(n.Key) }

// LicenseHref is its licence's page.
func (n noticeRow) LicenseHref() string { return "/console/licenses/" + string(n.License) }

// Title is AWS's word for it.
func (n noticeRow) Title() string {
	if n.Kind == "" {
		return "No known form"
	}
	return n.Kind
}

// Replayable reports whether it had no effect, so that it can be applied again.
func (n noticeRow) Replayable() bool {
	switch n.Outcome {
	case license.Applied, license.Confirmed, license.Recorded, license.Held, intake.Received:
		return false
	}
	return true
}

func (c *Console) noticeRow(n intake.Notice) noticeRow {
	row := noticeRow{Notice: n}
	if n.ProductCode != "" {
		row.Product = c.title(n.ProductCode)
	}
	return row
}

var noticeOutcomes = []license.Outcome{license.Applied, license.Confirmed, license.Recorded, license.Held, license.Unused, license.Unserved, license.Unmatched,
	intake.Unknown, intake.Foreign, intake.Poison}

// getNotices lists notices, the newest first.
func (c *Console) getNotices(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	view := noticesView{Page: page, Outcome: license.Outcome(q.Get("outcome")), License: core.LicenseID(q.Get("license"))}
	view.Filters = []filter{{"All", address("/console/notices", "license", string(view.License)), -1, view.Outcome == ""}}
	for _, o := range noticeOutcomes {
		view.Filters = append(view.Filters, filter{webui.Words(o), address("/console/notices", "license", string(view.License), "outcome", string(o)), -1, view.Outcome == o})
	}
	query := intake.Query{Outcome: view.Outcome, License: view.License, Limit: pageSize + 1, BeforeKey: q.Get("before")}
	if at, err := strconv.ParseInt(q.Get("at"), 10, 64); err == nil {
		query.Before = time.UnixMicro(at).UTC()
	}
	list, err := c.Notices.Notices(r.Context(), query)
	if err != nil {
		return err
	}
	view.Rows, view.Older = pageOf(list, c.noticeRow, func(last intake.Notice) string {
		return address("/console/notices", "license", string(view.License), "outcome", string(view.Outcome),
			"before", last.Key, "at", strconv.FormatInt(last.ReceivedAt.UnixMicro(), 10))
	})
	return c.ui.Render(w, http.StatusOK, "notices", view)
}

type noticeView struct {
	Page
	noticeRow
}

func (c *Console) getNotice(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	n, err := c.Notices.NoticeByKey(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if r.URL.Query().Has("replayed") {
		page.Said = webui.Notice{Tone: webui.Success, Title: "The notice was replayed", Text: "It is now " + words(string(n.Outcome)) + "."}
	}
	return c.ui.Render(w, http.StatusOK, "notice", noticeView{page, c.noticeRow(n)})
}

// postReplay reads a notice that had no effect again, and applies it.
func (c *Console) postReplay(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	key := r.PathValue("id")
	err := c.Audit.Do(r.Context(), actor(r, who), audit.NoticeReplayed, key, "", func() error {
		_, err := c.Replayer.Replay(r.Context(), key)
		return err
	})
	if err != nil {
		return err
	}
	seeOther(w, r, "/console/notices/"+url.PathEscape(key)+"?replayed")
	return nil
}
