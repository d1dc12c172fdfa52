// Package passkeytest has a passkey as a program of somebody's holds it, and answers as a browser would: for tests only.
package passkeytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// Flags of what an authenticator has seen. Source: Web Authentication Level 3, section 6.1.
const (
	present  = 1 << 0
	verified = 1 << 2
	eligible = 1 << 3
	attested = 1 << 6
)

// Key is one passkey. Its fields may be changed between two answers, so that what it says is wrong.
type Key struct {
	Origin     string // of the page that the browser shows
	RPID       string // for whom it is
	Count      uint32 // of signatures; each answer has one more. Counts is false for programs that keep none
	Counts     bool
	Unverified bool // nobody has shown a PIN, a finger or a face
	Synced     bool // there may be copies of it
	ID, Handle []byte

	t    testing.TB
	priv *ecdsa.PrivateKey
}

// New makes a key at the page of origin, for rpID.
func New(t testing.TB, origin, rpID string) *Key {
	t.Helper()
	priv, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k := &Key{Origin: origin, RPID: rpID, Counts: true, ID: make([]byte, 32), t: t, priv: priv}
	rand.Read(k.ID)
	return k
}

// options are of what a browser is asked what a key needs.
type options struct {
	PublicKey struct {
		Challenge string
		User      struct{ ID string }
	}
}

func (k *Key) read(asked string) (o options) {
	k.t.Helper()
	if err := json.Unmarshal([]byte(asked), &o); err != nil || o.PublicKey.Challenge == "" {
		k.t.Fatalf("asked %s: %v", asked, err)
	}
	return o
}

// client is what the browser says of the page and of what was asked.
func (k *Key) client(kind, challenge string) []byte {
	return k.marshal(map[string]any{"type": "webauthn." + kind, "challenge": challenge, "origin": k.Origin, "crossOrigin": false})
}

// data is what the key says of itself.
func (k *Key) data(flags byte) []byte {
	if k.Counts {
		k.Count++
	}
	flags |= present
	if !k.Unverified {
		flags |= verified
	}
	if k.Synced {
		flags |= eligible
	}
	party := sha256.Sum256([]byte(k.RPID))
	return binary.BigEndian.AppendUint32(append(party[:], flags), k.Count)
}

// Create answers what asks for a new key.
func (k *Key) Create(asked string) string {
	k.t.Helper()
	o := k.read(asked)
	var err error
	if k.Handle, err = base64.RawURLEncoding.DecodeString(o.PublicKey.User.ID); err != nil {
		k.t.Fatal(err)
	}
	point, err := k.priv.PublicKey.Bytes() // 4, x, y
	if err != nil {
		k.t.Fatal(err)
	}
	public := k.encode(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	data := append(k.data(attested), make([]byte, 16)...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(k.ID)))
	data = append(append(data, k.ID...), public...)
	return k.answer(map[string]any{"clientDataJSON": text(k.client("create", o.PublicKey.Challenge)),
		"attestationObject": text(k.encode(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})), "transports": []string{"internal"}})
}

// Get answers what asks for a key.
func (k *Key) Get(asked string) string {
	k.t.Helper()
	client := k.client("get", k.read(asked).PublicKey.Challenge)
	data, hash := k.data(0), sha256.Sum256(client)
	sum := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.priv, sum[:])
	if err != nil {
		k.t.Fatal(err)
	}
	return k.answer(map[string]any{"clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(signature), "userHandle": text(k.Handle)})
}

func (k *Key) answer(response any) string {
	return string(k.marshal(map[string]any{"id": text(k.ID), "rawId": text(k.ID), "type": "public-key", "clientExtensionResults": map[string]any{}, "response": response}))
}

func (k *Key) marshal(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		k.t.Fatal(err)
	}
	return raw
}

func (k *Key) encode(v any) []byte {
	mode, err := cbor.CTAP2EncOptions().EncMode()
	if err != nil {
		k.t.Fatal(err)
	}
	raw, err := mode.Marshal(v)
	if err != nil {
		k.t.Fatal(err)
	}
	return raw
}

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
