package mailer

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	gomail "github.com/wneessen/go-mail"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/letter"
)

// desk is a mail server that the test plays: what it answers to each step, and what it was handed.
type desk struct {
	addr string

	mu       sync.Mutex
	refuse   map[string]*smtp.SMTPError // by step: auth, mail, rcpt, data
	mails    [][]byte
	from, to string
	user     string
}

func (d *desk) at(step string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.refuse[step]; e != nil {
		return e
	}
	return nil
}

func (d *desk) note(where *string, what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	*where = what
}

// heard is what the server was told, and was handed.
func (d *desk) heard() (user, from, to string, mails [][]byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.user, d.from, d.to, slices.Clone(d.mails)
}

func (d *desk) NewSession(*smtp.Conn) (smtp.Session, error) { return visit{d}, nil }

type visit struct{ d *desk }

func (v visit) AuthMechanisms() []string { return []string{sasl.Plain} }
func (v visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, _ string) error { v.d.note(&v.d.user, user); return v.d.at("auth") }), nil
}
func (v visit) Mail(from string, _ *smtp.MailOptions) error {
	v.d.note(&v.d.from, from)
	return v.d.at("mail")
}
func (v visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	v.d.note(&v.d.to, to)
	return v.d.at("rcpt")
}
func (v visit) Reset()        {}
func (v visit) Logout() error { return nil }
func (v visit) Data(r io.Reader) error {
	body, err := io.ReadAll(r)
	if err := errors.Join(err, v.d.at("data")); err != nil {
		return v.d.at("data")
	}
	v.d.mu.Lock()
	defer v.d.mu.Unlock()
	v.d.mails = append(v.d.mails, body)
	return nil
}

func newDesk(t *testing.T, config *tls.Config) *desk {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{addr: ln.Addr().String(), refuse: map[string]*smtp.SMTPError{}}
	s := smtp.NewServer(d)
	s.Domain, s.AllowInsecureAuth, s.TLSConfig, s.ErrorLog = "desk.localhost", config == nil, config, slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(ln) }()
	t.Cleanup(func() { _ = s.Close(); <-done })
	return d
}

