package portal

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"souk.dev/souk/test/chromium"
)

// TestABrowserMakesAndUsesAPasskey has Chromium, with a key of its own making, go through the pages as they are: what our script asks
// of it, what it answers, and what a form without scripts would not show.
func TestABrowserMakesAndUsesAPasskey(t *testing.T) {
	s, _ := named(t)
	ctx, cancel := context.WithTimeout(chromium.Start(t), chromium.Patience)
	defer cancel()
	css := func(sel string) chromedp.CSS { return chromedp.CSS(sel) }
	do := func(what string, steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			page, _ := chromedp.Run(ctx, chromedp.Text(css("body")))
			t.Fatalf("%s: %v; the page says %s", what, err, page)
		}
	}
	do("open the sign-in page", chromedp.Navigate(s.portal.BaseURL+"/signin"))
	if _, err := chromedp.Call(ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	key := webauthn.VirtualAuthenticatorOptions{Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}
	if _, err := chromedp.Call(ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &key}); err != nil {
		t.Fatal(err)
	}
	do("sign in by the password", chromedp.SendKeys(css("#email"), ada["email"]), chromedp.SendKeys(css("#password"), ada["password"]), chromedp.Click(css("form[action='/signin'] button")), chromedp.WaitVisible(css("a[href='/portal'][aria-current]")))
	do("ask for a passkey", chromedp.Navigate(s.portal.BaseURL+newPasskeyPath), chromedp.SendKeys(css("#passkey"), "My telephone"), chromedp.SendKeys(css("#present"), ada["password"]),
		chromedp.Click(css("form.card button")), chromedp.WaitVisible(css("form[data-passkey=create] button")))
	do("make it", chromedp.Click(css("form[data-passkey=create] button")), chromedp.WaitVisible(css("a[href^='/portal/sign-in/passkeys/pky_']")))
	do("sign out", chromedp.Navigate(s.portal.BaseURL+"/signout"), chromedp.Click(css("main form[action='/signout'] button")), chromedp.WaitVisible(css("form[data-passkey=get] button")))
	do("sign in by the passkey", chromedp.Click(css("form[data-passkey=get] button")), chromedp.WaitVisible(css("a[href='/portal'][aria-current]")))
}
