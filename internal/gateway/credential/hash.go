package credential

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"

	"souk.dev/souk/internal/fail"
)

// params are Argon2id's costs.
type params struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
}

// present is what new passwords are hashed with. Source: OWASP Password Storage Cheat Sheet, Argon2id. When it
// changes, each password is hashed anew at its owner's next sign-in.
var present = params{memory: 19 * 1024, passes: 2, threads: 1}

// ceiling bounds what a stored hash may ask of us, should somebody write into the database.
var ceiling = params{memory: 256 * 1024, passes: 16, threads: 16}

const (
	saltBytes = 16
	hashBytes = 32
	// maxWaiting bounds the requests that wait for a place to hash; those beyond it are sent away at once, so
	// that a flood of sign-ins costs neither memory nor everybody's patience.
	maxWaiting = 64
)

// Hasher hashes passwords, a few at a time: each takes some memory while it lasts. Make it with [NewHasher].
type Hasher struct {
	params  params
	queue   chan struct{} // places to wait in, the working ones included
	working chan struct{} // places to work in
	dummy   string        // hash of no one's password, see Burn
}

// NewHasher makes one with present costs.
func NewHasher() *Hasher { return newHasher(present) }

func newHasher(p params) *Hasher {
	workers := min(max(runtime.GOMAXPROCS(0), 2), 8)
	h := &Hasher{params: p, queue: make(chan struct{}, maxWaiting+workers), working: make(chan struct{}, workers)}
	h.dummy = p.encode(make([]byte, saltBytes), make([]byte, hashBytes))
	return h
}

// Unknowable is a hash that no password is known to have: whose it is has to choose another.
func Unknowable() string {
	salt, key := make([]byte, saltBytes), make([]byte, hashBytes)
	rand.Read(salt)
	rand.Read(key)
	return present.encode(salt, key)
}

// place waits for a place to work in and returns how to leave it.
func (h *Hasher) place(ctx context.Context) (leave func(), err error) {
	select {
	case h.queue <- struct{}{}:
	default:
		return nil, fail.New(fail.TooMuch, "busy", "Very many people are signing in right now; try again in a moment.")
	}
	select {
	case h.working <- struct{}{}:
		return func() { <-h.working; <-h.queue }, nil
	case <-ctx.Done():
		<-h.queue
		return nil, ctx.Err()
	}
}

// Hash gives the password's hash as a PHC string. Errors: fail.TooMuch when too many wait; ctx's.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	leave, err := h.place(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	salt := make([]byte, saltBytes)
	rand.Read(salt)
	return h.params.encode(salt, h.params.key(password, salt)), nil
}

// Verify reports whether password has the hash phc, and whether it should be hashed anew with present costs.
func (h *Hasher) Verify(ctx context.Context, password, phc string) (right, stale bool, err error) {
	p, salt, want, err := parse(phc)
	if err != nil {
		return false, false, err
	}
	leave, err := h.place(ctx)
	if err != nil {
		return false, false, err
	}
	defer leave()
	got := p.key(password, salt)
	return subtle.ConstantTimeCompare(got, want) == 1, p != h.params, nil
}

// Burn takes the time and memory of a verification that fails, so that the time of an answer does not tell whether there
// is a hash to compare with.
func (h *Hasher) Burn(ctx context.Context, password string) error {
	_, _, err := h.Verify(ctx, password, h.dummy)
	return err
}

func (p params) key(password string, salt []byte) []byte {
	return argon2.IDKey([]byte(password), salt, p.passes, p.memory, p.threads, hashBytes)
}

var phc64 = base64.RawStdEncoding.Strict()

// encode writes a hash in the PHC string format.
func (p params) encode(salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.passes, p.threads,
		phc64.EncodeToString(salt), phc64.EncodeToString(key))
}

var errHash = errors.New("the stored password hash is not one of ours") // never quote it

func parse(phc string) (p params, salt, key []byte, err error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, nil, nil, errHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.passes, &p.threads); err != nil {
		return p, nil, nil, errHash
	}
	salt, err1 := phc64.DecodeString(parts[4])
	key, err2 := phc64.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(salt) < 8 || len(key) != hashBytes || p.passes == 0 || p.threads == 0 ||
		p.memory > ceiling.memory || p.passes > ceiling.passes || p.threads > ceiling.threads {
		return p, nil, nil, errHash
	}
	return p, salt, key, nil
}
