package signon

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/job"
)

// Lives of a signing key, in business time. It is shown before it signs, so that applications that have kept our keys for a
// while know it; and after it has signed, as long as an ID token of its may come back as a hint at sign-out.
const (
	KeyAhead = 24 * time.Hour
	KeySigns = 30 * 24 * time.Hour
	KeyStays = account.SessionLife
)

const keyBits = 2048 // of RSA, which every OpenID provider signs with (OpenID Connect Core 1.0, section 15.1)

// settingName is where the keys stand in [Settings], sealed.
const settingName = "signon.keys"

const keyPurpose = "signing key"

// Settings keeps small named texts. It is fulfilled by the database's.
type Settings interface {
	// ChangeSetting replaces the text called name by what change makes of it, in one atomic step, and returns what then stands.
	// change may run twice and touches nothing outside; it must not ask the database for anything.
	ChangeSetting(ctx context.Context, name string, change func(old string) (string, error)) (string, error)
}

// Key is one signing key.
type Key struct {
	ID      string
	Private *rsa.PrivateKey
	From    time.Time // it signs, for KeySigns
}

func (k Key) until() time.Time { return k.From.Add(KeySigns) }
func (k Key) gone() time.Time  { return k.until().Add(KeyStays) }

// storedKey is a key as it is kept.
type storedKey struct {
	ID     string    `json:"id"`
	From   time.Time `json:"from"`
	Sealed string    `json:"sealed"` // PKCS #8
}

// Keys are the keys that identities are signed with. Make them with [OpenKeys]. They are safe for concurrent use.
type Keys struct {
	settings Settings
	seal     Box
	clk      clock.Clock

	mu   sync.RWMutex
	ring []Key // in the order in which they sign
}

// OpenKeys reads the keys from settings. The first start makes one, and so does one after which the box opens none any more.
func OpenKeys(ctx context.Context, settings Settings, seal Box, clk clock.Clock) (*Keys, error) {
	k := &Keys{settings: settings, seal: seal, clk: clk}
	return k, k.turn(ctx)
}

// Signing is the key that signs now.
func (k *Keys) Signing() Key {
	k.mu.RLock()
	defer k.mu.RUnlock()
	now := k.clk.Now()
	best := k.ring[0]
	for _, key := range k.ring {
		if !key.From.After(now) {
			best = key
		}
	}
	return best
}

// Known are the keys that applications may meet: that sign, will soon, or did.
func (k *Keys) Known() []Key {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return slices.Clone(k.ring)
}

// Job makes the next key ahead of its time, and forgets those that nobody can meet any more.
func (k *Keys) Job() job.Job {
	return job.Job{Name: "turn signing keys", Due: func(context.Context) (time.Time, bool, error) { return k.due(), true, nil },
		Run: func(ctx context.Context) (bool, error) {
			if k.clk.Now().Before(k.due()) {
				return false, nil
			}
			return true, k.turn(ctx)
		}}
}

// due is when the ring is to be turned next.
func (k *Keys) due() time.Time {
	k.mu.RLock()
	defer k.mu.RUnlock()
	at := k.ring[len(k.ring)-1].until().Add(-KeyAhead)
	if gone := k.ring[0].gone(); gone.Before(at) {
		at = gone
	}
	return at
}

// turn brings the ring up to the present instant, in the database first. Keys are opened and made outside of the transaction: the
// box may ask the database itself, and an RSA key takes longer than others should wait.
func (k *Keys) turn(ctx context.Context) error {
	for {
		old, err := k.settings.ChangeSetting(ctx, settingName, func(old string) (string, error) { return old, nil })
		if err != nil {
			return fmt.Errorf("read the signing keys: %w", err)
		}
		kept, err := k.read(ctx, old)
		if err != nil {
			return fmt.Errorf("read the signing keys: %w", err)
		}
		ring, changed, err := turned(kept, k.clk.Now())
		if err != nil {
			return err
		}
		next := old
		if changed {
			if next, err = k.write(ring); err != nil {
				return fmt.Errorf("seal the signing keys: %w", err)
			}
		}
		now, err := k.settings.ChangeSetting(ctx, settingName, func(present string) (string, error) {
			if present != old {
				return present, nil // another has turned it meanwhile
			}
			return next, nil
		})
		if err != nil {
			return fmt.Errorf("keep the signing keys: %w", err)
		}
		if now == next {
			k.mu.Lock()
			defer k.mu.Unlock()
			k.ring = ring
			return nil
		}
	}
}

// turned is ring as it has to be at now: without those that are gone, with one that signs, and with the next where that is near.
// changed is false where it was.
func turned(ring []Key, now time.Time) (turned []Key, changed bool, err error) {
	before := len(ring)
	ring = slices.DeleteFunc(slices.Clone(ring), func(k Key) bool { return !now.Before(k.gone()) })
	changed = len(ring) != before
	for {
		from := now
		if n := len(ring); n > 0 {
			until := ring[n-1].until()
			if now.Before(until.Add(-KeyAhead)) {
				return ring, changed, nil
			}
			if until.After(now) {
				from = until
			}
		}
		private, err := rsa.GenerateKey(rand.Reader, keyBits)
		if err != nil {
			return nil, false, fmt.Errorf("make a signing key: %w", err)
		}
		sum := sha256.Sum256(x509.MarshalPKCS1PublicKey(&private.PublicKey))
		ring, changed = append(ring, Key{ID: hex.EncodeToString(sum[:8]), Private: private, From: from}), true
	}
}

func (k *Keys) write(ring []Key) (string, error) {
	var stored []storedKey
	for _, key := range ring {
		der, err := x509.MarshalPKCS8PrivateKey(key.Private)
		if err != nil {
			return "", err
		}
		stored = append(stored, storedKey{key.ID, key.From, k.seal.Seal(keyPurpose, key.gone(), der)})
	}
	text, err := json.Marshal(stored)
	return string(text), err
}

// read reads a setting. A key whose seal does not open any more is left out: others follow it.
func (k *Keys) read(ctx context.Context, text string) (ring []Key, err error) {
	var stored []storedKey
	if text == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &stored); err != nil {
		return nil, errors.New("the setting " + settingName + " is not a list of keys") // the cause would quote it
	}
	for _, s := range stored {
		der, err := k.seal.Open(ctx, keyPurpose, s.Sealed)
		if fail.Is(err, fail.Denied) {
			continue
		}
		if err != nil {
			return nil, err
		}
		private, err := x509.ParsePKCS8PrivateKey(der)
		if err != nil {
			return nil, fmt.Errorf("the signing key %s: %w", s.ID, err)
		}
		key, ok := private.(*rsa.PrivateKey)
		if !ok {
			return nil, fmt.Errorf("the signing key %s is not of RSA", s.ID)
		}
		ring = append(ring, Key{s.ID, key, s.From})
	}
	return ring, nil
}
