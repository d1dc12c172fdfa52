package client_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/client"
)

// An example of the Standard Webhooks specification's own libraries: secret, message and the signature that it has.
// Source: https://github.com/standard-webhooks/standard-webhooks, libraries, test "sign function works".
const (
	exampleSecret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	exampleID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	exampleTime      = "1614265330"
	exampleBody      = `{"test": 2432232314}`
	exampleSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

var exampleNow = time.Unix(1614265330, 0)

func exampleHeader(change ...string) http.Header {
	h := http.Header{"Webhook-Id": {exampleID}, "Webhook-Timestamp": {exampleTime}, "Webhook-Signature": {exampleSignature}}
	for i := 0; i < len(change); i += 2 {
		h.Set(change[i], change[i+1])
	}
	return h
}

func verifier(t testing.TB, secrets ...string) *client.WebhookVerifier {
	t.Helper()
	v, err := client.NewWebhookVerifier(secrets[0], secrets[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVerifyTheSpecificationsExample(t *testing.T) {
	w, err := verifier(t, exampleSecret).Verify(exampleHeader(), []byte(exampleBody), exampleNow)
	if err != nil || w.ID != exampleID {
		t.Errorf("%+v, %v", w, err)
	}
}

func TestVerifyBelievesNothingElse(t *testing.T) {
	v := verifier(t, exampleSecret)
	for name, c := range map[string]struct {
		header http.Header
		body   string
		now    time.Time
		want   error
	}{
		"another body":        {exampleHeader(), exampleBody + " ", exampleNow, client.ErrWebhookSignature},
		"another id":          {exampleHeader("Webhook-Id", "msg_2"), exampleBody, exampleNow, client.ErrWebhookSignature},
		"no id":               {exampleHeader("Webhook-Id", ""), exampleBody, exampleNow, client.ErrWebhookSignature},
		"another time":        {exampleHeader("Webhook-Timestamp", "1614265331"), exampleBody, exampleNow, client.ErrWebhookSignature},
		"a time that is none": {exampleHeader("Webhook-Timestamp", "1614265330.0"), exampleBody, exampleNow, client.ErrWebhookSignature},
		"no signature":        {exampleHeader("Webhook-Signature", ""), exampleBody, exampleNow, client.ErrWebhookSignature},
		"another version":     {exampleHeader("Webhook-Signature", "v2"+exampleSignature[2:]), exampleBody, exampleNow, client.ErrWebhookSignature},
		"a part of it":        {exampleHeader("Webhook-Signature", exampleSignature[:20]), exampleBody, exampleNow, client.ErrWebhookSignature},
		"ten others before":   {exampleHeader("Webhook-Signature", strings.Repeat("v1,AAAA ", 10)+exampleSignature), exampleBody, exampleNow, client.ErrWebhookSignature},
		"too late":            {exampleHeader(), exampleBody, exampleNow.Add(client.WebhookTolerance + time.Second), client.ErrWebhookTime},
		"too early":           {exampleHeader(), exampleBody, exampleNow.Add(-client.WebhookTolerance - time.Second), client.ErrWebhookTime},
	} {
		if _, err := v.Verify(c.header, []byte(c.body), c.now); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestVerifyWithEitherSecretOfARotation(t *testing.T) {
	other := "whsec_" + strings.Repeat("QUJD", 8)
	for _, secrets := range [][]string{{other, exampleSecret}, {exampleSecret, other}} {
		if _, err := verifier(t, secrets...).Verify(exampleHeader("Webhook-Signature", "v1,AAAA "+exampleSignature), []byte(exampleBody), exampleNow); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "whsec_", "whsec_AAAA", exampleSecret[6:], "whsec_***"} {
		if _, err := client.NewWebhookVerifier(bad); err == nil {
			t.Errorf("%q was taken for a secret", bad)
		}
	}
}

// FuzzVerifyWebhook holds that nothing is believed that was not signed.
func FuzzVerifyWebhook(f *testing.F) {
	f.Add(exampleID, exampleTime, exampleSignature, []byte(exampleBody))
	f.Add("", "-1", "v1, v1,,", []byte(nil))
	v := verifier(f, exampleSecret)
	f.Fuzz(func(t *testing.T, id, stamp, signature string, body []byte) {
		h := http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {stamp}, "Webhook-Signature": {signature}}
		if _, err := v.Verify(h, body, exampleNow); err == nil && (id != exampleID || stamp != exampleTime || string(body) != exampleBody) {
			t.Errorf("%q %q %q %q was believed", id, stamp, signature, body)
		}
	})
}
