//go:build screenshots

package storefront

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"souk.dev/souk/internal/webui/webuitest"
)

// TestScreenshots writes a picture of every page, light and dark, wide and as on a phone, to $SCREENSHOTS:
//
//	SCREENSHOTS=$PWD/docs/screenshots/sandbox go test -tags screenshots -run Screenshots ./internal/sandbox/storefront
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		t.Skip("SCREENSHOTS names no directory")
	}
	s := newSite(t)
	camera := webuitest.NewCamera(t)
	v := s.as(acme)
	past := v.subscribe(classic)
	s.advance(5 * 60e9)
	v.post("/subscriptions/"+past+"/cancel", url.Values{"confirm": {"confirm"}})
	s.advance(26 * 60 * 60e9)
	id := v.subscribe(inkwell)
	s.meter("pages", 1200)
	s.advance(60 * 60e9)
	v.send(v.get("/products/"+teams), "/products/"+teams+"/subscribe", "units_seats", "25", "units_shelves", "4", "duration", "P12M")
	contract := strings.TrimSuffix(strings.TrimPrefix(v.at, "/subscriptions/"), "/confirmation")
	s.call("ResolveCustomer", `{"RegistrationToken":"long gone"}`)
	s.call("BatchMeterUsage", `{"UsageRecords":[]}`)
	v.post("/control/faults", url.Values{"operation": {"BatchMeterUsage"}, "kind": {"error-after-commit"}, "times": {"3"}})
	v.post("/control/faults", url.Values{"operation": {"Notification"}, "kind": {"duplicate"}, "probability": {"0.1"}})

	// The browser takes each picture as the buyer, whose cookie the proxy adds.
	shown := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("nobody") == "" {
			r.AddCookie(&http.Cookie{Name: buyerCookie, Value: acme})
		}
		s.front.ServeHTTP(w, r)
	}))
	defer shown.Close()
	for name, path := range map[string]string{
		"home": "/", "welcome": "/?nobody=1", "product": "/products/" + classic, "product-subscribed": "/products/" + inkwell,
		"product-contract": "/products/prod-inkwellclassct", "product-tiers": "/products/" + press, "contract": "/subscriptions/" + contract, "amend": "/subscriptions/" + contract + "/amend",
		"confirmation": "/subscriptions/" + id + "/confirmation", "subscriptions": "/subscriptions", "subscription": "/subscriptions/" + id,
		"cancel": "/subscriptions/" + id + "/cancel", "bill": "/bill", "seller": "/seller", "control": "/control",
		"control-agreement": "/control/agreements/" + id, "profiles": "/control/profiles", "calls": "/control/calls", "call": "/control/calls/1", "deliveries": "/control/deliveries", "faults": "/control/faults", "not-found": "/nowhere",
	} {
		for suffix, shot := range map[string]webuitest.Shot{"": {Width: 1280}, "-dark": {Width: 1280, Dark: true}, "-phone": {Width: 390}} {
			shot.URL, shot.File = shown.URL+path, filepath.Join(dir, name+suffix+".png")
			camera.Take(t, shot)
		}
	}
}
