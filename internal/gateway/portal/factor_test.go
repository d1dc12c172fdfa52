package portal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/letter"
)

// codeOf is what a telephone that knows secret shows so much later than now: telephones go by the world's time, whatever the
// site's clock says.
func codeOf(t *testing.T, secret string, later time.Duration) url.Values {
	t.Helper()
	code, err := totp.GenerateCode(strings.ReplaceAll(secret, " ", ""), clock.System{}.Now().Add(later))
	if err != nil {
		t.Fatal(err)
	}
	return url.Values{"code": {code}}
}

// postCode posts what a telephone that knows secret shows so much later than now, once more where it grew too old on the way.
func (b *browser) postCode(path string, in url.Values, secret string, later time.Duration) answer {
	b.s.t.Helper()
	step := func() int64 { return clock.System{}.Now().Unix() / 30 }
	for {
		sent := step()
		in.Set("code", codeOf(b.s.t, secret, later).Get("code"))
		a := b.post(path, in)
		if a.Code != http.StatusUnprocessableEntity || step() == sent {
			return a
		}
	}
}

// enrol adds a second factor in the browser, and returns its secret and recovery codes.
func (b *browser) enrol() (secret string, recovery []string) {
	b.s.t.Helper()
	page := b.get(factorPath)
	in := page.Page.Form(b.s.t, factorPath).Fields()
	secret = page.Page.All("main")[0].All("code")[0].Text()
	made := b.postCode(factorPath, in, secret, 0)
	if made.Code != http.StatusCreated {
		b.s.t.Fatalf("%d: %s", made.Code, made.Page.Text())
	}
	for _, li := range made.Page.All("li") {
		if text := strings.TrimSpace(li.Text()); strings.Count(text, "-") == 3 {
			recovery = append(recovery, text)
		}
	}
	if len(recovery) != 10 {
		b.s.t.Fatalf("%d recovery codes", len(recovery))
	}
	return secret, recovery
}

// guarded is a site whose customer has a second factor.
func guarded(t *testing.T) (s *site, secret string, recovery []string) {
	t.Helper()
	s = customer(t)
	b := s.browser()
	b.goes(b.signIn(ada["email"], ada["password"]), "/portal")
	secret, recovery = b.enrol()
	return s, secret, recovery
}

func TestASecondFactorIsAskedFor(t *testing.T) {
	s, secret, recovery := guarded(t)
	b := s.browser()
	b.goes(b.signIn(ada["email"], ada["password"]), codePath)
	b.goes(b.get("/portal"), "/signin")
	if a := b.post(codePath, url.Values{"code": {"000000"}}); a.Code != http.StatusUnprocessableEntity || !a.Page.Has("p", "not right") {
		t.Fatalf("%d %s", a.Code, a.Page.Text())
	}
	next := url.Values{} // the present one has added it
	b.goes(b.postCode(codePath, next, secret, 30*time.Second), "/portal")
	if a := b.get("/portal"); a.Code != http.StatusOK {
		t.Fatal(a.Code)
	}

	again := s.browser()
	again.goes(again.signIn(ada["email"], ada["password"]), codePath)
	if a := again.post(codePath, next); a.Code != http.StatusUnprocessableEntity {
		t.Errorf("the same code once more: %d %s", a.Code, a.Location)
	}
	again.goes(again.post(codePath, url.Values{"code": {recovery[0]}}), "/portal")
	third := s.browser()
	third.goes(third.signIn(ada["email"], ada["password"]), codePath)
	if a := third.post(codePath, url.Values{"code": {recovery[0]}}); a.Code != http.StatusUnprocessableEntity {
		t.Errorf("a recovery code once more: %d %s", a.Code, a.Location)
	}
	s.clk.Set(s.clk.Now().Add(codeLife))
	third.goes(third.post(codePath, url.Values{"code": {recovery[1]}}), "/signin") // too long after the password
	nobody := s.browser()
	nobody.goes(nobody.get(codePath), "/signin")
	nobody.goes(nobody.post(codePath, url.Values{"code": {recovery[1]}}), "/signin")
}

