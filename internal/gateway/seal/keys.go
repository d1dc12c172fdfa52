package seal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"
)

// settingName is where the key ring stands in [Settings].
const settingName = "seal.keys"

const (
	keyBytes = 32                  // AES-256
	keyLife  = 90 * 24 * time.Hour // a key older than this is followed by a new one at the next start
	keysKept = 3                   // the present key and those before it, so that older seals still open
)

// Settings keeps small named texts.
type Settings interface {
	// ChangeSetting replaces the text called name by what change makes of it ("" if there is none), in one atomic
	// step, and returns the text that then stands. change may run twice and touches nothing outside.
	ChangeSetting(ctx context.Context, name string, change func(old string) (string, error)) (string, error)
}

// ring is the setting's content: the newest key first.
type ring []ringKey

type ringKey struct {
	ID     uint32    `json:"id"`
	Secret []byte    `json:"secret"`
	MadeAt time.Time `json:"madeAt"`
}

func readRing(text string) (ring, error) {
	var r ring
	if text == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return nil, fmt.Errorf("the setting %s is not a key ring", settingName) // the cause would quote the keys
	}
	for _, k := range r {
		if len(k.Secret) != keyBytes {
			return nil, fmt.Errorf("key %d of the setting %s has %d bytes, not %d", k.ID, settingName, len(k.Secret), keyBytes)
		}
	}
	return r, nil
}

// withNewKey is r with a fresh key in front; the oldest fall off.
func (r ring) withNewKey(now time.Time) ring {
	k := ringKey{Secret: make([]byte, keyBytes), MadeAt: now}
	rand.Read(k.Secret)
	for k.ID == 0 || r.has(k.ID) {
		var id [4]byte
		rand.Read(id[:])
		k.ID = binary.BigEndian.Uint32(id[:])
	}
	r = append(ring{k}, r...)
	return r[:min(len(r), keysKept)]
}

func (r ring) has(id uint32) bool {
	for _, k := range r {
		if k.ID == id {
			return true
		}
	}
	return false
}

func (k ringKey) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(k.Secret)
	if err != nil {
		return nil, fmt.Errorf("key %d: %w", k.ID, err)
	}
	return cipher.NewGCM(block)
}
