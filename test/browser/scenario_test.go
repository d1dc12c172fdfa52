package browser

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/test/harness"
)

// purchase is what happens in a cell: a buyer's way from the storefront to the end, and the seller's programs beside it.
type purchase struct {
	*cell
	t      *testing.T
	up     *harness.Up
	v      *visitor
	bought harness.Agreement
	events int      // that were reported
	played []string // scenarios, such as T-1
}

// play goes through all scenarios that the cell has, in the order in which they come in a subscription's life.
func (p *purchase) play() {
	p.unknown()
	if p.metered() {
		// AWS's notices are late, and it cannot be asked, so that an hour ends before it has said that the purchase stands.
		p.up.Sandbox.Break(harness.Fault{Operation: "Notification", Kind: "delay", Delay: "90m"})
		p.up.Sandbox.Break(harness.Fault{Operation: "SearchAgreements", Kind: "error"})
	}
	p.buy()
	p.arrive()
	p.register()
	p.await()
	if p.offer == trial { // whose terms AWS is asked for, once a day where no notice names the agreement
		p.up.Gateway.Post("/v1/resync", map[string]any{}, nil)
		p.up.Sandbox.Advance(5 * time.Minute)
	}
	if p.entitled() {
		p.hold(10)
	}
	if p.metered() {
		p.meter()
	}
	if p.entitled() && p.offer != trial {
		p.grow()
		p.renew()
	}
	p.end()
	if p.metered() && p.offer == "" && p.generation == "legacy" {
		p.failPayment()
	}
	p.succeeded()
}

// did notes that a scenario was played, be it the second time.
func (p *purchase) did(scenario string) {
	if !slices.Contains(p.played, scenario) {
		p.played = append(p.played, scenario)
	}
}

// market and seller are addresses of the two sites.
func (p *purchase) market(path string) string { return p.up.Sandbox.URL + path }
func (p *purchase) seller(path string) string { return p.up.Gateway.URL + path }

// unknown is somebody who comes without a purchase: T-6.
func (p *purchase) unknown() {
	p.v.open(p.seller("/portal"))
	p.v.sees("Sign in", "Accounts are made when you come from AWS Marketplace")
	p.v.press("how that works")
	p.v.sees("Set up your account from AWS Marketplace", "You have subscribed, and have no account yet")
	p.did("T-6")
}

// buy is the purchase in the storefront: T-1.
func (p *purchase) buy() {
	p.v.as(p.up, p.buyer.Name)
	p.v.open(p.market("/products/" + p.product.ProductID))
	switch p.offer {
	case trial:
		p.v.press("Try for free")
		p.v.press("Try for free")
	case private:
		p.v.press("View the offer")
		p.v.sees("Private pricing")
	}
	if p.offer != trial {
		if p.entitled() && p.offer == "" {
			p.v.fill("Seats", "10")
		}
		verb := "Subscribe"
		if p.entitled() {
			verb = "Create contract"
		}
		p.v.press(verb)
	}
	p.v.sees("Thank you for subscribing", p.product.Title)
	p.bought = p.running()
	p.did("T-1")
}

// running is the buyer's agreement.
func (p *purchase) running() harness.Agreement {
	p.t.Helper()
	all := harness.All[harness.Agreement](&p.up.Sandbox.API, "/_sandbox/agreements?buyerAccountId="+p.buyer.AccountID+"&status=ACTIVE")
	if len(all) != 1 || (all[0].CustomerIdentifier != "") != (p.generation == "legacy") {
		p.t.Fatalf("the buyer has the agreements %+v; want one, of the generation %s", all, p.generation)
	}
	return all[0]
}

// arrive presses Set up your account, twice: the first registration is left unfinished. The seller's page is reached by a
// POST, and who comes is kept: T-2.
func (p *purchase) arrive() {
	for range 2 {
		p.v.open(p.market("/subscriptions"))
		p.v.press("Set up your account")
		p.v.sees("Set up your account for "+p.product.Title, "Have an account already?")
		if at := p.v.where(); at != p.seller("/register/account") {
			p.t.Errorf("the buyer has arrived at %s", at)
		}
	}
	type registration struct {
		ProductCode, LicenseARN, CustomerAWSAccountID, CustomerIdentifier, OfferType string
		Arrivals                                                                     int
	}
	want := registration{p.product.ProductCode, p.bought.LicenseARN, p.buyer.AccountID, p.bought.CustomerIdentifier, "", 2}
	if p.offer == trial {
		want.OfferType = "free-trial"
	}
	mine := func(r registration) bool { return r.ProductCode == p.product.ProductCode }
	if kept := only(harness.All[registration](p.up.Gateway, "/v1/registrations"), mine); len(kept) != 1 || kept[0] != want {
		p.t.Errorf("kept is %+v; want %+v", kept, want)
	}
	resolved := p.calls("ResolveCustomer", func(c call) bool { return strings.Contains(c.Response, p.product.ProductCode) })
	if len(resolved) != 2 {
		p.t.Errorf("the two tokens were resolved by %+v", resolved)
	}
	for _, c := range resolved {
		var asked struct{ RegistrationToken string }
		p.decode(c.Request, &asked)
		p.v.secret(asked.RegistrationToken)
	}
	p.did("T-2")
}

