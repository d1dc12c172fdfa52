package storefront

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/sandbox/notice"
	"souk.dev/souk/internal/sandbox/topic"
	"souk.dev/souk/internal/sandbox/world"
)

// scene is a market in which something of everything has happened, shown to a browser that is Acme's.
type scene struct {
	url   string
	pages map[string]string // every page: a name for it, and where it is
}

func newScene(t *testing.T) scene {
	t.Helper()
	s := newSite(t)
	v := s.as(acme)
	past := v.subscribe(classic)
	s.advance(5 * time.Minute)
	v.post("/subscriptions/"+past+"/cancel", url.Values{"confirm": {"confirm"}})
	s.advance(26 * time.Hour)
	id := v.subscribe(inkwell)
	s.meter("pages", 1200)
	s.advance(time.Hour)
	v.send(v.get("/products/"+teams), "/products/"+teams+"/subscribe", "units_seats", "25", "units_shelves", "4", "duration", "P12M")
	contract := strings.TrimSuffix(strings.TrimPrefix(v.at, "/subscriptions/"), "/confirmation")
	s.call("ResolveCustomer", `{"RegistrationToken":"long gone"}`)
	s.call("BatchMeterUsage", `{"UsageRecords":[]}`)
	v.post("/control/faults", url.Values{"operation": {"BatchMeterUsage"}, "kind": {"error-after-commit"}, "times": {"3"}})
	v.post("/control/faults", url.Values{"operation": {"Notification"}, "kind": {"duplicate"}, "probability": {"0.1"}})
	s.inbox.Take("hello@inkwell.example", []string{"ada@acme.example"}, []byte(welcomeMail))
	s.inbox.Take("hello@inkwell.example", []string{"grace@globex.example"}, []byte("From: Inkwell <hello@inkwell.example>\r\nSubject: Your subscription has ended\r\n\r\nYour notes stay for 30 days. Subscribe again at https://inkwell.example/again and nothing is lost.\r\n"))
	fields := v.get("/seller/offers/new?kind=fixed&product="+teams).Form(t, "/seller/offers/new").Fields()
	fields["buyer"] = []string{acme}
	fields.Set("name", "Inkwell Teams for Acme")
	fields.Set("schedule", "P0D 9000\nP6M 4500\nP12M 4500")
	fields.Set("units_seats", "120")
	fields.Set("duration", "P18M")
	v.post("/seller/offers/new", fields)
	offer := v.at
	v.post("/seller/agreements/"+contract+"/cancellation", url.Values{"reason": {"REPLACING_AGREEMENT"}, "description": {"We agreed on 120 seats; the offer for them replaces this contract."}})
	s.advance(5 * time.Minute)
	v.send(v.get("/products/"+press), "/products/"+press+"/subscribe", "tier", "platen", "duration", "P1M")
	small := strings.TrimSuffix(strings.TrimPrefix(v.at, "/subscriptions/"), "/confirmation")
	s.advance(5 * time.Minute)
	v.post("/support", url.Values{"agreement": {small}, "kind": {"cancel_and_refund"}, "reason": {"We meant the rotary press."}})
	refund := v.at
	options, err := s.world.PurchaseOptions(s.clock.Now(), globex, teams)
	if err != nil {
		t.Fatal(err)
	}
	private, err := s.world.Subscribe(s.clock.Now(), world.Subscribe{BuyerAccount: globex, Product: teams, OfferID: options[0].OfferID})
	if err != nil {
		t.Fatal(err)
	}
	s.advance(time.Hour)
	if _, err := s.world.OpenCase(s.clock.Now(), world.NewCase{AgreementID: private.AgreementID, Reason: "Our office in Springfield has closed."}); err != nil {
		t.Fatal(err)
	}
	s.advance(5 * time.Minute)
	v.send(v.get(trialPage), "/products/"+inkwell+"/subscribe")
	later, future, replacement := s.offersToCome(contract)
	code := "1nkwe11c1ass1c0abcdefghij"
	v.post("/seller/channels/queues", url.Values{"queue": {"given-up"}})
	v.post("/seller/channels/queues", url.Values{"queue": {"orders"}, "dead": {"given-up"}})
	v.post("/seller/channels/subscriptions", url.Values{"topic": {topic.Subscriptions(code)}, "endpoint": {"https://orders.inkwell.example/aws/sns"}, "raw": {"on"}, "filter": {`{"action":["unsubscribe-pending","unsubscribe-success"]}`}})
	v.post("/seller/channels/subscriptions", url.Values{"topic": {topic.Subscriptions(code)}, "endpoint": {"orders"}})
	v.post("/seller/channels/rules/new", url.Values{"name": {"licenses"}, "description": {"What the shop's own accounts follow."}, "pattern": {`{"source":["aws.agreement-marketplace"],"detail-type":[{"prefix":"License "}]}`}})
	v.post("/seller/channels/rules/licenses/targets", url.Values{"url": {"https://orders.inkwell.example/aws/events"}, "header": {"X-Souk-Events-Secret"}, "secret": {"open sesame"}, "dead": {"given-up"}})
	s.doom("orders", 3)
	heard, _ := s.front.opt.Desk.Newest(notice.Query{Channel: notice.EventBridge, Limit: 1})
	pages := map[string]string{
		"trial-other": trialPage + "?as=" + globex, "offer-future": future, "offer-replacement": replacement, "product-offers": "/products/" + teams, "subscription-future": "/subscriptions/" + later + "?as=" + globex,
		"seller-channels": "/seller/channels", "seller-rule": "/seller/channels/rules/licenses?event=" + heard[0].ID, "seller-rule-new": "/seller/channels/rules/new",
		"seller-queue": "/seller/channels/queues/given-up", "delivery": "/control/deliveries/" + heard[0].ID,
		"product-priced": "/products/prod-inkwellclassct?price=show&units_seats=12&duration=P12M&renew=on",
		"trial":          trialPage, "offer": strings.Replace(offer, "/seller", "/products/"+teams, 1),
		"seller-reports": "/seller/reports",
		"support":        "/support", "case": refund,
		"seller-product": "/seller/products/" + press, "seller-product-new": "/seller/products/new", "seller-offers": "/seller/offers", "seller-offer": offer,
		"seller-offer-new": "/seller/offers/new?kind=fixed&product=" + teams, "seller-agreements": "/seller/agreements", "seller-agreement": "/seller/agreements/" + contract, "seller-requests": "/seller/requests",
		"home": "/", "welcome": "/?nobody=1", "product": "/products/" + classic, "product-subscribed": "/products/" + inkwell,
		"product-contract": "/products/prod-inkwellclassct", "product-tiers": "/products/" + press, "contract": "/subscriptions/" + contract, "amend": "/subscriptions/" + contract + "/amend",
		"confirmation": "/subscriptions/" + id + "/confirmation", "subscriptions": "/subscriptions", "subscription": "/subscriptions/" + id, "subscriptions-active": "/subscriptions?status=ACTIVE",
		"cancel": "/subscriptions/" + id + "/cancel", "bill": "/bill", "seller": "/seller", "control": "/control",
		"control-agreement": "/control/agreements/" + id, "profiles": "/control/profiles", "calls": "/control/calls", "call": "/control/calls/1", "deliveries": "/control/deliveries", "faults": "/control/faults", "not-found": "/nowhere",
		"inbox": "/inbox", "mail": "/inbox/1", "call-sent": "/control/calls/1?view=sent", "control-agreements": "/control/agreements",
	}
	// The browser is the buyer's: the proxy adds the cookie; that of another with ?as=, and of nobody with ?nobody=.
	shown := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if in := r.URL.Query(); in.Get("nobody") == "" {
			r.AddCookie(&http.Cookie{Name: buyerCookie, Value: orElse(in.Get("as"), acme)})
		}
		s.front.ServeHTTP(w, r)
	}))
	t.Cleanup(shown.Close)
	return scene{shown.URL, pages}
}

