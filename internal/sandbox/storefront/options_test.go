package storefront

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/sandbox/world"
)

const (
	trialPage  = "/products/prod-inkwell00payg/offers/offer-inkwelltrial0"
	globexPage = "/products/prod-inkwell0teams/offers/offer-globexteams00"
)

func TestATrialIsTriedAndTellsTheSellerSo(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	if page := v.get("/products/" + inkwell); !page.Has("a", "Try for free") || !page.Has("span", "Free trial") {
		t.Fatalf("the product's page does not offer its trial: %s", page.Text())
	}
	page := v.get(trialPage)
	thanks := v.send(page, "/products/prod-inkwell00payg/subscribe")
	if v.status != http.StatusOK || !thanks.Has("h1", "Thank you for subscribing") {
		t.Fatalf("%d: %s", v.status, thanks.Text())
	}
	id := strings.TrimSuffix(strings.TrimPrefix(v.at, "/subscriptions/"), "/confirmation")
	setup := v.post("/subscriptions/"+id+"/setup", nil)
	sent := ""
	for _, in := range setup.All("input") {
		if in.Attr("name") == "x-amzn-marketplace-offer-type" {
			sent = in.Attr("value")
		}
	}
	if sent != "free-trial" {
		t.Errorf("the browser posts the offer type %q", sent)
	}
	if again := v.get(trialPage); !again.Has("h2", "You have this already") {
		t.Errorf("it is offered again: %s", again.Text())
	}
	v.send(page, "/products/prod-inkwell00payg/subscribe", "nonce", "another")
	if all := s.world.Agreements(world.AgreementQuery{}); len(all) != 1 {
		t.Errorf("%d agreements", len(all))
	}
}

func TestAPrivateOfferIsForItsBuyerOnly(t *testing.T) {
	s := newSite(t)
	if s.as(acme).get(globexPage); s.as(acme).get("/products/prod-inkwell0teams").Has("span", "Private pricing") {
		t.Error("Acme is shown what was made for Globex")
	}
	v := s.as(acme)
	if v.get(globexPage); v.status != http.StatusNotFound {
		t.Errorf("Acme opens it: %d", v.status)
	}
	v = s.as("222233334444")
	if page := v.get("/products/prod-inkwell0teams"); !page.Has("span", "Private pricing") {
		t.Fatal("Globex is not shown its offer")
	}
	page := v.get(globexPage)
	for _, want := range []string{"$2,000.00", "$1,500.00"} {
		if !page.Has("td", want) {
			t.Errorf("no payment of %s on it", want)
		}
	}
	v.send(page, "/products/prod-inkwell0teams/subscribe")
	all := s.world.Agreements(world.AgreementQuery{})
	if len(all) != 1 || all[0].OfferID != "offer-globexteams00" || !all[0].Terms.AutoRenew || all[0].Terms.Quantities["seats"] != 40 {
		t.Fatalf("%d, made %+v", v.status, all)
	}
}

func TestAReplacementIsAccepted(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	v.send(v.get("/products/"+teams), "/products/"+teams+"/subscribe", "units_seats", "5", "duration", "P12M")
	old := s.world.Agreements(world.AgreementQuery{})[0]
	n := int64(50)
	o, err := s.world.CreateOffer(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), world.Offer{ProductID: teams, Buyers: []string{acme}, Replaces: old.AgreementID,
		Terms: world.OfferTerms{Fixed: &world.FixedTerm{Duration: "P24M", Grants: []world.Grant{{Dimension: "seats", MaxQuantity: &n}}}}})
	if err != nil {
		t.Fatal(err)
	}
	page := v.get("/products/" + teams + "/offers/" + o.OfferID)
	if !page.Has("span", "Replacement") || !page.Has("code", old.AgreementID) {
		t.Fatalf("the page does not say what it replaces: %s", page.Text())
	}
	v.send(page, "/products/"+teams+"/subscribe")
	if got, err := s.world.Agreement(old.AgreementID); err != nil || got.Status != world.Replaced {
		t.Errorf("the old one is %s, %v", got.Status, err)
	}
}

// An offer for pay as you go with a monthly price and an end is made at the seller's desk, and its buyer can cancel what came
// of it: the end makes it no contract. A contract that is agreed on until a date is one.
func TestAnEndMakesNoContract(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	desk := "/seller/offers/new"
	page := v.send(v.get(desk+"?kind=usage&product="+inkwell), desk, "buyer", acme, "name", "Pages at half the price", "monthly", "49", "end", "2027-02-14")
	if v.status != http.StatusOK || !page.Has("li", "$49.00 a month, beside usage") {
		t.Fatalf("%d: %s", v.status, page.Text())
	}
	offer := strings.Replace(v.at, "/seller", "/products/"+inkwell, 1)
	page = v.get(offer)
	if !page.Has("p", "$49.00 is charged at the end of each month") {
		t.Errorf("the buyer is not told of the monthly price: %s", page.Text())
	}
	v.send(page, "/products/"+inkwell+"/subscribe")
	a := s.world.Agreements(world.AgreementQuery{})[0]
	at := "/subscriptions/" + a.AgreementID
	page = v.get(at)
	if !page.Has("dd", "$49.00, beside usage") || !page.Has("a", "Cancel subscription") || page.Has("a", "Change contract") {
		t.Errorf("the subscription says: %s", page.Text())
	}
	s.advance(2 * time.Minute)
	if v.send(v.get(at+"/cancel"), at+"/cancel", "confirm", "confirm"); s.world.Agreements(world.AgreementQuery{})[0].Status != world.Cancelled {
		t.Errorf("cancelling it answers %d at %s", v.status, v.at)
	}
	o, err := s.world.CreateOffer(s.clock.Now(), world.Offer{ProductID: teams, Buyers: []string{acme}, Terms: world.OfferTerms{
		Fixed: &world.FixedTerm{Grants: []world.Grant{{Dimension: "seats"}}}, Validity: &world.ValidityTerm{EndDate: noon.AddDate(0, 6, 0)}}})
	if err != nil {
		t.Fatal(err)
	}
	v.send(v.get("/products/"+teams+"/offers/"+o.OfferID), "/products/"+teams+"/subscribe")
	at = "/subscriptions/" + s.world.Agreements(world.AgreementQuery{Status: world.Active})[0].AgreementID
	if page = v.get(at); page.Has("a", "Cancel subscription") || page.Has("a", "Change contract") || !page.Has("h2", "Cancelling a contract") {
		t.Errorf("the contract says: %s", page.Text())
	}
	if v.post(at+"/cancel", url.Values{"confirm": {"confirm"}}); v.status != http.StatusConflict {
		t.Errorf("cancelling a contract answers %d", v.status)
	}
}
