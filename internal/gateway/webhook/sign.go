package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/outbox"
)

// Secret signs what goes to one endpoint: "whsec_" and the key in base64.
// Source: Standard Webhooks, "Signature scheme": a symmetric key has from 24 to 64 bytes.
type Secret string

const (
	secretPrefix = "whsec_"
	keyBytes     = 32
	leastKey     = 24
	mostKey      = 64
)

// NewSecret makes one of 256 random bits.
func NewSecret() Secret {
	key := make([]byte, keyBytes)
	rand.Read(key)
	return Secret(secretPrefix + base64.StdEncoding.EncodeToString(key))
}

// key is what s signs with. Errors: fail.Invalid if s is no secret.
func (s Secret) key() ([]byte, error) {
	text, ok := strings.CutPrefix(string(s), secretPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(key) < leastKey || len(key) > mostKey {
		return nil, fail.New(fail.Invalid, "bad_secret", "The secret is not of the form whsec_ and %d to %d bytes in base64.", leastKey, mostKey)
	}
	return key, nil
}

// Names of the headers. Source: Standard Webhooks, "Webhook headers".
const (
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"
)

// signed are the headers of a request whose body is sent at the instant at: one signature for each secret.
func signed(id outbox.EventID, at time.Time, body []byte, secrets ...Secret) (map[string]string, error) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	var signatures []string
	for _, s := range secrets {
		key, err := s.key()
		if err != nil {
			return nil, err
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(string(id) + "." + stamp + "."))
		mac.Write(body)
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return map[string]string{"Content-Type": "application/json", headerID: string(id), headerTimestamp: stamp, headerSignature: strings.Join(signatures, " ")}, nil
}

// Payload is the body that tells an event. Source: Standard Webhooks, "Payload structure"; id is there besides.
type Payload struct {
	ID        outbox.EventID  `json:"id"`
	Type      outbox.Kind     `json:"type"`
	Timestamp time.Time       `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}

// PayloadOf is what is sent of e.
func PayloadOf(e outbox.Event) Payload {
	return Payload{e.ID, e.Kind, e.At, e.Data}
}
