package client

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Why a request is not a webhook of the gateway's.
var (
	// ErrWebhookSignature: it has no signature made with one of the secrets. Answer 401, and believe nothing of it.
	ErrWebhookSignature = errors.New("souk: the webhook's signature is missing or wrong")
	// ErrWebhookTime: it is signed, but for another time: the clocks differ, or somebody sends again what they overheard.
	ErrWebhookTime = errors.New("souk: the webhook was signed more than five minutes ago, or for a time to come")
)

// WebhookTolerance is how far a webhook's time may be from the receiver's.
const WebhookTolerance = 5 * time.Minute

// maxSignatures bounds how many signatures of one request are looked at; there are two while a secret is being replaced.
const maxSignatures = 10

// WebhookVerifier proves that requests come from the gateway: they are signed as the Standard Webhooks specification says
// (https://www.standardwebhooks.com). It is safe for concurrent use.
type WebhookVerifier struct{ keys [][]byte }

// NewWebhookVerifier makes a verifier from a webhook's secret ("whsec_…") and, while one replaces another, from both.
func NewWebhookVerifier(secret string, more ...string) (*WebhookVerifier, error) {
	v := &WebhookVerifier{}
	for _, s := range append([]string{secret}, more...) {
		text, ok := strings.CutPrefix(s, "whsec_")
		key, err := base64.StdEncoding.DecodeString(text)
		if !ok || err != nil || len(key) < 24 {
			return nil, errors.New("souk: the webhook's secret is not of the form whsec_…; POST /v1/webhooks shows it once")
		}
		v.keys = append(v.keys, key)
	}
	return v, nil
}

// Webhook is one event that the gateway tells.
type Webhook struct {
	ID        string          `json:"id"`   // the same in every repetition: do once what is to be done once
	Type      string          `json:"type"` // such as "license.active"
	Timestamp time.Time       `json:"timestamp"`
	Data      json.RawMessage `json:"data"` // by type; see the gateway's docs/webhooks.md
}

// License is the licence that an event of type license.… is about, as it was then.
func (w Webhook) License() (License, error) {
	var data struct{ License *License }
	if err := json.Unmarshal(w.Data, &data); err != nil || data.License == nil || !strings.HasPrefix(w.Type, "license.") {
		return License{}, fmt.Errorf("souk: a webhook of type %q brings no license", w.Type)
	}
	return *data.License, nil
}

// Verify reads the webhook that header and body are, if the gateway sent it. Give the body as it came, byte for byte,
// and the present time.
//
// Errors: [ErrWebhookSignature]; [ErrWebhookTime]; another one if the body is signed and still not what a gateway says.
func (v *WebhookVerifier) Verify(header http.Header, body []byte, now time.Time) (Webhook, error) {
	id, stamp := header.Get("Webhook-Id"), header.Get("Webhook-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || id == "" || !v.signed(id, stamp, body, header.Get("Webhook-Signature")) {
		return Webhook{}, ErrWebhookSignature
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > WebhookTolerance || age < -WebhookTolerance {
		return Webhook{}, ErrWebhookTime
	}
	var w Webhook
	if err := json.Unmarshal(body, &w); err != nil {
		return Webhook{}, fmt.Errorf("souk: the webhook %s is signed and cannot be read: %w", id, err)
	}
	w.ID = id
	return w, nil
}

// signed reports whether one of the signatures is made with one of the keys.
func (v *WebhookVerifier) signed(id, stamp string, body []byte, signatures string) bool {
	given := strings.Fields(signatures)
	for _, text := range given[:min(len(given), maxSignatures)] {
		version, code, _ := strings.Cut(text, ",")
		got, err := base64.StdEncoding.DecodeString(code)
		if version != "v1" || err != nil {
			continue
		}
		for _, key := range v.keys {
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(id + "." + stamp + "."))
			mac.Write(body)
			if hmac.Equal(got, mac.Sum(nil)) {
				return true
			}
		}
	}
	return false
}
