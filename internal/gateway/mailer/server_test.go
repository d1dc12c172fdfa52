package mailer

import (
	"strings"
	"testing"

	gomail "github.com/wneessen/go-mail"

	"souk.dev/souk/internal/fail"
)

func TestParseServer(t *testing.T) {
	for text, want := range map[string]server{
		"smtp://u:p%40ss@mail.example.com":  {host: "mail.example.com", port: 587, user: "u", password: "p@ss", tls: gomail.TLSMandatory},
		"smtp://mail.example.com:2525/":     {host: "mail.example.com", port: 2525, tls: gomail.TLSMandatory},
		"smtps://u:p@mail.example.com":      {host: "mail.example.com", port: 465, user: "u", password: "p", tls: gomail.TLSMandatory, implicit: true},
		"smtp://127.0.0.1:4725":             {host: "127.0.0.1", port: 4725, tls: gomail.TLSOpportunistic},
		"smtp://[::1]:25":                   {host: "::1", port: 25, tls: gomail.TLSOpportunistic},
		"smtp://relay.internal:25?tls=none": {host: "relay.internal", port: 25, tls: gomail.NoTLS},
		"smtp://u:p@localhost:25?tls=none":  {host: "localhost", port: 25, user: "u", password: "p", tls: gomail.NoTLS},
		"smtp://127.0.0.1.example.com:25":   {host: "127.0.0.1.example.com", port: 25, tls: gomail.TLSMandatory},
		"smtp://localhost.example.com":      {host: "localhost.example.com", port: 587, tls: gomail.TLSMandatory},
	} {
		if got, err := parseServer(text); err != nil || got != want {
			t.Errorf("%s is %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, bad := range []string{"", "mail.example.com", "http://mail.example.com", "smtp://", "smtp://:25", "smtp://h:0", "smtp://h:99999", "smtp://h/path", "smtp://h?tls=maybe", "smtp://h?a=b",
		"smtps://h?tls=none", "smtp://u:secret@mail.example.com?tls=none", "smtp://u:secret@mail.example.com:x", "smtp://u:secret@h/%zz", "smtp://h?tls=none&tls=none"} {
		got, err := parseServer(bad)
		if !fail.Is(err, fail.Invalid) {
			t.Errorf("%q is %+v, %v", bad, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the failure quotes the password: %v", err)
		}
	}
}

func FuzzParseServer(f *testing.F) {
	f.Add("smtp://u:secret@mail.example.com:587")
	f.Add("smtps://[::1]?tls=none")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseServer(text)
		if err != nil {
			return
		}
		if s.host == "" || s.port < 1 || s.port > 65535 {
			t.Errorf("%q is %+v", text, s)
		}
		if s.password != "" && s.tls == gomail.NoTLS && !onThisMachine(s.host) {
			t.Errorf("%q sends a password in the open", text)
		}
		if len(s.password) > 8 && strings.Contains(s.String(), s.password) && !strings.Contains(s.host, s.password) {
			t.Errorf("%q shows its password as %s", text, s)
		}
	})
}
