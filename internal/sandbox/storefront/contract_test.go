package storefront

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/sandbox/world"
)

const (
	teams = "prod-inkwell0teams" // quantities
	press = "prod-inkwell0press" // tiers, and usage
)

func TestContractIsConfiguredAndBought(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	page := v.get("/products/" + teams)
	if !page.Has("h2", "Configure your contract") || page.Has("h2", "Subscribe") {
		t.Fatal("the product's page does not ask for the terms")
	}
	action := "/products/" + teams + "/subscribe"
	again := v.send(page, action, "units_seats", "lots")
	if v.status != http.StatusUnprocessableEntity || !again.Has("p", `"lots" is none`) || again.One(t, "#units_seats").Attr("value") != "lots" {
		t.Errorf("what is no number was answered %d: %s", v.status, again.Text())
	}
	again = v.send(again, action, "units_seats", "")
	if v.status != http.StatusUnprocessableEntity || !again.Has("p", "at least one unit") {
		t.Errorf("nothing chosen was answered %d", v.status)
	}
	thanks := v.send(again, action, "units_seats", " 10 ", "duration", "P12M")
	if v.status != http.StatusOK || !thanks.Has("dd", "10 × Seats for 12 months") {
		t.Fatalf("bought: %d %s", v.status, thanks.Text())
	}
	all := s.world.Agreements(world.AgreementQuery{})
	if len(all) != 1 || all[0].Terms.Quantities["seats"] != 10 || all[0].Terms.Duration != "P12M" || !all[0].Terms.AutoRenew {
		t.Fatalf("bought %+v", all)
	}
	if bill := v.get("/bill"); !bill.Has("td", "$1,200.00") || !bill.Has("small", "Contract, paid upfront") {
		t.Errorf("the bill is %s", bill.Text())
	}
}

func TestTierIsBoughtOnce(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	v.send(v.get("/products/"+press), "/products/"+press+"/subscribe", "tier", "platen", "duration", "P1M")
	all := s.world.Agreements(world.AgreementQuery{})
	if v.status != http.StatusOK || len(all) != 1 || all[0].Terms.Quantities["platen"] != 1 {
		t.Fatalf("%d, bought %+v", v.status, all)
	}
	if page := v.get("/products/" + press); page.Has("h2", "Configure your contract") {
		t.Error("it can be bought a second time")
	}
}

func TestContractHasNoCancelButton(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	v.send(v.get("/products/"+teams), "/products/"+teams+"/subscribe", "units_seats", "1", "duration", "P1M")
	id := s.world.Agreements(world.AgreementQuery{})[0].AgreementID
	s.advance(5 * time.Minute)
	list := v.get("/subscriptions")
	if strings.Contains(list.Text(), "Cancel subscription") {
		t.Error("the list offers to cancel it")
	}
	page := v.get("/subscriptions/" + id)
	if !page.Has("p", "Within 48 hours of the purchase, ask AWS Support") {
		t.Error("nobody says how a contract is cancelled")
	}
	v.get("/subscriptions/" + id + "/cancel")
	if v.at != "/subscriptions/"+id {
		t.Errorf("the page for cancelling led to %s", v.at)
	}
	v.post("/subscriptions/"+id+"/cancel", map[string][]string{"confirm": {"confirm"}})
	if v.status != http.StatusConflict || len(s.world.Agreements(world.AgreementQuery{Status: world.Active})) != 1 {
		t.Errorf("a form made by hand was answered %d", v.status)
	}

	page = v.send(page, "/subscriptions/"+id+"/renewal", "renew", "off")
	if a, err := s.world.Agreement(id); err != nil || a.Terms.AutoRenew || !page.Has("p", "ends when its time is over") {
		t.Errorf("its renewal was switched off: %+v, %v", a.Terms, err)
	}
	v.send(page, "/subscriptions/"+id+"/renewal", "renew", "off") // twice
	if v.status != http.StatusOK {
		t.Errorf("switched off twice: %d", v.status)
	}
	s.advance(32 * 24 * time.Hour)
	if past := v.get("/subscriptions"); !past.Has("td", "Expired") {
		t.Errorf("after its end: %s", past.Text())
	}
}

