package portal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/letter"
)

// mailed is a site that sends mails, and the one person on it.
func mailed(t *testing.T) (*site, account.Person) {
	t.Helper()
	s := newSite(t, func(c *Config) { c.Mails = true })
	s.sells("tok-1", buyer(1))
	s.browser().signUp("tok-1", ada)
	all, err := s.accounts.ByEmail(t.Context(), ada["email"])
	if err != nil || len(all) != 1 {
		t.Fatalf("%v, %v", all, err)
	}
	return s, all[0].Person
}

func (s *site) proof(id core.PersonID, p account.Purpose) string {
	s.t.Helper()
	secret, err := s.accounts.IssueProof(s.t.Context(), id, p)
	if err != nil {
		s.t.Fatal(err)
	}
	return secret
}

func TestForgottenPasswordsPageTellsNothing(t *testing.T) {
	s, _ := mailed(t)
	b := s.browser()
	if a := b.get("/signin"); !a.Page.Has("a", "Forgotten your password?") {
		t.Errorf("%s", a.Page.Text())
	}
	known := b.post("/password/forgot", b.fill(b.get("/password/forgot"), "/password/forgot", map[string]string{"email": ada["email"]}))
	unknown := b.post("/password/forgot", b.fill(b.get("/password/forgot"), "/password/forgot", map[string]string{"email": "nobody@example.com"}))
	b.goes(known, "/password/forgot?sent")
	b.goes(unknown, "/password/forgot?sent")
	if a := b.get(known.Location); a.Code != http.StatusOK || !a.Page.Has("h1", "Look into your mail") || strings.Contains(a.Body, ada["email"]) {
		t.Errorf("%d %s", a.Code, a.Page.Text())
	}
	if a := b.post("/password/forgot", url.Values{"email": {`"><script>alert(1)</script>`}}); a.Code != http.StatusUnprocessableEntity || a.Page.Has("script", "alert") || !a.Page.Has("form", "Enter an e-mail address") {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	if strings.Contains(s.log.String(), "nobody@") || strings.Contains(s.log.String(), ada["email"]) {
		t.Errorf("the log has an address:\n%s", s.log)
	}
}

func TestLinksOfMailsAskBeforeTheyAct(t *testing.T) {
	s, a := mailed(t)
	for page, p := range map[string]account.Purpose{letter.VerifyPage: account.ToVerify, letter.ResetPage: account.ToReset} {
		secret := s.proof(a.ID, p)
		for range 3 { // a program that reads mails, looking
			got := s.browser().get(page + "?proof=" + secret)
			if got.Code != http.StatusOK || got.Header.Get("Referrer-Policy") == "" || got.Header.Get("Cache-Control") != "no-store" || len(got.Header.Values("Set-Cookie")) > 0 {
				t.Errorf("%s: %d %v", page, got.Code, got.Header)
			}
		}
		if _, err := s.accounts.Proves(t.Context(), p, secret); err != nil {
			t.Errorf("%s: looking has used it up: %v", page, err)
		}
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("%s: the log has the secret", page)
		}
		for name, bad := range map[string]string{"made up": "x", "none": "", "for another page": s.proof(a.ID, map[account.Purpose]account.Purpose{account.ToVerify: account.ToReset, account.ToReset: account.ToVerify}[p])} {
			if got := s.browser().get(page + "?proof=" + bad); got.Code != http.StatusNotFound || !got.Page.Has("h1", "This link does not work any more") {
				t.Errorf("%s, %s: %d %s", page, name, got.Code, got.Page.Text())
			}
			if got := s.browser().post(page, url.Values{"proof": {bad}, "password": {"another long password"}}); got.Code != http.StatusNotFound {
				t.Errorf("posted to %s, %s: %d", page, name, got.Code)
			}
		}
	}
	if got, err := s.accounts.Person(t.Context(), a.ID); err != nil || !got.VerifiedAt.IsZero() {
		t.Errorf("verified by looking: %+v, %v", got, err)
	}
}

func TestAnotherPassword(t *testing.T) {
	s, a := mailed(t)
	thief, owner := s.browser(), s.browser()
	thief.goes(thief.signIn(ada["email"], ada["password"]), "/portal")
	page := owner.get(letter.ResetPage + "?proof=" + s.proof(a.ID, account.ToReset))
	again := owner.post(letter.ResetPage, owner.fill(page, letter.ResetPage, map[string]string{"password": "short"}))
	if again.Code != http.StatusUnprocessableEntity || strings.Contains(again.Body, "short\"") {
		t.Fatalf("%d %s", again.Code, again.Body)
	}
	owner.goes(owner.post(letter.ResetPage, owner.fill(again, letter.ResetPage, map[string]string{"password": "another long password"})), "/signin?reset")
	if got := owner.get("/signin?reset"); !got.Page.Has("form", "Your password is changed") {
		t.Errorf("%s", got.Page.Text())
	}
	thief.goes(thief.get("/portal"), "/signin")
	owner.goes(owner.signIn(ada["email"], "another long password"), "/portal")
	stale := s.proof(a.ID, account.ToReset)
	page = owner.get(letter.ResetPage + "?proof=" + stale)
	s.clk.Set(s.clk.Now().Add(account.ResetLife))
	if got := owner.post(letter.ResetPage, owner.fill(page, letter.ResetPage, map[string]string{"password": "a third long password"})); got.Code != http.StatusNotFound {
		t.Errorf("an hour later: %d", got.Code)
	}
}

