// Package keys is the API keys by which the seller's programs sign in.
//
// It owns: making, checking and revoking keys. A key is shown once, when it is made; kept is only its SHA-256, which
// is enough because a key is 32 random bytes and cannot be guessed. It does not own: where keys are kept (a [Store]),
// or what a key may do (at present, everything under /v1).
package keys

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
)

// Prefix begins every key, so that a leaked one is recognised by people and by scanners.
const Prefix = "souk_"

const secretBytes = 32

// Hash is what is kept of a key: its SHA-256.
type Hash [sha256.Size]byte

// HashOf hashes a key's text.
func HashOf(key string) Hash { return sha256.Sum256([]byte(key)) }

// Key is what is known of a key.
type Key struct {
	ID        string // "key_…": names it in lists, logs and souk keys revoke
	Name      string // what its maker called it
	CreatedAt time.Time
	UsedAt    time.Time // to within usedGrain; zero: never
	RevokedAt time.Time // zero: it works
}

// Finder is what a [Ring] needs of a [Store].
type Finder interface {
	// KeyByHash finds a key, revoked or not; fail.NotFound if there is none.
	KeyByHash(ctx context.Context, h Hash) (Key, error)
	KeyUsed(ctx context.Context, id string, at time.Time) error
}

// Store keeps keys.
type Store interface {
	Finder
	AddKey(ctx context.Context, k Key, h Hash) error
	// Keys lists all keys, oldest first.
	Keys(ctx context.Context) ([]Key, error)
	// RevokeKey ends the key of that id; fail.NotFound if there is none. The first revocation's instant stays.
	RevokeKey(ctx context.Context, id string, at time.Time) error
}

// maxName is the longest name of a key, in characters.
const maxName = 100

// Create makes a key called name and returns its text, which cannot be had again.
//
// Errors: fail.Invalid if the name is empty or longer than 100 characters.
func Create(ctx context.Context, s Store, clk clock.Clock, name string) (text string, k Key, err error) {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n == 0 || n > maxName {
		return "", Key{}, fail.New(fail.Invalid, "key_name", "A key needs a name of 1 to %d characters, such as the program that will use it.", maxName)
	}
	var secret [secretBytes]byte
	rand.Read(secret[:])
	text = Prefix + base64.RawURLEncoding.EncodeToString(secret[:])
	h := HashOf(text)
	k = Key{ID: "key_" + strings.ToLower(rand.Text()[:16]), Name: name, CreatedAt: clk.Now()}
	if err := s.AddKey(ctx, k, h); err != nil {
		return "", Key{}, err
	}
	return text, k, nil
}

// remembered is how long, in real time, a key found in the store is believed without asking again. It bounds how long
// a running gateway accepts a key that was revoked beside it. Keys that were not found are not remembered: a new key
// works at once.
const remembered = time.Second

// usedGrain is how fine, in business time, a key's last use is kept: each use would otherwise be a write.
const usedGrain = time.Minute

// Ring checks keys on the path of every request. It is safe for concurrent use.
type Ring struct {
	store Finder
	clk   clock.Clock
	log   *slog.Logger

	mu    sync.Mutex
	known map[Hash]memory
	uses  map[string]time.Time // by id: the last use that was kept
}

type memory struct {
	key Key
	age func() time.Duration
}

// NewRing makes a ring over store.
func NewRing(store Finder, clk clock.Clock, log *slog.Logger) *Ring {
	return &Ring{store: store, clk: clk, log: log, known: map[Hash]memory{}, uses: map[string]time.Time{}}
}

// Check finds the key whose text is given.
//
// Errors: fail.Denied if there is no such key, or it was revoked.
func (r *Ring) Check(ctx context.Context, text string) (Key, error) {
	if !strings.HasPrefix(text, Prefix) {
		r.log.InfoContext(ctx, "an API key was refused: it is none")
		return Key{}, denied()
	}
	h := HashOf(text)
	r.mu.Lock()
	m, ok := r.known[h]
	r.mu.Unlock()
	if !ok || m.age() >= remembered {
		k, err := r.store.KeyByHash(ctx, h)
		if err != nil || !k.RevokedAt.IsZero() {
			r.mu.Lock()
			delete(r.known, h)
			r.mu.Unlock()
			switch {
			case err == nil:
				r.log.InfoContext(ctx, "an API key was refused: it is revoked", "key", k.ID)
			case fail.Is(err, fail.NotFound):
				r.log.InfoContext(ctx, "an API key was refused: it is unknown")
			default:
				return Key{}, err
			}
			return Key{}, denied()
		}
		m = memory{k, clock.Stopwatch()}
		r.remember(h, m)
	}
	r.Used(ctx, m.key.ID)
	return m.key, nil
}

func denied() error {
	return fail.New(fail.Denied, "bad_key", "The API key is unknown or was revoked; make one with souk keys create.")
}

func (r *Ring) remember(h Hash, m memory) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known[h] = m
	if last, ok := r.uses[m.key.ID]; !m.key.UsedAt.IsZero() && (!ok || last.Before(m.key.UsedAt)) {
		r.uses[m.key.ID] = m.key.UsedAt
	}
}

// Used keeps, coarsely, that the key of that id was used now. Failing to is no reason to refuse a request, and is only logged.
func (r *Ring) Used(ctx context.Context, id string) {
	now := r.clk.Now()
	r.mu.Lock()
	last, ok := r.uses[id]
	due := !ok || now.Sub(last) >= usedGrain
	if due {
		r.uses[id] = now
	}
	r.mu.Unlock()
	if !due {
		return
	}
	if err := r.store.KeyUsed(ctx, id, now); err != nil {
		r.log.WarnContext(ctx, "a key's last use was not kept", "key", id, "err", err)
	}
}
