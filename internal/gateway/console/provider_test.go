package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/idp"
	"souk.dev/souk/internal/gateway/idp/idptest"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/webui/webuitest"
)

// withProvider is a desk whose people sign in at issuer.
func withProvider(t *testing.T, issuer string, passwords bool) *desk {
	t.Helper()
	return newDesk(t, func(c *Config) {
		p, err := idp.New(idp.Config{Issuer: issuer, ClientID: idptest.ClientID, ClientSecret: idptest.ClientSecret, Name: "Inkwell ID",
			Rules: idp.Rules{operator.Operator: {"staff"}, operator.Admin: {idptest.Email}}}, c.BaseURL, clock.System{})
		if err != nil {
			t.Fatal(err)
		}
		c.Provider = p
		c.Operators.Open(operator.Ways{Passwords: passwords, Issuer: issuer})
	})
}

// away presses the button, and is where the provider is.
func (b *browser) away(then string) string {
	b.d.t.Helper()
	path := "/console/signin"
	if then != "" {
		path += "?" + url.Values{"then": {then}}.Encode()
	}
	for _, a := range b.get(path).Page.All("a") {
		if strings.HasPrefix(a.Attr("href"), "/console/signin/provider") {
			to := b.get(a.Attr("href"))
			if to.Code != http.StatusSeeOther || to.Header.Get("Referrer-Policy") != "no-referrer" {
				b.d.t.Fatalf("the button answers %d %v: %.300s", to.Code, to.Header, to.Body)
			}
			return to.Location
		}
	}
	b.d.t.Fatal("there is no button that leads to the provider")
	return ""
}

// through goes to a provider that lets everybody through, and is the address on our side to which it leads back.
func (b *browser) through(then string) string {
	b.d.t.Helper()
	req, err := http.NewRequestWithContext(b.d.t.Context(), http.MethodGet, b.away(then), nil)
	if err != nil {
		b.d.t.Fatal(err)
	}
	res, err := b.client.Do(req)
	if err != nil {
		b.d.t.Fatal(err)
	}
	defer res.Body.Close()
	return b.here(res.Header.Get("Location"))
}

// here is the path of an address that leads back.
func (b *browser) here(address string) string {
	b.d.t.Helper()
	path, ok := strings.CutPrefix(address, b.d.console.BaseURL)
	if !ok {
		b.d.t.Fatalf("the provider leads to %s", address)
	}
	return path
}

func TestSignInAtARealProvider(t *testing.T) {
	d := withProvider(t, idptest.Real(t, "http://127.0.0.1:4710"+idp.CallbackPath), false)
	b := d.browser()
	if a := b.get("/console/keys"); a.Location != "/console/signin?then=%2Fconsole%2Fkeys" {
		t.Fatalf("%d %s", a.Code, a.Location)
	}
	back := b.here(idptest.SignIn(t, b.away("/console/keys")))
	if a := b.get(back); a.Code != http.StatusSeeOther || a.Location != "/console/keys" {
		t.Fatalf("%d %s: %s", a.Code, a.Location, a.Body)
	}
	b.get("/console/keys").shows(t, http.StatusOK, "API keys")
	b.get("/console/me").shows(t, http.StatusOK, "vouches for you")
	b.get("/console/operators").shows(t, http.StatusOK, idptest.Name)
	es, err := d.log.Entries(t.Context(), 0, 10)
	if err != nil || len(es) != 2 || es[1].Action != "operator.add" || es[1].By.ID != "provider" || es[0].Action != "session.start" || es[0].Detail != d.console.Provider.Issuer {
		t.Errorf("the log says %+v, %v", es, err)
	}
}

// What a browser brings back is good once, in the browser that was sent away, for ten minutes.
func TestAnAnswerIsGoodOnce(t *testing.T) {
	f := idptest.NewFake(t, clock.System{}.Now)
	d := withProvider(t, f.URL, true)
	b := d.browser()
	back := b.through("")
	d.browser().get(back).shows(t, http.StatusUnauthorized, "not begun in this browser")
	home, _ := url.Parse(d.URL)
	kept := b.client.Jar.Cookies(home)
	if a := b.get(back); a.Location != "/console" {
		t.Fatalf("%d: %s", a.Code, a.Body)
	}
	b.get(back).shows(t, http.StatusUnauthorized, "not begun in this browser")
	thief := d.browser() // has even what the browser was sent away with
	thief.client.Jar.SetCookies(home, kept)
	thief.get(back).shows(t, http.StatusUnauthorized, "used before")

	late := d.browser()
	back = late.through("")
	d.clk.Set(noon.Add(awayLife))
	late.get(back).shows(t, http.StatusUnauthorized, "longer than ten minutes")

	one, two := d.browser(), d.browser() // an answer of one's own, slipped to another who is on the way
	mine := one.through("")
	two.through("")
	two.get(mine).shows(t, http.StatusUnauthorized, "not begun in this browser")
}

