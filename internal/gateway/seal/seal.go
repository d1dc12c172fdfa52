package seal

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
)

// Codes of the failures of [Box.Open]; both are fail.Denied.
const (
	Broken  = "seal_broken"  // not a seal of this gateway, or for another purpose, or changed on the way
	Expired = "seal_expired" // genuine, and too old
)

// A seal is, in base64url: version (1 byte), key id (4), nonce (12), and AES-256-GCM of expiry (8 bytes, UTC
// microseconds) and content. Version, key id and purpose are bound in as additional data.
const (
	version    = 1
	headBytes  = 1 + 4
	nonceBytes = 12
	timeBytes  = 8
	maxSealed  = 4096 // a browser keeps no larger cookie
)

var encoding = base64.RawURLEncoding.Strict() // one seal has one spelling

// Box seals and opens. It is safe for concurrent use.
type Box struct {
	settings Settings
	clk      clock.Clock

	mu     sync.RWMutex
	newest uint32
	keys   map[uint32]openKey
	looked func() time.Duration // real time since the settings were looked at for an unknown key; nil if never
}

// openKey is a key of the ring, ready for use.
type openKey struct {
	aead   cipher.AEAD // nil: there is no such key
	secret []byte
}

// lookEvery bounds how often made-up key ids can send us to the database.
const lookEvery = time.Second

// New reads the keys from settings. The first start makes one; a start that finds the newest key older than 90 days
// adds another. Seals made with the two keys before it still open.
func New(ctx context.Context, settings Settings, clk clock.Clock) (*Box, error) {
	b := &Box{settings: settings, clk: clk}
	now := clk.Now()
	err := b.change(ctx, func(r ring) ring {
		if len(r) == 0 || now.Sub(r[0].MadeAt) > keyLife {
			return r.withNewKey(now)
		}
		return r
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Rotate makes a new key and seals with it from now on.
func (b *Box) Rotate(ctx context.Context) error {
	now := b.clk.Now()
	return b.change(ctx, func(r ring) ring { return r.withNewKey(now) })
}

// change edits the stored ring and takes over the result.
func (b *Box) change(ctx context.Context, edit func(ring) ring) error {
	text, err := b.settings.ChangeSetting(ctx, settingName, func(old string) (string, error) {
		r, err := readRing(old)
		if err != nil {
			return "", err
		}
		out, err := json.Marshal(edit(r))
		return string(out), err
	})
	if err != nil {
		return fmt.Errorf("read the sealing keys: %w", err)
	}
	r, err := readRing(text)
	if err != nil {
		return fmt.Errorf("read the sealing keys: %w", err)
	}
	keys := make(map[uint32]openKey, len(r))
	for _, k := range r {
		aead, err := k.aead()
		if err != nil {
			return fmt.Errorf("read the sealing keys: %w", err)
		}
		keys[k.ID] = openKey{aead, k.Secret}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.newest, b.keys = r[0].ID, keys
	return nil
}

// Seal seals content for purpose until expires. The result is made of letters, digits, - and _ only.
func (b *Box) Seal(purpose string, expires time.Time, content []byte) string {
	b.mu.RLock()
	id, aead := b.newest, b.keys[b.newest].aead
	b.mu.RUnlock()

	head := binary.BigEndian.AppendUint32([]byte{version}, id)
	nonce := make([]byte, nonceBytes)
	rand.Read(nonce)
	plain := binary.BigEndian.AppendUint64(nil, uint64(expires.UnixMicro()))
	plain = append(plain, content...)
	out := aead.Seal(append(append([]byte{}, head...), nonce...), nonce, plain, additional(head, purpose))
	return encoding.EncodeToString(out)
}

// Open gives back what was sealed for purpose. Errors: fail.Denied with code [Broken] or [Expired].
func (b *Box) Open(ctx context.Context, purpose, sealed string) ([]byte, error) {
	if len(sealed) > maxSealed {
		return nil, broken()
	}
	raw, err := encoding.DecodeString(sealed)
	if err != nil || len(raw) < headBytes+nonceBytes || raw[0] != version {
		return nil, broken()
	}
	head, nonce, box := raw[:headBytes], raw[headBytes:headBytes+nonceBytes], raw[headBytes+nonceBytes:]
	k, err := b.key(ctx, binary.BigEndian.Uint32(head[1:]))
	if err != nil {
		return nil, err
	}
	if k.aead == nil {
		return nil, broken()
	}
	plain, err := k.aead.Open(nil, nonce, box, additional(head, purpose))
	if err != nil || len(plain) < timeBytes {
		return nil, broken()
	}
	expires := time.UnixMicro(int64(binary.BigEndian.Uint64(plain)))
	if !b.clk.Now().Before(expires) {
		return nil, fail.New(fail.Denied, Expired, "This has expired; start again.")
	}
	return plain[timeBytes:], nil
}

// key finds a key, looking at the settings again for one that another gateway may have made meanwhile. It is empty
// where nobody knows the id.
func (b *Box) key(ctx context.Context, id uint32) (openKey, error) {
	b.mu.Lock()
	k := b.keys[id]
	look := k.aead == nil && (b.looked == nil || b.looked() >= lookEvery)
	if look {
		b.looked = clock.Stopwatch()
	}
	b.mu.Unlock()
	if !look {
		return k, nil
	}
	if err := b.change(ctx, func(r ring) ring { return r }); err != nil {
		return openKey{}, err
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.keys[id], nil
}

func additional(head []byte, purpose string) []byte {
	return append(append([]byte{}, head...), purpose...)
}

func broken() error {
	return fail.New(fail.Denied, Broken, "This was not issued here, or has been changed; start again.")
}
