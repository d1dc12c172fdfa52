package mailer

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"

	gomail "github.com/wneessen/go-mail"

	"souk.dev/souk/internal/fail"
)

// server is where mails are handed over.
type server struct {
	host           string
	port           int
	user, password string
	tls            gomail.TLSPolicy
	implicit       bool // TLS from the first byte on
}

// parseServer reads smtp://USER:PASSWORD@HOST:PORT (STARTTLS, port 587 if none is given) or smtps://… (TLS from the beginning,
// port 465). On this machine smtp does without TLS where the server has none; elsewhere only with ?tls=none, and then without
// a password.
//
// Errors: fail.Invalid, which does not quote a password.
func parseServer(text string) (s server, err error) {
	bad := func(format string, args ...any) (server, error) {
		return s, fail.New(fail.Invalid, "smtp_url", "The mail server cannot be used: "+format+"; give one like smtp://user:password@mail.example.com:587.", args...)
	}
	u, err := url.Parse(text)
	if err != nil {
		return bad("it is no URL") // err quotes it, with the password
	}
	if u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.Fragment != "" || u.Opaque != "" {
		return bad("it is not a scheme, a host and a port")
	}
	s = server{host: u.Hostname(), user: u.User.Username(), tls: gomail.TLSMandatory}
	s.password, _ = u.User.Password()
	switch u.Scheme {
	case "smtp":
		s.port = 587
		if onThisMachine(s.host) {
			s.tls = gomail.TLSOpportunistic
		}
	case "smtps":
		s.port, s.implicit = 465, true
	default:
		return bad("its scheme is %q", u.Scheme)
	}
	if p := u.Port(); p != "" {
		if s.port, err = strconv.Atoi(p); err != nil || s.port < 1 || s.port > 65535 {
			return bad("its port is %q", p)
		}
	}
	for name, values := range u.Query() {
		if name != "tls" || len(values) != 1 || values[0] != "none" || s.implicit {
			return bad("what follows ? may be tls=none after smtp://, and nothing else")
		}
		if s.user != "" && !onThisMachine(s.host) {
			return bad("a password is not sent without TLS")
		}
		s.tls = gomail.NoTLS
	}
	return s, nil
}

// onThisMachine reports whether host cannot be elsewhere.
func onThisMachine(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.Unmap().IsLoopback()
}

// String is the server without its password.
func (s server) String() string {
	scheme := "smtp"
	if s.implicit {
		scheme = "smtps"
	}
	return fmt.Sprintf("%s://%s", scheme, net.JoinHostPort(s.host, strconv.Itoa(s.port)))
}
