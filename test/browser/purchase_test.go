package browser

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"souk.dev/souk/test/harness"
)

const (
	email    = "ada@example.com"
	password = "a long walk by the sea"
)

// TestPurchase is the whole purchase flow, from the storefront to the portal and the application, and back to cancelled.
func TestPurchase(t *testing.T) {
	for name, scripts := range map[string]bool{"WithScripts": true, "WithoutScripts": false} {
		t.Run(name, func(t *testing.T) {
			up := harness.StartUp(t, "--ephemeral")
			v := newVisitor(t, scripts)
			product := up.Sandbox.Product("license")
			arn := subscribe(v, up, product)

			token := setUp(v, product, scripts)
			v.sees("Set up your account for "+product.Title, "Create your account", "Have an account already?")
			v.secret(token)
			signUp(v)

			// The landing came before the notice: no access yet (law 4).
			v.sees(product.Title, "Being confirmed", "AWS Marketplace is confirming your subscription")
			v.seesNot("Open " + product.Title)
			up.Sandbox.Advance(5 * time.Minute)
			up.LicenseIn(arn, "active")
			v.open(up.Gateway.URL + "/portal")
			v.sees("Your subscriptions", product.Title, "Active")
			v.press(product.Title)
			v.sees("Active", "What happens next")

			publish(v, up, product, "The first note")
			up.Sandbox.Advance(2 * time.Hour)
			records := up.Sandbox.Records(arn)
			var billed int64
			for _, r := range records {
				billed += r.Quantity
			}
			if billed < 1 {
				t.Errorf("after the hour the marketplace honours %+v; want the page that was published", records)
			}
			v.open(up.App + "/")
			v.sees("The first note", "1 page in this subscription", "on the bill")
			v.open(up.Sandbox.URL + "/bill")
			v.sees("Bill", product.Title)

			cancel(v, up, product)
			up.Sandbox.Advance(3 * time.Minute)
			up.LicenseIn(arn, "winding_down")
			v.open(up.Gateway.URL + "/portal")
			v.sees(product.Title, "Cancellation in progress")
			v.press(product.Title)
			v.sees("Cancellation in progress until", "AWS Marketplace can confirm")
			v.open(up.App + "/")
			v.sees("Your subscription is ending")

			up.Sandbox.Advance(2 * time.Hour)
			up.LicenseIn(arn, "ended")
			v.open(up.Gateway.URL + "/portal")
			v.sees(product.Title, "Ended")
			v.press(product.Title)
			v.sees("This subscription has ended")
			v.seesNot("Open " + product.Title)
			v.open(up.App + "/")
			v.sees("Your subscription has ended")
			v.open(up.Sandbox.URL + "/subscriptions")
			v.sees("Past subscriptions", product.Title)
			v.secret(token)
		})
	}
}

// subscribe buys product as the first buyer and returns the licence.
func subscribe(v *visitor, up *harness.Up, product harness.Product) (arn string) {
	v.t.Helper()
	buyer := up.Sandbox.Buyers()[0]
	v.open(up.Sandbox.URL + "/")
	v.sees("Who is buying?", buyer.Name, product.Title)
	v.pressOn(buyer.Name)
	v.sees("What will " + buyer.Name)
	v.press(product.Title)
	v.sees(product.Title, "Prices", "Subscribe")
	v.press("Subscribe")
	v.sees("Thank you for subscribing", product.Title)
	type agreement struct {
		LicenseARN string `json:"licenseArn"`
		Status     string `json:"status"`
	}
	all := harness.All[agreement](&up.Sandbox.API, "/_sandbox/agreements")
	if len(all) != 1 || all[0].Status != "ACTIVE" {
		v.t.Fatalf("the marketplace has the agreements %+v; want one, active", all)
	}
	return all[0].LicenseARN
}

// setUp presses Set up your account and goes on to the seller. It returns the token where the visitor could read it:
// with scripts the page that holds it sends itself on at once.
func setUp(v *visitor, product harness.Product, scripts bool) (token string) {
	v.t.Helper()
	v.press("Set up your account")
	if scripts {
		return ""
	}
	v.sees("On to", "Continue to "+product.Title)
	got, err := run(v, chromedp.AttributeValue(chromedp.CSS(`input[name="x-amzn-marketplace-token"]`), "value"))
	if err != nil || len(got.Value) < 20 {
		v.t.Fatalf("the form has no token to read: %+v, %v", got, err)
	}
	v.press("Continue to " + product.Title)
	return got.Value
}

// signUp makes the account.
func signUp(v *visitor) {
	v.t.Helper()
	v.fill("E-mail address", email)
	v.fill("Full name", "Ada Lovelace")
	v.fill("Company", "Analytical Engines")
	v.fill("Password", password)
	v.press("Create account")
}

// publish opens the example application from the portal, signs in with the seller's account, and uses it.
func publish(v *visitor, up *harness.Up, product harness.Product, title string) {
	v.t.Helper()
	v.press("Open " + product.Title)
	if strings.Contains(v.text(), "Notes in") || !strings.Contains(v.text(), "A new note") {
		v.press("Sign in with your Inkwell account")
	}
	v.sees("A new note", "Subscription", "active")
	if !strings.HasPrefix(v.where(), up.App) {
		v.t.Errorf("the application is at %s; want it at %s", v.where(), up.App)
	}
	v.fill("A new note", "# "+title+"\n\nWritten by hand.")
	v.press("Publish")
	v.sees(title)
}

// cancel ends the subscription in Your Marketplace Software.
func cancel(v *visitor, up *harness.Up, product harness.Product) {
	v.t.Helper()
	v.open(up.Sandbox.URL + "/subscriptions")
	v.sees("Your Marketplace Software", product.Title, "Sign in to "+product.Title)
	v.press(product.Title)
	v.sees("Agreement and license", "Cancel subscription")
	v.press("Cancel subscription")
	v.fill("To cancel, type confirm", "no")
	v.press("Yes, cancel subscription")
	v.sees("Type the word confirm")
	v.fill("To cancel, type confirm", "confirm")
	v.press("Yes, cancel subscription")
	v.sees(product.Title, "What happened")
	v.seesNot("Cancel subscription") // there is nothing left to cancel
}

// secret fails the test where the token's text, or its escaped form, is anywhere that the browser keeps something.
func (v *visitor) secret(token string) {
	v.t.Helper()
	if token == "" {
		return
	}
	for _, text := range []string{token, url.QueryEscape(token), url.PathEscape(token)} {
		if strings.Contains(v.html(), text) {
			v.t.Errorf("the page at %s holds the token", v.where())
		}
		for name, value := range v.cookies() {
			if strings.Contains(value, text) {
				v.t.Errorf("the cookie %s holds the token", name)
			}
		}
	}
	for _, at := range v.history() {
		if strings.Contains(at, url.QueryEscape(token)) || strings.Contains(at, token) {
			v.t.Errorf("the address %s holds the token", at)
		}
	}
}
