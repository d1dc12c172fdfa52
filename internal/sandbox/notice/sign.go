package notice

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"sync"
	"time"

	"github.com/google/uuid"
)

// CertificatePath is where the sandbox serves the certificate that its SNS messages are signed with. AWS serves its own
// at the host sns.<region>.amazonaws.com: a program that checks this must be told to trust the sandbox instead.
const CertificatePath = "/SimpleNotificationService-sandbox.pem"

// Signer signs SNS messages with a key of its own. The key is made when it is first needed, because that takes a
// moment that a sandbox without legacy products need not wait for, and lasts as long as the process.
type Signer struct {
	make func() (keyed, error)
}

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

// sign gives the signature, version 1: SHA1withRSA, base64. A message that cannot be signed carries an empty one; a
// receiver refuses it, and Certificate tells why.
func (s *Signer) sign(n notification) string {
	k, err := s.make()
	if err != nil {
		return ""
	}
	sum := sha1.Sum([]byte(n.stringToSign()))
	sig, err := rsa.SignPKCS1v15(rand.Reader, k.key, crypto.SHA1, sum[:])
	if err != nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(sig)
}

// uuidOf is the UUID that the parts stand for, always the same.
func uuidOf(parts ...string) string {
	name := ""
	for _, p := range parts {
		name += p + "\n"
	}
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)).String()
}
