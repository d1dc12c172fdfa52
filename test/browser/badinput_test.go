package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/test/harness"
)

// post has the visitor's browser post a form to the landing page from another site, as AWS Marketplace does.
func (v *visitor) post(up *harness.Up, fields map[string]string) {
	v.t.Helper()
	var form strings.Builder
	fmt.Fprintf(&form, `<!doctype html><title>A site</title><form method="post" action="%s/register">`, up.Gateway.URL)
	for name, value := range fields {
		fmt.Fprintf(&form, `<input type="hidden" name=%q value=%q>`, name, value)
	}
	form.WriteString(`<button>Go</button></form>`)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(form.String()))
	}))
	v.t.Cleanup(site.Close)
	v.open(site.URL)
	v.press("Go")
}

func token(text string) map[string]string { return map[string]string{"x-amzn-marketplace-token": text} }

// TestBadArrivals comes to the landing page in every wrong way; each is told what to do, and nothing is lost: at last
// the buyer of them all gets in.
func TestBadArrivals(t *testing.T) {
	up := harness.StartUp(t, "--ephemeral")
	v := newVisitor(t, true)
	product := up.Sandbox.Product("license")
	buyer := up.Sandbox.Buyers()[0]
	bought := up.Sandbox.Buy(buyer, product)

	v.open(up.Gateway.URL + "/register")
	v.sees("Set up your account from AWS Marketplace", "You have subscribed, and have no account yet")
	v.post(up, nil)
	v.sees("sent no registration", "Set up your account")
	v.post(up, token("not/a+token="))
	v.sees("does not know this registration", "not affected")
	v.post(up, token(strings.Repeat("x", 5000)))
	v.sees("too long")
	v.open(up.Gateway.URL + "/register/account") // without having arrived
	v.sees("Set up your account from AWS Marketplace")

	old := up.Sandbox.Token(bought.AgreementID)
	up.Sandbox.Advance(5 * time.Hour)
	v.post(up, token(old))
	v.sees("has expired", "Set up your account", "not be charged twice")

	up.Sandbox.Break(harness.Fault{Operation: "ResolveCustomer", Kind: "error"})
	good := up.Sandbox.Token(bought.AgreementID)
	v.post(up, token(good))
	v.sees("cannot reach AWS Marketplace", "Nothing is lost")
	up.Sandbox.Mend()
	v.post(up, token(good)) // the reload that the page asks for
	v.sees("Set up your account for " + product.Title)

	// Abandoned, and resumed with a new token; posted twice.
	v.post(up, token(up.Sandbox.Token(bought.AgreementID)))
	v.sees("Set up your account for " + product.Title)
	v.post(up, token(good))
	v.sees("Set up your account for " + product.Title)
	v.fill("E-mail address", "not an address")
	v.fill("Full name", "Ada")
	v.fill("Password", "short")
	v.tryPress("Create account") // which the browser refuses
	v.fill("E-mail address", "ada@example.com")
	v.press("Create account") // which the gateway refuses
	v.sees("Create your account", "12 characters")
	signUp(v)
	v.sees(product.Title, "Active")

	// The same subscription again, signed in: straight to it.
	v.post(up, token(up.Sandbox.Token(bought.AgreementID)))
	v.sees(product.Title, "Where it stands")
	if n := len(up.Licenses()); n != 1 {
		t.Errorf("the gateway has %d licenses; want one", n)
	}
	type item struct {
		ID string `json:"id"`
	}
	if n := len(harness.All[item](up.Gateway, "/v1/accounts")); n != 1 {
		t.Errorf("the gateway has %d accounts; want one", n)
	}

	v.open(up.Gateway.URL + "/no/such/page")
	v.sees("page")
	v.open(up.Sandbox.URL + "/products/prod-nothing")
	v.sees("no")
}

// TestSignInAgain signs out and in, with the wrong password first.
func TestSignInAgain(t *testing.T) {
	up := harness.StartUp(t, "--ephemeral")
	v := newVisitor(t, true)
	product := up.Sandbox.Product("license")
	bought := up.Sandbox.Buy(up.Sandbox.Buyers()[0], product)
	up.Sandbox.Advance(5 * time.Minute) // the notice comes before the landing
	up.LicenseIn(bought.LicenseARN, "active")
	v.post(up, token(up.Sandbox.Token(bought.AgreementID)))
	v.sees("Set up your account for " + product.Title)
	signUp(v)
	v.sees(product.Title, "Active")

	v.open(up.Gateway.URL + "/signout")
	v.sees("Sign out?")
	v.press("Sign out")
	v.open(up.Gateway.URL + "/portal")
	v.sees("Sign in")
	v.fill("E-mail address", email)
	v.fill("Password", "not the password")
	v.press("Sign in")
	v.sees("Sign in", "password")
	v.fill("E-mail address", email)
	v.fill("Password", password)
	v.press("Sign in")
	v.sees("Your subscriptions", product.Title)
}
