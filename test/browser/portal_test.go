package browser

import (
	"net/url"
	"testing"
	"time"

	"souk.dev/souk/test/harness"
)

// TestPortalLeadsToAWSMarketplace asks for a cancellation and for a refund within the seller's site: both are AWS's to give,
// and the pages say where, and until when.
func TestPortalLeadsToAWSMarketplace(t *testing.T) {
	up := harness.StartUp(t, "--ephemeral")
	buyer := up.Sandbox.Buyers()[0]

	t.Run("Cancellation", func(t *testing.T) {
		v := newVisitor(t, true)
		product := up.Sandbox.Product("license")
		bought := up.Sandbox.Buy(buyer, product)
		up.Sandbox.Advance(5 * time.Minute)
		up.LicenseIn(bought.LicenseARN, "active")
		v.post(up, token(up.Sandbox.Token(bought.AgreementID)))
		signUp(v)
		v.sees(product.Title, "Active")
		v.press("How to cancel")
		v.sees("How to cancel", "nothing you press here ends a charge", "Only AWS Marketplace can confirm")
		v.seesNot("Yes, cancel")
		v.press("Go to AWS Marketplace")
		v.sees("Your Marketplace Software")
		up.LicenseIn(bought.LicenseARN, "active") // nothing has happened yet
	})

	t.Run("Refund", func(t *testing.T) {
		v := newVisitor(t, true)
		var bought harness.Agreement
		up.Sandbox.Post("/_sandbox/agreements", map[string]any{"buyerAccountId": up.Sandbox.Buyers()[1].AccountID, "productCode": "prod-inkwell0teams",
			"quantities": map[string]int64{"seats": 10}, "duration": "P12M"}, &bought)
		up.Sandbox.Advance(5 * time.Minute)
		up.LicenseIn(bought.LicenseARN, "active")
		v.post(up, token(bought.RegistrationToken))
		v.fill("E-mail address", "grace@example.com")
		v.fill("Full name", "Grace Hopper")
		v.fill("Password", password)
		v.press("Create account")
		v.sees("Inkwell Teams", "Active", "10")
		v.press("How to ask for a refund")
		v.sees("Within 48 hours of the purchase", "You can ask until", "AWS Support", "three to five business days")
	})

	t.Run("PaymentThatFails", func(t *testing.T) {
		v := newVisitor(t, true)
		product := up.Sandbox.Product("legacy") // of a product known by license, no notice says so
		bought := up.Sandbox.Buy(up.Sandbox.Buyers()[2], product)
		v.post(up, token(bought.RegistrationToken))
		v.fill("E-mail address", "linus@example.com")
		v.fill("Full name", "Linus Pauling")
		v.fill("Password", password)
		v.press("Create account")
		v.sees("Being confirmed")
		up.Sandbox.Post("/_sandbox/agreements/"+url.PathEscape(bought.AgreementID)+"/fail-payment", map[string]any{}, nil)
		up.Sandbox.Advance(5 * time.Minute)
		up.LicenseIn(bought.LicenseARN, "failed")
		v.open(up.Gateway.URL + "/portal")
		v.sees("Payment failed")
		v.press(product.Title)
		v.sees("AWS Marketplace could not take the payment", "subscribe again")
		v.seesNot("Open " + product.Title)
	})
}
