package push

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/intake"
)

const (
	snsAt   = "https://sns.us-east-1.amazonaws.com"
	pemPath = "/SimpleNotificationService-0a1b2c3d4e5f.pem"
	code    = "0exampl1product2code3abcd"
)

var (
	noon  = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	topic = contract.SubscriptionTopic(code)
)

// authority is a root, one below it, and what that has signed.
type authority struct {
	root, middle, leaf, tls *x509.Certificate
	key                     *rsa.PrivateKey // all of them have the same: making keys takes long
}

var amazonsKeys = sync.OnceValue(func() authority {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	a := authority{key: key}
	a.root = a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "root"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil)
	a.middle = a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "middle"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, a.root)
	a.leaf = a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "sns.amazonaws.com"}, IssuingCertificateURL: []string{"http://crt.r2m01.amazontrust.com/r2m01.cer"}}, a.middle)
	a.tls = a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "tls"}, DNSNames: []string{"sns.us-east-1.amazonaws.com"}}, a.root)
	return a
})

var serial int64

// sign makes a certificate like the one given; by is nil for one that is signed by itself.
func (a authority) sign(like, by *x509.Certificate) *x509.Certificate {
	serial++
	like.SerialNumber = big.NewInt(serial)
	if like.NotBefore.IsZero() { // the TLS of the tests runs on real time, their business on noon's
		like.NotBefore, like.NotAfter = noon.AddDate(-10, 0, 0), noon.AddDate(50, 0, 0)
	}
	if by == nil {
		by = like
	}
	der, err := x509.CreateCertificate(rand.Reader, like, by, a.key.Public(), a.key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return cert
}

func pemOf(certs ...*x509.Certificate) (text []byte) {
	for _, c := range certs {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return text
}

// amazon stands for SNS's own host, and for that of Amazon's authority.
type amazon struct {
	authority
	mu    sync.Mutex
	files map[string][]byte // by host and path
	asked []string          // URLs, in order
	away  bool
	dial  func(ctx context.Context, network, addr string) (net.Conn, error)
}

func newAmazon(t *testing.T) *amazon {
	a := &amazon{authority: amazonsKeys(), files: map[string][]byte{}}
	a.files["sns.us-east-1.amazonaws.com"+pemPath] = pemOf(a.leaf)
	a.files["crt.r2m01.amazontrust.com/r2m01.cer"] = a.middle.Raw
	a.files["sns.us-east-1.amazonaws.com/"] = []byte("<ConfirmSubscriptionResponse/>")
	plain := httptest.NewServer(a)
	t.Cleanup(plain.Close)
	secure := httptest.NewUnstartedServer(a)
	secure.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{a.tls.Raw}, PrivateKey: a.key}}}
	secure.StartTLS()
	t.Cleanup(secure.Close)
	a.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		to := secure.Listener.Addr().String()
		if strings.HasSuffix(addr, ":80") {
			to = plain.Listener.Addr().String()
		}
		return new(net.Dialer).DialContext(ctx, network, to)
	}
	return a
}

func (a *amazon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, r.Host+r.URL.String())
	text, ok := a.files[r.Host+r.URL.Path]
	switch {
	case a.away:
		w.WriteHeader(http.StatusServiceUnavailable)
	case !ok:
		w.WriteHeader(http.StatusForbidden)
	default:
		_, _ = w.Write(text)
	}
}

func (a *amazon) transport() http.RoundTripper {
	roots := x509.NewCertPool()
	roots.AddCert(a.root)
	return &http.Transport{DialContext: a.dial, TLSClientConfig: &tls.Config{RootCAs: roots}}
}

func (a *amazon) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.root)
	return pool
}

// signed is a message as SNS posts it; change may spoil it before it is signed.
func (a *amazon) signed(version string, change func(*envelope)) envelope {
	e := envelope{Type: contract.SNSNotification, MessageID: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", TopicARN: topic, SignatureVersion: version,
		Message:   `{"action":"subscribe-success","customer-identifier":"X01EXAMPLEX","product-code":"` + code + `"}`,
		Timestamp: noon.Add(-time.Minute).Format("2006-01-02T15:04:05.000Z"), SigningCertURL: snsAt + pemPath}
	if change != nil {
		change(&e)
	}
	hash, sum := crypto.SHA1, sha1.Sum([]byte(e.stringToSign()))
	digest := sum[:]
	if version == "2" {
		sum := sha256.Sum256([]byte(e.stringToSign()))
		hash, digest = crypto.SHA256, sum[:]
	}
	signature, err := rsa.SignPKCS1v15(rand.Reader, a.key, hash, digest)
	if err != nil {
		panic(err)
	}
	e.Signature = base64.StdEncoding.EncodeToString(signature)
	return e
}

func textOf(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// shelf takes what was proven.
type shelf struct {
	mu    sync.Mutex
	taken []intake.Message
	down  bool
}

func (s *shelf) Take(_ context.Context, m intake.Message) (intake.Notice, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return intake.Notice{}, errors.New("disk")
	}
	s.taken = append(s.taken, m)
	return intake.Parse(m), nil
}

// site is a door with Amazon on its other side.
type site struct {
	t *testing.T
	*amazon
	*shelf
	clk  *clock.Virtual
	told []string // outcomes
	mux  *http.ServeMux
}

func newSite(t *testing.T, change func(*Config)) *site {
	t.Helper()
	s := &site{t: t, amazon: newAmazon(t), shelf: &shelf{}, clk: clock.NewVirtual(noon), mux: http.NewServeMux()}
	c := Config{Intake: s.shelf, Clock: s.clk, Log: slog.New(slog.DiscardHandler), Products: core.Catalogue{{Code: code}}, Roots: s.roots(), Transport: s.transport(),
		Observe: func(_, outcome string) { s.told = append(s.told, outcome) }}
	if change != nil {
		change(&c)
	}
	d, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	d.Mount(s.mux)
	return s
}

// post posts body and returns the status and the code of the refusal, if it is one.
func (s *site) post(path, body string, header ...string) (status int, refusal string) {
	s.t.Helper()
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.mux.ServeHTTP(w, r)
	var p struct{ Code string }
	if w.Code != http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			s.t.Fatalf("%d: %s", w.Code, w.Body)
		}
	}
	return w.Code, p.Code
}