// offersToCome makes an offer that starts later, which Globex accepts and Acme may, and one that takes the place of Acme's
// contract. It returns Globex's agreement, and the pages on which Acme sees the two.
func (s *site) offersToCome(contract string) (later, future, replacement string) {
	s.t.Helper()
	now, seats, shelves := s.clock.Now(), int64(120), int64(10)
	start := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	offers := []world.Offer{
		{Name: "Inkwell Teams, from the new year on", Buyers: []string{acme, globex}, ExpiresAt: start.AddDate(0, 0, -14),
			Terms: world.OfferTerms{Upfront: &world.UpfrontTerm{RateCards: s.rates(teams)}, Validity: &world.ValidityTerm{StartDate: start}, Renewal: &world.RenewalTerm{}}},
		{Name: "120 seats in place of 25", Buyers: []string{acme}, ExpiresAt: now.AddDate(0, 1, 0), Replaces: contract,
			Terms: world.OfferTerms{Fixed: &world.FixedTerm{Duration: "P24M", Grants: []world.Grant{{Dimension: "seats", MaxQuantity: &seats}, {Dimension: "shelves", MaxQuantity: &shelves}}},
				Schedule: []world.Instalment{{After: "P0D", Amount: decimal.New(8000, 0)}, {After: "P12M", Amount: decimal.New(7500, 0)}}}},
	}
	for i, o := range offers {
		o.ProductID = teams
		made, err := s.world.CreateOffer(now, o)
		if err != nil {
			s.t.Fatal(err)
		}
		offers[i] = made
	}
	a, err := s.world.Subscribe(now, world.Subscribe{BuyerAccount: globex, Product: teams, OfferID: offers[0].OfferID, Terms: world.Terms{Duration: "P12M", Quantities: map[string]int64{"seats": 30}}})
	if err != nil {
		s.t.Fatal(err)
	}
	page := "/products/" + teams + "/offers/"
	return a.AgreementID, page + offers[0].OfferID + "?units_seats=30&duration=P12M", page + offers[1].OfferID
}