func TestControlRoomRenewsAContract(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	v.send(v.get("/products/"+press), "/products/"+press+"/subscribe", "tier", "platen", "duration", "P1M")
	id := s.world.Agreements(world.AgreementQuery{})[0].AgreementID
	s.advance(5 * time.Minute)
	v.post("/control/agreements/"+id+"/renew", nil)
	all := s.world.Agreements(world.AgreementQuery{})
	if v.status != http.StatusOK || len(all) != 2 || all[0].Status != world.Renewed || all[1].PreviousAgreementID != id {
		t.Errorf("%d, %+v", v.status, all)
	}
}

func TestContractIsAmended(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	v.send(v.get("/products/"+teams), "/products/"+teams+"/subscribe", "units_seats", "2", "duration", "P1M")
	id := s.world.Agreements(world.AgreementQuery{})[0].AgreementID
	s.advance(5 * time.Minute)
	action := "/subscriptions/" + id + "/amend"
	page := v.get(action)
	if got := page.One(t, "#units_seats").Attr("value"); got != "2" {
		t.Errorf("the form begins with %q seats", got)
	}
	less := v.send(page, action, "units_seats", "1")
	if v.status != http.StatusUnprocessableEntity || !less.Has("p", "cannot go down") || less.One(t, "#units_seats").Attr("value") != "1" {
		t.Errorf("fewer seats: %d %s", v.status, less.Text())
	}
	more := v.send(page, action, "units_seats", "5", "units_shelves", "1")
	if v.status != http.StatusOK || !more.Has("dd", "5 × Seats, 1 × Shelves") {
		t.Errorf("more seats: %d %s", v.status, more.Text())
	}
	v.send(page, action, "units_seats", "5", "units_shelves", "1") // twice
	if a, err := s.world.Agreement(id); v.status != http.StatusOK || err != nil || len(a.Charges) != 3 {
		t.Errorf("sent twice: %d, charges %+v, %v", v.status, a.Charges, err)
	}

	v.send(v.get("/products/"+press), "/products/"+press+"/subscribe", "tier", "handpress", "duration", "P1M")
	tier := s.world.Agreements(world.AgreementQuery{ProductCode: press})[0].AgreementID
	v.send(v.get("/subscriptions/"+tier+"/amend"), "/subscriptions/"+tier+"/amend", "tier", "rotary")
	if a, err := s.world.Agreement(tier); err != nil || a.Terms.Quantities["rotary"] != 1 || len(a.Terms.Quantities) != 1 {
		t.Errorf("a higher tier: %+v, %v", a.Terms, err)
	}
	payg := v.subscribe(inkwell)
	if v.get("/subscriptions/" + payg + "/amend"); v.at != "/subscriptions/"+payg {
		t.Errorf("pay as you go is amended at %s", v.at)
	}
}

// What was given back stands on the bill, with the invoice that it is of.
func TestBillShowsWhatWasGivenBack(t *testing.T) {
	s := newSite(t)
	a, err := s.world.Subscribe(s.clock.Now(), world.Subscribe{BuyerAccount: acme, Product: teams, Terms: world.Terms{Duration: "P1M", Quantities: map[string]int64{"seats": 2}}})
	if err != nil {
		t.Fatal(err)
	}
	if bill := s.as(acme).get("/bill"); !bill.Has("small", "Not invoiced yet") {
		t.Errorf("the bill is %s", bill.Text())
	}
	s.advance(5 * time.Minute)
	if _, err := s.world.Refund(s.clock.Now(), a.AgreementID, world.Refund{Amount: "4.50", Reason: "Down for a day"}); err != nil {
		t.Fatal(err)
	}
	invoice := s.world.Invoices(world.InvoiceQuery{Type: world.InvoiceCharge})[0].InvoiceID
	bill := s.as(acme).get("/bill")
	if !bill.Has("td", "Given back by AWS Support") || !bill.Has("small", "Down for a day") || !bill.Has("small", "for invoice "+invoice) || bill.One(t, "p.stat-number").Text() != "$19.50" {
		t.Errorf("the bill is %s", bill.Text())
	}
}