func TestConfirmingAnAddress(t *testing.T) {
	s, a := mailed(t)
	b := s.browser()
	b.goes(b.signIn(ada["email"], ada["password"]), "/portal")
	if got := b.get("/portal"); !got.Page.Has("form", "Please confirm your e-mail address") {
		t.Errorf("%s", got.Page.Text())
	}
	for range 3 {
		b.goes(b.post("/portal/verify", nil), "/portal?mailed")
	}
	if got := b.post("/portal/verify", nil); got.Code != http.StatusTooManyRequests {
		t.Errorf("a fourth mail: %d", got.Code)
	}
	s.browser().goes(s.browser().post("/portal/verify", nil), "/signin")
	elsewhere := s.browser()
	page := elsewhere.get(letter.VerifyPage + "?proof=" + s.proof(a.ID, account.ToVerify))
	elsewhere.goes(elsewhere.post(letter.VerifyPage, elsewhere.fill(page, letter.VerifyPage, nil)), "/signin?verified")
	if got := b.get("/portal"); got.Page.Has("form", "Please confirm your e-mail address") {
		t.Errorf("%s", got.Page.Text())
	}
}

func TestRemindersEndWithOneClick(t *testing.T) {
	s, a := mailed(t)
	quiet := func(want bool) {
		t.Helper()
		if got, err := s.accounts.Person(t.Context(), a.ID); err != nil || got.QuietAt.IsZero() == want {
			t.Errorf("quiet: %+v, %v; want %v", got, err, want)
		}
	}
	link := letter.UnsubscribePage + "?" + url.Values{"who": {s.portal.Seal.Seal(letter.UnsubscribePurpose, s.clk.Now().Add(time.Hour), []byte(a.ID))}}.Encode()
	if got := s.browser().get(link); got.Code != http.StatusOK || !got.Page.Has("h1", "No more reminders?") {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	quiet(false)
	// As a mail's reader posts it: of no origin, without cookies. Source: RFC 8058, section 3.2.
	res, err := http.Post(s.URL+link, "application/x-www-form-urlencoded", strings.NewReader("List-Unsubscribe=One-Click"))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("one click: %d", res.StatusCode)
	}
	quiet(true)
	b := s.browser()
	page := b.get(link)
	if !page.Page.Has("h1", "No more reminders") {
		t.Errorf("%s", page.Page.Text())
	}
	b.goes(b.post(link, url.Values{"again": {"1"}}), link)
	quiet(false)
	for name, who := range map[string]string{"none": "", "made up": "x", "of another purpose": s.portal.Seal.Seal(registrationPurpose, s.clk.Now().Add(time.Hour), []byte(a.ID)),
		"stale": s.portal.Seal.Seal(letter.UnsubscribePurpose, s.clk.Now(), []byte(a.ID)), "of nobody": s.portal.Seal.Seal(letter.UnsubscribePurpose, s.clk.Now().Add(time.Hour), []byte("acc_none"))} {
		if got := b.post(letter.UnsubscribePage+"?who="+who, nil); got.Code != http.StatusNotFound {
			t.Errorf("%s: %d", name, got.Code)
		}
	}
	quiet(false)
}

// Another site can have none of it done by a browser that is signed in, or that has followed a link.
func TestFormsOfMailsComeFromHere(t *testing.T) {
	s, a := mailed(t)
	b := s.browser()
	b.goes(b.signIn(ada["email"], ada["password"]), "/portal")
	for path, form := range map[string]url.Values{"/password/forgot": {"email": {ada["email"]}}, letter.ResetPage: {"proof": {s.proof(a.ID, account.ToReset)}, "password": {"another long password"}},
		letter.VerifyPage: {"proof": {s.proof(a.ID, account.ToVerify)}}, "/portal/verify": nil} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", "https://evil.example")
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		if got := b.do(req); got.Code != http.StatusForbidden {
			t.Errorf("%s: %d", path, got.Code)
		}
	}
}

// Where no mails are sent, nothing is offered that needs one.
func TestWithoutAMailServer(t *testing.T) {
	s := customer(t)
	b := s.browser()
	if a := b.get("/signin"); a.Page.Has("a", "Forgotten your password?") || !a.Page.Has("p", "Forgotten your password? Write to") {
		t.Errorf("%s", a.Page.Text())
	}
	b.goes(b.signIn(ada["email"], ada["password"]), "/portal")
	if a := b.get("/portal"); a.Page.Has("form", "confirm your e-mail address") {
		t.Errorf("%s", a.Page.Text())
	}
	for _, a := range []answer{b.get("/password/forgot"), b.post("/password/forgot", url.Values{"email": {ada["email"]}}), b.post("/portal/verify", nil)} {
		if a.Code != http.StatusNotFound || !a.Page.Has("main", "No mails are sent from here") {
			t.Errorf("%d %s", a.Code, a.Page.Text())
		}
	}
}
