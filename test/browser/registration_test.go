package browser

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"souk.dev/souk/test/harness"
)

// TestRegistrationAsTheSellerWantsIt is a free trial of a product whose seller asks questions of its own, makes accounts ready by
// hand, and has written words and a template of its own.
func TestRegistrationAsTheSellerWantsIt(t *testing.T) {
	addr := harness.FreeAddress(t)
	s := harness.StartSandbox(t, "", "--fulfillment-url", "http://"+addr+"/register")
	product := s.Product("license")
	listing, err := json.Marshal([]map[string]any{{
		"productCode": product.ProductCode, "title": product.Title, "signInUrl": "http://" + addr + "/nothing-here",
		"brand":       map[string]string{"name": "Inkwell & Daughters", "accent": "#ffe100", "welcome": "Good to have you."},
		"formFields":  []map[string]any{{"name": "terms", "label": "I have read the terms", "type": "checkbox", "required": true}},
		"manualSetup": map[string]string{"within": "2d", "message": "We call you."},
	}})
	if err != nil {
		t.Fatal(err)
	}
	g := harness.StartGateway(t, s, addr, "sqlite:"+filepath.Join(t.TempDir(), "souk.db"), "--seller", "Inkwell", "--products", string(listing),
		"--form-fields", `[{"name":"size","label":"How many people are you?","type":"choice","choices":["few","many"],"required":true},{"name":"purpose","label":"What for?","type":"long_text"}]`)
	var bought harness.Agreement
	s.Post("/_sandbox/agreements", map[string]string{"buyerAccountId": s.Buyers()[0].AccountID, "productCode": product.ProductCode, "offerId": "offer-inkwelltrial0"}, &bought)

	v := newVisitor(t, true)
	v.open(s.URL + "/subscriptions")
	v.post(harness.Together(s, g), token(bought.RegistrationToken))
	v.sees("Inkwell & Daughters", "Good to have you.", "How many people are you?", "I have read the terms")
	script := func(text string) {
		t.Helper()
		if _, err := run(v, chromedp.Evaluate[bool](text+"; true")); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	script(`document.querySelector("form.card").noValidate = true`) // the browser's own checks aside
	signUp(v)
	v.sees("Please look at the marked fields", "Choose one.", "Tick this to go on.")
	script(`document.querySelector("#answer-size").value = "many"`)
	v.fill("What for?", "Novels")
	v.do("tick", chromedp.Click(chromedp.CSS("#answer-terms")))
	v.fill("Password", password)
	v.press("Create account")
	v.sees("Your registration is complete", "We contact you by 12 Nov 2026", "We call you.")

	s.Advance(30 * time.Minute) // AWS has said that it is active, and has been asked for the terms
	v.open(g.URL + "/portal")
	v.sees("Being set up")
	v.seesNot("Open " + product.Title)
	type registration struct {
		ID, State, By string
		Answers       []struct{ Name, Value string }
	}
	waiting := harness.All[registration](&g.API, "/v1/registrations?state=setting_up")
	if len(waiting) != 1 || !strings.HasPrefix(waiting[0].By, "2026-11-12T09:20:00") || len(waiting[0].Answers) != 3 || waiting[0].Answers[0].Value != "many" || waiting[0].Answers[1].Value != "Novels" || waiting[0].Answers[2].Value != "true" {
		t.Fatalf("waiting are %+v", waiting)
	}
	var done registration
	g.Post("/v1/registrations/"+waiting[0].ID+"/ready", nil, &done)
	if done.State != "complete" {
		t.Errorf("%+v", done)
	}
	v.press(product.Title)
	v.sees("Active", "Open "+product.Title, "Free trial until 10 Dec 2026", "charged on your AWS bill")
	v.seesNot("We contact you")
}
