package portal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
)

func (b *browser) signIn(email, password string) answer {
	b.s.t.Helper()
	return b.post("/signin", b.fill(b.get("/signin"), "/signin", map[string]string{"email": email, "password": password}))
}

// customer makes an account by the whole way.
func customer(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	s.browser().signUp("tok-1", ada)
	return s
}

func TestSignInAndOut(t *testing.T) {
	s := customer(t)
	b := s.browser()
	b.goes(b.signIn("  ada.lovelace@GMAIL.com ", ada["password"]), "/portal")
	b.goes(b.get("/signin"), "/portal")
	if a := b.get("/signout"); !a.Page.Has("h1", "Sign out?") {
		t.Errorf("%s", a.Page.Text())
	}
	at, _ := url.Parse(s.URL)
	stolen := b.client.Jar.Cookies(at)
	b.goes(b.post("/signout", nil), "/signin?signed-out")
	b.goes(b.get("/portal"), "/signin")
	b.client.Jar.SetCookies(at, stolen) // the session is over, not only forgotten
	b.goes(b.get("/portal"), "/signin")
}

func TestWrongPasswordAndUnknownAddressLookTheSame(t *testing.T) {
	s := customer(t)
	wrong, unknown := s.browser().signIn(ada["email"], "not the password"), s.browser().signIn("nobody@example.com", "not the password")
	if wrong.Code != http.StatusUnprocessableEntity || wrong.Page.Text() != unknown.Page.Text() {
		t.Errorf("%d %s\n%d %s", wrong.Code, wrong.Page.Text(), unknown.Code, unknown.Page.Text())
	}
}

func TestGuessingIsSlowedDown(t *testing.T) {
	s := customer(t)
	b := s.browser()
	for range 5 {
		if a := b.signIn(ada["email"], "a guess, and a guess"); a.Code != http.StatusUnprocessableEntity {
			t.Fatalf("%d", a.Code)
		}
	}
	a := b.signIn(ada["email"], ada["password"])
	if a.Code != http.StatusTooManyRequests || !a.Page.Has("p", "Try again in half a minute") {
		t.Fatalf("%d %s", a.Code, a.Page.Text())
	}
	s.clk.Set(noon.Add(30 * time.Second))
	b.goes(b.signIn(ada["email"], ada["password"]), "/portal")
}

// Whoever looks for somebody who guesses finds them in the log, and finds neither addresses nor passwords there.
func TestRefusedSignInsAreLogged(t *testing.T) {
	s := customer(t)
	hers, err := s.accounts.ByEmail(t.Context(), ada["email"])
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser()
	for _, c := range []struct{ email, want string }{
		{ada["email"], "wrong password\",\"person\":\"" + string(hers[0].ID)}, {"nobody@example.com", "nobody has an account"},
		{ada["email"], "wrong password"}, {ada["email"], "wrong password"}, {ada["email"], "wrong password"}, {ada["email"], "wrong password"}, {ada["email"], "too many attempts"},
	} {
		s.log.Reset()
		b.signIn(c.email, "a guess and a guess")
		if !strings.Contains(s.log.String(), c.want) || strings.Contains(s.log.String(), "a guess") || strings.Contains(s.log.String(), c.email) {
			t.Errorf("%s: logged %s", c.want, s.log)
		}
	}
}

func TestSessionPlantedBeforeSignInIsWorthless(t *testing.T) {
	s := customer(t)
	s.sells("tok-2", buyer(2))
	mallory, victim := s.browser(), s.browser()
	mallory.signUp("tok-2", with(ada, "email", "mallory@example.com"))
	at, _ := url.Parse(s.URL)
	planted := mallory.client.Jar.Cookies(at)
	victim.client.Jar.SetCookies(at, planted)
	// Signed in as somebody else, the form is not offered; a victim whose browser was made to post it all the same:
	victim.goes(victim.post("/signin", url.Values{"email": {ada["email"]}, "password": {ada["password"]}}), "/portal")
	now := victim.client.Jar.Cookies(at)
	for _, c := range now {
		for _, p := range planted {
			if c.Name == sessionCookie && c.Value == p.Value {
				t.Error("the session was not replaced at sign-in")
			}
		}
	}
	mallory.goes(mallory.get("/portal"), "/signin")
}

