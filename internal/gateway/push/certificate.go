package push

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
)

var (
	// snsHost is SNS's host in a region. Source: Amazon SNS Developer Guide, "Verifying the signatures of Amazon SNS messages".
	snsHost = regexp.MustCompile(`^sns\.([a-z0-9-]{3,32})\.amazonaws\.com(\.cn)?$`)
	// certificatePath is the place of a certificate there.
	certificatePath = regexp.MustCompile(`^/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem$`)
)

const (
	maxCertificate  = 64 << 10       // bytes of a certificate's file
	keepCertificate = 24 * time.Hour // then it is fetched again
	mostKept        = 32             // certificates; Amazon has one in use, and a new one every year
	fetchBurst      = 20             // certificates at once that are not known yet
	fetchPause      = 3 * time.Second
	leastKey        = 2048 // bits
)

// certificates fetches and keeps those that SNS signs with.
type certificates struct {
	trust *url.URL // a sandbox; nil: none
	roots *x509.CertPool
	clk   clock.Clock
	http  *http.Client
	spent func() time.Duration // real time, for the brake

	mu     sync.Mutex
	known  map[string]certificate // by URL
	passes float64                // how many may be fetched at once
	filled time.Duration
}

type certificate struct {
	key   *rsa.PublicKey
	until time.Time
}

func newCertificates(trust *url.URL, roots *x509.CertPool, clk clock.Clock, client *http.Client) *certificates {
	return &certificates{trust: trust, roots: roots, clk: clk, http: client, spent: clock.Stopwatch(), known: map[string]certificate{}, passes: fetchBurst}
}

// origin reports whether u is at SNS's host in the topic's region, or at the trusted sandbox.
func (c *certificates) origin(u *url.URL, topic string) (place, bool) {
	if u.User != nil || u.Fragment != "" || u.Opaque != "" {
		return place{}, false
	}
	p := place{url: u.String(), host: u.Hostname(), path: u.EscapedPath()}
	if c.trust != nil && u.Scheme == c.trust.Scheme && u.Host == c.trust.Host {
		p.path, p.sandbox = strings.CutPrefix(p.path, c.trust.EscapedPath())
		return p, p.sandbox
	}
	m := snsHost.FindStringSubmatch(u.Host) // a port is no part of it
	if u.Scheme != "https" || m == nil {
		return place{}, false
	}
	p.region = m[1]
	return p, strings.Split(topic, ":")[3] == p.region
}

// key is the public key of the certificate at p, which is fetched and checked where it is not known; cached says that it
// was known.
func (c *certificates) key(ctx context.Context, p place) (key *rsa.PublicKey, cached bool, err error) {
	c.mu.Lock()
	known, ok := c.known[p.url]
	if ok && c.clk.Now().Before(known.until) {
		c.mu.Unlock()
		return known.key, true, nil
	}
	pass := c.pass()
	c.mu.Unlock()
	if !pass {
		return nil, false, fail.New(fail.TooMuch, "many_certificates", "Very many certificates are named right now; send the message again.")
	}
	cert, err := c.fetch(ctx, p)
	if err != nil {
		return nil, false, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= mostKept {
		clear(c.known)
	}
	c.known[p.url] = cert
	return cert.key, false, nil
}

func (c *certificates) forget(p place) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, p.url)
}

// pass takes one of the passes for a fetch: anybody can name a place at SNS's host where there is nothing.
func (c *certificates) pass() bool {
	now := c.spent()
	c.passes = min(fetchBurst, c.passes+(now-c.filled).Seconds()/fetchPause.Seconds())
	c.filled = now
	if c.passes < 1 {
		return false
	}
	c.passes--
	return true
}