// A session that somebody put into the browser before is worth nothing after.
func TestProviderSessionIsNew(t *testing.T) {
	f := idptest.NewFake(t, clock.System{}.Now)
	d := withProvider(t, f.URL, true)
	b := d.as(d.add(operator.Viewer))
	home, _ := url.Parse(d.URL)
	planted := b.client.Jar.Cookies(home)
	elsewhere := d.browser()
	elsewhere.client.Jar.SetCookies(home, planted)
	elsewhere.get("/console").shows(t, http.StatusOK, "Overview")
	back := b.get("/console/signin/provider") // the sign-in page itself leads on who is signed in
	res, err := b.client.Get(back.Location)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if a := b.get(b.here(res.Header.Get("Location"))); a.Location != "/console" {
		t.Fatalf("%d: %s", a.Code, a.Body)
	}
	b.get("/console/me").shows(t, http.StatusOK, "ada@inkwell.example, with the role operator")
	if a := elsewhere.get("/console"); a.Code != http.StatusSeeOther {
		t.Errorf("the planted session still opens: %d", a.Code)
	}
}

func TestProviderLeadsNowhereElse(t *testing.T) {
	f := idptest.NewFake(t, clock.System{}.Now)
	d := withProvider(t, f.URL, true)
	for then, want := range map[string]string{"https://evil.example/console/x": "/console", "//evil.example": "/console", "/console/log?x=1": "/console/log?x=1", "/console/" + strings.Repeat("x", 3000): "/console"} {
		b := d.browser()
		if a := b.get(b.through(then)); a.Location != want {
			t.Errorf("%.60s leads to %s", then, a.Location)
		}
	}
}

// Each failure has a page that says what to do, and nothing of what others have written.
func TestEveryFailureHasAPage(t *testing.T) {
	for name, c := range map[string]struct {
		bend func(*idptest.Fake)
		code int
		says string
	}{
		"no role":       {func(f *idptest.Fake) { f.Claims = func(m map[string]any) { m["groups"] = "nobody" } }, http.StatusUnauthorized, "no role in this console"},
		"no address":    {func(f *idptest.Fake) { f.Claims = func(m map[string]any) { delete(m, "email") } }, http.StatusUnauthorized, "what your e-mail address is"},
		"another nonce": {func(f *idptest.Fake) { f.Claims = func(m map[string]any) { m["nonce"] = evil } }, http.StatusUnauthorized, "could not be proven"},
		"refused": {func(f *idptest.Fake) {
			f.Answer = func(v url.Values) { v.Set("error", "access_denied"); v.Set("error_description", evil) }
		}, http.StatusUnauthorized, "did not let you through"},
		"trouble": {func(f *idptest.Fake) { f.Answer = func(v url.Values) { v.Set("error", evil) } }, http.StatusServiceUnavailable, "whoever runs the gateway"},
	} {
		t.Run(name, func(t *testing.T) {
			f := idptest.NewFake(t, clock.System{}.Now)
			c.bend(f)
			b := withProvider(t, f.URL, true).browser()
			a := b.get(b.through(""))
			a.shows(t, c.code, c.says)
			if strings.Contains(a.Body, "alert(1)") {
				t.Error("it shows what the provider wrote")
			}
			webuitest.Check(t, a.Page)
			if a := b.get("/console"); a.Code != http.StatusSeeOther {
				t.Errorf("somebody is signed in: %d", a.Code)
			}
		})
	}
	f := idptest.NewFake(t, clock.System{}.Now)
	f.Away = true
	b := withProvider(t, f.URL, false).browser()
	b.get("/console/signin/provider").shows(t, http.StatusServiceUnavailable, "cannot be reached")
}

func TestPasswordsCanBeSwitchedOff(t *testing.T) {
	f := idptest.NewFake(t, clock.System{}.Now)
	d := withProvider(t, f.URL, false)
	own := d.add(operator.Admin)
	b := d.browser()
	if fields := b.get("/console/signin").Page.All("input"); len(fields) != 0 {
		t.Errorf("the page has %d fields", len(fields))
	}
	b.post("/console/signin", credentials(own.Email, password)).shows(t, http.StatusUnauthorized, "switched off")
	f.Claims = func(m map[string]any) { m["email"] = idptest.Email }
	if a := b.get(b.through("")); a.Code != http.StatusSeeOther {
		t.Fatal(a.Code, a.Body)
	}
	b.get("/console/operators").shows(t, http.StatusOK, "Passwords are switched off")
	b.post("/console/operators", url.Values{"email": {"x@example.com"}, "name": {"X"}, "role": {"admin"}, "password": {password}}).shows(t, http.StatusConflict, "switched off")
	if all, err := d.console.Operators.Operators(t.Context()); err != nil || len(all) != 2 {
		t.Errorf("%v, %v", all, err)
	}
}

// A name that a provider lets people choose is text on every page.
func TestAProvidersNamesStayText(t *testing.T) {
	f := idptest.NewFake(t, clock.System{}.Now)
	f.Claims = func(m map[string]any) { m["name"], m["email"], m["sub"] = evil, idptest.Email, evil }
	d := withProvider(t, f.URL, true)
	b := d.browser()
	b.get(b.through(""))
	for _, path := range []string{"/console", "/console/me", "/console/operators", "/console/log"} {
		a := b.get(path)
		a.shows(t, http.StatusOK, "script")
		if len(a.Page.All("img")) > 0 || strings.Contains(a.Body, "<script>alert") {
			t.Errorf("%s: a script came in by the provider", path)
		}
	}
}
