package portal

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/passkey"
	"souk.dev/souk/internal/gateway/passkey/passkeytest"
)

// named is a site that browsers reach by a name, and its one customer.
func named(t *testing.T) (*site, account.Person) {
	t.Helper()
	s := newSite(t, func(c *Config) { c.BaseURL = localhost })
	s.sells("tok-1", buyer(1))
	s.browser().signUp("tok-1", ada)
	all, err := s.accounts.ByEmail(t.Context(), ada["email"])
	if err != nil || len(all) != 1 {
		t.Fatalf("%v, %v", all, err)
	}
	return s, all[0].Person
}

// answers is the form by which a passkey is asked for on the page, answered by answer.
func (b *browser) answers(a answer, answer func(asked string) string) url.Values {
	b.s.t.Helper()
	form := a.Page.One(b.s.t, "form[data-passkey]")
	in := form.Fields()
	in.Set("answer", answer(form.Attr("data-options")))
	return in
}

// adds adds a passkey in a browser in which the person is signed in.
func (b *browser) adds(name string, more map[string]string, change ...func(k *passkeytest.Key)) *passkeytest.Key {
	b.s.t.Helper()
	k := passkeytest.New(b.s.t, b.s.portal.BaseURL, "localhost")
	for _, f := range change {
		f(k)
	}
	entered := map[string]string{account.FieldKeyName: name, "present": ada["password"]}
	maps.Copy(entered, more)
	a := b.change(newPasskeyPath, entered)
	if a.Code != http.StatusOK || !a.Page.Has("p.lede", strings.Join(strings.Fields(name), " ")) {
		b.s.t.Fatalf("%d %s", a.Code, a.Page.Text())
	}
	b.goes(b.post(passkeysPath, b.answers(a, k.Create)), selfPath+"?passkey")
	return k
}

