package gateway

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/keys"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/store"
)

// ordinary are the calls that change something and yet are nobody's act: what programs do all day.
var ordinary = map[string]string{
	"POST /v1/events":                        "usage",
	"POST /v1/registrations/{handle}/redeem": "a buyer has come",
	"POST /v1/registrations/{id}/complete":   "a buyer has signed up",
	"POST /v1/signins/{handle}/redeem":       "a customer has signed in",
	"POST /v1/reconciliations":               "nothing is changed",
	"POST /v1/webhooks/{id}/test":            "nobody but the seller's own endpoint is told",
}

// TestWhatProgramsHaveDoneIsInTheAuditLog makes every call under /v1 that changes something, about things that are not there where
// it can be: what was attempted is in the log all the same. A new call has to be written down, or named as ordinary.
func TestWhatProgramsHaveDoneIsInTheAuditLog(t *testing.T) {
	c := config(t)
	db, err := store.Open(t.Context(), c.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	book, err := license.OpenBook(t.Context(), db.Licenses(), clock.System{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := book.Arrive(t.Context(), license.Buyer{ProductCode: "p", ARN: "arn:aws:license-manager::1:license:l-1", Customer: "111122223333"}, clock.System{}.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	g := open(t, c)
	key, made, err := keys.Create(t.Context(), g.db.Keys(), clock.System{}, "till")
	if err != nil {
		t.Fatal(err)
	}
	about := `{"license":"` + string(l.ID) + `","by":"ada@seller.example"}`
	want := map[string]struct {
		body   string
		action audit.Action
	}{
		"POST /v1/licenses/{id}/finalize":        {"", audit.UsageFinalized},
		"POST /v1/corrections":                   {about, audit.CorrectionAsked},
		"POST /v1/corrections/{id}/approve":      {`{"by":"ada@seller.example"}`, audit.CorrectionOkayed},
		"POST /v1/corrections/{id}/reject":       {`{"by":"ada@seller.example"}`, audit.CorrectionRefused},
		"POST /v1/cancellations":                 {about, audit.EndProposed},
		"POST /v1/cancellations/{id}/approve":    {`{"by":"ada@seller.example"}`, audit.EndOkayed},
		"POST /v1/cancellations/{id}/reject":     {`{"by":"ada@seller.example"}`, audit.EndRefused},
		"POST /v1/cancellations/{id}/withdraw":   {`{"by":"ada@seller.example"}`, audit.EndWithdrawn},
		"POST /v1/payments":                      {about, audit.PaymentProposed},
		"POST /v1/payments/{id}/approve":         {`{"by":"ada@seller.example"}`, audit.PaymentOkayed},
		"POST /v1/payments/{id}/reject":          {`{"by":"ada@seller.example"}`, audit.PaymentRefused},
		"POST /v1/payments/{id}/withdraw":        {`{"by":"ada@seller.example"}`, audit.PaymentWithdrawn},
		"POST /v1/deliveries/{id}/replay":        {"", audit.DeliveryReplayed},
		"POST /v1/notifications/{id}/replay":     {"", audit.NoticeReplayed},
		"DELETE /v1/accounts/{id}/personal-data": {"", audit.PersonErased},
		"POST /v1/registrations/{id}/ready":      {"", audit.RegistrationReady},
		"POST /v1/resync":                        {`{}`, audit.ResyncAsked},
		"POST /v1/webhooks":                      {`{"url":"https://seller.example/souk"}`, audit.WebhookAdded},
		"PATCH /v1/webhooks/{id}":                {`{}`, audit.WebhookChanged},
		"DELETE /v1/webhooks/{id}":               {"", audit.WebhookRemoved},
		"POST /v1/webhooks/{id}/rotate":          {"", audit.SecretRotated},
		"POST /v1/webhooks/{id}/replay":          {"", audit.DeliveriesReplayed},
	}
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(get(g, "/openapi.json", "").Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	for call := range ordinary {
		method, path, _ := strings.Cut(call, " ")
		if _, ok := doc.Paths[path][strings.ToLower(method)]; !ok {
			t.Errorf("there is no call %s", call)
		}
	}
	for path, methods := range doc.Paths {
		for m := range methods {
			call := strings.ToUpper(m) + " " + path
			if m == "get" || m == "parameters" || !strings.HasPrefix(path, "/v1/") || ordinary[call] != "" {
				continue
			}
			w, ok := want[call]
			if !ok {
				t.Errorf("%s changes something: is it an act for the audit log, or ordinary?", call)
				continue
			}
			delete(want, call)
			subject := "nothing_1"
			if strings.HasPrefix(path, "/v1/licenses/") {
				subject = string(l.ID)
			}
			r := httptest.NewRequest(strings.ToUpper(m), strings.Replace(path, "{id}", subject, 1), strings.NewReader(w.body))
			r.Header.Set("Authorization", "Bearer "+key)
			answer := httptest.NewRecorder()
			g.Handler().ServeHTTP(answer, r)
			entries, err := g.db.Audit().Entries(t.Context(), 0, 2)
			if err != nil {
				t.Fatal(err)
			}
			if len(entries) == 2 && entries[0].Action == audit.NotDone && answer.Code >= 400 {
				entries = entries[1:]
			}
			if len(entries) == 0 || entries[0].Action != w.action || entries[0].By.ID != made.ID || entries[0].By.Name != "till" {
				t.Errorf("%s: %d %s; the log's last is %+v, want %s by %s", call, answer.Code, answer.Body, entries, w.action, made.ID)
			}
		}
	}
	for call := range want {
		t.Errorf("there is no call %s", call)
	}
}
