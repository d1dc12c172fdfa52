package storefront

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/world"
)

func TestPurchaseFromStorefrontToSeller(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	home := v.get("/")
	if !home.Has("h2", "Inkwell") || !home.Has("h2", "Who is buying?") {
		t.Fatal("the storefront does not show its products, or does not ask who is buying")
	}
	product := v.get("/products/" + inkwell)
	if product.Has("h2", "Subscribe") {
		t.Error("somebody can subscribe whom nobody knows")
	}
	v.post("/buyer", url.Values{"account": {acme}, "back": {"/products/" + inkwell}})
	if v.at != "/products/"+inkwell {
		t.Errorf("choosing a buyer led to %s", v.at)
	}
	id := v.subscribe(inkwell)
	confirmation := v.get("/subscriptions/" + id + "/confirmation")
	if !confirmation.Has("h1", "Thank you for subscribing") {
		t.Error("no thanks")
	}
	setup := v.send(confirmation, "/subscriptions/"+id+"/setup")
	form := setup.Form(t, sellerURL)
	if form.Attr("method") != "post" {
		t.Error("the token does not travel in a POST")
	}
	fields := form.Fields()
	token := fields.Get(contract.TokenField)
	if len(fields) != 1 || token == "" {
		t.Errorf("the form to the seller has %v", fields)
	}
	got, err := s.world.ResolveToken(s.clock.Now(), s.world.DefaultSeller(), token)
	if err != nil || got.BuyerAccount != acme {
		t.Errorf("the token resolves to %+v, %v", got, err)
	}
	if strings.Contains(v.at, token) {
		t.Error("the token is in an address")
	}
	if csp := v.header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' https: http:") {
		t.Errorf("a browser would not send the form: %s", csp)
	}
	if v.header.Get("Referrer-Policy") != "strict-origin" || v.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", v.header)
	}
	if setup.One(t, "form[data-submit]").Attr("action") != sellerURL || len(setup.All("script[src]")) != 1 {
		t.Error("with scripts, the form is not sent by itself")
	}
}

func TestDoubleClickBuysOnce(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	fields := v.get("/products/"+inkwell).Form(t, "/products/"+inkwell+"/subscribe").Fields()
	var clicks sync.WaitGroup
	for range 8 {
		clicks.Go(func() {
			other := &visitor{site: s, http: v.http}
			other.post("/products/"+inkwell+"/subscribe", fields)
			if other.status != http.StatusOK || !strings.HasPrefix(other.at, "/subscriptions/") {
				t.Errorf("a click led to %s, %d", other.at, other.status)
			}
		})
	}
	clicks.Wait()
	if got := s.world.Agreements(world.AgreementQuery{}); len(got) != 1 {
		t.Errorf("%d agreements, want 1", len(got))
	}
}

func TestSecondTabBuysNothing(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	first, second := v.get("/products/"+inkwell), v.get("/products/"+inkwell)
	v.send(first, "/products/"+inkwell+"/subscribe")
	page := v.send(second, "/products/"+inkwell+"/subscribe")
	if got := s.world.Agreements(world.AgreementQuery{}); len(got) != 1 {
		t.Errorf("%d agreements, want 1", len(got))
	}
	if !page.Has("div.notice", "You are subscribed already") {
		t.Error("nobody says why nothing was bought")
	}
	if v.get(v.at).Has("div.notice", "You are subscribed already") {
		t.Error("the notice is shown again")
	}
}

func TestSuspendedBuyerIsToldAndCanTryAgain(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	suspended := true
	if _, err := s.world.ChangeBuyer(noon, acme, world.BuyerPatch{Suspended: &suspended}); err != nil {
		t.Fatal(err)
	}
	form := v.get("/products/" + inkwell)
	page := v.send(form, "/products/"+inkwell+"/subscribe")
	if v.status != http.StatusConflict || !page.Has("p.lede", "suspended") {
		t.Errorf("%d %s", v.status, page.Text())
	}
	suspended = false
	if _, err := s.world.ChangeBuyer(noon, acme, world.BuyerPatch{Suspended: &suspended}); err != nil {
		t.Fatal(err)
	}
	v.send(form, "/products/"+inkwell+"/subscribe") // the same form: its first sending did not act
	if v.status != http.StatusOK || len(s.world.Agreements(world.AgreementQuery{})) != 1 {
		t.Errorf("the same form, sent again, answers %d", v.status)
	}
}

