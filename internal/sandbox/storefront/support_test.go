package storefront

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/sandbox/world"
)

// contractOf buys a contract and returns its agreement.
func (v *visitor) contractOf(product string) world.Agreement {
	v.t.Helper()
	v.send(v.get("/products/"+product), "/products/"+product+"/subscribe", "units_seats", "25", "duration", "P12M")
	all := v.world.Agreements(world.AgreementQuery{Status: world.Active})
	if len(all) == 0 {
		v.t.Fatalf("no contract: %s", v.at)
	}
	return all[len(all)-1]
}

func (v *visitor) ask(a world.Agreement) string {
	v.t.Helper()
	page := v.get("/support")
	details := page.One(v.t, "details#ask-"+a.AgreementID)
	fields := details.One(v.t, "form").Fields()
	fields.Set("reason", "Not what we need")
	v.post("/support", fields)
	id, ok := strings.CutPrefix(v.at, "/support/")
	if !ok || v.status != http.StatusOK {
		v.t.Fatalf("asking led to %s, %d: %s", v.at, v.status, v.get("/support").Text())
	}
	return id
}

func TestARefundWithin48Hours(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	a := v.contractOf(teams)
	s.advance(47 * time.Hour)
	id := v.ask(a)
	page := v.get("/support/" + id)
	if !page.Has("p", "The refund is granted") || page.Has("a", "seller's desk") {
		t.Errorf("in time: %s", page.One(t, "main").Text())
	}
	if a, _ := s.world.Agreement(a.AgreementID); a.Status != world.Cancelled {
		t.Errorf("the contract is %s", a.Status)
	}
	s.advance(8 * 24 * time.Hour)
	if page = v.get("/support/" + id); !page.Has("span.badge-success", "Completed") || !page.Has("dt", "Given back") {
		t.Errorf("after its business days: %s", page.One(t, "main").Text())
	}
	if s.as(globex).get("/support/"+id).Has("h1", "Cancel and refund") {
		t.Error("another buyer reads the case")
	}
}

func TestARefundAfter48HoursNeedsTheSeller(t *testing.T) {
	for grant, want := range map[string]world.CaseStatus{"prorated": world.CaseCompleted, "none": world.CaseActionRequired} {
		t.Run(grant, func(t *testing.T) {
			s := newSite(t)
			v, seller := s.as(acme), s.visitor()
			a := v.contractOf(teams)
			s.advance(30 * 24 * time.Hour)
			if page := v.get("/support"); !page.Has("span", "48 hours are over: the seller decides") {
				t.Errorf("the page says %s", page.One(t, "main").Text())
			}
			id := v.ask(a)
			if page := v.get("/support/" + id); !page.Has("p", "must authorise the refund") {
				t.Errorf("late: %s", page.One(t, "main").Text())
			}
			v.post("/support", url.Values{"agreement": {a.AgreementID}, "kind": {"cancel_and_refund"}})
			if v.status != http.StatusUnprocessableEntity {
				t.Errorf("a second case answers %d", v.status)
			}
			page := seller.get("/seller/requests")
			if !page.Has("p", "“Not what we need”") {
				t.Errorf("the seller reads %s", page.One(t, "main").Text())
			}
			if seller.post("/seller/cases/"+id, url.Values{}); seller.status != http.StatusBadRequest {
				t.Errorf("no decision answers %d", seller.status)
			}
			seller.send(page, "/seller/cases/"+id, "grant", grant)
			if grant != "none" {
				page = v.send(v.get("/support/"+id), "/support/"+id+"/grant") // the operator is quicker
				if !page.Has("span.badge-success", "Completed") {
					t.Errorf("granted: %s", page.One(t, "main").Text())
				}
			}
			if c, err := s.world.Case(id); err != nil || c.Status != want {
				t.Errorf("the case is %+v, %v", c, err)
			}
			if page = v.get("/support"); len(page.All("a.row-link")) != 1 {
				t.Error("the list does not have the case")
			}
		})
	}
}

func TestUsageIsDisputed(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	v.subscribe(inkwell)
	s.meter("pages", 1200)
	a := s.world.Agreements(world.AgreementQuery{})[0]
	id := v.ask(a)
	if page := v.get("/support/" + id); !page.Has("p", "once the month is invoiced") {
		t.Errorf("disputed: %s", page.One(t, "main").Text())
	}
	v.post("/support", url.Values{"agreement": {a.AgreementID}, "kind": {"metering_error"}, "month": {"soon"}})
	if v.status != http.StatusUnprocessableEntity {
		t.Errorf("no month answers %d", v.status)
	}
	if s.visitor().get("/support").Has("h2", "Your cases") {
		t.Error("nobody has cases")
	}
}

func TestSellerGivesBackAndAsksForPayments(t *testing.T) {
	s := newSite(t)
	o, err := s.world.CreateOffer(s.clock.Now(), world.Offer{ProductID: teams, Buyers: []string{acme}, Terms: world.OfferTerms{
		Fixed:    &world.FixedTerm{Duration: "P12M", Price: decimal.NewFromInt(1000), Grants: []world.Grant{{Dimension: "seats"}}},
		Variable: &world.VariablePaymentTerm{MaxTotal: decimal.NewFromInt(500)}}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.world.Subscribe(s.clock.Now(), world.Subscribe{BuyerAccount: acme, Product: teams, OfferID: o.OfferID, Terms: world.Terms{Variable: &world.VariableChoice{Strategy: world.WaitForApproval}}})
	if err != nil {
		t.Fatal(err)
	}
	s.advance(time.Hour)
	buyer, seller := s.as(acme), s.visitor()
	at, mine := "/seller/agreements/"+a.AgreementID, "/subscriptions/"+a.AgreementID
	page := seller.send(seller.get(at), at+"/adjustment", "amount", "2000")
	if !page.Has("div.notice-error", "Nothing is given back") {
		t.Errorf("too much: %s", page.One(t, "main").Text())
	}
	seller.send(page, at+"/adjustment", "amount", "250.50")
	s.advance(24 * time.Hour)
	if page = seller.get(at); !page.Has("td", "Completed") || !page.Has("td", "−$250.50") || !page.Has("td", "$749.50") {
		t.Errorf("given back: %s", page.One(t, "main").Text())
	}
	page = seller.send(page, at+"/payment", "name", "Onboarding", "amount", "501")
	if !page.Has("div.notice-error", "exceeds") {
		t.Errorf("beyond the maximum: %s", page.One(t, "main").Text())
	}
	seller.send(page, at+"/payment", "name", "Onboarding", "amount", "300")
	seller.send(seller.get(at), at+"/payment", "name", "Further training", "amount", "200")
	for i, act := range []string{"approve", "deny"} {
		id := s.world.Payments(world.PaymentQuery{AgreementID: a.AgreementID})[i].ID
		buyer.send(buyer.get(mine), mine+"/payments/"+id+"/"+act)
		if buyer.post(mine+"/payments/"+id+"/approve", nil); buyer.status != http.StatusOK {
			t.Errorf("an answer after the answer: %d", buyer.status)
		}
	}
	if page = seller.get(at); !page.Has("span.badge-success", "Approved") || !page.Has("span.badge", "Denied") || !page.Has("td", "$300.00") {
		t.Errorf("the payments: %s", page.One(t, "main").Text())
	}
	if page = s.as(globex).post(mine+"/payments/x/approve", nil); page.Has("h1", "Inkwell") {
		t.Error("another buyer pays")
	}
}