func mailerTo(t *testing.T, url string) *Mailer {
	t.Helper()
	m, err := New(Config{Server: url, From: "Inkwell Press <hello@inkwell.example>", ReplyTo: "help@inkwell.example", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func sample(name letter.Name) letter.Letter {
	return letter.Letter{ID: "dlv_1", Name: name, Content: Sample(name), Date: time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)}
}

func TestALetterAsItTravels(t *testing.T) {
	d := newDesk(t, nil)
	m := mailerTo(t, "smtp://souk:secret@"+d.addr)
	l := sample(letter.Ready)
	l.Content.Name = "Zoë \"the\" Queen\r\nBcc: everybody@example.com"
	if a, err := m.Send(t.Context(), l); err != nil || a.Code != 250 {
		t.Fatalf("%+v, %v", a, err)
	}
	user, from, to, mails := d.heard()
	if user != "souk" || from != "hello@inkwell.example" || to != "ada@acme.example" || len(mails) != 1 {
		t.Fatalf("handed over as %q, from %q to %q, %d mails", user, from, to, len(mails))
	}
	got, err := mail.ReadMessage(bytes.NewReader(mails[0]))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"From": `"Inkwell Press" <hello@inkwell.example>`, "Reply-To": "<help@inkwell.example>", "Message-Id": "<dlv_1@inkwell.example>", "Subject": "Inkwell Pages is ready",
		"Date": "Mon, 02 Nov 2026 09:30:00 +0000", "Auto-Submitted": "auto-generated", "Bcc": "", "List-Unsubscribe": "", "List-Unsubscribe-Post": "", "User-Agent": "",
	} {
		if h := got.Header.Get(name); h != want {
			t.Errorf("%s is %q, want %q", name, h, want)
		}
	}
	if to, err := got.Header.AddressList("To"); err != nil || len(to) != 1 || to[0].Address != "ada@acme.example" {
		t.Errorf("To is %v, %v", to, err)
	}
	if kind := got.Header.Get("Content-Type"); !strings.HasPrefix(kind, "multipart/alternative") {
		t.Errorf("it is %s", kind)
	}
	body, _ := io.ReadAll(got.Body)
	plain, markup := bytes.Index(body, []byte("text/plain")), bytes.Index(body, []byte("text/html"))
	if plain < 0 || markup < plain { // the last that a reader understands is shown
		t.Errorf("text at %d, HTML at %d", plain, markup)
	}
}

// Only what people may do without says how, in the header as well. Source: RFC 8058.
func TestOneClick(t *testing.T) {
	d := newDesk(t, nil)
	m := mailerTo(t, "smtp://"+d.addr)
	for scheme, post := range map[string]string{"https": "List-Unsubscribe=One-Click", "http": ""} {
		l := sample(letter.Ready)
		l.Content.Unsubscribe = scheme + "://buy.inkwell.example/reminders?who=w"
		if _, err := m.Send(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		_, _, _, mails := d.heard()
		got, err := mail.ReadMessage(bytes.NewReader(mails[len(mails)-1]))
		if err != nil {
			t.Fatal(err)
		}
		if a, b := got.Header.Get("List-Unsubscribe"), got.Header.Get("List-Unsubscribe-Post"); a != "<"+l.Content.Unsubscribe+">" || b != post {
			t.Errorf("%s: %q, %q", scheme, a, b)
		}
	}
}

func TestWhatTheServerAnswers(t *testing.T) {
	d := newDesk(t, nil)
	m := mailerTo(t, "smtp://u:secret@"+d.addr)
	for name, c := range map[string]struct {
		step string
		code int
		want letter.Answer // the zero Answer: an error
	}{
		"grey-listed":             {"rcpt", 450, letter.Answer{Code: 450}},
		"no such person":          {"rcpt", 550, letter.Answer{Code: 550}},
		"we may not send":         {"mail", 550, letter.Answer{Code: 550, Ours: true}},
		"too many from us":        {"mail", 452, letter.Answer{Code: 452, Ours: true}},
		"it looks like an advert": {"data", 554, letter.Answer{Code: 554}},
		"the disk is full":        {"data", 452, letter.Answer{Code: 452}},
		"the password is wrong":   {"auth", 535, letter.Answer{}},
	} {
		d.mu.Lock()
		d.refuse = map[string]*smtp.SMTPError{c.step: {Code: c.code, EnhancedCode: smtp.EnhancedCode{c.code / 100, 1, 1}, Message: "no,\tsaid the desk"}}
		d.mu.Unlock()
		got, err := m.Send(t.Context(), sample(letter.Ready))
		if got.Text = ""; got != c.want || (err != nil) != (c.want == letter.Answer{}) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), "secret") || strings.ContainsAny(err.Error(), "\t\r\n")) {
			t.Errorf("%s: the failure is %q", name, err)
		}
	}
	if _, _, _, mails := d.heard(); len(mails) != 0 {
		t.Errorf("%d mails were taken", len(mails))
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	away := ln.Addr().String()
	_ = ln.Close()
	if a, err := mailerTo(t, "smtp://"+away).Send(t.Context(), sample(letter.Ready)); err == nil {
		t.Errorf("nobody is there: %+v", a)
	}
}

// A certificate that nobody vouches for is no reason to go on without.
func TestTLSIsNotGivenUp(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC)}, &x509.Certificate{SerialNumber: big.NewInt(1)}, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	if a, err := mailerTo(t, "smtp://u:secret@"+d.addr).Send(t.Context(), sample(letter.Ready)); err == nil {
		t.Errorf("%+v", a)
	}
	if user, _, _, mails := d.heard(); user != "" || len(mails) != 0 {
		t.Errorf("the server heard the user %q, and took %d mails", user, len(mails))
	}
	// Elsewhere a server without TLS is not spoken to at all; the name leads to this machine, and is not this machine's.
	bare := newDesk(t, nil)
	m := mailerTo(t, "smtp://u:secret@"+bare.addr)
	m.server.tls = gomail.TLSMandatory // as for any other host
	if a, err := m.Send(t.Context(), sample(letter.Ready)); err == nil {
		t.Errorf("%+v", a)
	}
	if user, _, _, _ := bare.heard(); user != "" {
		t.Errorf("the server heard the user %q", user)
	}
}

func TestSettingsThatCannotBe(t *testing.T) {
	for name, c := range map[string]Config{
		"from":     {Server: "smtp://h", From: "Inkwell"},
		"no from":  {Server: "smtp://h"},
		"reply to": {Server: "smtp://h", From: "a@b.example", ReplyTo: "a@"},
		"header":   {Server: "smtp://h", From: "\"In\r\nBcc: x@y.example\" <a@b.example>"},
		"colour":   {Server: "smtp://h", From: "a@b.example", Accent: "red"},
	} {
		if _, err := New(c); !fail.Is(err, fail.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
