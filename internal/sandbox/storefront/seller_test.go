package storefront

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/sandbox/world"
)

func TestSellerListsAProduct(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	fields := url.Values{"title": {"Ledger"}, "pricing": {"contract_with_consumption"}, "selection": {"quantities"}, "identity": {"license"}, "rows": {"2"},
		"dim0_key": {"seats"}, "dim0_name": {"Seats"}, "dim0_kind_entitled": {"on"}, "dim0_price_P12M": {"1,080"},
		"dim1_key": {"reports"}, "dim1_name": {"Reports"}, "dim1_kind_metered": {"on"}, "dim1_price_usage": {"0.02"}}
	wrong := func(field, value string) {
		t.Helper()
		bad := url.Values{}
		for k := range fields {
			bad[k] = fields[k]
		}
		bad.Set(field, value)
		page := v.post("/seller/products/new", bad)
		if v.status != http.StatusUnprocessableEntity || len(page.All("div.notice-error")) != 1 || page.Form(t, "/seller/products/new").Fields().Get("dim0_price_P12M") == "" {
			t.Errorf("%s=%q answers %d", field, value, v.status)
		}
	}
	wrong("dim1_price_usage", "cheap")
	wrong("dim0_key", "se ats")
	wrong("fulfillmentUrl", "ftp://x")
	page := v.post("/seller/products/new", fields)
	if v.at != "/seller" || !page.Has("h2", "Ledger") || !page.Has("div.notice-success", "Ledger is listed") {
		t.Fatalf("listing led to %s: %s", v.at, page.One(t, "main").Text())
	}
	var ledger world.Product
	for _, p := range s.world.Products() {
		if p.Title == "Ledger" {
			ledger = p
		}
	}
	if ledger.Pricing != world.ContractWithConsumption || len(ledger.Dimensions) != 2 || ledger.Dimensions[0].Prices["P12M"].String() != "1080" || !ledger.Dimensions[1].Is(world.Metered) {
		t.Fatalf("listed is %+v", ledger)
	}
	at := "/seller/products/" + ledger.ProductID
	page = v.send(v.get(at), at, "title", "Ledger Pro", "dim1_price_usage", "0.03", "dim2_key", "exports", "dim2_kind_metered", "on", "dim2_price_usage", "0.1")
	after, err := s.world.Product(ledger.ProductID)
	if err != nil || after.Title != "Ledger Pro" || len(after.Dimensions) != 3 || after.Dimensions[1].Price().String() != "0.03" || !page.Has("h2", "Ledger Pro") {
		t.Errorf("changed is %+v, %v", after, err)
	}
	if page = v.get(at); !page.Has("p.notice-title", "Prices can be changed again from") {
		t.Error("the page does not say that prices are locked after a rise")
	}
	page = v.send(page, at, "dim1_price_usage", "0.01")
	if v.status != http.StatusUnprocessableEntity || !page.Has("div.notice-error", "takes no other change of them for 90 days") {
		t.Errorf("a second change of prices answers %d", v.status)
	}
	if page = v.send(v.get(at), at, "more", "on"); len(page.All("fieldset.dimension")) < len(after.Dimensions)+2*blankDimensions {
		t.Errorf("asking for more dimensions shows %d", len(page.All("fieldset.dimension")))
	}
}

// TestAListingSurvivesItsOwnForm sends every listing's form as it is shown: nothing may change by it.
func TestAListingSurvivesItsOwnForm(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	for _, before := range s.world.Products() {
		at := "/seller/products/" + before.ProductID
		v.send(v.get(at), at)
		after, err := s.world.Product(before.ProductID)
		if err != nil || v.status != http.StatusOK {
			t.Fatalf("%s: status %d, %v", before.Title, v.status, err)
		}
		for i := range before.Dimensions { // a product's absent prices may be an empty or no map
			for at, price := range before.Dimensions[i].Prices {
				if !after.Dimensions[i].Prices[at].Equal(price) {
					t.Errorf("%s: the price %s of %s became %s", before.Title, at, before.Dimensions[i].Key, after.Dimensions[i].Prices[at])
				}
			}
			before.Dimensions[i].Prices, after.Dimensions[i].Prices = nil, nil
		}
		before.Description = strings.TrimSpace(before.Description)
		if !reflect.DeepEqual(before, after) {
			t.Errorf("%s became\n%+v\nwas\n%+v", before.Title, after, before)
		}
	}
}

