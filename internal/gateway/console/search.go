package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/search"
)

// hitsShown is how many things one identifier leads to at most: a request to AWS has 25 records.
const hitsShown = 50

// places are where each kind of thing is shown, each with its id; "" shows all of them on one page.
var places = map[search.Kind]string{
	search.License: "/console/licenses/", search.Agreement: "/console/agreements/", search.Record: "/console/records/", search.Notice: "/console/notices/",
	search.Delivery: "/console/deliveries/", search.Alert: "/console/alerts/", search.Correction: "/console/corrections/", search.Cancellation: "/console/cancellations/", search.Payment: "/console/payments/",
	search.Account: "/console/accounts/", search.Registration: "/console/registrations/", search.APIKey: "/console/keys#", search.Operator: "/console/operators#",
}

// hitRow is one thing that an identifier names.
type hitRow struct{ search.Hit }

// Href is its page.
func (h hitRow) Href() string { return places[h.Kind] + url.PathEscape(h.ID) }

// Name is the kind in words.
func (h hitRow) Name() string {
	switch h.Kind {
	case search.License:
		return "Licence"
	case search.Cancellation:
		return "Cancellation request"
	case search.Payment:
		return "Payment request"
	}
	return capital(string(h.Kind))
}

type searchView struct {
	Page
	Rows []hitRow
}

// getSearch leads to what an identifier names: straight to the one thing, to a list of several, or else to the licences that it is
// a part of some identifier of.
func (c *Console) getSearch(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	text := strings.TrimSpace(r.URL.Query().Get("q"))
	hits, err := c.named(r.Context(), text)
	if err != nil {
		return err
	}
	switch len(hits) {
	case 0:
		seeOther(w, r, address("/console/licenses", "q", text))
		return nil
	case 1:
		seeOther(w, r, hitRow{hits[0]}.Href())
		return nil
	}
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	page.Query = text
	view := searchView{Page: page}
	for _, h := range hits {
		view.Rows = append(view.Rows, hitRow{h})
	}
	return c.ui.Render(w, http.StatusOK, "search", view)
}

// named is what text names whole or, where it names nothing, the one licence that it is a part of some identifier of.
func (c *Console) named(ctx context.Context, text string) (hits []search.Hit, err error) {
	if text == "" {
		return nil, nil
	}
	if hits, err = c.Search.Named(ctx, text, hitsShown); err != nil {
		return nil, err
	}
	add := func(k search.Kind, id string) {
		if h := (search.Hit{Kind: k, ID: id}); !slices.Contains(hits, h) && len(hits) < hitsShown {
			hits = append(hits, h)
		}
	}
	if l, ok := c.Book.ByID(core.LicenseID(text)); ok { // of a row that was merged, too
		add(search.License, string(l.ID))
	}
	if l, ok := c.Book.ByARN(core.LicenseARN(text)); ok {
		add(search.License, string(l.ID))
	}
	if strings.Contains(text, "@") {
		seats, err := c.Accounts.ByEmail(ctx, text)
		if err != nil && !fail.Is(err, fail.NotFound) {
			return nil, err
		}
		for _, s := range seats {
			add(search.Account, string(s.Account.ID))
		}
	}
	if len(hits) == 0 {
		if err := c.addEvent(ctx, text, add); err != nil {
			return nil, err
		}
	}
	if len(hits) > 0 {
		return hits, nil
	}
	for l := range c.Book.All {
		if names(l, text) {
			if add(search.License, string(l.ID)); len(hits) > 1 {
				return nil, nil // the list of licences says more of them
			}
		}
	}
	return hits, nil
}

// addEvent adds where the usage event of that id is billed: its record or, while there is none, its licence. One that names its
// source is asked for by both, the source first.
func (c *Console) addEvent(ctx context.Context, text string, add func(search.Kind, string)) error {
	source, id := "", text
	if i := strings.LastIndexByte(text, ' '); i > 0 {
		source, id = strings.TrimSpace(text[:i]), text[i+1:]
	}
	e, err := c.Engine.Event(ctx, source, id, 0)
	switch {
	case fail.Is(err, fail.NotFound):
	case err != nil:
		return err
	case e.Record != nil:
		add(search.Record, e.Record.ID)
	default:
		add(search.License, string(e.License))
	}
	return nil
}
