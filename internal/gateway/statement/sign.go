package statement

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"souk.dev/souk/internal/fail"
)

// Settings keep small named texts; the database's fulfil it.
type Settings interface {
	// ChangeSetting replaces a text by what change makes of it, atomically, and returns what then stands.
	ChangeSetting(ctx context.Context, name string, change func(old string) (string, error)) (now string, err error)
}

// settingName is where the private key is kept, in base64.
const settingName = "statement.key"

// Signer signs statements: JSON Web Signatures (RFC 7515) with Ed25519 (RFC 8037), detached from what they sign. It is safe
// for concurrent use.
type Signer struct {
	key ed25519.PrivateKey
	id  string
}

// NewSigner reads the gateway's key from settings. The first start makes it.
func NewSigner(ctx context.Context, settings Settings) (*Signer, error) {
	text, err := settings.ChangeSetting(ctx, settingName, func(old string) (string, error) {
		if old != "" {
			return old, nil
		}
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return base64.StdEncoding.EncodeToString(key), err
	})
	if err != nil {
		return nil, fmt.Errorf("read the key that signs statements: %w", err)
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) != ed25519.PrivateKeySize {
		return nil, fail.New(fail.Internal, "statement_key", "The setting %s is no Ed25519 key.", settingName)
	}
	s := &Signer{key: key}
	s.id = s.Keys().Keys[0].ID
	return s, nil
}

// Key is a public key (RFC 8037), and Keys a set of them (RFC 7517).
type (
	Key struct {
		Type  string `json:"kty"` // OKP
		Curve string `json:"crv"` // Ed25519
		X     string `json:"x"`   // the key, in base64url
		Use   string `json:"use"` // sig
		ID    string `json:"kid"` // its thumbprint (RFC 7638)
	}
	Keys struct {
		Keys []Key `json:"keys"`
	}
)

// Keys are the public keys by which signatures are checked.
func (s *Signer) Keys() Keys {
	k := Key{Type: "OKP", Curve: "Ed25519", X: encode(s.key.Public().(ed25519.PublicKey)), Use: "sig"}
	sum := sha256.Sum256(fmt.Appendf(nil, `{"crv":%q,"kty":%q,"x":%q}`, k.Curve, k.Type, k.X))
	k.ID = encode(sum[:])
	return Keys{[]Key{k}}
}

type joseHeader struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
}

const algorithm = "EdDSA"

// Sign signs content: HEADER..SIGNATURE, with nothing between the dots because the content travels by itself.
func (s *Signer) Sign(content []byte) string {
	head, err := json.Marshal(joseHeader{algorithm, s.id})
	if err != nil {
		panic(err) // two strings can be written
	}
	protected := encode(head)
	return protected + ".." + encode(ed25519.Sign(s.key, signed(protected, content)))
}

func signed(protected string, content []byte) []byte {
	return []byte(protected + "." + encode(content))
}

// Verify checks that signature was made over content by one of keys. Its error, fail.Invalid, says what is wrong.
func (ks Keys) Verify(content []byte, signature string) error {
	bad := func(why string) error {
		return fail.New(fail.Invalid, "signature", "The signature is not right: %s.", why)
	}
	protected, sig, ok := strings.Cut(strings.TrimSpace(signature), "..")
	if !ok {
		return bad("it is not HEADER..SIGNATURE")
	}
	var h joseHeader
	head, err := decode(protected)
	if err != nil || json.Unmarshal(head, &h) != nil || h.Algorithm != algorithm {
		return bad("its header is not of " + algorithm)
	}
	raw, err := decode(sig)
	if err != nil {
		return bad("it is not base64url")
	}
	for _, k := range ks.Keys {
		if k.ID != h.KeyID {
			continue
		}
		pub, err := decode(k.X)
		if err != nil || len(pub) != ed25519.PublicKeySize {
			return bad("the key " + k.ID + " is no Ed25519 key")
		}
		if !ed25519.Verify(pub, signed(protected, content), raw) {
			return bad("what it signed was changed")
		}
		return nil
	}
	return bad("it was made with the key " + h.KeyID + ", which is none of those given")
}

func encode(b []byte) string          { return base64.RawURLEncoding.EncodeToString(b) }
func decode(s string) ([]byte, error) { return base64.RawURLEncoding.Strict().DecodeString(s) }

// Signed is a statement with its signature, as it travels in JSON. The signature is over the statement's bytes without
// white space between its parts (compact JSON).
type Signed struct {
	Statement json.RawMessage `json:"statement"`
	Signature string          `json:"signature"`
}

// Statement signs st.
func (s *Signer) Statement(st Statement) (Signed, error) {
	text, err := json.Marshal(st)
	if err != nil {
		return Signed{}, fmt.Errorf("write the statement: %w", err)
	}
	return Signed{text, s.Sign(text)}, nil
}

// Verify checks a signed statement and reads it.
func (ks Keys) VerifyStatement(d Signed) (st Statement, err error) {
	var compact bytes.Buffer
	if err := json.Compact(&compact, d.Statement); err != nil {
		return st, fail.Wrap(fail.Invalid, err, "statement", "The statement is not JSON.")
	}
	if err := ks.Verify(compact.Bytes(), d.Signature); err != nil {
		return st, err
	}
	if err := json.Unmarshal(compact.Bytes(), &st); err != nil {
		return st, fail.Wrap(fail.Invalid, err, "statement", "The statement cannot be read.")
	}
	return st, nil
}