const welcomeMail = "From: Inkwell <hello@inkwell.example>\r\nSubject: Welcome to Inkwell, Ada\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello Ada,\r\n\r\nyour account is ready. Sign in at https://inkwell.example/signin and publish your first note.\r\n" +
	"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<body style='font:16px/1.6 system-ui;margin:2rem;color:#222'><h1 style='color:#7a3e8a'>Welcome, Ada</h1><p>Your account is ready.</p>" +
	"<p><a href='https://inkwell.example/signin' style='background:#7a3e8a;color:#fff;padding:.6rem 1.2rem;border-radius:8px;text-decoration:none'>Sign in to Inkwell</a></p><p>Publish your first note, and its pages are counted.</p></body>\r\n--b--\r\n"

// Two scenes look the same: what their pages show is drawn from nothing but the world's seed, so that a picture changes only
// when its page does. The ports of this machine, and how long a call took, are not shown as they are.
func TestScenesAreTheSame(t *testing.T) {
	read := func() map[string]string {
		sc := newScene(t)
		all := map[string]string{}
		for name, path := range sc.pages {
			res, err := http.Get(sc.url + path)
			if err != nil {
				t.Fatal(err)
			}
			page, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			all[name] = varying.ReplaceAllString(string(page), "")
		}
		return all
	}
	first, second := read(), read()
	for name, page := range first {
		a, b := strings.Split(page, "\n"), strings.Split(second[name], "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Errorf("%s, line %d, is\n%s\nand then\n%s", name, i+1, a[i], b[i])
				break
			}
		}
		if len(a) != len(b) {
			t.Errorf("%s has %d lines, and then %d", name, len(a), len(b))
		}
	}
}

// varying is what no picture shows, or what differs by the machine: a form's nonce, ports, how long a call
// took, and what is signed with the key that every start makes anew.
var varying = regexp.MustCompile(`name="nonce" value="[^"]*"|127\.0\.0\.1:[0-9]+|[0-9.]+ ms|&#34;Signature&#34;.*`)
