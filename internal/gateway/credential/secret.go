package credential

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// NewSecret makes what opens a door: 256 random bits, in letters, digits, - and _.
func NewSecret() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// HashOf is what is stored of a secret. A plain hash is enough: there is nothing to guess in 256 random bits.
func HashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// NewID names a thing of the kind that prefix tells: it is no secret, but cannot be guessed either.
func NewID(prefix string) string { return prefix + strings.ToLower(rand.Text()) }
