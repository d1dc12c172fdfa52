package discovery

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/ops/opstest"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

const (
	payg  = "prod-inkwell00payg"
	teams = "prod-inkwell0teams"
	press = "prod-inkwell0press"
	trial = "offer-inkwelltrial0" // of payg
)

// stand is the Discovery API on the built-in world.
type stand struct{ *opstest.Stand }

func open(t testing.TB) *stand {
	t.Helper()
	return &stand{opstest.Open(t, func(w *world.World) wire.Service {
		return Service(w, func() string { return "http://127.0.0.1:4700" })
	})}
}

// ask calls as account; op is as in the path.
func (s *stand) ask(account, op, body string) *httptest.ResponseRecorder {
	s.T.Helper()
	return s.Send(account, opstest.REST("/2026-02-05/"+op, body))
}

func (s *stand) read(account, op, body string, out any) {
	s.T.Helper()
	opstest.Read(s.T, s.ask(account, op, body), out)
}

// private makes a private offer of Inkwell Teams for Acme: 20 seats and all shelves one likes for 18 months, paid in parts.
func (s *stand) private(change func(*world.Offer)) world.Offer {
	s.T.Helper()
	o := world.Offer{ProductID: teams, Name: "For Acme", Buyers: []string{opstest.Acme}, ExpiresAt: opstest.Noon.Add(24 * time.Hour), Terms: world.OfferTerms{
		Fixed:    &world.FixedTerm{Duration: "P18M", Grants: []world.Grant{{Dimension: "seats", MaxQuantity: new(int64(20))}, {Dimension: "shelves"}}},
		Schedule: []world.Instalment{{After: "P0D", Amount: decimal.NewFromInt(1000)}, {After: "P6M", Amount: decimal.NewFromInt(500)}},
	}}
	if change != nil {
		change(&o)
	}
	o, err := s.World.CreateOffer(s.Clock.Now(), o)
	if err != nil {
		s.T.Fatal(err)
	}
	return o
}

func (s *stand) listed(product string) world.Offer {
	s.T.Helper()
	o, err := s.World.PublicOffer(product)
	if err != nil {
		s.T.Fatal(err)
	}
	return o
}

func TestAnswersToTheByte(t *testing.T) {
	s := open(t)
	private := s.private(nil)
	for name, c := range map[string]struct{ op, body string }{
		"search-listings":  {"searchListings", `{"searchText":"teams"}`},
		"search-facets":    {"searchFacets", `{}`},
		"listing":          {"getListing", `{"listingId":"prodview-inkwell0press"}`},
		"product":          {"getProduct", `{"productId":"` + payg + `"}`},
		"fulfillment":      {"listFulfillmentOptions", `{"productId":"` + payg + `"}`},
		"purchase-options": {"listPurchaseOptions", `{"filters":[{"filterType":"PRODUCT_ID","filterValues":["` + teams + `"]}]}`},
		"offer":            {"getOffer", `{"offerId":"` + private.OfferID + `"}`},
		"terms-listed":     {"getOfferTerms", `{"offerId":"` + s.listed(press).OfferID + `"}`},
		"terms-private":    {"getOfferTerms", `{"offerId":"` + private.OfferID + `"}`},
		"offer-set":        {"getOfferSet", `{"offerSetId":"offerset-1"}`},
		"invalid":          {"getOffer", `{}`},
		"unknown":          {"getOffers", `{}`},
	} {
		opstest.Golden(t, name, s.ask(opstest.Acme, c.op, c.body))
	}
}

// Paths may follow another, as that of an endpoint URL; a body may be missing where nothing is required.
func TestPathsAndBodies(t *testing.T) {
	s := open(t)
	for path, body := range map[string]string{"/sandbox/x/2026-02-05/searchListings": "{}", "/2026-02-05/searchListings": ""} {
		if w := s.Send(opstest.Acme, opstest.REST(path, body)); w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s %q: %d %s", path, body, w.Code, w.Body)
		}
	}
	r := opstest.REST("/2026-02-05/searchListings", "{}")
	r.Header.Set("Authorization", opstest.Signed("AKIDEXAMPLE", "eu-west-1"))
	if got := s.Failure(s.Send(opstest.Acme, r)).Type; got != contract.InvalidSignature {
		t.Errorf("in a Region without it: %q", got)
	}
}