func TestSellerMakesOffers(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	before := len(v.get("/seller/offers").One(t, "tbody").All("tr"))
	at := func(product, kind string) string { return "/seller/offers/new?product=" + product + "&kind=" + kind }
	page := v.get(at(teams, fixedOffer))
	fields := page.Form(t, "/seller/offers/new").Fields()
	fields["buyer"] = []string{acme}
	for name, value := range map[string]string{"name": "For Acme", "duration": "P18M", "price": "", "schedule": "P0D 1,000\r\n2027-01-01 500.50\r\n", "units_seats": "25", "units_shelves": "*", "variable": "2000", "start": "2026-12-01"} {
		fields.Set(name, value)
	}
	for field, value := range map[string]string{"schedule": "soon 5", "units_seats": "many", "start": "1.12.2026", "price": "1e9"} {
		bad := url.Values{}
		for k := range fields {
			bad[k] = fields[k]
		}
		bad.Set(field, value)
		page := v.post("/seller/offers/new", bad)
		if v.status != http.StatusUnprocessableEntity || !page.Has("div.notice-error", "Nothing was offered") || page.Form(t, "/seller/offers/new").Fields().Get("name") != "For Acme" {
			t.Errorf("%s=%q answers %d", field, value, v.status)
		}
	}
	for range 2 { // sent twice
		page = v.post("/seller/offers/new", fields)
	}
	if v.status != http.StatusOK || !page.Has("h1", "For Acme") || !page.Has("li", "25 × Seats, Shelves without limit for $1,500.50, for 18 months") {
		t.Fatalf("%d at %s: %s", v.status, v.at, page.One(t, "main").Text())
	}
	options, err := s.world.PurchaseOptions(s.clock.Now(), acme, teams)
	if err != nil || len(options) < 2 || options[0].Name != "For Acme" {
		t.Fatalf("Acme's options are %+v, %v", options, err)
	}
	o := options[0]
	if n := len(o.Terms.Schedule); n != 2 || o.Terms.Schedule[0].After != "P0D" || !o.Terms.Schedule[1].ChargeDate.Equal(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)) ||
		o.Terms.Variable.MaxTotal.String() != "2000" || o.Terms.Validity.StartDate.IsZero() || o.Terms.Renewal == nil || o.ExpiresAt.IsZero() {
		t.Errorf("its terms are %+v", o.Terms)
	}
	others, _ := s.world.PurchaseOptions(s.clock.Now(), globex, teams)
	for _, other := range others {
		if other.OfferID == o.OfferID {
			t.Error("somebody else sees the private offer")
		}
	}
	page = v.send(v.get(v.at), "/seller/offers/"+o.OfferID+"/withdraw")
	if !page.Has("span.badge", "Withdrawn") {
		t.Error("the offer is not withdrawn")
	}
	v.send(page, "/seller/offers/"+o.OfferID+"/reopen")
	if o, _ := s.world.Offer(o.OfferID); o.Withdrawn {
		t.Error("the offer is not open again")
	}
	page = v.send(v.get(at(teams, trialOffer)), "/seller/offers/new", "duration", "P14D")
	if !page.Has("li", "Free for 14 days") {
		t.Errorf("the trial: %s", page.One(t, "main").Text())
	}
	page = v.get(at(inkwell, usageOffer))
	fields = page.Form(t, "/seller/offers/new").Fields()
	fields["buyer"] = []string{globex}
	fields.Set("rate_usage_pages", "0.001")
	v.post("/seller/offers/new", fields)
	if options, _ := s.world.PurchaseOptions(s.clock.Now(), globex, inkwell); len(options) < 2 || options[0].Terms.Usage.Rates["pages"].String() != "0.001" {
		t.Errorf("Globex's options: %+v", options)
	}
	if page = v.get("/seller/offers"); len(page.One(t, "tbody").All("tr")) != before+3 {
		t.Errorf("the offers: %s", page.One(t, "main").Text())
	}
	if v.get("/seller/offers/none"); v.status != http.StatusNotFound {
		t.Errorf("no offer answers %d", v.status)
	}
}

