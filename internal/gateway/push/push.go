package push

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/intake"
	"souk.dev/souk/internal/httpx"
)

// Limits of a request.
const (
	// maxBody is the largest body, in bytes: messages of SNS and events of EventBridge have at most 256 KiB, and a message
	// grows when it is written as a JSON string. Source: Amazon SNS and EventBridge quotas.
	maxBody = 768 << 10
	// patience is how long, in real time, a body may take to arrive. AWS gives a whole request 15 seconds (SNS) or 5
	// (EventBridge).
	patience = 10 * time.Second
	// minSecret is the least length of a secret, in bytes.
	minSecret = 16
)

// Intake takes proven notices in; *intake.Intake is one.
type Intake interface {
	Take(ctx context.Context, m intake.Message) (intake.Notice, error)
}

// Config is what the door is made of.
type Config struct {
	Intake Intake
	Clock  clock.Clock
	Log    *slog.Logger

	// Products are those sold: the topics of AWS Marketplace for them are expected.
	Products core.Catalogue
	// Topics are the ARNs of further topics that are expected: the seller's own, to which an EventBridge rule leads.
	Topics []string
	// Trust is the address of a sandbox (a world's may have a path), whose certificates and confirmation links are believed as they are; empty in
	// production.
	Trust string
	// Secrets are those that an API destination may bring; with none, /aws/events takes nothing. Two are for the time in
	// which one replaces the other.
	Secrets []string

	// Roots are the authorities that sign Amazon's certificates; nil: the system's.
	Roots *x509.CertPool
	// Transport reaches Amazon; nil: as the environment says (HTTPS_PROXY).
	Transport http.RoundTripper
	// Observe, if set, is told of every request: the door ("sns" or "events") and "taken" or the code of the refusal.
	Observe func(door, outcome string)
}

// Door answers AWS's posts.
type Door struct {
	c       Config
	topics  map[string]bool
	certs   *certificates
	secrets [][sha256.Size]byte
}

// New makes a door.
//
// Errors: fail.Invalid for a topic, secret or origin that cannot be one.
func New(c Config) (*Door, error) {
	d := &Door{c: c, topics: map[string]bool{}}
	for _, p := range c.Products {
		d.topics[contract.SubscriptionTopic(string(p.Code))] = true
		d.topics[contract.EntitlementTopic(string(p.Code))] = true
	}
	for _, arn := range c.Topics {
		if parts := strings.Split(arn, ":"); len(parts) != 6 || parts[0] != "arn" || parts[2] != "sns" || parts[3] == "" || parts[5] == "" {
			return nil, fail.New(fail.Invalid, "sns_topic", "%q is not the ARN of an SNS topic, such as arn:aws:sns:us-east-1:444455556666:marketplace.", arn)
		}
		d.topics[arn] = true
	}
	for _, s := range c.Secrets {
		if len(s) < minSecret {
			return nil, fail.New(fail.Invalid, "events_secret", "A secret of /aws/events has less than %d characters; make one with openssl rand -hex 32.", minSecret)
		}
		d.secrets = append(d.secrets, sha256.Sum256([]byte(s)))
	}
	var trust *url.URL
	if c.Trust != "" {
		u, err := url.Parse(strings.TrimRight(c.Trust, "/"))
		if err != nil || u.Host == "" || u.RawQuery != "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") {
			return nil, fail.New(fail.Invalid, "sns_trust", "%q is not the address of a sandbox, such as http://127.0.0.1:4700.", c.Trust)
		}
		trust = u
	}
	transport := c.Transport
	if transport == nil {
		own := http.DefaultTransport.(*http.Transport).Clone()
		own.TLSClientConfig = &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12}
		transport = own
	}
	d.certs = newCertificates(trust, c.Roots, c.Clock, &http.Client{Transport: transport, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }})
	return d, nil
}

// Mount adds the door's calls to mux.
func (d *Door) Mount(mux *http.ServeMux) {
	mux.HandleFunc("POST /aws/sns", d.handle("sns", d.postSNS))
	mux.HandleFunc("POST /aws/events", d.handle("events", d.postEvent))
}

// handle counts what f makes of a request, and logs a refusal without anything that the sender wrote.
func (d *Door) handle(door string, f httpx.Func) http.HandlerFunc {
	return httpx.Try(d.c.Log, func(w http.ResponseWriter, r *http.Request) error {
		err := f(w, r)
		outcome := "taken"
		if err != nil {
			if outcome = fail.CodeOf(err); outcome == "" {
				outcome = fail.KindOf(err).String()
			}
			if fail.KindOf(err) != fail.Internal { // httpx logs those
				d.c.Log.WarnContext(r.Context(), "a post in AWS's name was refused", "door", door, "code", outcome, "from", r.RemoteAddr)
			}
		}
		if d.c.Observe != nil {
			d.c.Observe(door, outcome)
		}
		return err
	})
}

// body reads a request's body, which must come whole, in time, and not be too large.
func body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	// A server that knows no deadlines has its own ways; the limit is on real time, whatever clock business follows.
	if err := http.NewResponseController(w).SetReadDeadline(clock.System{}.Now().Add(patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, fail.Wrap(fail.Internal, err, "", "set the deadline of a body")
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, fail.New(fail.Invalid, "body_too_slow", "The body did not arrive within %s; send it again.", patience)
	}
	if err != nil {
		return nil, httpx.BodyError(err)
	}
	return text, nil
}

// done answers that a notice is kept.
func done(w http.ResponseWriter) error {
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	return nil
}