// Each way in by a password asks for the code: for the application, with a purchase, and by signing up once more.
func TestNoWayInGoesAroundTheSecondFactor(t *testing.T) {
	s, _, recovery := guarded(t)
	app := s.browser()
	query := url.Values{"product": {string(inkCode)}, "return": {"http://127.0.0.1:4720/back?state=a%2Bb&x=1"}}.Encode()
	app.goes(app.post("/signin", app.fill(app.get("/signin?"+query), "/signin", map[string]string{"email": ada["email"], "password": ada["password"]})), codePath)
	page := app.get(codePath)
	if csp := page.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' http://127.0.0.1:4720") {
		t.Errorf("a browser would not follow the redirect: %s", csp)
	}
	handleIn(t, app.post(codePath, url.Values{"code": {recovery[0]}}))

	for i, form := range []string{"/register/signin", "/register/signup"} {
		token := "tok-more-" + form
		s.sells(token, buyer(2+i))
		b := s.browser()
		b.goes(b.land(token), "/register/account")
		entered := ada
		if form == "/register/signin" {
			entered = map[string]string{knownEmail: ada["email"], knownPassword: ada["password"]}
		}
		b.goes(b.post(form, b.fill(b.get("/register/account"), form, entered)), codePath)
		if reg := s.registrations()[1+i]; reg.Account != "" {
			t.Errorf("%s: the password alone has claimed a licence", form)
		}
		b.goes(b.post(codePath, url.Values{"code": {recovery[1+i]}}), "/register/account")
		if a := b.get("/register/account"); !a.Page.Has("h1", "Add this subscription") {
			t.Errorf("%s: %d %s", form, a.Code, a.Page.Text())
		}
	}

	reader := s.browser() // of her mails: another password is not the second factor
	hers, err := s.accounts.ByEmail(t.Context(), ada["email"])
	if err != nil {
		t.Fatal(err)
	}
	page = reader.get(letter.ResetPage + "?proof=" + s.proof(hers[0].ID, account.ToReset))
	reader.goes(reader.post(letter.ResetPage, reader.fill(page, letter.ResetPage, map[string]string{"password": "another long password"})), "/signin?reset")
	reader.goes(reader.signIn(ada["email"], "another long password"), codePath)
	reader.goes(reader.get("/portal"), "/signin")
}

func TestGuessingCodesIsSlowedDown(t *testing.T) {
	s, secret, _ := guarded(t)
	b := s.browser()
	b.goes(b.signIn(ada["email"], ada["password"]), codePath)
	codes := map[int]int{}
	for range 9 {
		codes[b.post(codePath, url.Values{"code": {"000000"}}).Code]++
	}
	if codes[http.StatusUnprocessableEntity] != 5 || codes[http.StatusTooManyRequests] != 4 {
		t.Errorf("nine guesses: %v", codes)
	}
	b.goes(b.signIn(ada["email"], ada["password"]), codePath) // which the password, known as it is, does not undo
	if a := b.post(codePath, codeOf(t, secret, 30*time.Second)); a.Code != http.StatusTooManyRequests {
		t.Errorf("the right one at once: %d", a.Code)
	}
}

func TestASecondFactorIsRemovedByWhoKnowsThePassword(t *testing.T) {
	s := customer(t)
	b := s.browser()
	b.goes(b.signIn(ada["email"], ada["password"]), "/portal")
	page := b.get(factorPath)
	if a := b.post(factorPath, url.Values{"sealed": page.Page.Form(t, factorPath).Fields()["sealed"], "code": {"000000"}}); a.Code != http.StatusUnprocessableEntity {
		t.Errorf("added by a wrong code: %d", a.Code)
	}
	secret := page.Page.All("main")[0].All("code")[0].Text()
	if a := b.post(factorPath, url.Values{"sealed": {"x"}, "code": codeOf(t, secret, 0)["code"]}); a.Code != http.StatusUnprocessableEntity || !a.Page.Has("p", "took too long") {
		t.Errorf("a key that we have not offered: %d", a.Code)
	}
	b.enrol()
	if a := b.post(factorPath+"/remove", url.Values{"present": {"a wrong one"}}); a.Code != http.StatusUnprocessableEntity || !a.Page.Has("p", "not your password") {
		t.Errorf("%d %s", a.Code, a.Location)
	}
	out := s.browser()
	out.goes(out.get(factorPath), "/signin")
	out.goes(out.post(factorPath+"/remove", url.Values{"present": {ada["password"]}}), "/signin")
	out.goes(out.signIn(ada["email"], ada["password"]), codePath)
	b.goes(b.post(factorPath+"/remove", url.Values{"present": {ada["password"]}}), factorPath+"?removed")
	out.goes(out.signIn(ada["email"], ada["password"]), "/portal")
}