// A private offer is there for who it is for and who proposes it, and for nobody else.
func TestWhoSeesPrivateOffers(t *testing.T) {
	s := open(t)
	o := s.private(nil)
	for account, want := range map[string]bool{opstest.Acme: true, opstest.Seller: true, opstest.Globex: false} {
		for _, op := range []string{"getOffer", "getOfferTerms"} {
			if got := s.Failure(s.ask(account, op, `{"offerId":"`+o.OfferID+`"}`)).Type; (got == "") != want || (!want && got != contract.ResourceNotFound) {
				t.Errorf("%s by %s: %q", op, account, got)
			}
		}
		if got := s.options(account, `{"filterType":"PRODUCT_ID","filterValues":["`+teams+`"]}`); slices.Contains(got, o.OfferID) != want || !slices.Contains(got, s.listed(teams).OfferID) {
			t.Errorf("%s is shown %v", account, got)
		}
	}
}

// options names the purchase options that pass filters, written in JSON.
func (s *stand) options(account, filters string) (ids []string) {
	s.T.Helper()
	var out struct {
		PurchaseOptions []struct{ PurchaseOptionID string }
	}
	s.read(account, "listPurchaseOptions", `{"filters":[`+filters+`]}`, &out)
	for _, o := range out.PurchaseOptions {
		ids = append(ids, o.PurchaseOptionID)
	}
	return ids
}

func TestPurchaseOptions(t *testing.T) {
	s := open(t)
	private := s.private(nil).OfferID
	future := s.private(func(o *world.Offer) {
		o.Terms.Fixed.Duration = ""
		o.Terms.Validity = &world.ValidityTerm{StartDate: opstest.Noon.AddDate(0, 1, 0), EndDate: opstest.Noon.AddDate(1, 0, 0)}
		o.Terms.Schedule, o.Terms.Fixed.Price = nil, decimal.NewFromInt(10)
	}).OfferID
	filter := func(kind string, values ...string) string {
		return `{"filterType":"` + kind + `","filterValues":["` + strings.Join(values, `","`) + `"]}`
	}
	var details struct {
		Badges []struct{ BadgeType string }
	}
	if s.read(opstest.Acme, "getOffer", `{"offerId":"`+future+`"}`, &details); fmt.Sprint(details.Badges) != "[{PRIVATE_PRICING} {FUTURE_DATED}]" {
		t.Errorf("badges %v", details.Badges)
	}
	both := []string{private, future}
	if future < private {
		both = []string{future, private}
	}
	for filters, want := range map[string][]string{
		filter("PRODUCT_ID", payg):                                                                          {s.listed(payg).OfferID, trial},
		filter("VISIBILITY_SCOPE", "PRIVATE"):                                                               both,
		filter("PRODUCT_ID", teams) + "," + filter("VISIBILITY_SCOPE", "PUBLIC"):                            {s.listed(teams).OfferID},
		filter("PRODUCT_ID", teams, payg) + "," + filter("PURCHASE_OPTION_TYPE", "OFFERSET"):                nil,
		filter("PRODUCT_ID", payg) + "," + filter("SELLER_OF_RECORD_PROFILE_ID", profileID(opstest.Seller)): {s.listed(payg).OfferID, trial},
		filter("PRODUCT_ID", payg) + "," + filter("SELLER_OF_RECORD_PROFILE_ID", "seller-nobody"):           nil,
		filter("VISIBILITY_SCOPE", "PRIVATE") + "," + filter("AVAILABILITY_STATUS", "EXPIRED"):              nil,
	} {
		if got := s.options(opstest.Acme, filters); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", filters, got, want)
		}
	}
	s.Pass(25 * time.Hour)
	if got := s.options(opstest.Acme, filter("VISIBILITY_SCOPE", "PRIVATE")); got != nil {
		t.Errorf("they have expired, and %v are there", got)
	}
	if got := s.options(opstest.Acme, filter("VISIBILITY_SCOPE", "PRIVATE")+","+filter("AVAILABILITY_STATUS", "EXPIRED")); len(got) != 2 {
		t.Errorf("expired are %v", got)
	}
}

