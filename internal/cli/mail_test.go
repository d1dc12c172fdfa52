package cli

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"souk.dev/souk/internal/browser"
	"souk.dev/souk/internal/gateway/letter"
)

// caught is a mail in the sandbox's inbox.
type caught struct {
	ID, From, Sender, ReplyTo, Subject, Text, HTML, Problem string
	To                                                      []string
	Links                                                   []string
}

// reader is a person who reads their mail.
type reader struct {
	overbilled
	read map[string]bool
}

// next is the one mail that came since the last one was read, all that is due having been done.
func (r *reader) next(subject string) caught {
	r.t.Helper()
	r.advance("1s")
	var box struct{ Items []caught }
	r.market(http.MethodGet, "inbox", nil, &box)
	var fresh []caught
	for _, m := range box.Items {
		if !r.read[m.ID] {
			fresh = append(fresh, m)
		}
		r.read[m.ID] = true
	}
	if len(fresh) != 1 || fresh[0].Subject != subject {
		r.t.Fatalf("there came %+v; want one mail %q", fresh, subject)
	}
	m := fresh[0]
	if m.Problem != "" || len(m.To) != 1 || m.To[0] != demoEmail || m.From != "hello@inkwell.example" || m.Sender != "Inkwell <hello@inkwell.example>" || m.ReplyTo != "help@inkwell.example" {
		r.t.Errorf("the mail %q: %+v", subject, m)
	}
	if !strings.HasPrefix(m.Text, "Hello Ada Lovelace,") || !strings.Contains(m.HTML, "Hello Ada Lovelace,") {
		r.t.Errorf("%s greets with %.40q", subject, m.Text)
	}
	return m
}

func (r *reader) nothing() {
	r.t.Helper()
	r.advance("1s")
	var box struct{ Items []caught }
	r.market(http.MethodGet, "inbox", nil, &box)
	for _, m := range box.Items {
		if !r.read[m.ID] {
			r.t.Errorf("a mail %q came to %v", m.Subject, m.To)
		}
		r.read[m.ID] = true
	}
}

func (r *reader) open(web *browser.Browser, address string, want int) {
	r.t.Helper()
	if err := web.Open(r.t.Context(), address); err != nil || web.Page.Status != want {
		r.t.Fatalf("%s: %v, %v; want %d", address, web.Page, err, want)
	}
}

func (r *reader) press(web *browser.Browser, button string, fields map[string]string, want string) {
	r.t.Helper()
	if err := web.Press(r.t.Context(), button, fields); err != nil || !web.Page.Has(want) {
		r.t.Fatalf("after %s: %v, %v; want %q in %.300q", button, web.Page, err, want, web.Page.Text())
	}
}

