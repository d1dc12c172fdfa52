package seal

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
)

// NewestKey is the key for purpose with which this gateway's processes prove something to each other, and the id under which
// the others find it. It is made (HKDF, RFC 5869) from the newest key of the ring, and tells nothing of that.
func (b *Box) NewestKey(purpose string) (id uint32, key []byte, err error) {
	b.mu.RLock()
	id = b.newest
	secret := b.keys[id].secret
	b.mu.RUnlock()
	key, err = derived(secret, purpose)
	return id, key, err
}

// KeyCalled is the key for purpose with that id; nil where nobody knows it. One that another process has made meanwhile is looked for.
func (b *Box) KeyCalled(ctx context.Context, purpose string, id uint32) ([]byte, error) {
	k, err := b.key(ctx, id)
	if err != nil || k.secret == nil {
		return nil, err
	}
	return derived(k.secret, purpose)
}

func derived(secret []byte, purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, nil, "souk "+purpose, keyBytes)
}