// What is searched for is found, in order, on pages.
func TestSearch(t *testing.T) {
	s := open(t)
	search := func(more string) (names []string, total int) {
		t.Helper()
		token := ""
		for {
			var out struct {
				TotalResults     int
				ListingSummaries []struct{ ListingName string }
				NextToken        string
			}
			s.read(opstest.Acme, "searchListings", `{"maxResults":2`+more+token+`}`, &out)
			total = out.TotalResults
			for _, l := range out.ListingSummaries {
				names = append(names, l.ListingName)
			}
			if out.NextToken == "" {
				return names, total
			}
			if !regexp.MustCompile(`^[a-zA-Z0-9+/=]+$`).MatchString(out.NextToken) {
				t.Fatalf("the token %q is not as the model has it", out.NextToken)
			}
			token = `,"nextToken":"` + out.NextToken + `"`
		}
	}
	filter := func(kind string, values ...string) string {
		return `,"filters":[{"filterType":"` + kind + `","filterValues":["` + strings.Join(values, `","`) + `"]}]`
	}
	for more, want := range map[string]string{
		``:                                             "5",
		`,"searchText":"PRESS by"`:                     "[Inkwell Press]",
		`,"searchText":"office"`:                       "[Inkwell Teams]",
		`,"searchText":"inkwell labs"`:                 "5",
		`,"searchText":"zeppelin"`:                     "[]",
		filter("PRICING_MODEL", "CONTRACT"):            "3",
		filter("PRICING_UNIT", "TIERS"):                "[Inkwell Press]",
		filter("PRICING_UNIT", "TIERS", "USERS"):       "3",
		filter("PUBLISHER", profileID(opstest.Seller)): "5",
		filter("CATEGORY", "machine-learning"):         "[]",
		filter("FULFILLMENT_OPTION_TYPE", "SAAS"):      "5",
		filter("DEPLOYED_ON_AWS", "DEPLOYED"):          "[]",
		filter("NUMBER_OF_PRODUCTS", "1"):              "5",
		filter("MIN_AVERAGE_CUSTOMER_RATING", "0.5"):   "[]",
		filter("MAX_AVERAGE_CUSTOMER_RATING", "0.5"):   "5",
	} {
		names, total := search(more)
		if got := fmt.Sprint(names); got != want && fmt.Sprint(len(names)) != want || total != len(names) {
			t.Errorf("%s: %v of %d, want %s", more, names, total, want)
		}
	}
	up, _ := search(`,"sortBy":"AVERAGE_CUSTOMER_RATING","sortOrder":"ASCENDING"`)
	down, _ := search(`,"sortBy":"AVERAGE_CUSTOMER_RATING"`)
	for i := range up {
		if up[i] != down[len(down)-1-i] {
			t.Errorf("up %v, down %v", up, down)
		}
	}
	if names, _ := search(`,"searchText":"press"`); names[0] != "Inkwell Press" {
		t.Errorf("what has the word in its title comes first: %v", names)
	}
}

func TestWhatIsRefused(t *testing.T) {
	s := open(t)
	long := strings.Repeat("x", 513)
	some := `{"filterType":"PRODUCT_ID","filterValues":["x"]}`
	for _, c := range []struct{ op, body, code, reason string }{
		{"searchListings", `{"searchText":""}`, contract.Validation, malformed},
		{"searchListings", `{"searchText":"` + long + `"}`, contract.Validation, malformed},
		{"searchListings", `{"filters":[]}`, contract.Validation, malformed},
		{"searchListings", `{"filters":[{"filterValues":["x"]}]}`, contract.Validation, malformed},
		{"searchListings", `{"filters":[{"filterType":"COLOUR","filterValues":["x"]}]}`, contract.Validation, malformed},
		{"searchListings", `{"filters":[{"filterType":"CATEGORY","filterValues":[]}]}`, contract.Validation, malformed},
		{"searchListings", `{"filters":[{"filterType":"CATEGORY","filterValues":["a b"]}]}`, contract.Validation, malformed},
		{"searchListings", `{"filters":[{"filterType":"MIN_AVERAGE_CUSTOMER_RATING","filterValues":["5.1"]}]}`, contract.Validation, malformed},
		{"searchListings", `{"filters":[{"filterType":"MIN_AVERAGE_CUSTOMER_RATING","filterValues":["nan"]}]}`, contract.Validation, malformed},
		{"searchListings", `{"sortBy":"PRICE"}`, contract.Validation, malformed},
		{"searchListings", `{"sortOrder":"UP"}`, contract.Validation, malformed},
		{"searchListings", `{"maxResults":0}`, contract.Validation, malformed},
		{"searchListings", `{"maxResults":101}`, contract.Validation, pagedSoFar},
		{"searchListings", `{"nextToken":"AAAA"}`, contract.Validation, badToken},
		{"searchListings", `{"maxResults":"2"}`, contract.Serialization, ""},
		{"searchFacets", `{"facetTypes":["COLOUR"]}`, contract.Validation, malformed},
		{"searchFacets", `{"nextToken":"AAAA"}`, contract.Validation, badToken},
		{"getListing", `{}`, contract.Validation, malformed},
		{"getListing", `{"listingId":"prodview-0"}`, contract.ResourceNotFound, ""},
		{"getProduct", `{"productId":"a b"}`, contract.Validation, malformed},
		{"getProduct", `{"productId":"` + opstest.Inkwell + `"}`, contract.ResourceNotFound, ""}, // its code
		{"listFulfillmentOptions", `{}`, contract.Validation, malformed},
		{"listFulfillmentOptions", `{"productId":"prod-0"}`, contract.ResourceNotFound, ""},
		{"listFulfillmentOptions", `{"productId":"` + payg + `","maxResults":51}`, contract.Validation, pagedSoFar},
		{"listPurchaseOptions", `{}`, contract.Validation, malformed},
		{"listPurchaseOptions", `{"filters":[{"filterType":"PURCHASE_OPTION_TYPE","filterValues":["OFFER"]}]}`, contract.Validation, malformed},
		{"listPurchaseOptions", `{"filters":[{"filterType":"VISIBILITY_SCOPE","filterValues":["SECRET"]}]}`, contract.Validation, malformed},
		{"listPurchaseOptions", `{"filters":[{"filterType":"COLOUR","filterValues":["x"]}]}`, contract.Validation, malformed},
		{"listPurchaseOptions", `{"filters":[` + some + `],"maxResults":101}`, contract.Validation, pagedSoFar},
		{"getOffer", `{"offerId":"offer-0"}`, contract.ResourceNotFound, ""},
		{"getOfferTerms", `{"offerId":"` + s.listed(payg).OfferID + `","maxResults":26}`, contract.Validation, pagedSoFar},
		{"getOfferSet", `{}`, contract.Validation, malformed},
		{"getOfferSet", `{"offerSetId":"offerset-0"}`, contract.ResourceNotFound, ""},
	} {
		if e := s.Failure(s.ask(opstest.Acme, c.op, c.body)); e.Type != c.code || e.Reason != c.reason {
			t.Errorf("%s %.100s: %+v, want %s %s", c.op, c.body, e, c.code, c.reason)
		}
	}
}