func TestSessionsEnd(t *testing.T) {
	s := customer(t)
	b := s.browser()
	b.signIn(ada["email"], ada["password"])
	for at := noon; at.Before(noon.Add(account.SessionLife - 24*time.Hour)); at = at.Add(23 * time.Hour) {
		s.clk.Set(at)
		if a := b.get("/portal"); a.Code != http.StatusOK {
			t.Fatalf("after %s of use: %d", at.Sub(noon), a.Code)
		}
	}
	s.clk.Set(noon.Add(account.SessionLife))
	b.goes(b.get("/portal"), "/signin")

	idle := s.browser()
	idle.signIn(ada["email"], ada["password"])
	s.clk.Set(s.clk.Now().Add(account.SessionIdle))
	idle.goes(idle.get("/portal"), "/signin")
}

func TestHandleForTheApplication(t *testing.T) {
	s := customer(t)
	b := s.browser()
	query := url.Values{"product": {string(inkCode)}, "return": {"http://127.0.0.1:4720/back?state=a%2Bb&x=1#part"}}.Encode()
	page := b.get("/signin?" + query)
	if !page.Page.Has("h1", "Sign in to Inkwell Pages") {
		t.Fatalf("%d %s", page.Code, page.Page.Text())
	}
	if csp := page.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' http://127.0.0.1:4720") {
		t.Errorf("a browser would not follow the redirect: %s", csp)
	}
	a := b.post("/signin", b.fill(page, "/signin", map[string]string{"email": ada["email"], "password": ada["password"]}))
	first := handleIn(t, a)
	second := handleIn(t, b.get("/signin?"+query)) // signed in: at once
	if first == second {
		t.Error("one handle, twice")
	}
	who, product, err := s.accounts.RedeemHandle(t.Context(), first)
	if err != nil || who.Email != ada["email"] || product != inkCode {
		t.Errorf("%+v %s %v", who, product, err)
	}
	if _, _, err := s.accounts.RedeemHandle(t.Context(), first); !fail.Is(err, fail.NotFound) {
		t.Errorf("redeemed twice: %v", err)
	}
	s.clk.Set(s.clk.Now().Add(account.HandleLife))
	if _, _, err := s.accounts.RedeemHandle(t.Context(), second); !fail.Is(err, fail.NotFound) {
		t.Errorf("redeemed too late: %v", err)
	}
}

func handleIn(t *testing.T, a answer) string {
	t.Helper()
	u, err := url.Parse(a.Location)
	if err != nil || a.Code != http.StatusSeeOther || u.Host != "127.0.0.1:4720" || u.Path != "/back" || u.Query().Get("state") != "a+b" || u.Query().Get("x") != "1" {
		t.Fatalf("%d %q", a.Code, a.Location)
	}
	handle := u.Query().Get(HandleParameter)
	if len(handle) < 40 {
		t.Fatalf("handle %q", handle)
	}
	return handle
}

func TestForeignReturnIsRefused(t *testing.T) {
	s := customer(t)
	b := s.browser()
	b.signIn(ada["email"], ada["password"])
	for _, back := range []string{
		"https://evil.example/", "http://127.0.0.1:4721/", "https://127.0.0.1:4720/", "//evil.example/", "/portal", "javascript:alert(1)",
		"http://127.0.0.1:4720@evil.example/", "http://user@127.0.0.1:4720/", "http://127.0.0.1:4720.evil.example/", "http:127.0.0.1:4720/",
		"http://evil.example\\@127.0.0.1:4720/", "http://127.0.0.1\t:4720/", " ",
	} {
		a := b.get("/signin?" + url.Values{"product": {string(inkCode)}, "return": {back}}.Encode())
		if a.Code != http.StatusBadRequest || a.Location != "" {
			t.Errorf("%q: %d to %q", back, a.Code, a.Location)
		}
	}
	for _, q := range []url.Values{{"product": {"unknown"}}, {"return": {"http://127.0.0.1:4720/"}}} {
		if a := b.get("/signin?" + q.Encode()); a.Code != http.StatusBadRequest {
			t.Errorf("%v: %d", q, a.Code)
		}
	}
}

func TestOtherSitesMayPostNothingButTheLanding(t *testing.T) {
	s := customer(t)
	b := s.browser()
	b.signIn(ada["email"], ada["password"])
	for _, rt := range s.portal.routes() {
		method, path, _ := address(t, rt.pattern, placesOf(s.registrations()[0].License, "others", "pky_1"))
		if method != http.MethodPost {
			continue
		}
		req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+path, strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", "https://evil.example")
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		if a := b.do(req); a.Code != http.StatusForbidden || !a.Page.Has("h1", "another site") {
			t.Errorf("%s: %d", path, a.Code)
		}
	}
	if a := b.get("/portal"); a.Code != http.StatusOK {
		t.Error("another site has signed somebody out")
	}
}
