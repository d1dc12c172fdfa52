package inbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"golang.org/x/net/netutil"
)

// Bounds of the server.
const (
	maxSize       = 5 << 20 // bytes of one mail
	maxRecipients = 100     // of one mail
	maxConns      = 64
	patience      = time.Minute // for each line of a client
)

// Serve takes mails on ln until ctx ends; connections end with it. It closes ln. The error is nil after such an end.
func (b *Inbox) Serve(ctx context.Context, ln net.Listener) error {
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{box: b}, nil }))
	s.Domain = "souk-sandbox.localhost"
	s.MaxMessageBytes, s.MaxRecipients = maxSize, maxRecipients
	s.ReadTimeout, s.WriteTimeout = patience, patience
	s.AllowInsecureAuth, s.EnableSMTPUTF8 = true, true
	s.ErrorLog = slog.NewLogLogger(b.log.Handler(), slog.LevelDebug)
	end := context.AfterFunc(ctx, func() { _ = s.Close() })
	err := s.Serve(netutil.LimitListener(ln, maxConns))
	if end() { // ctx lives: Serve failed by itself
		return errors.Join(fmt.Errorf("serve the inbox: %w", err), s.Close())
	}
	return nil
}

// session is one client's connection.
type session struct {
	box  *Inbox
	from string
	to   []string
}

// AuthMechanisms and Auth implement smtp.AuthSession: programs that send a password are served, and any is right.
func (*session) AuthMechanisms() []string { return []string{sasl.Plain} }
func (*session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, _, _ string) error { return nil }), nil
}

// Mail, Rcpt, Data, Reset and Logout implement smtp.Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error { s.from = from; return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error   { s.to = append(s.to, to); return nil }
func (s *session) Reset()                                      { s.from, s.to = "", nil }
func (s *session) Logout() error                               { return nil }
func (s *session) Data(r io.Reader) error {
	source, err := io.ReadAll(r)
	if err != nil {
		return err // too large, or the client has gone: the server tells which
	}
	m := s.box.Take(s.from, s.to, source)
	s.box.log.Info("mail caught", "mail", m.ID, "recipients", len(m.To), "bytes", m.Size)
	return nil
}
