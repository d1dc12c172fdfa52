package storefront

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

// recordsOnPage is how many records one page lists.
const recordsOnPage = 100

type recordsView struct {
	Chrome
	Month     time.Time
	Product   world.Product
	Dimension world.Dimension
	License   string
	Records   []world.Record
	Next      string // the address of the next page; empty on the last
	Nothing   webui.Empty
}

// getBillRecords lists the usage records that one line of the bill is made of.
func (s *Storefront) getBillRecords(w http.ResponseWriter, r *http.Request) error {
	b, err := s.mustBuyer(r)
	if err != nil {
		return err
	}
	v := recordsView{Chrome: s.chrome(w, r), Nothing: webui.Empty{Title: "No records", Text: "No usage was reported here."}}
	if v.Month, err = monthIn(r, v.Now); err != nil {
		return err
	}
	ask := r.URL.Query()
	if v.Product, err = s.opt.World.Product(ask.Get("product")); err != nil {
		return err
	}
	ok := false
	if v.Dimension, ok = v.Product.Dimension(ask.Get("dimension")); !ok {
		return fail.New(fail.NotFound, "unknown_dimension", "%s has no dimension %q.", v.Product.Title, ask.Get("dimension"))
	}
	v.License = ask.Get("license")
	after := 0
	if c := ask.Get("cursor"); c != "" {
		if after, err = strconv.Atoi(c); err != nil || after < 0 {
			return fail.New(fail.Invalid, "cursor", "The page %q does not exist; go back to the bill.", c)
		}
	}
	from, to, err := spanIn(ask, v.Month)
	if err != nil {
		return err
	}
	records, next := s.opt.World.Records(world.RecordQuery{BuyerAccount: b.AccountID, ProductCode: v.Product.ProductCode, Dimension: v.Dimension.Key,
		LicenseARN: v.License, Unlicensed: v.License == "", From: from, To: to, After: after, Limit: recordsOnPage})
	v.Records = records
	if next != 0 {
		more := url.Values{}
		for k, values := range ask {
			more[k] = values
		}
		more.Set("cursor", strconv.Itoa(next))
		v.Next = "/bill/records?" + more.Encode()
	}
	return s.ui.Render(w, http.StatusOK, "records", v)
}

// spanIn is the time that the address names, of which the line's records are; the whole month if it names none.
func spanIn(ask url.Values, month time.Time) (from, to time.Time, err error) {
	from, to = month, month.AddDate(0, 1, 0)
	for name, at := range map[string]*time.Time{"from": &from, "to": &to} {
		if text := ask.Get(name); text != "" {
			if *at, err = time.Parse(time.RFC3339, text); err != nil {
				return from, to, fail.New(fail.Invalid, name, "%q is no instant; go back to the bill.", text)
			}
		}
	}
	return from, to, nil
}
