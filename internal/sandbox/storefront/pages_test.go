package storefront

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/sandbox/profile"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui/webuitest"
)

func TestWrongAddressesAreAnsweredWithAPage(t *testing.T) {
	v := newSite(t).as(acme)
	for path, want := range map[string]int{
		"/nowhere": 404, "/products/prod-none": 404, "/products/%3Cscript%3E": 404, "/subscriptions/agmt-none": 404,
		"/control/agreements/agmt-none": 404, "/bill?month=soon": 400, "/bill/records?month=2026-11&product=" + inkwell + "&dimension=none": 404,
		"/bill/records?product=none": 404, "/bill/records?product=" + inkwell + "&dimension=pages&cursor=-1": 400, "/products/" + inkwell + "/subscribe": 404,
	} {
		page := v.get(path)
		if v.status != want || page.Text() == "" || len(page.All("section.problem")) != 1 {
			t.Errorf("GET %s answers %d, want %d with a page", path, v.status, want)
		}
		if strings.Contains(page.One(t, "main").Text(), "<script>") && len(page.All("script")) > 0 {
			t.Errorf("GET %s put the address on the page", path)
		}
	}
}

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	v.subscribe(inkwell)
	s.meter("pages", 1200)
	seen := map[string]bool{}
	todo := []string{"/"}
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		page := v.get(path)
		if v.status != http.StatusOK {
			t.Errorf("GET %s answers %d", path, v.status)
		}
		for _, a := range append(page.All("a[href]"), page.All("link[href]")...) {
			href, _, _ := strings.Cut(a.Attr("href"), "#")
			if !strings.HasPrefix(href, "/") || seen[href] || len(seen) > 200 {
				continue
			}
			seen[href] = true
			if strings.HasPrefix(href, "/assets/") || strings.HasPrefix(href, "/_sandbox/") {
				continue // no page: webui's tests serve the one, the control API's the other
			}
			if strings.HasPrefix(href, "/bill?") && !strings.Contains(href, "2026-1") {
				continue // earlier months go on for ever
			}
			todo = append(todo, href)
		}
	}
	if len(seen) < 12 {
		t.Errorf("only %d links were found: %v", len(seen), seen)
	}
}

