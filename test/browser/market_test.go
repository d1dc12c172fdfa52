package browser

import (
	"fmt"
	"net/smtp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"souk.dev/souk/test/harness"
)

// as has the visitor browse as a buyer, from the page that is open.
func (v *visitor) as(up *harness.Up, buyer string) {
	v.t.Helper()
	v.open(up.Sandbox.URL + "/subscriptions")
	v.pressOn(buyer)
}

// TestMarket goes the ways through the marketplace that are not the plain purchase: a trial, a private offer, a contract
// that grows, a refund within 48 hours, and a mail in the inbox.
func TestMarket(t *testing.T) {
	up := harness.StartUp(t, "--ephemeral")

	t.Run("TrialIsBoughtAndRegistered", func(t *testing.T) {
		v := newVisitor(t, true)
		v.as(up, "Acme Corporation")
		v.open(up.Sandbox.URL + "/products/prod-inkwell00payg")
		v.press("Try for free")
		v.sees("Inkwell, a month for free", "Free trial", "pays nothing while it tries")
		v.press("Try for free")
		v.sees("Thank you for subscribing")
		v.press("Set up your account")
		v.sees("Set up your account for Inkwell", "Create your account")
		signUp(v)
		v.sees("Inkwell", "Being confirmed")
		up.Sandbox.Advance(5 * time.Minute)
		v.open(up.Sandbox.URL + "/subscriptions")
		v.sees("Free trial", "then usage is charged")
	})

	t.Run("PrivateOfferIsAccepted", func(t *testing.T) {
		v := newVisitor(t, true)
		v.as(up, "Globex")
		v.open(up.Sandbox.URL + "/products/prod-inkwell0teams")
		v.sees("A private offer for Globex", "Private pricing")
		v.press("View the offer")
		v.sees("Due now", "$2,000.00", "In all", "$5,000.00")
		v.press("Create contract")
		v.sees("Thank you for subscribing", "40 × Seats")
	})

	t.Run("ContractIsUpgradedAndRefunded", func(t *testing.T) {
		v := newVisitor(t, true)
		v.as(up, "Acme Corporation")
		v.open(up.Sandbox.URL + "/products/prod-inkwell0teams")
		v.fill("Seats", "10")
		v.sees("Due now") // as it is typed
		v.press("Create contract")
		v.sees("Thank you for subscribing", "10 × Seats")
		up.Sandbox.Advance(5 * time.Minute)
		v.open(up.Sandbox.URL + "/subscriptions")
		v.press("Inkwell Teams")
		v.press("Change contract")
		v.fill("Seats", "12")
		v.sees("Due now")
		v.press("Change contract")
		v.sees("12 × Seats", "The buyer amended the contract")
		v.press("To AWS Support")
		v.do("open the form", chromedp.Click(`//summary[contains(., "Inkwell Teams")]`))
		v.press("Cancel the contract and refund it")
		v.sees("The refund is granted", "48 hours end", "asked in time")
		v.press("Give the money back now")
		v.sees("AWS gave back", "Completed")
	})

	t.Run("MailIsSeenInTheInbox", func(t *testing.T) {
		var env map[string]string
		up.Sandbox.Get("/_sandbox/env", &env)
		at := strings.TrimPrefix(env["SOUK_SMTP_URL"], "smtp://")
		mail := "From: Inkwell <hello@inkwell.example>\r\nTo: ada@acme.example\r\nSubject: Welcome, Ada\r\n\r\nSign in at https://inkwell.example/signin and begin.\r\n"
		if err := smtp.SendMail(at, nil, "hello@inkwell.example", []string{"ada@acme.example"}, []byte(mail)); err != nil {
			t.Fatal(fmt.Errorf("send the mail to %q: %w", at, err))
		}
		v := newVisitor(t, true)
		v.open(up.Sandbox.URL + "/inbox")
		v.sees("Welcome, Ada")
		v.pressOn("Welcome, Ada")
		v.sees("ada@acme.example", "https://inkwell.example/signin")
	})
}
