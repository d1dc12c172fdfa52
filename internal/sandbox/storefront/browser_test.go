package storefront

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/test/chromium"
)

// landing is a seller's site: it takes the token and sends the browser on, as the gateway does, to another site still.
type landing struct {
	*httptest.Server
	tokens  chan string
	origins chan string
}

func newLanding(t *testing.T) *landing {
	t.Helper()
	l := &landing{tokens: make(chan string, 4), origins: make(chan string, 4)}
	signUp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`<!doctype html><title>Sign up</title><h1 id="landed">Sign up</h1>`))
	}))
	t.Cleanup(signUp.Close)
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			http.NotFound(w, r)
			return
		}
		l.tokens <- r.PostFormValue(contract.TokenField)
		l.origins <- r.Header.Get("Origin")
		http.Redirect(w, r, strings.Replace(signUp.URL, "127.0.0.1", "localhost", 1), http.StatusSeeOther)
	}))
	t.Cleanup(l.Close)
	return l
}

// TestABrowserBuys clicks through the purchase with a real browser, which keeps to the pages' security policy: with
// scripts, Set up your account is one click; without, its page has a button.
func TestABrowserBuys(t *testing.T) {
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			seller := newLanding(t)
			f := ownBuiltin(t)
			f.Products[0].FulfillmentURL = seller.URL + "/register"
			s := newSiteOf(t, f)
			ctx, cancel := context.WithTimeout(chromium.Start(t), chromium.Patience)
			defer cancel()
			if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !scripts}); err != nil {
				t.Fatal(err)
			}
			click := func(what, sel string) { // a link or a button that leads to another page
				t.Helper()
				if _, err := chromedp.RunResponse(ctx, chromedp.Click(sel)); err != nil {
					t.Fatalf("%s: %v", what, err)
				}
			}
			if err := chromedp.Do(ctx, chromedp.Navigate(s.url)); err != nil {
				t.Fatal(err)
			}
			click("choose a buyer", `.menu-boxed`)
			click("open the product", `//a[text()="Inkwell"]`)
			click("subscribe", `//button[text()="Subscribe"]`)
			click("set up the account", `//button[text()="Set up your account"]`)
			if !scripts {
				click("continue to the seller", `//button[text()="Continue to Inkwell"]`)
			}
			if err := chromedp.Do(ctx, chromedp.WaitVisible(`#landed`)); err != nil {
				t.Fatalf("arrive at the seller's sign-up: %v", err)
			}
			token, origin := <-seller.tokens, <-seller.origins
			if origin != s.url {
				t.Errorf("the form came from %q, want the marketplace's %s", origin, s.url)
			}
			got, err := s.world.ResolveToken(s.clock.Now(), s.world.DefaultSeller(), token)
			if err != nil || got.BuyerAccount != acme {
				t.Errorf("the token resolves to %+v, %v", got, err)
			}
			if n := len(seller.tokens); n != 0 {
				t.Errorf("%d more tokens were posted", n)
			}
		})
	}
}

// TestTheControlRoomKeepsItselfFresh sees a purchase appear on a page that nobody reloads.
func TestTheControlRoomKeepsItselfFresh(t *testing.T) {
	ctx, cancel := context.WithTimeout(chromium.Start(t), chromium.Patience)
	defer cancel()
	s := newSite(t)
	if err := chromedp.Do(ctx, chromedp.Navigate(s.url+"/control"), chromedp.WaitVisible(`.empty`)); err != nil {
		t.Fatal(err)
	}
	a, err := s.world.Subscribe(s.clock.Now(), world.Subscribe{BuyerAccount: acme, Product: inkwell})
	if err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.WaitVisible(`//code[text()="`+a.AgreementID+`"]`)); err != nil {
		t.Errorf("the purchase did not appear: %v", err)
	}
}

// TestWhatIsReadStaysOpen opens a call and sees another one appear above it: what the reader has at hand stays.
func TestWhatIsReadStaysOpen(t *testing.T) {
	ctx, cancel := context.WithTimeout(chromium.Start(t), chromium.Patience)
	defer cancel()
	s := newSite(t)
	s.call("ResolveCustomer", `{"RegistrationToken":"x"}`)
	err := chromedp.Do(ctx, chromedp.Navigate(s.url+"/control/calls"), chromedp.WaitVisible(`.live-mark[data-state="on"]`), chromedp.Click(`#call-1 summary`),
		chromedp.WaitVisible(`#call-1 pre`))
	if err != nil {
		t.Fatal(err)
	}
	s.call("BatchMeterUsage", `{"UsageRecords":[]}`)
	if err := chromedp.Do(ctx, chromedp.WaitVisible(`#call-2`), chromedp.WaitVisible(`#call-1[open] pre`)); err != nil {
		t.Errorf("the second call did not appear, or the first was closed: %v", err)
	}
}

// TestABrowserAsksForARefund and answers a seller's request, with scripts and under the pages' security policy.
func TestABrowserAsksForARefund(t *testing.T) {
	s := newSite(t)
	v := s.as(acme)
	kept, gone := v.contractOf(teams), v.contractOf("prod-inkwellclassct")
	if _, err := s.world.RequestCancellation(s.clock.Now(), kept.SellerAccount, world.NewCancellation{AgreementID: kept.AgreementID, ReasonCode: "OTHER"}); err != nil {
		t.Fatal(err)
	}
	s.advance(time.Minute)
	ctx, cancel := context.WithTimeout(chromium.Start(t), chromium.Patience)
	defer cancel()
	click := func(what, sel string) {
		t.Helper()
		if _, err := chromedp.RunResponse(ctx, chromedp.Click(sel)); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(s.url+"/support")); err != nil {
		t.Fatal(err)
	}
	click("choose a buyer", `main .menu-boxed`)
	if err := chromedp.Do(ctx, chromedp.Click(`#ask-`+gone.AgreementID+` summary`), chromedp.WaitVisible(`#ask-`+gone.AgreementID+` .btn-danger`)); err != nil {
		t.Fatalf("open the form: %v", err)
	}
	click("ask for the refund", `#ask-`+gone.AgreementID+` .btn-danger`)
	s.advance(10 * 24 * time.Hour) // past the last of the business days; by then silence has approved the other request
	if err := chromedp.Do(ctx, chromedp.WaitVisible(`.badge-success`), chromedp.Navigate(s.url+"/subscriptions/"+kept.AgreementID), chromedp.WaitVisible(`//h2[text()="The seller's cancellation request"]`)); err != nil {
		t.Errorf("the case's page, or the subscription's, did not follow: %v", err)
	}
	if a, err := s.world.Agreement(kept.AgreementID); err != nil || a.Status != world.Cancelled {
		t.Errorf("silence left the agreement %s, %v", a.Status, err)
	}
}
