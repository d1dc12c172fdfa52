package portal

import (
	"fmt"
	"net/http"
	"time"

	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/license"
)

// month is one that a statement can be had of.
type month struct {
	Key     string // 2026-11
	Name    string // November 2026
	Running bool
}

// statementMonths is how many months' statements are offered; older ones are made all the same.
const statementMonths = 6

// monthsOf are the latest months of a licence's life, until now.
func monthsOf(s license.Standing, now time.Time) (ms []month) {
	if s.ActivatedAt.IsZero() {
		return nil
	}
	now = now.UTC()
	for m := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC); len(ms) < statementMonths && m.AddDate(0, 1, 0).After(s.ActivatedAt); m = m.AddDate(0, -1, 0) {
		ms = append(ms, month{Key: m.Format("2006-01"), Name: m.Format("January 2006"), Running: len(ms) == 0})
	}
	return ms
}

// getStatement gives the customer a month's statement, to be kept.
func (p *Portal) getStatement(w http.ResponseWriter, r *http.Request, who *account.Who, lic license.License) error {
	if p.Statements == nil {
		return p.getNowhere(w, r)
	}
	text, err := p.Statements.Statement(r.Context(), lic, r.PathValue("month"), p.Clock.Now())
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="statement-%s-%s.csv"`, lic.ID, r.PathValue("month"))) // it was read as a month
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(text) // the browser may have gone
	return nil
}
