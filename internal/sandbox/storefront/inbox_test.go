package storefront

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// letter is a mail that would do harm if it could.
const letter = "From: Inkwell <hello@inkwell.example>\r\nSubject: </h1><script>alert(1)</script>\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSign in at https://inkwell.example/in?t=1 now.\r\n" +
	"--b\r\nContent-Type: text/html\r\n\r\n<h1>Hello</h1><script>alert(1)</script><form action=/control/clock method=post></form>\r\n--b--\r\n"

func TestMailsAreShown(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	if page := v.get("/inbox"); !page.Has("p.empty-title", "No mail") {
		t.Error("an empty inbox does not say so")
	}
	s.inbox.Take("hello@inkwell.example", []string{"ada@acme.example", "bob@acme.example"}, []byte(letter))
	for i := range mailsOnPage {
		s.inbox.Take("hello@inkwell.example", []string{"carol@globex.example"}, fmt.Appendf(nil, "Subject: Reminder %d\r\n\r\nHello", i))
	}
	page := v.get("/inbox")
	if n := len(page.All("a.row-link")); n != mailsOnPage || page.Has("strong", "<script>") {
		t.Errorf("%d mails on the first page", n)
	}
	older := page.One(t, "p.after").One(t, "a").Attr("href")
	if page = v.get(older); len(page.All("a.row-link")) != 1 || !page.Has("strong", "</h1><script>alert(1)</script>") || len(page.All("p.after")) != 0 {
		t.Errorf("the next page: %s", page.One(t, "main").Text())
	}
	page = v.get("/inbox?to=" + url.QueryEscape("ADA@acme.example"))
	if n := len(page.All("a.row-link")); n != 1 {
		t.Fatalf("%d mails to one recipient", n)
	}
	page = v.get(page.One(t, "a.row-link").Attr("href"))
	if !page.Has("pre", "Sign in at") || !page.Has("a", "https://inkwell.example/in?t=1") || len(page.All("script")) != 0 {
		t.Errorf("the mail: %s", page.One(t, "main").Text())
	}
	frame := page.One(t, "iframe")
	if sandbox := frame.Attr("sandbox"); sandbox != "" || !strings.Contains(v.header.Get("Content-Security-Policy"), "frame-src 'self'") {
		t.Errorf("the frame may %q; the page's policy is %s", sandbox, v.header.Get("Content-Security-Policy"))
	}
	if page = v.get("/inbox?to=nobody@acme.example"); !page.Has("p.empty-title", "No mail to nobody@acme.example") {
		t.Error("nobody has a mail")
	}
	for path, want := range map[string]int{"/inbox/0": 404, "/inbox/99": 404, "/inbox/x/html": 404, "/inbox/99/source": 404, "/inbox?before=x": 400} {
		if v.get(path); v.status != want {
			t.Errorf("%s answers %d, want %d", path, v.status, want)
		}
	}
	if page = v.post("/inbox/clear", nil); !page.Has("p.empty-title", "No mail") || !page.Has("div.notice-success", "empty") {
		t.Error("the inbox is not empty")
	}
}

// TestAMailCanDoNothing reads the policy that its HTML is served with, in the frame or by itself.
func TestAMailCanDoNothing(t *testing.T) {
	s := newSite(t)
	s.inbox.Take("a@b.example", nil, []byte(letter))
	for path, kind := range map[string]string{"/inbox/1/html": "text/html", "/inbox/1/source": "text/plain"} {
		res, err := http.Get(s.url + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		csp := res.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "sandbox; default-src 'none'") || strings.Contains(csp, "allow-") || strings.Contains(csp, "script-src") {
			t.Errorf("%s: policy %s", path, csp)
		}
		if !strings.HasPrefix(res.Header.Get("Content-Type"), kind) || res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, res.Header)
		}
	}
}

func TestWithoutAnInboxThePageSaysHowToHaveOne(t *testing.T) {
	s := newSite(t)
	s.front.root = s.bare()
	v := s.visitor()
	if page := v.get("/inbox"); v.status != http.StatusOK || !strings.Contains(page.One(t, "main").Text(), "--smtp-listen") {
		t.Errorf("status %d: %s", v.status, page.Text())
	}
	if v.get("/inbox/1"); v.status != http.StatusNotFound {
		t.Errorf("status %d", v.status)
	}
}