// register makes the account, of an address as anybody has; AWS's word is yet to come: T-3.
func (p *purchase) register() {
	p.signUp(p.buyer)
	p.v.sees(p.product.Title, "Being confirmed")
	if verdict := p.check("seats", 1); p.entitled() && (verdict.Allowed || verdict.Reason != "no_access") {
		p.t.Errorf("before AWS has said anything, the check says %+v", verdict)
	}
	p.did("T-3")
}

func (p *purchase) signUp(b harness.Buyer) {
	p.v.fill("E-mail address", strings.Replace(b.Email, "@acme.example", "@gmail.com", 1))
	p.v.fill("Full name", "Ada Lovelace")
	p.v.fill("Company", b.Name)
	p.v.fill("Password", password)
	p.v.press("Create account")
}

// await lets AWS say that the purchase stands; until then usage waits: T-10.
func (p *purchase) await() {
	if !p.metered() {
		p.up.Sandbox.Advance(5 * time.Minute)
		p.up.LicenseIn(p.bought.LicenseARN, "active")
		return
	}
	p.report(30)
	p.up.Sandbox.Advance(75 * time.Minute)
	p.up.LicenseIn(p.bought.LicenseARN, "pending")
	if sent := p.batches(); len(sent) > 0 {
		p.t.Errorf("before AWS said that the purchase stands, the gateway sent %+v", sent)
	}
	p.up.Sandbox.Advance(20 * time.Minute)
	p.up.Sandbox.Mend()
	p.up.LicenseIn(p.bought.LicenseARN, "active")
	p.did("T-10")
}

// hold finds what was bought on the customer's page and in the check, no more and no less: T-4, T-5.
func (p *purchase) hold(seats int) {
	p.t.Helper()
	p.v.open(p.seller("/portal"))
	p.v.press(p.product.Title)
	p.v.sees("Active", "What you bought", fmt.Sprintf("Seats %d", seats))
	if p.offer == trial {
		p.v.sees("Free trial until", "The subscription ends with it")
	}
	for _, c := range []struct {
		dimension string
		quantity  int
		reason    string
	}{{"seats", seats, "entitled"}, {"seats", seats + 1, "exceeded"}, {"shelves", 1, "not_entitled"}} {
		if v := p.check(c.dimension, c.quantity); v.Reason != c.reason || v.Allowed != (c.reason == "entitled") {
			p.t.Errorf("%d %s: the check says %+v; want %s", c.quantity, c.dimension, v, c.reason)
		}
	}
	p.did("T-4")
	p.did("T-5")
}

// meter has usage billed, that which waited and that of now: T-7.
func (p *purchase) meter() {
	p.report(7)
	p.up.Sandbox.Advance(2 * time.Hour)
	p.billed(37)
	p.v.open(p.seller("/portal"))
	p.v.press(p.product.Title)
	p.v.sees("Active", "Pages 37")
	if p.offer == trial {
		p.v.sees("Free trial until", "Afterwards the subscription goes on")
	}
	p.v.open(p.market("/bill"))
	p.v.sees(p.product.Title, map[string]string{"": "$0.74", trial: "$0.00", private: "$0.37"}[p.offer])
	p.did("T-7")
}

// billed fails the test unless AWS has honoured pages, all of them for the one who registered.
func (p *purchase) billed(pages int64) {
	p.t.Helper()
	var sum int64
	for _, r := range harness.All[harness.Record](&p.up.Sandbox.API, "/_sandbox/records?productCode="+p.product.ProductCode) {
		if r.Dimension == "pages" {
			sum += r.Quantity
		}
		byLicense := r.LicenseARN == p.bought.LicenseARN && r.CustomerAWSAccountID == p.buyer.AccountID && r.CustomerIdentifier == ""
		byIdentifier := r.CustomerIdentifier == p.bought.CustomerIdentifier && r.ProductCode == p.product.ProductCode
		if p.generation == "license" && !byLicense || p.generation == "legacy" && !byIdentifier {
			p.t.Errorf("a record is for somebody else: %+v", r)
		}
	}
	if sum != pages {
		p.t.Errorf("AWS has honoured %d pages; want %d", sum, pages)
	}
}

// grow buys more, which the seller is told: of a public contract, the buyer changes it; in place of one under a private offer
// the seller offers another.
func (p *purchase) grow() {
	if p.offer == private {
		var made struct{ OfferID string }
		p.up.Sandbox.Post("/_sandbox/offers", map[string]any{"productId": p.product.ProductID, "buyerAccountIds": []string{p.buyer.AccountID},
			"replacementAgreementId": p.bought.AgreementID, "terms": p.privateTerms(12)}, &made)
		p.v.open(p.market("/products/" + p.product.ProductID + "/offers/" + made.OfferID))
		p.v.press("Accept and replace")
	} else {
		p.v.open(p.market("/subscriptions/" + p.bought.AgreementID))
		p.v.press("Change contract")
		p.v.fill("Seats", "12")
		p.v.press("Change contract")
	}
	p.v.sees("12 × Seats")
	p.bought = p.running()
	p.up.Sandbox.Advance(2 * time.Minute)
	p.hold(12)
}

// renew is the calendar's.
func (p *purchase) renew() {
	before := p.check("seats", 12)
	p.up.Sandbox.Post("/_sandbox/agreements/"+url.PathEscape(p.bought.AgreementID)+"/renew", map[string]any{}, nil)
	p.bought = p.running()
	p.up.Sandbox.Advance(2 * time.Minute)
	p.hold(12)
	if after := p.check("seats", 12); !after.ExpiresAt.After(before.ExpiresAt) {
		p.t.Errorf("renewed, it expires at %s; before, it did at %s", after.ExpiresAt, before.ExpiresAt)
	}
}

// end is a cancellation by the buyer, or the end of a contract's term. The last usage is billed within the hour, where any is:
// T-8, T-9, T-11.
func (p *purchase) end() {
	licence := p.up.LicenseIn(p.bought.LicenseARN, "active")
	if p.entitled() {
		p.up.Sandbox.Post("/_sandbox/agreements/"+url.PathEscape(p.bought.AgreementID)+"/expire", map[string]any{}, nil)
	} else {
		cancel(p.v, p.up, p.product)
	}
	over := p.up.Sandbox.Now()
	p.up.Sandbox.Advance(3 * time.Minute)
	if p.metered() {
		p.up.LicenseIn(p.bought.LicenseARN, "winding_down")
		p.v.open(p.seller("/portal/licenses/" + licence.ID))
		if p.entitled() && p.generation == "license" { // notices of the older generation do not tell why
			p.v.sees("The term is over; final usage is reported until", "AWS Marketplace can confirm")
			p.v.seesNot("Cancellation in progress")
		} else {
			p.v.sees("Cancellation in progress until", "AWS Marketplace can confirm")
		}
		p.report(5)
	}
	p.up.Sandbox.Advance(2 * time.Hour)
	p.up.LicenseIn(p.bought.LicenseARN, "ended")
	p.v.open(p.seller("/portal/licenses/" + licence.ID))
	p.v.sees("This subscription has ended")
	if v := p.check("seats", 1); v.Allowed || v.Reason != "no_access" {
		p.t.Errorf("after the end, the check says %+v", v)
	}
	if p.entitled() {
		p.did("T-9")
	}
	if p.metered() {
		p.billed(42)
		for _, c := range p.batches() {
			if late := c.Time.Sub(over); late > time.Hour+time.Minute { // AWS's word takes up to a minute
				p.t.Errorf("usage was sent %s after the end: %+v", late, c)
			}
		}
		p.did("T-8")
		p.did("T-11")
	}
}

// failPayment is a purchase whose buyer cannot pay, which AWS tells those alone who know buyers by customer identifiers.
func (p *purchase) failPayment() {
	p.v.open(p.seller("/signout"))
	p.v.press("Sign out")
	in := map[string]any{"buyerAccountId": p.poor.AccountID, "productCode": p.product.ProductCode}
	if p.entitled() {
		in["quantities"], in["duration"] = map[string]int{"seats": 1}, "P12M"
	}
	var bought harness.Agreement
	p.up.Sandbox.Post("/_sandbox/agreements", in, &bought)
	p.v.post(p.up, token(bought.RegistrationToken))
	p.signUp(p.poor)
	p.v.sees(p.product.Title, "Being confirmed")
	p.up.Sandbox.Post("/_sandbox/agreements/"+url.PathEscape(bought.AgreementID)+"/fail-payment", map[string]any{}, nil)
	p.up.Sandbox.Advance(5 * time.Minute)
	p.up.LicenseIn(bought.LicenseARN, "failed")
	p.v.open(p.seller("/portal"))
	p.v.press(p.product.Title)
	p.v.sees("AWS Marketplace could not take the payment", "subscribe again")
}

// succeeded looks at the calls as AWS's operators do: T-12.
func (p *purchase) succeeded() {
	calls := p.calls("ResolveCustomer", func(c call) bool { return strings.Contains(c.Response, p.product.ProductCode) })
	if p.metered() {
		sent := p.batches()
		if len(sent) == 0 || slices.ContainsFunc(sent, func(c call) bool { return !strings.Contains(c.Response, `"Success"`) }) {
			p.t.Errorf("the usage was sent by %+v", sent)
		}
		calls = append(calls, sent...)
	}
	if p.entitled() {
		asked := p.calls("GetEntitlements", func(c call) bool { return strings.Contains(c.Request, p.product.ProductCode) })
		if len(asked) == 0 {
			p.t.Errorf("AWS was never asked what was bought")
		}
		calls = append(calls, asked...)
	}
	for _, c := range calls {
		if c.Status != http.StatusOK {
			p.t.Errorf("a call did not succeed: %+v", c)
		}
	}
	p.did("T-12")
}
