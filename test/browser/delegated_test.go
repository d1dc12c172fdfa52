package browser

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"souk.dev/souk/client"
	"souk.dev/souk/examples/pressroom/app"
	"souk.dev/souk/test/harness"
)

// TestDelegatedRegistration is a purchase of a product whose seller keeps the accounts: the gateway resolves the token and
// sends the browser to the seller's own sign-up, with a handle.
func TestDelegatedRegistration(t *testing.T) {
	// Pressroom needs a key of the gateway, which needs Pressroom's address.
	var handler atomic.Value
	press := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.Load().(http.Handler).ServeHTTP(w, r) }))
	t.Cleanup(press.Close)
	addr := harness.FreeAddress(t)
	s := harness.StartSandbox(t, "", "--fulfillment-url", "http://"+addr+"/register")
	product := s.Product("license")
	listing, err := json.Marshal([]map[string]string{{"productCode": product.ProductCode, "title": product.Title, "signUpUrl": press.URL + "/welcome", "signInUrl": press.URL + "/"}})
	if err != nil {
		t.Fatal(err)
	}
	g := harness.StartGateway(t, s, addr, "sqlite:"+filepath.Join(t.TempDir(), "souk.db"), "--products", string(listing))
	souk, err := client.New(g.URL, g.Key)
	if err != nil {
		t.Fatal(err)
	}
	handler.Store(app.New(souk, product.ProductCode, slog.New(slog.DiscardHandler)))
	up := harness.Together(s, g)

	v := newVisitor(t, false)
	subscribe(v, up, product)
	token := setUp(v, product, false)
	buyers := s.Buyers()
	v.sees("Welcome from AWS Marketplace", buyers[0].AccountID, "New here?")
	v.secret(token)
	if strings.Contains(v.where(), client.RegistrationParam) {
		t.Errorf("the address has the handle: %s", v.where())
	}
	v.fill("E-mail address", email)
	v.fill("Full name", "Ada Lovelace")
	v.fill("Choose a password", password)
	v.press("Create account")
	v.sees("Your press", "pending", "There is no access yet")
	s.Advance(5 * time.Minute)
	v.open(press.URL + "/")
	v.sees("Your press", "active", "Everything is ready")

	// Who sets up the account again is asked to sign in with it.
	v.open(s.URL + "/subscriptions")
	v.press("Set up your account")
	v.press("Continue to " + product.Title)
	v.sees("This subscription has an account already")
	v.fill("Your e-mail address", email)
	v.fill("Your password", password)
	v.press("Sign in")
	v.sees("Everything is ready")

	// A handle is good for one browser, once.
	second := s.Buy(buyers[1], product)
	welcome := handle(t, g, second.RegistrationToken)
	v.open(welcome)
	v.sees("Welcome from AWS Marketplace", buyers[1].AccountID)
	eve := newVisitor(t, false)
	eve.open(welcome)
	eve.sees("This link is used up", "Set up your account")
	v.fill("Your e-mail address", email) // the same person, with another AWS account: one account has both
	v.fill("Your password", password)
	v.press("Sign in")
	v.sees("Subscription of AWS account "+buyers[0].AccountID, "Subscription of AWS account "+buyers[1].AccountID)
	accounts := harness.All[struct{ Email, Reference string }](&g.API, "/v1/accounts")
	if len(accounts) != 1 || accounts[0].Email != email || accounts[0].Reference == "" {
		t.Errorf("the gateway knows the customers %+v; want one", accounts)
	}

	old := handle(t, g, s.Token(second.AgreementID))
	forged := old[:len(old)-8] + "AAAAAAAA"
	eve.open(forged)
	eve.sees("This link is used up")
	s.Advance(6 * time.Minute)
	eve.open(old)
	eve.sees("This link is used up")
}

// handle has a browser without cookies land with token; it returns the address that it is sent to.
func handle(t *testing.T, g *harness.Gateway, token string) string {
	t.Helper()
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := stay.PostForm(g.URL+"/register", url.Values{"x-amzn-marketplace-token": {token}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusSeeOther {
		t.Fatalf("the landing page answers %s: %.300s", res.Status, text)
	}
	return res.Header.Get("Location")
}
