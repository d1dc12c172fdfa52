package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/operator"
)

func credentials(email, pass string) url.Values {
	return url.Values{"email": {email}, "password": {pass}}
}

func TestSignInLeadsBackAndSignOutEndsIt(t *testing.T) {
	d := newDesk(t)
	p := d.add(operator.Viewer)
	b := d.browser()
	a := b.get("/console/records?state=parked")
	if a.Code != http.StatusSeeOther || !strings.HasPrefix(a.Location, "/console/signin?then=") {
		t.Fatalf("%d %s", a.Code, a.Location)
	}
	in := b.get(a.Location).Page.Form(t, "/console/signin").Fields()
	in.Set("email", " VIEWER@inkwell.example ")
	in.Set("password", password)
	if a := b.post("/console/signin", in); a.Code != http.StatusSeeOther || a.Location != "/console/records?state=parked" {
		t.Fatalf("%d %s", a.Code, a.Location)
	}
	b.get("/console").shows(t, http.StatusOK, "Overview")
	if a := b.post("/console/signout", nil); a.Location != "/console/signin?signed-out" {
		t.Errorf("%d %s", a.Code, a.Location)
	}
	if a := b.get("/console"); a.Code != http.StatusSeeOther {
		t.Errorf("still signed in: %d", a.Code)
	}
	es, err := d.log.Entries(t.Context(), 0, 10)
	if err != nil || len(es) != 3 || es[0].Action != "session.end" || es[1].Action != "session.start" || es[1].By.ID != string(p.ID) || es[1].By.From != "127.0.0.1" {
		t.Errorf("the log says %+v, %v", es, err)
	}
}

func TestSignInLeadsNowhereElse(t *testing.T) {
	for _, then := range []string{"https://evil.example/console/x", "//evil.example/console/x", "/\\evil.example/console/", "/portal", "/console/../portal", "javascript:alert(1)", "/console/x\r\nSet-Cookie: a=b", ""} {
		if got := destination(then); got != "/console" {
			t.Errorf("%q leads to %q", then, got)
		}
	}
	if got := destination("/console/licenses?q=a%26b"); got != "/console/licenses?q=a%26b" {
		t.Errorf("got %q", got)
	}
}

// The answer to a wrong password tells nothing of whether there is such an operator.
func TestNobodyLearnsWhoIsAnOperator(t *testing.T) {
	d := newDesk(t)
	p := d.add(operator.Viewer)
	known := d.browser().post("/console/signin", credentials(p.Email, "wrong password"))
	unknown := d.browser().post("/console/signin", credentials("nobody@inkwell.example", "wrong password"))
	known.shows(t, http.StatusUnauthorized, "do not belong together")
	if known.Code != unknown.Code || strings.ReplaceAll(known.Body, p.Email, "") != strings.ReplaceAll(unknown.Body, "nobody@inkwell.example", "") {
		t.Error("the two answers differ")
	}
}

func TestGuessingIsSlowedDown(t *testing.T) {
	d := newDesk(t)
	p := d.add(operator.Admin)
	b := d.browser()
	codes := map[int]int{}
	for range 9 {
		codes[b.post("/console/signin", credentials(p.Email, "a wrong guess")).Code]++
	}
	if codes[http.StatusUnauthorized] != 5 || codes[http.StatusTooManyRequests] != 4 {
		t.Errorf("nine guesses: %v", codes)
	}
	if a := b.post("/console/signin", credentials(p.Email, password)); a.Code != http.StatusTooManyRequests {
		t.Errorf("the right one at once: %d", a.Code)
	}
	d.clk.Set(noon.Add(time.Hour))
	if a := b.post("/console/signin", credentials(p.Email, password)); a.Code != http.StatusSeeOther {
		t.Errorf("the right one after a rest: %d", a.Code)
	}
}

