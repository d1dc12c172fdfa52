package metering

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"sync"
)

// PublicKeyPath is where the sandbox serves the public key, PEM, of what RegisterUsage signs. AWS shows sellers theirs
// when they create a product.
const PublicKeyPath = "/RegisterUsage-sandbox.pem"

// signer signs what RegisterUsage answers, with a key of its own. It is made when it is first needed, because that
// takes a moment, and lasts as long as the process.
type signer struct {
	make func() (*rsa.PrivateKey, error)
}

// claims are what the token of RegisterUsage says.
type claims struct {
	ProductCode      string  `json:"productCode"`
	PublicKeyVersion int     `json:"publicKeyVersion"`
	IssuedAt         int64   `json:"iat"`
	Nonce            *string `json:"nonce,omitempty"`
}

// theSigner is the process's: its key is the same whatever world is asked.
var theSigner = &signer{make: sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })}

// PublicKey is the public key of what RegisterUsage signs, PEM.
func PublicKey() ([]byte, error) {
	key, err := theSigner.make()
	if err != nil {
		return nil, fmt.Errorf("make the key of RegisterUsage: %w", err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, fmt.Errorf("write the public key of RegisterUsage: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// sign writes c as a JSON Web Token, signed with PS256 (RFC 7519; RFC 7518, section 3.5).
func (s *signer) sign(c claims) (string, error) {
	key, err := s.make()
	if err != nil {
		return "", fmt.Errorf("make the key of RegisterUsage: %w", err)
	}
	payload, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("write the claims of RegisterUsage: %w", err)
	}
	part := base64.RawURLEncoding.EncodeToString
	token := part([]byte(`{"alg":"PS256","typ":"JWT"}`)) + "." + part(payload)
	sum := sha256.Sum256([]byte(token))
	sig, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	if err != nil {
		return "", fmt.Errorf("sign the token of RegisterUsage: %w", err)
	}
	return token + "." + part(sig), nil
}
