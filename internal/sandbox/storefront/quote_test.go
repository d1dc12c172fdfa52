package storefront

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/test/chromium"
)

// TestThePriceOfAContractIsShownBeforeItIsBought asks for it as the button does where there are no scripts.
func TestThePriceOfAContractIsShownBeforeItIsBought(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	if page := v.get("/products/" + teams); strings.Contains(page.One(t, "#cost").Text(), "$") {
		t.Errorf("nobody has picked anything, and it costs %s", page.One(t, "#cost").Text())
	}
	page := v.get("/products/" + teams + "?price=show&units_seats=10&duration=P12M&renew=on")
	if cost := page.One(t, "#cost").Text(); !strings.Contains(cost, "Due now") || !strings.Contains(cost, "$1,200.00") {
		t.Errorf("ten seats cost %s", cost)
	}
	if got := page.One(t, "#units_seats").Attr("value"); got != "10" {
		t.Errorf("asking for the price left %q in the form", got)
	}
	if page = v.get("/products/" + teams + "?price=show&units_seats=lots&duration=P12M"); v.status != http.StatusOK || !strings.Contains(page.One(t, "#cost").Text(), `"lots" is none`) {
		t.Errorf("%d: %s", v.status, page.One(t, "#cost").Text())
	}
	if n := s.world.CountAgreements(world.AgreementQuery{}); n != 0 {
		t.Errorf("asking for a price bought %d", n)
	}
	v.send(v.get("/products/"+teams), "/products/"+teams+"/subscribe", "units_seats", "10", "duration", "P12M")
	s.advance(time.Hour)
	id := s.world.Agreements(world.AgreementQuery{})[0].AgreementID
	page = v.get("/subscriptions/" + id + "/amend?price=show&units_seats=20&units_shelves=0")
	want, err := s.world.PreviewAmend(s.clock.Now(), id, world.Amendment{Quantities: map[string]int64{"seats": 20}})
	if err != nil {
		t.Fatal(err)
	}
	if cost := page.One(t, "#cost").Text(); !strings.Contains(cost, "$1,1") || want.Charges[0].Amount.String() >= "1200" {
		t.Errorf("ten more seats for the rest of the year cost %s; the world says %s", cost, want.Charges[0].Amount)
	}
	if a, _ := s.world.Agreement(id); a.Terms.Quantities["seats"] != 10 {
		t.Errorf("asking for a price left %v", a.Terms.Quantities)
	}
}

// TestAPrivateOfferIsAnnounced on its product's page, to its buyer alone, and is closed when its time is over.
func TestAPrivateOfferIsAnnounced(t *testing.T) {
	s := newSite(t)
	o, err := s.world.CreateOffer(s.clock.Now(), world.Offer{ProductID: teams, Name: "Next quarter", Buyers: []string{acme}, ExpiresAt: s.clock.Now().Add(48 * time.Hour),
		Terms: world.OfferTerms{Upfront: &world.UpfrontTerm{RateCards: s.rates(teams)}, Validity: &world.ValidityTerm{StartDate: s.clock.Now().Truncate(24*time.Hour).AddDate(0, 0, 10)}}})
	if err != nil {
		t.Fatal(err)
	}
	v, path := s.as(acme), "/products/"+teams+"/offers/"+o.OfferID
	if page := v.get("/products/" + teams); !page.Has("p", "A private offer for Acme Corporation") || !page.Has("strong", "Next quarter") || !page.Has("span", "Future dated") {
		t.Errorf("it is not announced: %s", page.Text())
	}
	if s.as(globex).get("/products/"+teams).Has("strong", "Next quarter") {
		t.Error("it is announced to somebody else")
	}
	if cost := v.get(path+"?price=show&units_seats=2&duration=P12M").One(t, "#cost").Text(); !strings.Contains(cost, "It begins on") {
		t.Errorf("the price is %s", cost)
	}
	s.advance(49 * time.Hour)
	if page := v.get(path); !page.Has("p", "This offer cannot be accepted any more") || page.Has("button", "Create contract") {
		t.Errorf("it is over, and its page says %s", page.Text())
	}
}

// rates are a product's listed rate cards.
func (s *site) rates(product string) []world.RateCard {
	s.t.Helper()
	o, err := s.world.PublicOffer(product)
	if err != nil {
		s.t.Fatal(err)
	}
	return o.Terms.Upfront.RateCards
}

// TestABrowserSeesThePriceAsItTypes has the script ask, under the pages' security policy.
func TestABrowserSeesThePriceAsItTypes(t *testing.T) {
	ctx, cancel := context.WithTimeout(chromium.Start(t), chromium.Patience)
	defer cancel()
	s := newSite(t)
	click := func(sel string) {
		t.Helper()
		if _, err := chromedp.RunResponse(ctx, chromedp.Click(sel)); err != nil {
			t.Fatalf("click on %s: %v", sel, err)
		}
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(s.url+"/products/"+teams)); err != nil {
		t.Fatal(err)
	}
	click(`main .menu-boxed`)
	if err := chromedp.Do(ctx, chromedp.WaitNotVisible(`button[data-cost]`), chromedp.SendKeys(`#units_seats`, "3"), chromedp.WaitVisible(`#cost .cost-now`)); err != nil {
		t.Errorf("no price appeared: %v", err)
	}
}
