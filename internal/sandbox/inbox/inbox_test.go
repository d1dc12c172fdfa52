package inbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func newInbox() *Inbox { return New(clock.NewVirtual(noon), nil) }

const welcome = "From: =?utf-8?q?Inkwell_=E2=80=93_Press?= <hello@inkwell.example>\r\nTo: Ada <ada@acme.example>\r\n" +
	"Reply-To: help@inkwell.example\r\nSubject: =?iso-8859-1?q?Bienvenue_=E0_Inkwell?=\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/mixed; boundary=o\r\n\r\n" +
	"--o\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n" +
	"--i\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nCaf=E9: sign in at (https://inkwell.example/in?a=3D1).\r\n" +
	"--i\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Caf&eacute; <a href=\"https://inkwell.example/in?a=1\">sign in</a> <a href='https://inkwell.example/x?a=1&amp;b=2'>x</a><a href='javascript:1'>y</a></p>\r\n--i--\r\n" +
	"--o\r\nContent-Type: application/pdf; name=terms.pdf\r\nContent-Disposition: attachment; filename=\"terms.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJDRA==\r\n--o--\r\n"

func TestAMailIsReadAsPeopleReadIt(t *testing.T) {
	m := Parse([]byte(welcome))
	if m.Wrong != "" || m.Subject != "Bienvenue à Inkwell" || m.Sender != "Inkwell – Press <hello@inkwell.example>" || m.ReplyTo != "help@inkwell.example" {
		t.Errorf("header: %+v", m)
	}
	if want := "Café: sign in at (https://inkwell.example/in?a=1)."; strings.TrimSpace(m.Text) != want {
		t.Errorf("text %q, want %q", m.Text, want)
	}
	if want := []string{"https://inkwell.example/in?a=1", "https://inkwell.example/x?a=1&b=2"}; !reflect.DeepEqual(m.Links, want) {
		t.Errorf("links %q, want %q", m.Links, want)
	}
	if want := []Attachment{{"terms.pdf", "application/pdf", 4}}; !reflect.DeepEqual(m.Attachments, want) {
		t.Errorf("attachments %v, want %v", m.Attachments, want)
	}
	if string(m.Source()) != welcome || m.Size != len(welcome) {
		t.Error("the source is not what came")
	}
}

func TestWhatIsBrokenIsKeptAndExplained(t *testing.T) {
	nested := strings.Builder{}
	for i := range maxDepth + 5 {
		fmt.Fprintf(&nested, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	many := "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\nContent-Type: text/plain\r\n\r\nx\r\n", maxParts+5)
	for name, c := range map[string]struct{ source, say string }{
		"no mail":      {"\x00\x01 no header", "this is no mail"},
		"cut off":      {"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhalf", "to its end"},
		"too deep":     {nested.String(), "too many parts"},
		"too many":     {many, "too many parts"},
		"bad encoding": {"Content-Transfer-Encoding: base64\r\n\r\n%%%", "to its end"},
	} {
		if m := Parse([]byte(c.source)); !strings.Contains(m.Wrong, c.say) || string(m.Source()) != c.source {
			t.Errorf("%s: told %q, want %q", name, m.Wrong, c.say)
		}
	}
	if m := Parse([]byte("Subject: a\r\n\tb\r\nX-Y: 1\r\n\r\nhello")); m.Subject != "a b" || m.Text != "hello" || m.Wrong != "" {
		t.Errorf("a folded subject and no MIME: %+v", m)
	}
}

func TestTheOldestMailsAreForgotten(t *testing.T) {
	b := newInbox()
	for i := range maxMails + 20 {
		to := "even@acme.example"
		if i%2 == 1 {
			to = "odd@acme.example"
		}
		b.Take("a@b.example", []string{to}, fmt.Appendf(nil, "Subject: %d\r\n\r\n", i+1))
	}
	all, next, err := b.List(Query{})
	if err != nil || next != "" || len(all) != maxMails || all[0].ID != "21" || all[0].Subject != "21" {
		t.Fatalf("%d mails from %s, next %q, %v", len(all), all[0].ID, next, err)
	}
	if _, err := b.Get("20"); !fail.Is(err, fail.NotFound) {
		t.Errorf("a forgotten mail: %v", err)
	}
	var seen int
	for q := (Query{To: "ODD@acme.example", Limit: 7}); ; {
		page, next, err := b.List(q)
		if err != nil {
			t.Fatal(err)
		}
		seen += len(page)
		if q.After = next; next == "" {
			break
		}
	}
	if seen != maxMails/2 {
		t.Errorf("%d mails to one of two, want %d", seen, maxMails/2)
	}
	newest, more := b.Newest("", 0, 2)
	before, _ := b.Newest("", 519, 1)
	if !more || len(newest) != 2 || newest[0].ID != "520" || before[0].ID != "518" {
		t.Errorf("newest %v, more %v; before 519: %v", newest, more, before)
	}
	big := []byte("Subject: big\r\n\r\n" + strings.Repeat("x", maxSize))
	for range 2 * maxBytes / maxSize {
		b.Take("a@b.example", nil, big)
	}
	if b.bytes > maxBytes || len(b.mails) != maxBytes/len(big) {
		t.Errorf("%d bytes in %d mails are kept", b.bytes, len(b.mails))
	}
	if _, _, err := b.List(Query{After: "x"}); !fail.Is(err, fail.Invalid) {
		t.Errorf("no cursor: %v", err)
	}
	b.Clear()
	if all, _, _ := b.List(Query{}); len(all) != 0 || b.Made() == 0 {
		t.Errorf("after clearing: %d", len(all))
	}
	if m := b.Take("a@b.example", nil, nil); b.mails[0].ID != m.ID {
		t.Error("a number came back")
	}
}

// serve opens b for clients and returns its address.
func serve(t *testing.T, b *Inbox) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return ln.Addr().String()
}

func TestGosOwnClientSendsMail(t *testing.T) {
	b := newInbox()
	addr := serve(t, b)
	auth := smtp.PlainAuth("", "any", "password", "127.0.0.1")
	if err := smtp.SendMail(addr, auth, "hello@inkwell.example", []string{"ada@acme.example", "bob@acme.example"}, []byte(welcome)); err != nil {
		t.Fatal(err)
	}
	got, _, err := b.List(Query{To: "bob@acme.example"})
	if err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	if m := got[0]; m.From != "hello@inkwell.example" || len(m.To) != 2 || !m.ReceivedAt.Equal(noon) || m.Subject != "Bienvenue à Inkwell" {
		t.Errorf("caught %+v", m)
	}
}

func TestTooLargeAMailIsRefused(t *testing.T) {
	b := newInbox()
	err := smtp.SendMail(serve(t, b), nil, "a@b.example", []string{"c@d.example"}, []byte("Subject: x\r\n\r\n"+strings.Repeat(strings.Repeat("x", 76)+"\r\n", maxSize/70)))
	if wrong, ok := errors.AsType[*textproto.Error](err); !ok || wrong.Code != 552 {
		t.Errorf("refused with %v, want 552", err)
	}
	if b.Made() != 0 {
		t.Error("and yet it was kept")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(welcome))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--"))
	f.Add([]byte("Content-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=00"))
	f.Add([]byte("Subject: =?x?q?y?=\r\nFrom: ,;<>\r\n\r\n(https://x.example/a).."))
	f.Fuzz(func(t *testing.T, source []byte) {
		m := Parse(source)
		for _, s := range append([]string{m.Text, m.HTML, m.Subject, m.Sender, m.ReplyTo}, m.Links...) {
			if !utf8.ValidString(s) {
				t.Errorf("not text: %q", s)
			}
		}
		if strings.ContainsAny(m.Subject+m.Sender+m.ReplyTo, "\r\n") {
			t.Errorf("a header of two lines: %+v", m)
		}
		if len(m.Links) > maxLinks {
			t.Errorf("%d links", len(m.Links))
		}
		for _, l := range m.Links {
			if !strings.HasPrefix(strings.ToLower(l), "http") {
				t.Errorf("the link %q leads elsewhere", l)
			}
		}
	})
}