// The terms of an offer come on pages, each once.
func TestTermsOnPages(t *testing.T) {
	s := open(t)
	offer := s.listed(press)
	var kinds []string
	token := ""
	for {
		var out struct {
			OfferTerms []map[string]any
			NextToken  string
		}
		s.read(opstest.Acme, "getOfferTerms", `{"offerId":"`+offer.OfferID+`","maxResults":2`+token+`}`, &out)
		for _, one := range out.OfferTerms {
			for kind := range one {
				kinds = append(kinds, kind)
			}
		}
		if out.NextToken == "" {
			break
		}
		token = `,"nextToken":"` + out.NextToken + `"`
	}
	if got, want := fmt.Sprint(kinds), "[configurableUpfrontPricingTerm validityTerm renewalTerm usageBasedPricingTerm legalTerm supportTerm]"; got != want {
		t.Errorf("terms %s, want %s", got, want)
	}
}

// Every error that the API reference lists is reachable, at the least by a fault, with the model's HTTP status.
func TestEveryDocumentedErrorCanBeMet(t *testing.T) {
	status := map[string]int{contract.Validation: 400, contract.AccessDenied: 403, contract.ResourceNotFound: 404, contract.Throttling: 429, contract.InternalServer: 500}
	for name := range Service(nil, nil).Ops {
		if len(contract.Operations[name].Errors) == 0 {
			t.Errorf("the contract has no errors of %s", name)
		}
		for _, code := range contract.Operations[name].Errors {
			s := open(t)
			s.Break(fault.Rule{Operation: name, Kind: fault.Exception, Code: code})
			w := s.ask(opstest.Acme, strings.ToLower(name[:1])+name[1:], `{}`)
			if got := s.Failure(w).Type; got != code || w.Code != status[code] {
				t.Errorf("%s: %s came as %d %q", name, code, w.Code, got)
			}
		}
	}
}

// No request makes an operation fail in another way than AWS's.
func FuzzRequest(f *testing.F) {
	f.Add("searchListings", `{"searchText":"a b","filters":[{"filterType":"CATEGORY","filterValues":["x"]}],"maxResults":3,"nextToken":"AAAA"}`)
	f.Add("listPurchaseOptions", `{"filters":[{"filterType":"PRODUCT_ID","filterValues":["x"]}]}`)
	f.Add("getOfferTerms", `{"offerId":"offer-1"}`)
	s := open(f)
	f.Fuzz(func(t *testing.T, op, body string) {
		s.T = t
		r := opstest.REST("/2026-02-05/x", body)
		r.URL.Path = "/2026-02-05/" + op
		if w := s.Send(opstest.Acme, r); w.Code >= 500 || (w.Code == 200) == (w.Header().Get("x-amzn-ErrorType") != "") {
			t.Fatalf("%s %q: %d %s", op, body, w.Code, w.Body)
		}
	})
}
