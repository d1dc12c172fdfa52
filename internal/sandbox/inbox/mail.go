package inbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // mails that are not in UTF-8
)

// Mail is a mail that was caught.
type Mail struct {
	ID         string    `json:"id"`
	ReceivedAt time.Time `json:"receivedAt"` // in the sandbox's time
	// From and To are the envelope's: who the mail went to, whatever its header says.
	From    string   `json:"from"`
	To      []string `json:"to"`
	Sender  string   `json:"sender,omitempty"` // as the header says, with the name
	ReplyTo string   `json:"replyTo,omitempty"`
	Subject string   `json:"subject"`
	Text    string   `json:"text"`
	HTML    string   `json:"html"`
	// Links are the web addresses in the mail, each once, in the order in which they stand there, the text's first.
	Links       []string     `json:"links"`
	Attachments []Attachment `json:"attachments,omitempty"`
	Size        int          `json:"size"` // bytes, as it came
	// Wrong says why the mail could not be read to its end; empty when it could.
	Wrong string `json:"problem,omitempty"`

	source []byte
}

// Attachment is a part of a mail that is no text.
type Attachment struct {
	Name string `json:"name"` // may be empty
	Type string `json:"type"` // of media
	Size int    `json:"size"` // bytes, decoded
}

// Bounds of what is read of one mail; what is beyond is left out, and Wrong says so.
const (
	maxDepth = 10  // parts within parts
	maxParts = 100 // in all
	maxLinks = 200
)

// Parse reads a mail as it came, envelope apart. It never fails: what could be read is in the mail, and Wrong says what
// could not.
func Parse(source []byte) Mail {
	m := Mail{Size: len(source), Links: []string{}, source: source}
	if err := m.read(source); err != nil {
		m.Wrong = err.Error()
	}
	m.Text, m.HTML = valid(m.Text), valid(m.HTML)
	m.Links = links(m.Text, m.HTML)
	return m
}

var errTooMuch = errors.New("the mail has too many parts; the rest is left out")

func (m *Mail) read(source []byte) error {
	e, err := message.Read(bytes.NewReader(source))
	if e == nil {
		return fmt.Errorf("this is no mail: %w", err)
	}
	m.Subject = decoded(e.Header, "Subject")
	m.Sender, m.ReplyTo = addressed(e.Header, "From"), addressed(e.Header, "Reply-To")
	parts := 0
	err = e.Walk(func(path []int, part *message.Entity, err error) error {
		if parts++; parts > maxParts || len(path) > maxDepth {
			return errTooMuch
		}
		if part == nil {
			return err
		}
		if media, _, _ := part.Header.ContentType(); strings.HasPrefix(media, "multipart/") {
			return nil // Walk goes on to what it has
		}
		return m.take(part)
	})
	if errors.Is(err, errTooMuch) {
		return err
	}
	if err != nil {
		return fmt.Errorf("the mail could not be read to its end: %w", err)
	}
	return nil
}

// take adds one part. The first text and the first HTML are the mail's; others, and what is neither, are attachments.
func (m *Mail) take(part *message.Entity) error {
	body, err := io.ReadAll(part.Body)
	media, params, _ := part.Header.ContentType()
	disposition, dparams, _ := part.Header.ContentDisposition()
	text := disposition != "attachment" && (media == "text/plain" || media == "")
	switch {
	case text && m.Text == "":
		m.Text = string(body)
	case disposition != "attachment" && media == "text/html" && m.HTML == "":
		m.HTML = string(body)
	case len(body) > 0:
		name := dparams["filename"]
		if name == "" {
			name = params["name"]
		}
		m.Attachments = append(m.Attachments, Attachment{Name: valid(name), Type: valid(media), Size: len(body)})
	}
	return err
}

// decoded is a header's text, or its raw form when it is in no known character set.
func decoded(h message.Header, name string) string {
	text, err := h.Text(name)
	if err != nil {
		text = h.Get(name)
	}
	return oneLine(text)
}

// addressed is an address header as people read it.
func addressed(h message.Header, name string) string {
	raw := h.Get(name)
	list, err := mail.ParseAddressList(raw)
	if err != nil {
		return decoded(h, name)
	}
	var all []string
	for _, a := range list {
		if a.Name == "" {
			all = append(all, a.Address)
		} else {
			all = append(all, a.Name+" <"+a.Address+">")
		}
	}
	return oneLine(strings.Join(all, ", "))
}

// oneLine folds white space, so that no header can pretend to be another line.
func oneLine(s string) string { return strings.Join(strings.Fields(valid(s)), " ") }

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// Source is the mail as it came.
func (m Mail) Source() []byte { return slices.Clone(m.source) }

// By names the sender as people read it.
func (m Mail) By() string {
	if m.Sender != "" {
		return m.Sender
	}
	return m.From
}
