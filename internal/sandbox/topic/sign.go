package topic

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"sync"
	"time"
)

// CertificatePath is where the sandbox serves the certificate that its SNS messages are signed with. AWS serves its own
// at the host sns.<region>.amazonaws.com: a program that checks this must be told to trust the sandbox instead.
const CertificatePath = "/SimpleNotificationService-sandbox.pem"

// Signer signs SNS messages with a key of its own. The key is made when it is first needed, because that takes a
// moment that a sandbox without legacy products need not wait for, and lasts as long as the process.
type Signer struct {
	make func() (keyed, error)

	mu   sync.Mutex
	last signed // a message is written for each of its subscribers, and signed once
}

type signed struct{ text, version, signature string }

type keyed struct {
	key  *rsa.PrivateKey
	cert []byte // PEM
}

// NewSigner makes a signer.
func NewSigner() *Signer {
	return &Signer{make: sync.OnceValues(newKey)}
}

func newKey() (keyed, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return keyed{}, fmt.Errorf("make the key that SNS messages are signed with: %w", err)
	}
	// The sandbox's clock may stand anywhere, so the certificate is good for as long as dates go in X.509.
	like := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sns.sandbox.invalid", Organization: []string{"souk sandbox"}},
		NotBefore: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		KeyUsage: x509.KeyUsageDigitalSignature, DNSNames: []string{"sns.sandbox.invalid"}}
	der, err := x509.CreateCertificate(rand.Reader, like, like, key.Public(), key)
	if err != nil {
		return keyed{}, fmt.Errorf("make the certificate of SNS messages: %w", err)
	}
	return keyed{key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}, nil
}

// Certificate is the signer's certificate, PEM.
func (s *Signer) Certificate() ([]byte, error) {
	k, err := s.make()
	return k.cert, err
}

// sign gives the signature of text, base64: version 1 is SHA1withRSA, 2 is SHA256withRSA. A message that cannot be signed
// carries an empty one; a receiver refuses it, and Certificate tells why.
func (s *Signer) sign(text, version string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last.text != text || s.last.version != version {
		s.last = signed{text, version, s.signature(text, version)}
	}
	return s.last.signature
}

func (s *Signer) signature(text, version string) string {
	k, err := s.make()
	if err != nil {
		return ""
	}
	var sig []byte
	if version == "2" {
		sum := sha256.Sum256([]byte(text))
		sig, err = rsa.SignPKCS1v15(rand.Reader, k.key, crypto.SHA256, sum[:])
	} else {
		sum := sha1.Sum([]byte(text))
		sig, err = rsa.SignPKCS1v15(rand.Reader, k.key, crypto.SHA1, sum[:])
	}
	if err != nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(sig)
}
