package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/client"
	"souk.dev/souk/internal/browser"
	"souk.dev/souk/internal/gateway/threshold"
	"souk.dev/souk/internal/sandbox/world"
)

// pagesAhead is the built-in world, in which pages can be bought in advance with the seats of Inkwell Teams.
func pagesAhead(t *testing.T) *world.File {
	t.Helper()
	text := string(world.Builtin().Source)
	changed := strings.Replace(text, "    pricing: contract\n    identity: license\n    dimensions:\n", `    pricing: contract_with_consumption
    identity: license
    dimensions:
      - key: pages
        name: Pages made
        unit: Units
        kinds: [entitled, metered]
        prices: {P1M: "1", P12M: "10", P36M: "30", usage: "0.02"}
`, 1)
	f, err := world.ParseFile([]byte(changed))
	if err != nil || changed == text {
		t.Fatal("the built-in world is another: ", err)
	}
	return f
}

// thresholds are what the receiver was told of usage, each event once, in their order.
func (h *hookReceiver) thresholds(t *testing.T) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var ids, all []string
	for _, w := range h.got {
		var told threshold.Told
		if err := json.Unmarshal(w.Data, &told); err != nil || w.Type != "usage.threshold" {
			t.Fatalf("%s %s: %v", w.Type, w.Data, err)
		}
		if !slices.Contains(ids, w.ID) {
			ids, all = append(ids, w.ID), append(all, fmt.Sprintf("%d: %s/%s", told.Percent, told.Used, told.Limit))
		}
	}
	return strings.Join(all, ", ")
}

// A customer uses up what they have bought. They are told by mail, and the seller's program by webhook, at 50, 80 and 100 percent:
// each once, though everything is started anew in between; again when they have bought more; and no more by mail when they
// want no more mails of that kind.
func TestUsageIsToldOf(t *testing.T) {
	plan := bazaarPlan{data: t.TempDir(), world: pagesAhead(t), entitlementsEvery: 12 * time.Hour}
	b := openPlannedBazaar(t, plan)
	r := &reader{overbilled{t: t, b: b}, map[string]bool{}}
	r.market(http.MethodPost, "clock", map[string]bool{"frozen": true}, nil)
	rcv := &hookReceiver{}
	rcv.Server = httptest.NewServer(rcv)
	defer rcv.Close()
	var h hook
	r.gateway(http.MethodPost, "/v1/webhooks", map[string]any{"url": rcv.URL, "events": []string{"usage.*"}}, http.StatusCreated, &h)
	verify, err := client.NewWebhookVerifier(h.Secret)
	if err != nil {
		t.Fatal(err)
	}
	rcv.set(func(h *hookReceiver) { h.verify = verify })

	r.market(http.MethodPost, "agreements", map[string]any{"buyerAccountId": "111122223333", "productCode": teams, "quantities": map[string]int{"pages": 100}, "duration": "P1M"}, &r.agreement)
	web := browser.New()
	r.open(web, b.Sandbox+"/", http.StatusOK)
	r.press(web, demoBuyer, nil, "Inkwell")
	r.open(web, b.Sandbox+"/subscriptions/"+r.AgreementID, http.StatusOK)
	r.press(web, "Set up your account", nil, "Continue to Inkwell Teams")
	r.press(web, "Continue to Inkwell Teams", nil, "Set up your account")
	r.press(web, "Create account", map[string]string{"name": "Ada Lovelace", "company": demoBuyer, "email": demoEmail, "password": demoPassword}, "Inkwell Teams")
	r.next("Welcome to Inkwell")
	r.advance("10m")
	r.next("Inkwell Teams is ready")

	n := 0
	use := func(pages int) {
		t.Helper()
		n++
		var taken struct{ Accepted int }
		r.gateway(http.MethodPost, "/v1/events", map[string]any{"id": fmt.Sprint(n), "license": r.LicenseARN, "dimension": "pages", "quantity": pages}, http.StatusOK, &taken)
		if taken.Accepted != 1 {
			t.Fatalf("event %d was not taken", n)
		}
		r.advance("10m")
	}
	use(49)
	r.nothing()
	use(1)
	m := r.next("50 % of the Pages made that you bought are used: Inkwell Teams")
	if !strings.Contains(m.Text, "50 of 100 Units") || !strings.Contains(m.Text, "billed as usage") {
		t.Errorf("%s", m.Text)
	}
	if err := b.close(); err != nil { // the whole, as after a power cut of the machine
		t.Fatal(err)
	}
	b.app, b.gateway, b.sandbox = nil, nil, nil
	b = openPlannedBazaar(t, plan)
	r.b, r.read = b, map[string]bool{} // the inbox is kept in memory
	r.advance("2h")
	use(10)
	r.nothing()
	use(60)
	m = r.next("All Pages made that you bought are used up: Inkwell Teams")
	if !strings.Contains(m.Text, "120 of 100 Units") {
		t.Errorf("%s", m.Text)
	}
	r.advance("26h")
	r.nothing()
	r.market(http.MethodPost, "agreements/"+r.AgreementID+"/amend", map[string]any{"quantities": map[string]int{"pages": 150}}, nil)
	r.advance("10m")
	use(1)
	m = r.next("50 % of the Pages made that you bought are used: Inkwell Teams") // 20 had been billed before there were more
	if !strings.Contains(m.Text, "101 of 150 Units") {
		t.Errorf("%s", m.Text)
	}
	r.open(web, m.Links[len(m.Links)-1], http.StatusOK)
	r.press(web, "No more reminders", nil, "gets no more of them")
	use(100)
	r.nothing()
	if got := rcv.thresholds(t); got != "50: 50/100, 100: 120/100, 50: 101/150, 100: 201/150" || rcv.refused != 0 {
		t.Errorf("the program was told %q", got)
	}
}