func TestCancelNeedsTheWordAndShowsItsProgress(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	id := v.subscribe(inkwell)
	s.advance(5 * time.Minute)
	list := v.get("/subscriptions")
	if !list.Has("span.badge-success", "Active") || !list.Has("a", "Cancel subscription") || !list.Has("a", "Sign in to Inkwell") {
		t.Fatalf("the list says %s", list.Text())
	}
	ask := v.get("/subscriptions/" + id + "/cancel")
	again := v.send(ask, "/subscriptions/"+id+"/cancel", "confirm", "yes please")
	if v.status != http.StatusUnprocessableEntity || again.One(t, "input#confirm").Attr("aria-invalid") != "true" {
		t.Errorf("a wrong word answers %d", v.status)
	}
	if a, _ := s.world.Agreement(id); a.Status != world.Active {
		t.Fatal("a wrong word cancelled")
	}
	for range 2 { // pressed twice, it is cancelled once
		page := v.send(ask, "/subscriptions/"+id+"/cancel", "confirm", " Confirm ")
		if v.status != http.StatusOK || !page.Has("p.notice-title", "Cancellation in progress") {
			t.Errorf("%d at %s: %s", v.status, v.at, page.Text())
		}
	}
	list = v.get("/subscriptions")
	if !list.Has("span.badge-warn", "Cancellation in progress") || list.Has("button", "Set up your account") {
		t.Errorf("while the last hour runs, the list says %s", list.Text())
	}
	s.advance(2 * time.Hour)
	list = v.get("/subscriptions")
	if !list.Has("span.badge-neutral", "Cancelled") || !list.Has("h2", "Past subscriptions") {
		t.Errorf("after the last hour, the list says %s", list.Text())
	}
	v.get("/subscriptions/" + id + "/cancel")
	if v.at != "/subscriptions/"+id {
		t.Errorf("cancelling what is over leads to %s", v.at)
	}
	v.post("/subscriptions/"+id+"/setup", nil)
	if v.status != http.StatusConflict {
		t.Errorf("setting up an account of an ended subscription answers %d", v.status)
	}
	again = v.get("/products/" + inkwell)
	if !again.Has("button", "Subscribe") {
		t.Error("nobody can subscribe again")
	}
}

func TestSubscribedProductOffersItsAccount(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	id := v.subscribe(classic)
	page := v.get("/products/" + classic)
	page.Form(t, "/subscriptions/"+id+"/setup")
	if page.Has("button", "Subscribe") || !page.Has("a", "Manage subscription") {
		t.Errorf("the product page says %s", page.Text())
	}
	if !v.get("/").Has("span.badge", "Subscribed") {
		t.Error("the storefront does not say what is subscribed to")
	}
}

func TestOthersSubscriptionsAreNotFound(t *testing.T) {
	s := newSite(t)
	id := s.as(acme).subscribe(inkwell)
	v := s.as(globex)
	for _, path := range []string{"/subscriptions/" + id, "/subscriptions/" + id + "/confirmation", "/subscriptions/" + id + "/cancel"} {
		v.get(path)
		if v.status != http.StatusNotFound {
			t.Errorf("GET %s answers %d", path, v.status)
		}
	}
	for _, path := range []string{"/subscriptions/" + id + "/setup", "/subscriptions/" + id + "/cancel"} {
		v.post(path, url.Values{"confirm": {"confirm"}})
		if v.status != http.StatusNotFound {
			t.Errorf("POST %s answers %d", path, v.status)
		}
	}
	if a, _ := s.world.Agreement(id); a.Status != world.Active {
		t.Error("a stranger cancelled it")
	}
}