func TestAPersonSignsInByAPasskey(t *testing.T) {
	s, p := named(t)
	mine := s.here("")
	if a := mine.get(selfPath); !a.Page.Has("a[href="+newPasskeyPath+"]", "Add a passkey") {
		t.Fatal(a.Page.Text())
	}
	for entered, says := range map[[2]string]string{{"", ada["password"]}: "Give it a name", {"My telephone", "a guess"}: "not your password", {strings.Repeat("x", 61), ada["password"]}: "too long"} {
		if a := mine.change(newPasskeyPath, map[string]string{account.FieldKeyName: entered[0], "present": entered[1]}); a.Code != http.StatusUnprocessableEntity || !a.Page.Has("form", says) {
			t.Errorf("%q: %d %s", says, a.Code, a.Page.Text())
		}
	}
	k := mine.adds(" My  <b>telephone</b> ", nil)
	second := mine.adds("A key", nil)
	uncounted := mine.adds("A password manager", nil, func(k *passkeytest.Key) { k.Counts, k.Synced = false, true })
	if a := mine.get(selfPath + "?passkey"); !a.Page.Has("td", "My <b>telephone</b>") || !a.Page.Has("td", "not yet") || !a.Page.Has("main", "Your passkey is added") {
		t.Errorf("%s", a.Page.Text())
	}

	// It signs in, leads where the person was going, and its answer is good once.
	query := url.Values{"product": {string(inkCode)}, "return": {"http://127.0.0.1:4720/back?x=1"}}.Encode()
	b := s.browser()
	sent := b.answers(b.get("/signin?"+query), uncounted.Get)
	same := s.browser() // whoever has all that the browser holds
	at, _ := url.Parse(s.URL)
	same.client.Jar.SetCookies(at, b.client.Jar.Cookies(at))
	if a := b.post(passkeyPath, sent); a.Code != http.StatusSeeOther || !strings.HasPrefix(a.Location, "http://127.0.0.1:4720/back?") || !strings.Contains(a.Location, HandleParameter) {
		t.Fatalf("%d %s %s", a.Code, a.Location, a.Body)
	}
	if a := b.get("/portal"); a.Code != http.StatusOK {
		t.Errorf("%d", a.Code)
	}
	b.post("/signout", nil)
	for says, v := range map[string]*browser{"was used before": same, "took too long": b} {
		if a := v.post(passkeyPath, sent); a.Code != http.StatusUnprocessableEntity || !a.Page.Has("form", says) {
			t.Errorf("the answer once more: %d %s", a.Code, a.Page.Text())
		}
		v.goes(v.get("/portal"), "/signin")
	}

	// A form that lies open for long, or that another browser was given, takes no answer.
	late := s.browser()
	in := late.answers(late.get("/signin"), k.Get)
	s.clk.Set(s.clk.Now().Add(passkey.Life))
	if a := late.post(passkeyPath, in); a.Code != http.StatusUnprocessableEntity || !a.Page.Has("form", "took too long") {
		t.Errorf("%d %s", a.Code, a.Page.Text())
	}
	in = late.answers(late.get("/signin"), k.Get)
	thief := s.browser()
	thief.get("/signin")
	if a := thief.post(passkeyPath, in); a.Code != http.StatusUnprocessableEntity {
		t.Errorf("another browser's: %d %s", a.Code, a.Location)
	}
	late.goes(late.post(passkeyPath, in), "/portal")

	// Whoever else answers, and however: nobody is signed in, and the page says so and asks anew.
	wrong := passkeytest.New(t, s.portal.BaseURL, "localhost")
	wrong.Handle = []byte(p.ID)
	elsewhere := *second
	elsewhere.Origin = "https://evil.example"
	copied := *k
	copied.Count = 1
	for name, answers := range map[string]func(string) string{"a key that was not added": wrong.Get, "at another site": elsewhere.Get, "a copy": copied.Get, "nothing": func(string) string { return "" }, "a script": func(string) string { return evilAgent }} {
		v := s.browser()
		a := v.post(passkeyPath, v.answers(v.get("/signin"), answers))
		if a.Code != http.StatusUnprocessableEntity || len(a.Page.All("form[data-passkey=get]")) != 1 || strings.Contains(a.Body, "<script>alert") {
			t.Errorf("%s: %d %s", name, a.Code, a.Body)
		}
		if says := a.Page.Has("form", "hold a copy"); says != (name == "a copy") {
			t.Errorf("%s: %s", name, a.Page.Text())
		}
		v.goes(v.get("/portal"), "/signin")
	}

	// Removed, it does not sign in any more; the other one still does.
	list, err := s.accounts.Passkeys(t.Context(), p.ID)
	if err != nil || len(list) != 3 {
		t.Fatalf("%+v, %v", list, err)
	}
	var path string
	for _, n := range list {
		if used := !n.UsedAt.IsZero(); used == (n.Name == "A key") {
			t.Errorf("%+v", n)
		}
		if n.Name == "My <b>telephone</b>" {
			path = passkeysPath + "/" + n.ID
		}
	}
	mine = s.here("")
	if a := mine.change(path, map[string]string{"present": "a guess"}); a.Code != http.StatusUnprocessableEntity || !a.Page.Has("form", "not your password") {
		t.Errorf("%d %s", a.Code, a.Page.Text())
	}
	mine.goes(mine.change(path, map[string]string{"present": ada["password"]}), selfPath+"?passkey-removed")
	if a := mine.get(path); a.Code != http.StatusNotFound {
		t.Errorf("%d", a.Code)
	}
	v := s.browser()
	if a := v.post(passkeyPath, v.answers(v.get("/signin"), k.Get)); a.Code != http.StatusUnprocessableEntity {
		t.Errorf("after its removal: %d", a.Code)
	}
	v.goes(v.post(passkeyPath, v.answers(v.get("/signin"), second.Get)), "/portal")
	kinds := map[outbox.Kind]int{}
	events, err := s.db.Outbox().Unspread(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		kinds[e.Kind]++
	}
	if kinds[outbox.PasskeyAdded] != 3 || kinds[outbox.PasskeyRemoved] != 1 {
		t.Errorf("told: %v", kinds)
	}
	for _, secret := range []string{"My <b>telephone</b>", k.Origin + "/x", string(k.ID)} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

// In the code's stead a passkey is taken of whose password was given; where a second factor is wanted, adding one wants it, too.
func TestAPasskeyStandsForTheCode(t *testing.T) {
	s, _ := named(t)
	mine := s.here("")
	_, recovery := mine.enrol()
	if a := mine.change(newPasskeyPath, map[string]string{account.FieldKeyName: "x", "present": ada["password"]}); a.Code != http.StatusUnprocessableEntity || !a.Page.Has("form", "Enter the code") {
		t.Errorf("without the code: %d %s", a.Code, a.Page.Text())
	}
	k := mine.adds("My telephone", map[string]string{"code": recovery[0]})
	s.sells("tok-2", gracesBuyer(2))
	other := s.browser()
	other.signUp("tok-2", grace)
	hers := passkeytest.New(t, s.portal.BaseURL, "localhost")
	page := other.change(newPasskeyPath, map[string]string{account.FieldKeyName: "Hers", "present": grace["password"]})
	theirs := other.answers(page, hers.Create)
	if a := mine.post(passkeysPath, theirs); a.Code != http.StatusUnprocessableEntity || !a.Page.Has("form[action="+newPasskeyPath+"]", "Begin once more") {
		t.Errorf("what another person was asked: %d %s", a.Code, a.Page.Text())
	}
	other.goes(other.post(passkeysPath, theirs), selfPath+"?passkey")
	if a := other.post(passkeysPath, theirs); a.Code != http.StatusConflict {
		t.Errorf("the same once more: %d", a.Code)
	}

	b := s.browser()
	b.goes(b.signIn(ada["email"], ada["password"]), codePath)
	a := b.get(codePath)
	for name, answers := range map[string]func(string) string{"another person's": hers.Get, "nothing": func(string) string { return "" }} {
		if a := b.post(codePasskeyPath, b.answers(a, answers)); a.Code != http.StatusUnprocessableEntity || !a.Page.Has("h1", "Your code") {
			t.Errorf("%s: %d %s", name, a.Code, a.Page.Text())
		}
	}
	b.goes(b.get("/portal"), "/signin")
	sent := b.answers(b.get(codePath), k.Get)
	stranger := s.browser()
	stranger.goes(stranger.post(codePasskeyPath, sent), "/signin")
	b.goes(b.post(codePasskeyPath, sent), "/portal")
	if a := b.get("/portal"); a.Code != http.StatusOK {
		t.Errorf("%d", a.Code)
	}
	b.goes(b.post(codePasskeyPath, sent), "/signin") // nobody is between password and code any more
	// Alone it is enough: its program has verified the person.
	alone := s.browser()
	alone.goes(alone.post(passkeyPath, alone.answers(alone.get("/signin"), k.Get)), "/portal")
}

// At an address without a name there are no passkeys, and no page of theirs.
func TestWithoutANameThereAreNoPasskeys(t *testing.T) {
	s := customer(t)
	mine := s.here("")
	if a := s.browser().get("/signin"); len(a.Page.All("form[data-passkey]")) != 0 || strings.Contains(a.Header.Get("Set-Cookie"), passkeyCookie) {
		t.Errorf("%s", a.Body)
	}
	for _, a := range []answer{mine.get(newPasskeyPath), mine.post(newPasskeyPath, nil), mine.post(passkeysPath, nil), mine.post(passkeyPath, nil), mine.post(codePasskeyPath, nil)} {
		if a.Code != http.StatusNotFound {
			t.Errorf("%d", a.Code)
		}
	}
	if a := mine.get(selfPath); a.Page.Has("h2", "Passkeys") {
		t.Errorf("%s", a.Page.Text())
	}
}
