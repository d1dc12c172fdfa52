package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"souk.dev/souk/internal/browser"
)

// A customer sets a budget of money in the portal. AWS's terms say what a page costs; at half of it, and when all of it is used,
// they get a mail, and the portal shows how far it is.
func TestABudgetOfMoneyIsToldOf(t *testing.T) {
	b := openPlannedBazaar(t, bazaarPlan{data: t.TempDir()})
	r := &reader{overbilled{t: t, b: b}, map[string]bool{}}
	r.market(http.MethodPost, "clock", map[string]bool{"frozen": true}, nil)
	r.market(http.MethodPost, "agreements", map[string]any{"buyerAccountId": "111122223333", "productCode": b.Product}, &r.agreement)
	web := browser.New()
	r.open(web, b.Sandbox+"/", http.StatusOK)
	r.press(web, demoBuyer, nil, "Inkwell")
	r.open(web, b.Sandbox+"/subscriptions/"+r.AgreementID, http.StatusOK)
	r.press(web, "Set up your account", nil, "Continue to Inkwell")
	r.press(web, "Continue to Inkwell", nil, "Set up your account")
	r.press(web, "Create account", map[string]string{"name": "Ada Lovelace", "company": demoBuyer, "email": demoEmail, "password": demoPassword}, "Inkwell")
	r.next("Welcome to Inkwell")
	r.advance("2h") // AWS has been asked for its agreements, and their terms
	r.next("Inkwell is ready")

	var l licenseSeen
	r.gateway(http.MethodGet, "/v1/licenses/"+url.PathEscape(r.LicenseARN), nil, http.StatusOK, &l)
	place := b.Gateway + "/portal/licenses/" + l.ID + "/budget"
	r.open(web, place, http.StatusOK)
	r.press(web, "Set it", map[string]string{"what": ":money", "amount": "4"}, "The budget is set")
	n := 0
	use := func(pages int) {
		t.Helper()
		n++
		var taken struct{ Accepted int }
		r.gateway(http.MethodPost, "/v1/events", map[string]any{"id": fmt.Sprint(n), "license": r.LicenseARN, "dimension": "pages", "quantity": pages}, http.StatusOK, &taken)
		r.advance("10m")
	}
	use(99)
	r.nothing()
	use(1) // of 0.02 USD each
	if m := r.next("50 % of your budget for usage are used: Inkwell"); !strings.Contains(m.Text, "2 of 4 USD in the budget are used") || !strings.Contains(m.Text, "Nothing stops at a budget") {
		t.Errorf("%s", m.Text)
	}
	use(110)
	r.next("Your budget for usage is used up: Inkwell")
	r.open(web, place, http.StatusOK)
	if text := web.Page.Text(); !strings.Contains(text, "$4.20 of $4.00 this month, 100 %") {
		t.Errorf("the portal says %s", text)
	}
}
