package cli

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/chat"
)

// room is a channel of a chat, which takes messages as Slack's incoming webhooks do.
type room struct {
	*httptest.Server
	mu   sync.Mutex
	said []string
}

func (c *room) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var message struct{ Text string }
	if err := json.NewDecoder(r.Body).Decode(&message); err != nil || message.Text == "" {
		http.Error(w, "no_text", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said = append(c.said, message.Text)
}

func (c *room) heard() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.said)
}

type shownAlert struct {
	ID, Type, State, Say, Do string
	Times                    int
	Since, FoundAt, ToldAt   time.Time
}

// AWS denies metering calls for hours: the seller's people are told once, with what to do, and again when it is mended.
// Programs read the same under /v1/alerts.
func TestDeniedCallsAreToldOnceAndTheirEnd(t *testing.T) {
	ops := &room{}
	ops.Server = httptest.NewServer(ops)
	defer ops.Close()
	b := openPlannedBazaar(t, bazaarPlan{data: t.TempDir(), chats: []chat.Room{{Name: "ops", URL: ops.URL + "/services/T0/B0/key"}}})
	o := overbilled{t: t, b: b}
	o.market(http.MethodPost, "clock", map[string]bool{"frozen": true}, nil)
	o.market(http.MethodPost, "agreements", map[string]any{"buyerAccountId": "111122223333", "productCode": b.Product}, &o.agreement)
	o.advance("5m")
	o.market(http.MethodPost, "faults", map[string]any{"operation": "BatchMeterUsage", "kind": "exception", "code": "AccessDeniedException"}, nil)
	var answer struct{ Accepted int }
	o.gateway(http.MethodPost, "/v1/events", map[string]any{"id": "e-1", "license": o.LicenseARN, "dimension": "pages", "quantity": 3}, http.StatusOK, &answer)
	o.advance("4h")

	if told := ops.heard(); len(told) != 1 || !strings.Contains(told[0], "AWS refuses our calls") || !strings.Contains(told[0], "credentials") {
		t.Fatalf("the chat was told %q", told)
	}
	var list struct{ Items []shownAlert }
	o.gateway(http.MethodGet, "/v1/alerts?state=raised", nil, http.StatusOK, &list)
	if len(list.Items) != 1 {
		t.Fatalf("raised: %+v", list.Items)
	}
	a := list.Items[0]
	if a.Type != "alert.calls_denied" || a.Times < 2 || !strings.Contains(a.Do, "credentials") || a.Say == "" || a.ToldAt.IsZero() || a.FoundAt.Before(a.ToldAt) {
		t.Errorf("the alert: %+v", a)
	}
	if told := ops.heard(); !strings.Contains(told[0], b.Gateway+"/console/alerts/"+a.ID) {
		t.Errorf("the chat is led to another place than %s: %q", a.ID, told[0])
	}

	o.market(http.MethodDelete, "faults", nil, nil)
	o.advance("1h")
	o.gateway(http.MethodGet, "/v1/alerts/"+a.ID, nil, http.StatusOK, &a)
	if a.State != "resolved" {
		t.Errorf("when AWS takes calls again: %+v", a)
	}
	if told := ops.heard(); len(told) != 2 || !strings.Contains(told[1], "Resolved") {
		t.Errorf("told %q", told)
	}
	for path, want := range map[string]int{"/v1/alerts?state=raised": http.StatusOK, "/v1/alerts?state=bad": http.StatusBadRequest, "/v1/alerts?cursor=x": http.StatusBadRequest, "/v1/alerts/alr_none": http.StatusNotFound} {
		list.Items = nil
		var said any = &list
		o.gateway(http.MethodGet, path, nil, want, said)
		if len(list.Items) != 0 {
			t.Errorf("%s: %+v", path, list.Items)
		}
	}
}