// fetch gets the certificate at p, and checks it.
func (c *certificates) fetch(ctx context.Context, p place) (certificate, error) {
	text, err := c.get(ctx, p.url)
	if err != nil {
		return certificate{}, err
	}
	var leaf *x509.Certificate
	others := x509.NewCertPool()
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		cert, err := x509.ParseCertificate(block.Bytes)
		if block.Type != "CERTIFICATE" || err != nil {
			return certificate{}, badCertificate("it cannot be read")
		}
		if leaf == nil {
			leaf = cert
		} else {
			others.AddCert(cert)
		}
	}
	if leaf == nil {
		return certificate{}, badCertificate("there is none")
	}
	key, ok := leaf.PublicKey.(*rsa.PublicKey)
	if !ok || key.N.BitLen() < leastKey {
		return certificate{}, badCertificate("its key is not RSA, or is too short")
	}
	now := c.clk.Now()
	if now.Before(leaf.NotBefore) || now.After(leaf.NotAfter) {
		return certificate{}, badCertificate("it is not valid now")
	}
	if !p.sandbox { // what is at the trusted sandbox is its own
		if !named(leaf, p) {
			return certificate{}, badCertificate("it is not SNS's")
		}
		if err := c.chain(ctx, leaf, others, now); err != nil {
			return certificate{}, err
		}
	}
	until := now.Add(keepCertificate)
	if leaf.NotAfter.Before(until) {
		until = leaf.NotAfter
	}
	return certificate{key, until}, nil
}

func badCertificate(why string) error {
	return fail.New(fail.Denied, "bad_certificate", "The certificate that the message names is no good: %s.", why)
}

// named reports whether a certificate is for what SNS signs with: the host in its region, or one of the names that
// Amazon gives its signing certificates. Older ones have it in the subject alone.
func named(leaf *x509.Certificate, p place) bool {
	for _, name := range append([]string{leaf.Subject.CommonName}, leaf.DNSNames...) {
		switch name {
		case p.host, "sns.amazonaws.com", "sns-signing." + p.region + ".amazonaws.com", "sns." + p.region + ".amazonaws.com.cn", "sns-" + p.region + ".amazonaws.com.cn":
			return true
		}
	}
	return false
}

// mostIssuers is how many certificates may stand between SNS's own and a root.
const mostIssuers = 3

// issuersHost is where Amazon's authority has its certificates.
var issuersHost = regexp.MustCompile(`^[a-z0-9.-]+\.amazontrust\.com$`)

// chain makes sure that leaf leads to a root that is trusted. SNS's files hold the leaf alone: the certificates between
// are fetched from where each says its issuer is. A wrong one would not fit, whoever sent it.
func (c *certificates) chain(ctx context.Context, leaf *x509.Certificate, others *x509.CertPool, now time.Time) error {
	last := leaf
	for range mostIssuers + 1 {
		_, err := leaf.Verify(x509.VerifyOptions{Roots: c.roots, Intermediates: others, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		if err == nil {
			return nil
		}
		if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); !unknown {
			break
		}
		issuer, err := c.issuer(ctx, last)
		if err != nil {
			return err
		}
		if issuer == nil {
			break
		}
		others.AddCert(issuer)
		last = issuer
	}
	return badCertificate("no authority that is trusted here has signed it")
}

// issuer fetches the certificate of the authority that signed cert; nil if cert does not say where it is.
func (c *certificates) issuer(ctx context.Context, cert *x509.Certificate) (*x509.Certificate, error) {
	for _, raw := range cert.IssuingCertificateURL {
		u, err := url.Parse(raw)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || !issuersHost.MatchString(u.Host) {
			continue
		}
		text, err := c.get(ctx, raw)
		if err != nil {
			return nil, err
		}
		if block, _ := pem.Decode(text); block != nil {
			text = block.Bytes
		}
		issuer, err := x509.ParseCertificate(text)
		if err != nil {
			return nil, badCertificate("its issuer's cannot be read")
		}
		return issuer, nil
	}
	return nil, nil
}

// get fetches a small file.
func (c *certificates) get(ctx context.Context, from string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, badCertificate("its place is not a URL")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fail.Wrap(fail.Later, err, "certificate_away", "The certificate that the message names cannot be fetched right now.")
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxCertificate+1))
	switch {
	case err != nil || res.StatusCode >= 500:
		return nil, fail.Wrap(fail.Later, err, "certificate_away", "The certificate that the message names cannot be fetched right now.")
	case res.StatusCode != http.StatusOK:
		return nil, badCertificate("there is none")
	case len(text) > maxCertificate:
		return nil, badCertificate("it is too large")
	}
	return text, nil
}
