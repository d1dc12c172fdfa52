package storefront

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/sandbox/inbox"
	"souk.dev/souk/internal/webui"
)

// mailsOnPage is how many mails the inbox shows at a time.
const mailsOnPage = 25

// mountInbox gives the inbox its pages; the list is there without an inbox too, and says how to have one.
func (s *Storefront) mountInbox(handle func(pattern string, f httpx.Func)) {
	handle("GET /inbox", s.getInbox)
	if s.opt.Inbox == nil {
		return
	}
	handle("POST /inbox/clear", s.postInboxClear)
	handle("GET /inbox/{mail}", s.getMail)
	handle("GET /inbox/{mail}/html", s.getMailHTML)
	handle("GET /inbox/{mail}/source", s.getMailSource)
}

type inboxView struct {
	Chrome
	Catches    bool // mails are caught at all
	To         string
	Recipients []string
	Mails      []Mail // newest first
	Older      string // address of the next page; empty on the last
	Nothing    webui.Empty
}

// Mail is a mail as pages show it.
type Mail struct{ inbox.Mail }

// Beginning is how the text begins, for a list.
func (m Mail) Beginning() string {
	text := strings.Join(strings.Fields(m.Text), " ")
	if text == "" && m.HTML != "" {
		return "Written in HTML only"
	}
	const most = 140
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most]) + " …"
}

// Title is the subject, or what stands for it.
func (m Mail) Title() string {
	if m.Subject == "" {
		return "(no subject)"
	}
	return m.Subject
}

// getInbox lists the mails that programs have sent, the newest first.
func (s *Storefront) getInbox(w http.ResponseWriter, r *http.Request) error {
	v := inboxView{Chrome: s.chrome(w, r), To: strings.TrimSpace(r.URL.Query().Get("to")), Nothing: webui.Empty{Title: "No inbox is open",
		Text: "Start the sandbox with --smtp-listen 127.0.0.1:4725, and what programs send there is shown here instead of going out."}}
	if s.opt.Inbox == nil {
		return s.ui.Render(w, http.StatusOK, "inbox", v)
	}
	v.Catches = true
	v.Nothing = webui.Empty{Title: "No mail", Text: "What the gateway, or any program, sends to the address in SOUK_SMTP_URL is caught here. None of it goes out to anybody."}
	if v.To != "" {
		v.Nothing = webui.Empty{Title: "No mail to " + v.To, Href: "/inbox", Label: "All mails"}
	}
	var before uint64
	if text := r.URL.Query().Get("before"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return fail.New(fail.Invalid, "before", "%q is no mail's number.", text)
		}
		before = n
	}
	mails, more := s.opt.Inbox.Newest(v.To, before, mailsOnPage)
	for _, m := range mails {
		v.Mails = append(v.Mails, Mail{m})
	}
	if more {
		v.Older = "/inbox?" + url.Values{"to": {v.To}, "before": {mails[len(mails)-1].ID}}.Encode()
	}
	v.Recipients = s.opt.Inbox.Recipients()
	if v.To != "" && !slices.ContainsFunc(v.Recipients, func(to string) bool { return strings.EqualFold(to, v.To) }) {
		v.Recipients = append(v.Recipients, v.To)
	}
	return s.ui.Render(w, http.StatusOK, "inbox", v)
}

type mailView struct {
	Chrome
	Mail Mail
}

// getMail shows one mail. Its HTML stands in a frame that may do nothing.
func (s *Storefront) getMail(w http.ResponseWriter, r *http.Request) error {
	m, err := s.opt.Inbox.Get(r.PathValue("mail"))
	if err != nil {
		return err
	}
	return s.ui.Render(w, http.StatusOK, "mail", mailView{s.chrome(w, r), Mail{m}}, webui.FramesOfThisSite())
}

// getMailHTML serves what somebody else has written as a page that can do nothing: no script, no form, no request to
// anywhere, no part in this site's origin. It is also safe when it is opened by itself.
func (s *Storefront) getMailHTML(w http.ResponseWriter, r *http.Request) error {
	m, err := s.opt.Inbox.Get(r.PathValue("mail"))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'")
	h.Set("X-Frame-Options", "SAMEORIGIN")
	harmless(h)
	_, _ = w.Write([]byte(m.HTML)) // a reader who has gone is told nothing
	return nil
}

// getMailSource serves a mail as it came.
func (s *Storefront) getMailSource(w http.ResponseWriter, r *http.Request) error {
	m, err := s.opt.Inbox.Get(r.PathValue("mail"))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
	harmless(h)
	_, _ = w.Write(m.Source()) // as above
	return nil
}

// harmless are the headers of what is shown but is no page of ours.
func harmless(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// postInboxClear forgets all mails.
func (s *Storefront) postInboxClear(w http.ResponseWriter, r *http.Request) error {
	s.opt.Inbox.Clear()
	s.notes.leave(w, webui.Notice{Tone: webui.Success, Title: "The inbox is empty"})
	http.Redirect(w, r, "/inbox", http.StatusSeeOther)
	return nil
}
