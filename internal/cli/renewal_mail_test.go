package cli

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/browser"
)

// A buyer's contract renews itself, then its renewal is switched off: each time they are reminded a week before, in other words.
func TestABuyerIsRemindedOfTheEnd(t *testing.T) {
	b := openPlannedBazaar(t, bazaarPlan{data: t.TempDir(), entitlementsEvery: 24 * time.Hour})
	r := &reader{overbilled{t: t, b: b}, map[string]bool{}}
	r.market(http.MethodPost, "clock", map[string]bool{"frozen": true}, nil)
	r.market(http.MethodPost, "agreements", map[string]any{"buyerAccountId": "111122223333", "productCode": teams, "quantities": map[string]int{"seats": 3}, "duration": "P1M", "autoRenew": true}, &r.agreement)
	web := browser.New()
	r.open(web, b.Sandbox+"/", http.StatusOK)
	r.press(web, demoBuyer, nil, "Inkwell")
	r.open(web, b.Sandbox+"/subscriptions/"+r.AgreementID, http.StatusOK)
	r.press(web, "Set up your account", nil, "Continue to Inkwell Teams")
	r.press(web, "Continue to Inkwell Teams", nil, "Set up your account")
	r.press(web, "Create account", map[string]string{"name": "Ada Lovelace", "company": demoBuyer, "email": demoEmail, "password": demoPassword}, "Inkwell Teams")
	r.next("Welcome to Inkwell")
	r.advance("10m")
	r.next("Inkwell Teams is ready")
	ends := demoBegins.AddDate(0, 1, 0)
	r.advance((ends.Sub(demoBegins) - 7*24*time.Hour - time.Hour).String())
	r.nothing()
	r.advance("2h")
	m := r.next("Your contract for Inkwell Teams renews on " + ends.Format("2 January 2006"))
	if !strings.Contains(m.Text, "You need not do anything") || !strings.Contains(m.Text, b.Sandbox+"/subscriptions") {
		t.Errorf("%s", m.Text)
	}

	r.advance("192h") // and it is renewed
	r.nothing()
	all, err := list[bought](t.Context(), marketplaceAt(b.Sandbox), "agreements", nil)
	if err != nil || len(all) != 2 {
		t.Fatalf("%+v, %v", all, err)
	}
	for _, a := range all {
		if a.Status == "ACTIVE" {
			r.market(http.MethodPost, "agreements/"+a.AgreementID+"/amend", map[string]bool{"autoRenew": false}, nil)
		}
	}
	ends = demoBegins.AddDate(0, 2, 0)
	r.advance((ends.Sub(r.clock()) - 7*24*time.Hour - 2*time.Hour).String())
	r.nothing()
	r.advance("4h")
	if m := r.next("Your contract for Inkwell Teams ends on " + ends.Format("2 January 2006")); !strings.Contains(m.Text, "does not renew itself") {
		t.Errorf("%s", m.Text)
	}
}
