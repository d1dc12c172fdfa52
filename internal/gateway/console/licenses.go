package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/webui"
)

// pageSize is how many rows a list shows at once.
const pageSize = 50

// filter is one choice above a list.
type filter struct {
	Label, Href string
	N           int64 // -1: not counted
	Current     bool
}

type licensesView struct {
	Page
	Filters []filter
	Rows    []licenseRow
	State   license.State
	Advised bool   // only those of whose buyer AWS tells a risk
	Older   string // where the next page is; empty on the last
}

// Nothing is what stands where the list would.
func (v licensesView) Nothing() webui.Empty {
	if v.Query != "" || v.State != "" || v.Advised {
		return webui.Empty{Title: "No licence fits", Text: "Every identifier that AWS or the gateway gives is searched: ids, ARNs, agreements, accounts, customers, offers.", Href: "/console/licenses", Label: "Show all licences"}
	}
	return webui.Empty{Title: "No licences yet", Text: "A licence appears when a buyer arrives from AWS Marketplace, or when AWS's first notice about one comes."}
}

// licenseRow is a licence in a list.
type licenseRow struct {
	license.License
	Product string
}

// Href is the licence's own page.
func (l licenseRow) Href() string { return "/console/licenses/" + string(l.ID) }

// Buyer is what AWS names the buyer by.
func (l licenseRow) Buyer() string {
	if l.Customer != "" {
		return string(l.Customer)
	}
	return string(l.CustomerIdentifier)
}

func (c *Console) licenseRow(l license.License) licenseRow {
	return licenseRow{l, c.title(l.ProductCode)}
}

// licenseStates are the filters above the list, in the order of a life.
var licenseStates = []license.State{license.Active, license.Pending, license.WindingDown, license.Ended, license.Failed}

// getLicenses lists licences, the newest first: those in a state, those that some identifier of fits.
func (c *Console) getLicenses(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	view := licensesView{Page: page, State: license.State(q.Get("state")), Advised: q.Get("advised") == "true"}
	view.Query = strings.TrimSpace(q.Get("q"))
	before, paged := c.Book.ByID(core.LicenseID(q.Get("before")))
	counts := map[license.State]int64{}
	var all, advised int64
	var window []license.License // the last of those that fit, and so the newest
	for l := range c.Book.All {
		if view.Query != "" && !names(l, view.Query) {
			continue
		}
		counts[l.Standing.State]++
		all++
		atRisk := !l.Standing.AdvisedAt.IsZero()
		if atRisk {
			advised++
		}
		if view.Advised && !atRisk || view.State != "" && l.Standing.State != view.State || paged && !older(l, before) {
			continue
		}
		if window = append(window, l); len(window) > 2*pageSize {
			window = slices.Delete(window, 0, pageSize-1)
		}
	}
	if n := len(window); n > pageSize {
		window = window[n-pageSize:]
		view.Older = address("/console/licenses", "q", view.Query, "state", string(view.State), "advised", q.Get("advised"), "before", string(window[0].ID))
	}
	for _, l := range slices.Backward(window) {
		view.Rows = append(view.Rows, c.licenseRow(l))
	}
	view.Filters = []filter{{"All", address("/console/licenses", "q", view.Query), all, view.State == "" && !view.Advised}}
	for _, s := range licenseStates {
		view.Filters = append(view.Filters, filter{webui.Words(s), address("/console/licenses", "q", view.Query, "state", string(s)), counts[s], view.State == s})
	}
	if advised > 0 || view.Advised {
		view.Filters = append(view.Filters, filter{"Advisory", address("/console/licenses", "q", view.Query, "advised", "true"), advised, view.Advised})
	}
	return c.ui.Render(w, http.StatusOK, "licenses", view)
}

// older reports whether l stands before b in the book's order.
func older(l, b license.License) bool {
	return l.CreatedAt.Before(b.CreatedAt) || l.CreatedAt.Equal(b.CreatedAt) && l.ID < b.ID
}

// names reports whether some identifier of l has text in it, whatever its letters' case.
func names(l license.License, text string) bool {
	text = strings.ToLower(text)
	has := func(id string) bool { return id != "" && strings.Contains(strings.ToLower(id), text) }
	return has(string(l.ID)) || has(string(l.ARN)) || has(string(l.Customer)) || has(string(l.CustomerIdentifier)) || has(string(l.Offer)) ||
		has(string(l.ProductCode)) || has(string(l.Account)) ||
		slices.ContainsFunc(l.Agreements, func(a core.AgreementID) bool { return has(string(a)) })
}

// pageOf is the rows of the first page of list, and what leads to the next: next's address after the last one shown, where
// list has more than a page.
func pageOf[T, Row any](list []T, row func(T) Row, next func(last T) string) (rows []Row, on string) {
	if len(list) > pageSize {
		list = list[:pageSize]
		on = next(list[pageSize-1])
	}
	for _, item := range list {
		rows = append(rows, row(item))
	}
	return rows, on
}

// address is path with the parameters given as name, value; those without a value are left out.
func address(path string, params ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		if params[i+1] != "" {
			q.Set(params[i], params[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// words is a state's name in the middle of a sentence.
func words(s string) string { return strings.ToLower(webui.Words(s)) }
