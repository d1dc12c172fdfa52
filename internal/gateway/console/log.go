package console

import (
	"net/http"
	"strconv"

	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/operator"
)

type logView struct {
	Page
	Entries []audit.Entry
	Older   string
}

// getLog shows who did what, the newest first.
func (c *Console) getLog(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64) // nonsense: from the newest
	view := logView{Page: page}
	if view.Entries, err = c.Audit.Entries(r.Context(), max(before, 0), pageSize+1); err != nil {
		return err
	}
	if len(view.Entries) > pageSize {
		view.Entries = view.Entries[:pageSize]
		view.Older = address("/console/log", "before", strconv.FormatInt(view.Entries[pageSize-1].Seq, 10))
	}
	return c.ui.Render(w, http.StatusOK, "log", view)
}
