package storefront

import (
	"net/http"

	"souk.dev/souk/internal/sandbox/report"
)

type reportsView struct {
	Counter
	Reports []Reported
}

// Reported is a report with where it is read.
type Reported struct {
	report.Report
	Href string
}

// getReports lists the reports and data feeds that a seller gets, to download. What is in them, the control API writes.
func (s *Storefront) getReports(w http.ResponseWriter, r *http.Request) error {
	v := reportsView{Counter: s.counter(w, r)}
	for _, rep := range report.List() {
		v.Reports = append(v.Reports, Reported{rep, "/_sandbox/reports/" + rep.Name + ".csv?sellerAccountId=" + v.Seller.AccountID})
	}
	return s.ui.Render(w, http.StatusOK, "seller_reports", v)
}
