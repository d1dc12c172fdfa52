package push

import (
	"bufio"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/intake"
)

const (
	secret  = "0123456789abcdef0123456789abcdef"
	retired = "fedcba9876543210fedcba9876543210"
	event   = `{"version":"0","id":"e1","detail-type":"License Updated - Manufacturer","source":"aws.agreement-marketplace","time":"2026-11-23T11:59:00Z","detail":{"requestId":"r1","license":{"arn":"arn:l"}}}`
)

func withSecrets(c *Config) { c.Secrets = []string{secret, retired} }

func basic(user, password string) string {
	r := httptest.NewRequest("GET", "/", nil)
	r.SetBasicAuth(user, password)
	return r.Header.Get("Authorization")
}

func TestEventsAreTakenFromThoseWhoKnowTheSecret(t *testing.T) {
	s := newSite(t, withSecrets)
	for i, header := range [][]string{{secretHeader, secret}, {secretHeader, retired}, {"Authorization", basic("souk", secret)}, {"Authorization", basic("", secret)}} {
		if status, code := s.post("/aws/events", event, header...); status != http.StatusOK || len(s.taken) != i+1 {
			t.Errorf("%q: %d %s", header, status, code)
		}
	}
	if n := intake.Parse(s.taken[0]); n.Key != "event:r1:LicenseUpdated" || n.Way != intake.ByEventBus || n.Outcome != intake.Received {
		t.Errorf("%+v", n)
	}
}

func TestEventsOfStrangersChangeNothing(t *testing.T) {
	s := newSite(t, withSecrets)
	for _, header := range [][]string{nil, {secretHeader, ""}, {secretHeader, secret[1:]}, {secretHeader, secret + " "}, {secretHeader, strings.ToUpper(secret)},
		{"Authorization", basic(secret, "")}, {"Authorization", "Bearer " + secret}, {secretHeader, "wrong", "Authorization", basic("souk", secret)}} {
		// 401, after which EventBridge tries again for a day.
		if status, code := s.post("/aws/events", event, header...); status != http.StatusUnauthorized || code != "wrong_secret" {
			t.Errorf("%q: %d %s", header, status, code)
		}
	}
	if len(s.taken) != 0 {
		t.Errorf("taken %+v", s.taken)
	}
}

func TestWithoutASecretEventsAreClosed(t *testing.T) {
	s := newSite(t, nil)
	if status, code := s.post("/aws/events", event, secretHeader, ""); status != http.StatusNotFound || code != "events_closed" {
		t.Errorf("%d %s", status, code)
	}
	if _, err := New(Config{Secrets: []string{"short"}}); err == nil {
		t.Error("want a short secret to be refused")
	}
}

// Who knows the secret may say nonsense: it is kept to be looked at, and not asked for again.
func TestNonsenseOfThoseWhoKnowTheSecretIsKept(t *testing.T) {
	s := newSite(t, withSecrets)
	for body, outcome := range map[string]string{
		"":         string(intake.Poison),
		"nonsense": string(intake.Poison),
		`{"action":"subscribe-success","customer-identifier":"x","product-code":"y"}`: string(intake.Poison), // a topic's form
		strings.Replace(event, "License Updated", "Moon Risen", 1):                    string(intake.Unknown),
		strings.Replace(event, "aws.agreement-marketplace", "my.app", 1):              string(intake.Foreign),
	} {
		s.taken = nil
		if status, code := s.post("/aws/events", body, secretHeader, secret); status != http.StatusOK {
			t.Errorf("%q: %d %s", body, status, code)
			continue
		}
		if n := intake.Parse(s.taken[0]); string(n.Outcome) != outcome || n.Body != body || n.Key == "" {
			t.Errorf("%q: %+v", body, n)
		}
	}
}

func TestLargeBodiesAreRefused(t *testing.T) {
	s := newSite(t, withSecrets)
	large := strings.Repeat("x", maxBody+1)
	if status, code := s.post("/aws/events", large, secretHeader, secret); status != http.StatusBadRequest || code != "body_too_large" {
		t.Errorf("events: %d %s", status, code)
	}
	if status, code := s.post("/aws/sns", large); status != http.StatusBadRequest || code != "body_too_large" {
		t.Errorf("sns: %d %s", status, code)
	}
	if len(s.taken) != 0 {
		t.Errorf("taken %+v", s.taken)
	}
}

// A body that trickles in holds a connection for no longer than the patience.
func TestSlowBodiesAreCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, err := New(Config{Intake: &shelf{}, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Products: core.Catalogue{{Code: code}}})
		if err != nil {
			t.Fatal(err)
		}
		mux := http.NewServeMux()
		d.Mount(mux)
		ln := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		srv := &http.Server{Handler: mux}
		go func() { _ = srv.Serve(ln) }()
		defer srv.Close()
		here, there := net.Pipe()
		defer here.Close()
		ln.conns <- there
		begun := time.Now()
		if _, err := fmt.Fprint(here, "POST /aws/sns HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(here), nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if took := time.Since(begun); res.StatusCode != http.StatusBadRequest || took != patience {
			t.Errorf("%s after %s; want a refusal after %s", res.Status, took, patience)
		}
	})
}

// pipes is a listener whose connections come from a channel.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }
