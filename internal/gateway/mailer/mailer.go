package mailer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"os"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/letter"
)

// sendLimit bounds one sending, in real time; a lease of the outbox is longer.
const sendLimit = 30 * time.Second

// Config is what a mailer is made of.
type Config struct {
	Server  string // such as smtp://user:password@mail.example.com:587; see parseServer
	From    string // "Inkwell <hello@inkwell.example>"
	ReplyTo string // where answers of people go; empty: to From
	// Templates is a folder whose files stand in the place of ours of the same name; empty: none do.
	Templates string
	Accent    string // the brand's colour, "#rrggbb"; empty: a calm blue
	Log       *slog.Logger
}

// Mailer writes letters and hands them to a mail server. It is safe for concurrent use.
type Mailer struct {
	server    server
	from      *mail.Address
	replyTo   *mail.Address // nil: none of its own
	templates *templates
	log       *slog.Logger
}

var _ letter.Post = (*Mailer)(nil)

// New makes a mailer, and tries every template.
//
// Errors: fail.Invalid for a setting or a template that cannot be used, saying which.
func New(c Config) (m *Mailer, err error) {
	m = &Mailer{log: c.Log}
	if m.server, err = parseServer(c.Server); err != nil {
		return nil, err
	}
	if m.from, err = parseAddress("mail-from", c.From); err != nil {
		return nil, err
	}
	if c.ReplyTo != "" {
		if m.replyTo, err = parseAddress("mail-reply-to", c.ReplyTo); err != nil {
			return nil, err
		}
	}
	ours, err := ownFiles()
	if err != nil {
		return nil, err
	}
	files, err := ours.with(c.Templates, os.DirFS)
	if err != nil {
		return nil, err
	}
	m.templates, err = files.parse(c.Accent)
	return m, err
}

func parseAddress(setting, text string) (*mail.Address, error) {
	a, err := mail.ParseAddress(text)
	if err != nil || strings.ContainsFunc(a.Name+a.Address, unicode.IsControl) {
		return nil, fail.New(fail.Invalid, setting, "The setting %s is %.100q, which is no e-mail address; write it like Inkwell <hello@inkwell.example>.", setting, text)
	}
	return a, nil
}

// Send implements [letter.Post].
func (m *Mailer) Send(ctx context.Context, l letter.Letter) (letter.Answer, error) {
	msg, err := m.message(l)
	if err != nil {
		return letter.Answer{}, err
	}
	client, err := m.server.client()
	if err != nil {
		return letter.Answer{}, fmt.Errorf("get ready to speak to %s: %w", m.server, err)
	}
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	if err := client.DialWithContext(ctx); err != nil {
		return letter.Answer{}, plain(err)
	}
	sent := client.Send(msg)
	if err := client.Close(); err != nil { // it has answered already
		m.log.DebugContext(ctx, "a mail server took no leave", "err", plain(err))
	}
	return answerOf(sent)
}

// Reach greets the mail server, with our name and password where it wants them, and takes leave without sending anything.
//
// The error is the server's own word, or that there was none.
func (m *Mailer) Reach(ctx context.Context) error {
	client, err := m.server.client()
	if err != nil {
		return fmt.Errorf("get ready to speak to %s: %w", m.server, err)
	}
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	if err := client.DialWithContext(ctx); err != nil {
		return plain(err)
	}
	if err := client.Close(); err != nil { // it has let us in
		m.log.DebugContext(ctx, "a mail server took no leave", "err", plain(err))
	}
	return nil
}

func (s server) client() (*gomail.Client, error) {
	options := []gomail.Option{gomail.WithPort(s.port), gomail.WithTimeout(sendLimit), gomail.WithTLSPolicy(s.tls), gomail.WithoutNoop()}
	if s.implicit {
		options = append(options, gomail.WithSSL())
	}
	if s.user != "" {
		// What is found out is never a password in the open; on this machine that is no matter.
		how := gomail.SMTPAuthAutoDiscover
		if onThisMachine(s.host) {
			how = gomail.SMTPAuthPlainNoEnc
		}
		options = append(options, gomail.WithUsername(s.user), gomail.WithPassword(s.password), gomail.WithSMTPAuth(how))
	}
	return gomail.NewClient(s.host, options...)
}

// message is a letter as it travels.
func (m *Mailer) message(l letter.Letter) (*gomail.Msg, error) {
	w, err := m.templates.write(l.Name, l.Content)
	if err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(m.from)
	msg.AddToMailAddress(&mail.Address{Name: l.Content.Name, Address: l.Content.Email})
	if m.replyTo != nil {
		msg.ReplyToMailAddress(m.replyTo)
	}
	msg.Subject(w.subject)
	msg.SetDateWithValue(l.Date)
	_, domain, _ := strings.Cut(m.from.Address, "@")
	msg.SetMessageIDWithValue(l.ID + "@" + domain)
	// No answering machine answers. Source: RFC 3834, section 5.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	if l.Content.Unsubscribe != "" {
		// Source: RFC 2369, section 3.2; RFC 8058, section 3.1: one click, which the mail's reader sends by itself, works over https alone.
		msg.SetGenHeader("List-Unsubscribe", "<"+l.Content.Unsubscribe+">")
		if strings.HasPrefix(l.Content.Unsubscribe, "https:") {
			msg.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
		}
	}
	msg.SetBodyString(gomail.TypeTextPlain, w.text)
	msg.AddAlternativeString(gomail.TypeTextHTML, w.html)
	return msg, nil
}

// answerOf is what the server answered to a mail; err is nil where it took it. A failure without a code is of the connection.
func answerOf(err error) (letter.Answer, error) {
	if err == nil {
		return letter.Answer{Code: 250, Text: "OK"}, nil
	}
	e, ok := errors.AsType[*gomail.SendError](err)
	if !ok || e.ErrorCode() == 0 {
		return letter.Answer{}, plain(err)
	}
	// Whether we may send at all is decided on MAIL FROM; whom to, and what, afterwards.
	ours := e.Reason == gomail.ErrSMTPMailFrom || e.Reason == gomail.ErrSMTPReset || e.Reason == gomail.ErrConnCheck
	return letter.Answer{Code: e.ErrorCode(), Text: e.EnhancedStatusCode(), Ours: ours}, nil
}

// plain is err on one line and of bounded length, for a page and a log: a server may write what it likes.
func plain(err error) error {
	text := []rune(strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " "))
	if len(text) > 200 {
		text = append(text[:200], '…')
	}
	return errors.New(string(text))
}
