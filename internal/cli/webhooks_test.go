package cli

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/client"
)

// hookReceiver is a program of the seller's that is told of what happens, and believes only what is signed.
type hookReceiver struct {
	*httptest.Server
	mu       sync.Mutex
	verify   *client.WebhookVerifier
	down     bool
	got      []client.Webhook
	refused  int
	requests int
}

func (h *hookReceiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests++
	body, err := io.ReadAll(r.Body)
	if h.down || err != nil {
		http.Error(w, "We are being mended.", http.StatusServiceUnavailable)
		return
	}
	hook, err := h.verify.Verify(r.Header, body, time.Now())
	if err != nil {
		h.refused++
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	h.got = append(h.got, hook)
}

// set changes how the receiver answers.
func (h *hookReceiver) set(f func(h *hookReceiver)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f(h)
}

// types are those of what came, each event once, in the order of the events.
func (h *hookReceiver) types() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	once := map[string]client.Webhook{}
	for _, w := range h.got {
		once[w.ID] = w
	}
	var all []client.Webhook
	for _, w := range once {
		all = append(all, w)
	}
	slices.SortFunc(all, func(a, b client.Webhook) int {
		if c := a.Timestamp.Compare(b.Timestamp); c != 0 {
			return c
		}
		return strings.Compare(a.Type, b.Type)
	})
	var types []string
	for _, w := range all {
		types = append(types, w.Type)
	}
	return strings.Join(types, " ")
}

type hook struct{ ID, Secret string }

type toldHook struct {
	ID, Event, Type, Target, State, Why string
	Tries                               int
	Payload                             *client.Webhook
	Attempts                            []struct {
		Status int
		Say    string
	}
}

// A subscription's whole life is told to a program that is away for a day of it, across a restart of everything, with a
// secret that is replaced on the way.
func TestWebhooksAcrossARestart(t *testing.T) {
	data := t.TempDir()
	b := openTestBazaar(t, data)
	o := overbilled{t: t, b: b}
	o.market(http.MethodPost, "clock", map[string]bool{"frozen": true}, nil)
	rcv := &hookReceiver{}
	rcv.Server = httptest.NewServer(rcv)
	defer rcv.Close()

	var h hook
	o.gateway(http.MethodPost, "/v1/webhooks", map[string]any{"url": rcv.URL + "/souk", "events": []string{"license.*"}}, http.StatusCreated, &h)
	first, err := client.NewWebhookVerifier(h.Secret)
	if err != nil {
		t.Fatal(err)
	}
	rcv.set(func(r *hookReceiver) { r.verify = first })
	o.market(http.MethodPost, "agreements", map[string]any{"buyerAccountId": "111122223333", "productCode": b.Product}, &o.agreement)
	o.advance("5m")
	if got := rcv.types(); got != "license.active" {
		t.Fatalf("told %q", got)
	}
	l, err := rcv.got[0].License()
	if err != nil || l.LicenseARN != o.LicenseARN || l.State != client.Active || l.Why == "" {
		t.Errorf("%+v, %v", l, err)
	}

	// While it is away, the subscription ends, and everything is started anew.
	rcv.set(func(r *hookReceiver) { r.down = true })
	o.market(http.MethodPost, "agreements/"+o.AgreementID+"/cancel", nil, nil)
	o.advance("3h")
	if err := b.close(); err != nil {
		t.Fatal(err)
	}
	b.app, b.gateway, b.sandbox = nil, nil, nil
	b = openTestBazaar(t, data)
	o.b = b
	var waiting struct{ Items []toldHook }
	o.gateway(http.MethodGet, "/v1/deliveries?state=pending&target="+h.ID, nil, http.StatusOK, &waiting)
	if len(waiting.Items) < 2 || !strings.Contains(waiting.Items[0].Why, "It answered 503.") {
		t.Errorf("waiting: %+v", waiting.Items)
	}

	// Its secret is replaced; the program knows only the old one, and takes what it missed all the same.
	var rotated hook
	o.gateway(http.MethodPost, "/v1/webhooks/"+h.ID+"/rotate", map[string]string{"overlap": "48h"}, http.StatusOK, &rotated)
	if rotated.Secret == "" || rotated.Secret == h.Secret {
		t.Fatalf("rotated from %q to %q", h.Secret, rotated.Secret)
	}
	rcv.set(func(r *hookReceiver) { r.down = false })
	o.advance("24h")
	if got := rcv.types(); got != "license.active license.winding_down license.updated license.ended" || rcv.refused != 0 {
		t.Errorf("told %q; refused %d", got, rcv.refused)
	}

	// Once the overlap is over, the old secret signs nothing; a test that is refused is tried again, and taken with the new.
	o.advance("48h")
	var test toldHook
	o.gateway(http.MethodPost, "/v1/webhooks/"+h.ID+"/test", nil, http.StatusAccepted, &test)
	o.advance("2s")
	o.gateway(http.MethodGet, "/v1/deliveries/"+test.ID, nil, http.StatusOK, &test)
	if test.State != "pending" || len(test.Attempts) != 1 || test.Attempts[0].Status != http.StatusUnauthorized {
		t.Errorf("a test signed with another secret: %+v", test)
	}
	second, err := client.NewWebhookVerifier(rotated.Secret)
	if err != nil {
		t.Fatal(err)
	}
	rcv.set(func(r *hookReceiver) { r.verify = second })
	o.advance("10s")
	o.gateway(http.MethodGet, "/v1/deliveries/"+test.ID, nil, http.StatusOK, &test)
	if test.State != "delivered" || test.Payload == nil || test.Payload.Type != "webhook.test" || test.Payload.ID != test.Event {
		t.Errorf("the test afterwards: %+v", test)
	}
}
