package clienttest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"souk.dev/souk/client"
)

// WebhookRequest is the request by which a gateway tells w to url at the instant at, signed with the webhook's secret
// ("whsec_…"): for tests of a program that is told of events.
//
// Errors: secret is no secret, or w or url cannot be written into a request.
func WebhookRequest(url, secret string, w client.Webhook, at time.Time) (*http.Request, error) {
	body, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("clienttest: write the webhook: %w", err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) == 0 {
		return nil, fmt.Errorf("clienttest: the secret is not of the form whsec_…")
	}
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("clienttest: %w", err)
	}
	stamp := fmt.Sprint(at.Unix())
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", w.ID, stamp, body)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Webhook-Id", w.ID)
	r.Header.Set("Webhook-Timestamp", stamp)
	r.Header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return r, nil
}
