package storefront

import (
	"fmt"
	"testing"
	"time"

	"souk.dev/souk/internal/sandbox/world"
)

// Of a buyer with many subscriptions the pages show the newest, and lead to every other.
func TestManySubscriptionsAreShownInParts(t *testing.T) {
	const many = 60
	s := newSite(t)
	var all []world.Agreement // oldest first
	for i := range many {
		a, err := s.world.Subscribe(s.clock.Now().Add(time.Duration(i)*time.Second), world.Subscribe{BuyerAccount: acme, Product: teams,
			Terms: world.Terms{Duration: "P12M", Quantities: map[string]int64{"seats": 1}}})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	s.advance(5 * time.Minute)
	newest := all[many-1].AgreementID
	v := s.as(acme)

	if page := v.get("/"); len(page.All("span.badge-success")) != 1 {
		t.Errorf("the storefront marks %d products as subscribed, want one", len(page.All("span.badge-success")))
	}
	page := v.get("/products/" + teams)
	if n := len(page.All("section.card-accent")); n != newestBeside || !page.Has("a", "All that Acme Corporation has of it") {
		t.Errorf("the listing shows %d subscriptions, want the newest %d and the way to the others", n, newestBeside)
	}
	page.One(t, "a[href=/subscriptions/"+newest+"]")

	page = v.get("/support")
	if n := len(page.All("details.ask")); n != refundablesOnPage || !page.Has("p", "For an older one") {
		t.Errorf("a refund is offered of %d, want the newest %d and the way to the others", n, refundablesOnPage)
	}
	page.One(t, "details#ask-"+newest)
	page = v.get("/support?agreement=" + all[0].AgreementID)
	if n := len(page.All("details.ask")); n != 1 {
		t.Errorf("of one subscription, %d refunds are offered", n)
	}
	page.One(t, "details#ask-"+all[0].AgreementID)
	if n := len(s.as(globex).get("/support?agreement=" + newest).All("details.ask")); n != 0 {
		t.Errorf("another buyer is offered %d refunds", n)
	}

	for _, a := range all[:casesOnPage+1] {
		if _, err := s.world.OpenCase(s.clock.Now(), world.NewCase{AgreementID: a.AgreementID}); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	for path, pages := "/support", 0; path != "" && pages < 5; pages++ {
		page := v.get(path)
		for _, row := range page.All("a.row-link") {
			seen[row.Attr("href")] = true
		}
		path = ""
		for _, next := range page.All("a[rel=next]") {
			path = next.Attr("href")
		}
	}
	if len(seen) != casesOnPage+1 {
		t.Errorf("the pages list %d cases, want %d: %s", len(seen), casesOnPage+1, fmt.Sprint(seen))
	}
}
