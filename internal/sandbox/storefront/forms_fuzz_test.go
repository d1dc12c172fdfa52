package storefront

import (
	"net/http"
	"testing"
	"time"

	"souk.dev/souk/internal/sandbox/notice"
	"souk.dev/souk/internal/sandbox/world"
)

// FuzzForms fills one field of one form of a page with anything, and sends the form: there is a page that says what came of
// it, which keeps the rules of all pages, and it is not our own failure. The pages of the world that is left stand, too.
func FuzzForms(f *testing.F) {
	for page := range uint8(24) {
		f.Add(page, page, page, "1")
		f.Add(page, uint8(0), uint8(1), `-1e9 "<p>`)
	}
	f.Fuzz(func(t *testing.T, page, form, field uint8, value string) {
		s := newSite(t)
		v := s.as(acme)
		usage, contract := s.buys(t, world.Subscribe{Product: inkwell}), s.buys(t, world.Subscribe{Product: teams, Terms: world.Terms{Duration: "P12M", Quantities: map[string]int64{"seats": 5}}})
		s.advance(5 * time.Minute)
		pages := []string{
			"/", "/products/" + inkwell, "/products/" + teams, "/products/" + press, trialPage, "/subscriptions", "/subscriptions/" + usage, "/subscriptions/" + usage + "/cancel",
			"/subscriptions/" + contract, "/subscriptions/" + contract + "/amend", "/bill", "/support", "/seller/products/new", "/seller/products/" + press,
			"/seller/offers/new?kind=usage&product=" + inkwell, "/seller/offers/new?kind=fixed&product=" + teams, "/seller/offers/new?kind=configurable&product=" + teams,
			"/seller/offers/new?kind=trial&product=" + teams, "/seller/agreements/" + contract, "/seller/channels", "/seller/channels/rules/new",
			"/seller/channels/rules/marketplace-notices", "/seller/channels/queues/" + notice.DefaultQueue, "/control/faults", "/control/profiles", "/control/agreements/" + usage,
		}
		path := pages[int(page)%len(pages)]
		forms := v.get(path).All("form[action]")
		if len(forms) == 0 {
			return
		}
		chosen := forms[int(form)%len(forms)]
		fields := chosen.Fields()
		var names []string
		for _, tag := range []string{"input", "textarea", "select"} {
			for _, in := range chosen.All(tag + "[name]") {
				names = append(names, in.Attr("name"))
			}
		}
		if len(names) > 0 {
			fields.Set(names[int(field)%len(names)], value)
		}
		if chosen.Attr("method") == "get" {
			v.get(chosen.Attr("action") + "?" + fields.Encode())
		} else {
			v.post(chosen.Attr("action"), fields)
		}
		if v.status >= http.StatusInternalServerError {
			t.Errorf("%s: %v sent to %s answers %d", path, fields, chosen.Attr("action"), v.status)
		}
		for _, after := range []string{"/", "/subscriptions", "/seller", "/seller/offers", "/seller/channels", "/control"} {
			if v.get(after); v.status != http.StatusOK {
				t.Errorf("%s: after %v was sent to %s, %s answers %d", path, fields, chosen.Attr("action"), after, v.status)
			}
		}
	})
}

// buys has Acme buy something, and returns the agreement's id.
func (s *site) buys(t *testing.T, in world.Subscribe) string {
	t.Helper()
	in.BuyerAccount = acme
	a, err := s.world.Subscribe(s.clock.Now(), in)
	if err != nil {
		t.Fatal(err)
	}
	return a.AgreementID
}