// meter has usage honoured for the oldest active agreement, as the seller's records would.
func (s *site) meter(dimension string, quantity int64) {
	s.t.Helper()
	s.advance(30 * time.Minute)
	a := s.world.Agreements(world.AgreementQuery{Status: world.Active})[0]
	_, err := s.world.MeterBatch(s.clock.Now(), world.Batch{Seller: a.SellerAccount, Region: "us-east-1",
		Usage: []world.Usage{{Timestamp: s.clock.Now(), LicenseARN: a.License.ARN, BuyerAccount: a.BuyerAccount, Dimension: dimension, Quantity: quantity}}})
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestBillLeadsToItsRecords(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	if page := v.get("/bill"); !page.Has("p.empty-title", "No charges") {
		t.Error("an empty bill does not say so")
	}
	v.subscribe(inkwell)
	s.meter("pages", 1200)
	bill := v.get("/bill")
	if got := bill.One(t, "p.stat-number").Text(); got != "$24.00" {
		t.Errorf("total %q, want $24.00", got)
	}
	var records string
	for _, a := range bill.All("a") {
		if a.Text() == "Records" {
			records = a.Attr("href")
		}
	}
	page := v.get(records)
	if rows := page.One(t, "tbody").All("tr"); len(rows) != 1 || !strings.Contains(rows[0].Text(), "1,200") {
		t.Errorf("the records are %s", page.One(t, "main").Text())
	}
	if v.get("/bill?month=2026-10"); v.status != http.StatusOK {
		t.Errorf("an earlier month answers %d", v.status)
	}
	if got := s.as(globex).get("/bill"); !got.Has("p.empty-title", "No charges") {
		t.Error("another buyer has charges")
	}
}

func TestHostileListingIsText(t *testing.T) {
	f := ownBuiltin(t)
	evil := `"><script>alert(1)</script>`
	f.Products[0].Title, f.Products[0].Summary, f.Products[0].Description = evil, evil, evil
	f.Products[0].Dimensions[0].Name, f.Products[0].Dimensions[0].Description = evil, evil
	f.Sellers[0].Name, f.Buyers[0].Name, f.Buyers[0].Email = evil, evil, evil
	s := newSiteOf(t, f)
	v := s.as(acme)
	id := v.subscribe(inkwell)
	s.meter("pages", 1)
	scripts := func(page webuitest.Node) (inline int) {
		for _, n := range page.All("script") {
			if n.Attr("src") == "" {
				inline++
			}
		}
		return inline
	}
	for _, path := range []string{"/", "/products/" + inkwell, "/subscriptions", "/subscriptions/" + id, "/subscriptions/" + id + "/confirmation",
		"/subscriptions/" + id + "/cancel", "/bill", "/seller", "/control", "/control/agreements/" + id} {
		page := v.get(path)
		if n := scripts(page); n != 0 || v.status != http.StatusOK {
			t.Errorf("%s: %d scripts came in through the listing, status %d", path, n, v.status)
		}
		if !strings.Contains(page.Text(), "<script>alert(1)</script>") {
			t.Errorf("%s does not show the name as it is", path)
		}
	}
}

func TestFormsOfOtherSitesDoNothing(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	id := v.subscribe(inkwell)
	for _, path := range []string{"/subscriptions/" + id + "/cancel", "/control/agreements/" + id + "/terminate", "/control/clock", "/buyer", "/products/" + classic + "/subscribe"} {
		page := v.do("POST", path, url.Values{"confirm": {"confirm"}, "advance": {"1h"}, "account": {globex}, "nonce": {"n"}}.Encode(),
			http.Header{"Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"cross-site"}})
		if v.status != http.StatusForbidden || !page.Has("h1", "Not from here") {
			t.Errorf("POST %s from another site answers %d", path, v.status)
		}
	}
	if a, _ := s.world.Agreement(id); a.Status != world.Active || !s.clock.Now().Equal(noon) || len(s.world.Agreements(world.AgreementQuery{})) != 1 {
		t.Error("a form of another site acted")
	}
}

func TestChoosingABuyerStaysOnThisSite(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	for _, back := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""} {
		v.post("/buyer", url.Values{"account": {acme}, "back": {back}})
		if v.at != "/" || v.status != http.StatusOK {
			t.Errorf("back=%q led to %s", back, v.at)
		}
	}
	v.post("/buyer", url.Values{"account": {"000000000000"}})
	if v.status != http.StatusNotFound {
		t.Errorf("an unknown buyer answers %d", v.status)
	}
}

func TestControlRoomMovesTheClock(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	for _, c := range []struct {
		form url.Values
		want time.Time
	}{
		{url.Values{"advance": {"5m"}}, noon.Add(5 * time.Minute)},
		{url.Values{"advance": {"hour"}}, noon.Add(time.Hour)},
		{url.Values{"advance": {"24h"}}, noon.Add(25 * time.Hour)},
		{url.Values{"set": {"2026-11-04T00:00"}}, noon.Add(36 * time.Hour)},
	} {
		page := v.post("/control/clock", c.form)
		if v.at != "/control" || !page.Has("div.notice-success", "It is") || !s.clock.Now().Equal(c.want) {
			t.Errorf("%v led to %s, and it is %s, want %s", c.form, v.at, s.clock.Now(), c.want)
		}
	}
	if page := v.post("/control/clock", url.Values{"advance": {"due"}}); !page.Has("div.notice-info", "Nothing is planned") {
		t.Error("going to what is next, when nothing is, does not say so")
	}
	before := s.clock.Now()
	for _, form := range []url.Values{{"advance": {"-1h"}}, {"advance": {"soon"}}, {"set": {"2026-11-01T00:00"}}, {"set": {"x"}}, {"advance": {"90000h"}}, {"run": {"9"}}, {}} {
		if v.post("/control/clock", form); v.status != http.StatusBadRequest || !s.clock.Now().Equal(before) {
			t.Errorf("%v answers %d", form, v.status)
		}
	}
	v.post("/control/clock", url.Values{"run": {"1"}})
	if _, frozen := s.leader.Running(); frozen {
		t.Error("the clock does not run")
	}
	v.post("/control/clock", url.Values{"run": {"freeze"}})
	if _, frozen := s.leader.Running(); !frozen {
		t.Error("the clock does not stand still")
	}
}

func TestControlRoomToWhatIsNext(t *testing.T) {
	s := newSite(t)
	id := s.as(acme).subscribe(inkwell)
	due, ok := s.world.Due()
	if !ok {
		t.Fatal("nothing is planned after a purchase")
	}
	v := s.visitor()
	if page := v.get("/control"); !page.Has("button", "To what is next") || !page.Has("td", "Acme Corporation") {
		t.Error("the control room does not show the purchase, or what is next")
	}
	v.post("/control/clock", url.Values{"advance": {"due"}})
	if !s.clock.Now().Equal(due) {
		t.Errorf("it is %s, want %s", s.clock.Now(), due)
	}
	if page := v.get("/control/agreements/" + id); !page.Has("li", "Purchase Agreement Created") {
		t.Error("what was due did not happen")
	}
}

func TestControlRoomEndsAgreements(t *testing.T) {
	s := newSite(t)
	for act, want := range map[string]world.AgreementStatus{"cancel": world.Cancelled, "terminate": world.Terminated, "expire": world.Expired, "fail-payment": world.Terminated} {
		id := s.as(acme).subscribe(inkwell)
		v := s.visitor()
		v.post("/control/agreements/"+id+"/"+act, nil)
		if a, _ := s.world.Agreement(id); a.Status != want || v.status != http.StatusOK {
			t.Errorf("%s: %s, want %s; status %d", act, a.Status, want, v.status)
		}
		if v.post("/control/agreements/"+id+"/"+act, nil); v.status != http.StatusConflict {
			t.Errorf("%s again answers %d", act, v.status)
		}
		if v.post("/control/agreements/"+id+"/explode", nil); v.status != http.StatusNotFound {
			t.Errorf("an unknown act answers %d", v.status)
		}
	}
}

func TestProfilesAreChosenOnTheirPage(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	page := v.get("/control/profiles")
	if got := len(page.All("select")); got != len(profile.Behaviours()) {
		t.Errorf("%d of %d profiles are shown", got, len(profile.Behaviours()))
	}
	page = v.send(page, "/control/profiles", string(profile.TokenLife), "1h")
	if !s.world.Profiles().Is(profile.TokenLife, "1h") || !page.Has("div.notice-success", "Kept") {
		t.Error("the choice was not kept")
	}
	v.send(page, "/control/profiles", string(profile.TokenLife), "a week")
	if v.status != http.StatusBadRequest || !s.world.Profiles().Is(profile.TokenLife, "1h") {
		t.Errorf("an impossible choice answers %d", v.status)
	}
}

func TestABusyMarketIsShownInPages(t *testing.T) {
	s := newSite(t)
	for range agreementsOnPage + 3 {
		if _, err := s.world.Subscribe(noon, world.Subscribe{BuyerAccount: acme, Product: inkwell}); err != nil {
			t.Fatal(err)
		}
	}
	s.advance(10 * time.Minute) // notices go out
	v := s.visitor()
	if n := len(v.get("/control").One(t, "tbody").All("tr")); n != overviewRows {
		t.Errorf("the overview lists %d agreements", n)
	}
	for path, c := range map[string]struct {
		sel         string
		first, then int
	}{
		"/control/agreements?buyer=" + acme:                   {"tr", agreementsOnPage, 3},
		"/control/agreements?status=ACTIVE&product=" + globex: {"tr", 0, 0},
		"/control/deliveries?outcome=delivered":               {"details.entry", deliveriesOnPage, 2*(agreementsOnPage+3) - deliveriesOnPage},
		"/control/deliveries?outcome=lost":                    {"details.entry", 0, 0},
	} {
		page := v.get(path)
		main := page.One(t, "div[data-live]")
		if n := len(main.All(c.sel)) - len(main.All("thead")); n != c.first {
			t.Errorf("%s lists %d", path, n)
		}
		more := main.All("a[rel=next]")
		if (len(more) == 1) != (c.then > 0) {
			t.Fatalf("%s: %d ways on", path, len(more))
		}
		if c.then == 0 {
			continue
		}
		next := v.get(more[0].Attr("href")).One(t, "div[data-live]")
		if n := len(next.All(c.sel)) - len(next.All("thead")); n != c.then || len(next.All("a[rel=next]")) != 0 {
			t.Errorf("%s: the next page lists %d, want %d, the last", path, n, c.then)
		}
	}
	for _, path := range []string{"/control/agreements?before=x", "/control/calls?before=-1", "/control/deliveries?before=0"} {
		if v.get(path); v.status != http.StatusBadRequest {
			t.Errorf("%s answers %d", path, v.status)
		}
	}
}