// A secret that somebody put into the browser before sign-in is worth nothing after it.
func TestSessionIsNewAtSignIn(t *testing.T) {
	d := newDesk(t)
	mallory, ada := d.add(operator.Viewer), d.add(operator.Admin)
	b := d.as(mallory)
	home, _ := url.Parse(d.URL)
	planted := b.client.Jar.Cookies(home)[0]
	if a := b.post("/console/signin", credentials(ada.Email, password)); a.Code != http.StatusSeeOther {
		t.Fatal(a.Code)
	}
	if now := b.client.Jar.Cookies(home)[0]; now.Value == planted.Value {
		t.Error("the session is the one that was planted")
	}
	m := d.browser()
	m.client.Jar.SetCookies(home, []*http.Cookie{planted})
	if a := m.get("/console"); a.Code != http.StatusSeeOther {
		t.Errorf("the planted session still opens: %d", a.Code)
	}
}

func TestSessionEndsIdleOrOld(t *testing.T) {
	d := newDesk(t)
	p := d.add(operator.Viewer)
	b := d.as(p)
	for at := time.Hour; at < operator.SessionLife; at += time.Hour {
		d.clk.Set(noon.Add(at))
		if a := b.get("/console"); a.Code != http.StatusOK {
			t.Fatalf("after %s: %d", at, a.Code)
		}
	}
	d.clk.Set(noon.Add(operator.SessionLife))
	if a := b.get("/console"); a.Code != http.StatusSeeOther {
		t.Errorf("after its life: %d", a.Code)
	}
	b = d.as(p)
	start := d.clk.Now()
	for range 5 { // a page that looks again by itself is nobody's work
		d.clk.Set(d.clk.Now().Add(operator.SessionIdle / 5))
		b.do(http.MethodGet, "/console", nil, "Souk-Live", "1")
	}
	d.clk.Set(start.Add(operator.SessionIdle))
	if a := b.get("/console"); a.Code != http.StatusSeeOther {
		t.Errorf("an open page kept the session alive: %d", a.Code)
	}
}

func TestCookieIsKeptFromOthers(t *testing.T) {
	for base, want := range map[string]string{
		"http://127.0.0.1:4710":       "souk_console=",
		"https://buy.inkwell.example": "__Host-souk_console=",
	} {
		d := newDesk(t, func(c *Config) { c.BaseURL = base })
		p := d.add(operator.Viewer)
		a := d.browser().post("/console/signin", credentials(p.Email, password))
		cookie := a.Header.Get("Set-Cookie")
		if !strings.HasPrefix(cookie, want) || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") {
			t.Errorf("%s sets %s", base, cookie)
		}
		if secure := strings.HasPrefix(base, "https"); secure != strings.Contains(cookie, "Secure") || secure != (a.Header.Get("Strict-Transport-Security") != "") {
			t.Errorf("%s sets %s, %v", base, cookie, a.Header)
		}
	}
}

func TestPasswordIsChangedByWhoKnowsIt(t *testing.T) {
	d := newDesk(t)
	p := d.add(operator.Viewer)
	b, elsewhere := d.as(p), d.as(p)
	b.post("/console/me/password", url.Values{"present": {"a wrong one"}, "password": {"another horse battery"}}).shows(t, http.StatusUnprocessableEntity, "not your present password")
	b.post("/console/me/password", url.Values{"present": {password}, "password": {"short"}}).shows(t, http.StatusUnprocessableEntity, "12 characters or more")
	if a := b.post("/console/me/password", url.Values{"present": {password}, "password": {"another horse battery"}}); a.Location != "/console/me?changed" {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	b.get("/console/me?changed").shows(t, http.StatusOK, "is changed")
	if a := elsewhere.get("/console"); a.Code != http.StatusSeeOther {
		t.Errorf("the other browser is still signed in: %d", a.Code)
	}
	if a := d.browser().post("/console/signin", credentials(p.Email, password)); a.Code != http.StatusUnauthorized {
		t.Errorf("the old password: %d", a.Code)
	}
}
