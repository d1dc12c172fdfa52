package portal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/register"
)

// handleOf is the handle that a answer's redirect to the seller's sign-up page has.
func handleOf(t *testing.T, a answer) string {
	t.Helper()
	to, err := url.Parse(a.Location)
	if err != nil || a.Code != http.StatusSeeOther || to.Host != "nib.example.com" || to.Path != "/welcome" || to.Query().Get("plan") != "pro" {
		t.Fatalf("%d %q; want a redirect to the seller's sign-up page", a.Code, a.Location)
	}
	if a.Header.Get("Referrer-Policy") != "no-referrer" || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the redirect may be kept, or told on: %v", a.Header)
	}
	return to.Query().Get(RegistrationParameter)
}

func TestTheSellersOwnSignUpGetsAHandle(t *testing.T) {
	s := newSite(t)
	nib := license.Buyer{ProductCode: nibCode, Customer: "111122223333", ARN: coreARN(1)}
	s.sells("tok-1", nib)
	b := s.browser()
	first := handleOf(t, b.land("tok-1"))
	reg, err := s.portal.Delegation.RedeemHandle(t.Context(), first, nibCode)
	if err != nil || reg.Buyer.Customer != "111122223333" {
		t.Fatalf("%+v, %v", reg, err)
	}
	// Nothing of the buyer can be read from it.
	for _, secret := range []string{string(reg.ID), string(reg.License), "111122223333", "tok-1"} {
		if strings.Contains(first, secret) {
			t.Errorf("the handle tells %s", secret)
		}
	}
	// The browser that came can go on from here, with a fresh handle each time; another browser cannot.
	if second := handleOf(t, b.get("/register/account")); second == first || second == "" {
		t.Errorf("the second handle is %q", second)
	}
	if a := b.get("/register"); !a.Page.Has("h2", "Your registration for Nib Archive is still open") {
		t.Errorf("%s", a.Page.Text())
	}
	other := s.browser()
	other.goes(other.get("/register/account"), "/register")

	// No account is made here, whatever form is sent.
	form := url.Values{"registration": {string(reg.ID)}}
	for name, value := range ada {
		form.Set(name, value)
	}
	b.goes(b.post("/register/signup", form), "/register/account")
	if list, _ := s.accounts.Accounts(t.Context(), "", 10); len(list) != 0 {
		t.Errorf("%d accounts", len(list))
	}
	if a := b.get("/signin?product=" + string(nibCode)); a.Code != http.StatusBadRequest || !a.Page.Has("*", "keeps its accounts itself") {
		t.Errorf("%d %s", a.Code, a.Page.Text())
	}
	if s.registrations()[0].Standing().State != register.Open {
		t.Error("claimed by nobody")
	}
	if strings.Contains(s.log.String(), first) {
		t.Error("the log has the handle")
	}
}