func TestSellerAsksAndTheBuyerAnswers(t *testing.T) {
	for act, want := range map[string]world.AgreementStatus{"approve": world.Cancelled, "deny": world.Active, "withdraw": world.Active, "silence": world.Cancelled} {
		t.Run(act, func(t *testing.T) {
			s := newSite(t)
			buyer, seller := s.as(acme), s.visitor()
			buyer.send(buyer.get("/products/"+teams), "/products/"+teams+"/subscribe", "units_seats", "25", "duration", "P12M")
			id := s.world.Agreements(world.AgreementQuery{})[0].AgreementID
			at := "/seller/agreements/" + id
			page := seller.send(seller.get(at), at+"/cancellation", "reason", "TEST_AGREEMENT", "description", "It was <b>only</b> a test.")
			if !page.Has("span.badge-warn", "Waits for the buyer") || len(page.All("form[action="+at+"/cancellation]")) != 0 {
				t.Fatalf("the request: %s", page.One(t, "main").Text())
			}
			s.advance(time.Minute)
			if !buyer.get("/subscriptions").Has("p.notice-title", "The seller asks you to cancel") {
				t.Error("the buyer's list does not say that an answer is wanted")
			}
			page = buyer.get("/subscriptions/" + id)
			if !page.Has("p", "“It was <b>only</b> a test.”") {
				t.Errorf("the buyer reads %s", page.One(t, "main").Text())
			}
			request := s.world.Cancellations(world.CancellationQuery{})[0].ID
			answer := "/subscriptions/" + id + "/requests/" + request + "/"
			switch act {
			case "approve":
				if page = buyer.send(page, answer+"approve", "confirm", "yes"); !page.Has("div.notice-error", "Nothing was approved") {
					t.Error("approved without the word")
				}
				buyer.send(page, answer+"approve", "confirm", "Confirm ")
				s.advance(time.Minute)
			case "deny":
				if page = buyer.send(page, answer+"deny", "reason", "We like it"); !page.Has("p", "We like it") {
					t.Errorf("denied: %s", page.One(t, "main").Text())
				}
				buyer.post(answer+"approve", url.Values{"confirm": {"confirm"}})
				if buyer.status != http.StatusOK {
					t.Errorf("an answer after the answer: %d", buyer.status)
				}
			case "withdraw":
				requests := seller.get("/seller/requests")
				if page = seller.send(requests, "/seller/requests/"+request+"/withdraw"); !page.Has("span.badge", "Withdrawn") {
					t.Errorf("withdrawn: %s", page.One(t, "main").Text())
				}
			case "silence":
				s.advance(8 * 24 * time.Hour)
			}
			if a, err := s.world.Agreement(id); err != nil || a.Status != want {
				t.Errorf("the agreement is %s, want %s (%v)", a.Status, want, err)
			}
			if page = s.as(globex).post(answer+"deny", nil); page.Has("h1", "Inkwell") {
				t.Error("another buyer answers")
			}
			if page = seller.get("/seller/requests"); len(page.All("article.card")) != 0 {
				t.Error("the request still waits")
			}
		})
	}
}

func TestEachSellerHasADesk(t *testing.T) {
	f := ownBuiltin(t)
	f.Sellers = append(f.Sellers, world.Seller{AccountID: "999988887777", Name: "Northwind"})
	s := newSiteOf(t, f)
	v := s.visitor()
	page := v.get("/seller")
	if !page.Has("button", "Northwind") || len(page.All("article.card")) == 0 {
		t.Fatalf("the desk: %s", page.One(t, "main").Text())
	}
	page = v.post("/seller/as", url.Values{"account": {"999988887777"}})
	if !page.Has("p.empty-title", "Nothing is listed") {
		t.Errorf("Northwind's desk: %s", page.One(t, "main").Text())
	}
	for _, path := range []string{"/seller/products/" + inkwell, "/seller/offers/new?product=" + inkwell} {
		if v.get(path); v.status != http.StatusNotFound {
			t.Errorf("%s is another's and answers %d", path, v.status)
		}
	}
}

// FuzzOfferForm reads any form: it must not fall over, and what it takes keeps its amounts.
func FuzzOfferForm(f *testing.F) {
	f.Add("fixed", "P0D 100\n2027-01-01 5", "12.50", "*")
	f.Add("configurable", "", "$1,000", "5")
	f.Add("usage", "x", "-1", "")
	f.Add("trial", "P 1", "1e400000000", "9999999999999999999")
	p := world.Product{Pricing: world.ContractWithConsumption, Dimensions: []world.Dimension{{Key: "seats", Kinds: []world.DimensionKind{world.Entitled}}, {Key: "pages", Kinds: []world.DimensionKind{world.Metered}}}}
	f.Fuzz(func(t *testing.T, kind, schedule, amount, units string) {
		o, err := readOffer(p, suitableKind(p, kind), url.Values{"schedule": {schedule}, "price": {amount}, "rate_usage_pages": {amount}, "units_seats": {units}, "variable": {amount}, "duration": {units}, "start": {schedule}})
		if err == nil && o.Terms.Fixed != nil && len(strings.Fields(schedule)) == 0 && len(o.Terms.Schedule) != 0 {
			t.Errorf("a schedule out of nothing: %+v", o.Terms.Schedule)
		}
		_ = offerWords(o, p)
	})
}
