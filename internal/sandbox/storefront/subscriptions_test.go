package storefront

import (
	"testing"
	"time"

	"souk.dev/souk/internal/sandbox/world"
)

func TestSubscriptionsAreChosenByStatusAndProduct(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	past := v.subscribe(classic)
	v.post("/subscriptions/"+past+"/cancel", map[string][]string{"confirm": {"confirm"}})
	s.advance(26 * time.Hour)
	v.send(v.get(trialPage), "/products/"+inkwell+"/subscribe")
	v.send(v.get("/products/"+teams), "/products/"+teams+"/subscribe", "units_seats", "5", "duration", "P12M")
	s.advance(5 * time.Minute)

	page := v.get("/subscriptions")
	if n := len(page.All("article")); n != 2 || !page.Has("h2", "Past subscriptions") || !page.Has("span", "Free trial") {
		t.Errorf("all of them are %d cards: %s", n, page.Text())
	}
	if page = v.get("/subscriptions?status=ACTIVE&product=1nkwe11teams00upfr0ntabcd"); len(page.All("article")) != 1 || page.Has("h2", "Past subscriptions") || page.Has("span", "Free trial") {
		t.Errorf("the running contracts for Teams are %s", page.Text())
	}
	if page = v.get("/subscriptions?status=EXPIRED"); !page.Has("p", "None of these") {
		t.Errorf("what has expired is %s", page.Text())
	}
	s.advance(31 * 24 * time.Hour)
	if page = v.get("/subscriptions"); page.Has("span", "Free trial") {
		t.Error("the trial is over and has its badge still")
	}
}

func TestRenewalSettingsSayWhatWasAgreedOn(t *testing.T) {
	s := newSite(t)
	a, err := s.world.Subscribe(s.clock.Now(), world.Subscribe{BuyerAccount: globex, Product: teams, OfferID: "offer-globexteams00", Terms: world.Terms{AutoRenew: true}})
	if err != nil {
		t.Fatal(err)
	}
	s.advance(time.Hour)
	v := s.as(globex)
	page := v.get("/subscriptions/" + a.AgreementID)
	renewal := "The price rises by 4 % each time."
	if !page.Has("p", renewal) || !page.Has("p", "Settled 30 days before the end.") || !page.Has("button", "Cancel renewal") || !page.Has("h2", "License") {
		t.Errorf("its settings are %s", page.Text())
	}
	s.advance(a.LockoutStart().Sub(s.clock.Now()))
	if page = v.get("/subscriptions/" + a.AgreementID); page.Has("button", "Cancel renewal") || !page.Has("p", "It was to be decided before") {
		t.Errorf("after the lockout its settings are %s", page.Text())
	}
}
