// Package vault keeps secrets that stand in the database unreadable to who has the database alone: a copied file, a backup that
// went astray, a replica.
//
// It owns: the form of a sealed secret, and the keys, which come from outside of the database. It does not own: what is a secret
// and where it stands; that is the store's. Always true: a secret opens only in the place that it was sealed for, and one that is
// sealed with a key which was not given is an error, never a text.
package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"souk.dev/souk/internal/fail"
)

// keyBytes is the length of a key: AES-256.
const keyBytes = 32

// plain is what stands in a key's place where secrets are to be written as they are again.
const plain = "plain"

// A sealed secret is: mark, the key's id in hexadecimal, a colon, and in base64url a nonce (12 bytes) with AES-256-GCM of the
// secret. The place is bound in as additional data. Nothing that is kept unsealed begins with mark.
const mark = "sealed:1:"

// Vault seals and opens. It is safe for concurrent use. The nil Vault writes secrets as they are.
type Vault struct {
	first string // the id of the key that seals; empty: none does
	keys  map[string]cipher.AEAD
}

// Read makes a vault of keys, each of 32 bytes in base64, with blanks, commas or line ends between them: the first seals, all
// open. The word plain as the first has secrets written as they are again. No key at all gives the nil Vault.
//
// Errors: fail.Invalid, which quotes nothing.
func Read(keys string) (*Vault, error) {
	list := strings.FieldsFunc(keys, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' || r == '\r' || r == '\t' })
	if len(list) == 0 {
		return nil, nil
	}
	v := &Vault{keys: map[string]cipher.AEAD{}}
	for i, text := range list {
		if i == 0 && text == plain {
			continue
		}
		id, aead, err := readKey(text)
		if err != nil {
			return nil, fail.Wrap(fail.Invalid, err, "vault_key", "Key %d of %d is not 32 bytes in base64; make one with: openssl rand -base64 32", i+1, len(list))
		}
		if i == 0 {
			v.first = id
		}
		v.keys[id] = aead
	}
	return v, nil
}

// readKey makes of a key what seals with it, and its id, which tells nothing of it. Its errors quote nothing.
func readKey(text string) (id string, aead cipher.AEAD, err error) {
	secret, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", nil, fmt.Errorf("not base64")
	}
	if len(secret) != keyBytes {
		return "", nil, fmt.Errorf("%d bytes", len(secret))
	}
	name, err := hkdf.Key(sha256.New, secret, nil, "souk vault: id", 4)
	if err != nil {
		return "", nil, err
	}
	sealing, err := hkdf.Key(sha256.New, secret, nil, "souk vault: seal", keyBytes)
	if err != nil {
		return "", nil, err
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return "", nil, err
	}
	aead, err = cipher.NewGCMWithRandomNonce(block)
	return hex.EncodeToString(name), aead, err
}

// Seal gives what is written of a secret that stands in place. An empty secret is none, and stays empty.
func (v *Vault) Seal(place, secret string) string {
	if v == nil || v.first == "" || secret == "" {
		return secret
	}
	return v.prefix() + base64.RawURLEncoding.EncodeToString(v.keys[v.first].Seal(nil, nil, []byte(secret), []byte(place)))
}

// prefix is how all that is sealed now begins.
func (v *Vault) prefix() string { return mark + v.first + ":" }

// Open gives the secret of what was written in place, sealed or not.
//
// Errors: fail.Denied with the code vault_key where its key was not given, or vault_broken where it was written for another
// place, or changed.
func (v *Vault) Open(place, written string) (secret string, err error) {
	id, sealed, is := cut(written)
	if !is {
		return written, nil
	}
	if v == nil || v.keys[id] == nil {
		return "", fail.New(fail.Denied, "vault_key", "A secret in the database is sealed with the key %s, which was not given. Start with all keys that it was ever sealed with, in --secrets-key or the file that SOUK_SECRETS_KEY_FILE names.", id)
	}
	text, err := base64.RawURLEncoding.DecodeString(sealed)
	if err == nil {
		text, err = v.keys[id].Open(nil, nil, text, []byte(place))
	}
	if err != nil {
		return "", fail.Wrap(fail.Denied, err, "vault_broken", "The secret in the database at %s was changed, or put there from elsewhere; restore that row from a backup.", place)
	}
	return string(text), nil
}

// cut parts what was written into the key's id and what it sealed. is is false for a secret that is written as it is.
func cut(written string) (id, sealed string, is bool) {
	rest, is := strings.CutPrefix(written, mark)
	if !is {
		return "", "", false
	}
	id, sealed, _ = strings.Cut(rest, ":")
	return id, sealed, true
}

// KeyOf is the id of the key that a secret was sealed with; empty for one that is written as it is.
func KeyOf(written string) string {
	id, _, _ := cut(written)
	return id
}

// Now reports whether written is as Seal would write it today.
func (v *Vault) Now(written string) bool {
	if v == nil {
		return true
	}
	return written == "" || KeyOf(written) == v.first
}

// Has reports whether the vault can open what was sealed with the key of that id. What is not sealed, any can.
func (v *Vault) Has(id string) bool { return id == "" || v != nil && v.keys[id] != nil }

// NewKey makes a key, as Read takes it.
func NewKey() string {
	key := make([]byte, keyBytes)
	rand.Read(key)
	return base64.StdEncoding.EncodeToString(key)
}
