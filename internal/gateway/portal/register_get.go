package portal

import (
	"net/http"

	"souk.dev/souk/internal/fail"
)

type arriveView struct {
	Page
	Unfinished string // the product of a registration that was begun in this browser; may be empty
}

// getRegister explains how to get here: somebody typed the address, or followed it as a link. A query is taken off the
// address first: some set-ups put the token there, and a page with it would leak it to logs and histories.
func (p *Portal) getRegister(w http.ResponseWriter, r *http.Request) error {
	if r.URL.RawQuery != "" {
		seeOther(w, r, "/register")
		return nil
	}
	who, err := p.who(r)
	if err != nil {
		return err
	}
	view := arriveView{Page: p.page(r, who)}
	reg, err := p.registration(r)
	switch {
	case err == nil && reg.Account == "":
		view.Unfinished = p.Products.Product(reg.Buyer.ProductCode).Title
	case err != nil && !fail.Is(err, fail.Denied):
		return err
	}
	return p.ui.Render(w, http.StatusOK, "arrive", view)
}
