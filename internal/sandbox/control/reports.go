package control

import (
	"net/http"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/report"
)

func (c *Control) getReports(w http.ResponseWriter, r *http.Request) error {
	return answerSlice(w, r, report.List())
}

// getReport writes a report as it is made: it may be long.
func (c *Control) getReport(w http.ResponseWriter, r *http.Request) error {
	name, csv := strings.CutSuffix(r.PathValue("file"), ".csv")
	if !csv {
		return fail.New(fail.NotFound, "unknown_report", "Reports are CSV; ask for %s.csv.", name)
	}
	one, err := report.Find(name)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	seller := q.Get("sellerAccountId")
	if seller == "" {
		seller = c.opt.World.DefaultSeller()
	}
	if _, err := c.opt.World.Seller(seller); err != nil {
		return err
	}
	var span report.Span
	if span.From, err = timeOf(q, "from"); err != nil {
		return err
	}
	if span.To, err = timeOf(q, "to"); err != nil {
		return err
	}
	if !span.From.IsZero() && !span.To.IsZero() && !span.From.Before(span.To) {
		return fail.New(fail.Invalid, "to", "to must be after from.")
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="`+one.Name+`.csv"`)
	h.Set("Cache-Control", "no-store")
	if err := one.Write(w, c.opt.World, seller, span, c.opt.Clock.Now()); err != nil {
		c.opt.Log.InfoContext(r.Context(), "a report was not read to its end", "report", one.Name, "err", err)
	}
	return nil
}