// souk mail sends samples of every letter through the server that is set, and says what cannot be.
func TestSampleMails(t *testing.T) {
	b := openTestBazaar(t, t.TempDir())
	env, err := marketplaceAt(b.Sandbox).env(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	server := env["SOUK_SMTP_URL"]
	code, stdout, stderr := souk(t, "mail", "--smtp-url", server, "--seller", "Quill & Sons", "--mail-from", "hello@quill.example", "--to", "you@quill.example", "--letter", "all", "--json")
	if code != exitDone || strings.Count(stdout, `"sent":true`) != len(letter.Names) {
		t.Errorf("%d %s%s", code, stdout, stderr)
	}
	var box struct{ Items []caught }
	if err := marketplaceAt(b.Sandbox).call(t.Context(), http.MethodGet, "inbox", nil, &box); err != nil || len(box.Items) != len(letter.Names) || !strings.Contains(box.Items[0].Text, "Quill & Sons") {
		t.Errorf("%d mails, %v", len(box.Items), err)
	}
	for want, args := range map[int][]string{
		exitUsage:  {"mail", "--to", "you@quill.example"},
		exitFailed: {"mail", "--smtp-url", "smtp://127.0.0.1:1", "--to", "you@quill.example"},
	} {
		if code, stdout, _ := souk(t, args...); code != want || stdout != "" {
			t.Errorf("%v: %d %s, want %d", args, code, stdout, want)
		}
	}
	for _, more := range [][]string{{"--to", "you"}, {"--to", "You <you@quill.example>"}, {"--to", "you@quill.example", "--letter", "none"}, {"--to", "you@quill.example", "--accent", "red"},
		{"--to", "you@quill.example", "--mail-templates", t.TempDir() + "/none"}} {
		if code, _, stderr := souk(t, append([]string{"mail", "--smtp-url", server}, more...)...); code != exitUsage || stderr == "" {
			t.Errorf("%v: %d %s", more, code, stderr)
		}
	}
}

// A buyer reads their mail: they confirm their address, lose their password and choose another, and are told when they can
// start, when the cancellation is in progress and when it is over; each once.
func TestMailsOfASubscription(t *testing.T) {
	b := openTestBazaar(t, t.TempDir())
	souk, err := b.keyedClient()
	if err != nil {
		t.Fatal(err)
	}
	p := &play{b: b, web: browser.New(), souk: souk, market: marketplaceAt(b.Sandbox)}
	r := &reader{overbilled{t: t, b: b}, map[string]bool{}}
	act := func(steps ...func(*play) error) {
		t.Helper()
		for i, s := range steps {
			if err := s(p); err != nil {
				t.Fatalf("step %d: %v", i, err)
			}
		}
	}
	ctx := t.Context()
	act(func(p *play) error { return p.opens(ctx) }, func(p *play) error { return p.subscribes(ctx) }, func(p *play) error { return p.setsUp(ctx) },
		func(p *play) error { return p.signsUp(ctx) })

	welcome := r.next("Welcome to Inkwell")
	r.open(p.web, b.Gateway+"/portal", http.StatusOK)
	if !p.web.Page.Has("Please confirm your e-mail address") {
		t.Error("the portal does not say that the address is to be confirmed")
	}
	r.press(p.web, "Send it again", nil, "The mail is on its way")
	again := r.next("Confirm your e-mail address for Inkwell")
	elsewhere := browser.New() // a program that reads mails, or a phone
	r.open(elsewhere, again.Links[0], http.StatusOK)
	r.open(p.web, welcome.Links[0], http.StatusOK)
	r.press(p.web, "Yes, it is mine", nil, "Your address is confirmed")
	r.open(elsewhere, again.Links[0], http.StatusNotFound)
	r.open(p.web, welcome.Links[0], http.StatusNotFound)
	r.open(p.web, b.Gateway+"/portal", http.StatusOK)
	if p.web.Page.Has("Please confirm your e-mail address") {
		t.Error("the portal asks for what was done")
	}

	act(func(p *play) error { return p.becomesActive(ctx) })
	ready := r.next("Inkwell is ready")
	if !strings.Contains(ready.Text, b.App) || !strings.Contains(ready.Text, "/portal/licenses/"+p.license) {
		t.Errorf("ready leads to %v", ready.Links)
	}

	// They have forgotten their password, on another machine.
	phone := browser.New()
	r.open(phone, b.Gateway+"/signin", http.StatusOK)
	if err := phone.Follow(ctx, "Forgotten your password?"); err != nil {
		t.Fatal(err)
	}
	r.press(phone, "Send me a link", map[string]string{"email": "nobody@acme.example"}, "If there is an account")
	r.nothing()
	r.open(phone, b.Gateway+"/password/forgot", http.StatusOK)
	r.press(phone, "Send me a link", map[string]string{"email": " " + strings.ToUpper(demoEmail)}, "If there is an account")
	reset := r.next("Choose another password for Inkwell")
	r.open(phone, reset.Links[0], http.StatusOK)
	r.press(phone, "Change my password", map[string]string{"password": "short"}, "Use 12 characters or more")
	const password = "another quiet notebook"
	r.press(phone, "Change my password", map[string]string{"password": password}, "Your password is changed")
	r.next("Your password for Inkwell was changed")
	r.open(phone, reset.Links[0], http.StatusNotFound)
	r.open(p.web, b.Gateway+"/portal", http.StatusOK)
	if !strings.Contains(p.web.Page.URL.Path, "/signin") {
		t.Errorf("whoever was signed in still is: %v", p.web.Page)
	}
	r.press(p.web, "Sign in", map[string]string{"email": demoEmail, "password": demoPassword}, "do not belong together")
	r.press(p.web, "Sign in", map[string]string{"email": demoEmail, "password": password}, "Your subscriptions")

	act(func(p *play) error { return p.usesIt(ctx) }, func(p *play) error { return p.hourCloses(ctx) }, func(p *play) error { return p.cancels(ctx) },
		func(p *play) error { return p.windsDown(ctx) })
	if m := r.next("Your subscription to Inkwell is being cancelled"); !strings.Contains(m.Text, "until "+p.closes.Format("2 January 2006, 15:04 UTC")) || !strings.Contains(m.Text, b.Sandbox+"/subscriptions") {
		t.Errorf("it does not say until when, or where: %s", m.Text)
	}
	act(func(p *play) error { return p.ends(ctx) })
	r.next("Your subscription to Inkwell has ended")
	r.nothing()

	var all struct{ Items []toldHook }
	r.gateway(http.MethodGet, "/v1/deliveries?"+url.Values{"channel": {"mail"}, "limit": {"50"}}.Encode(), nil, http.StatusOK, &all)
	if len(all.Items) != 7 {
		t.Errorf("%d deliveries of mails: %+v", len(all.Items), all.Items)
	}
	for _, d := range all.Items {
		if d.State != "delivered" || strings.Contains(d.Target, "@") {
			t.Errorf("%+v", d)
		}
	}
}
