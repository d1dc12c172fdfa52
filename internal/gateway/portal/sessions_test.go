package portal

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/credential"
)

// evilAgent is what a program may call itself.
const evilAgent = `"><script>alert(1)</script>Mozilla/5.0 (Windows NT 10.0) Firefox/145.0`

// seen lists the browsers on the page, each as the texts of its cells and where it is signed out.
func (b *browser) seen() (list [][2]string) {
	b.s.t.Helper()
	section := b.get(selfPath).Page.One(b.s.t, "section[aria-labelledby=browsers]")
	for _, row := range section.All("tr") {
		href := ""
		for _, a := range row.All("a") {
			href = a.Attr("href")
		}
		if cells := row.All("td"); len(cells) > 0 {
			list = append(list, [2]string{strings.Join(strings.Fields(row.Text()), " "), href})
		}
	}
	return list
}

// here is a browser of that User-Agent in which Ada signs in.
func (s *site) here(agent string) *browser {
	s.t.Helper()
	b := s.browser()
	b.agent = agent
	b.goes(b.signIn(ada["email"], ada["password"]), "/portal")
	return b
}

func TestPeopleSeeWhereTheyAreSignedInAndEndIt(t *testing.T) {
	s, p := mailed(t)
	before := s.clk.Now()
	mine := s.here("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/26.1 Safari/605.1.15")
	s.clk.Set(before.Add(time.Hour))
	lost, evil, third := s.here("Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) Version/26.1 Safari/604.1"), s.here(evilAgent), s.here("")
	s.clk.Set(before.Add(3 * time.Hour))

	rows := mine.seen()
	if len(rows) < 4 {
		t.Fatalf("%v", rows)
	}
	at := map[string]string{} // by what the browser is called
	for _, row := range rows {
		for _, name := range []string{"Safari on Mac", "Safari on iPhone", "Firefox on Windows"} {
			if strings.HasPrefix(row[0], name) {
				at[name] = row[1]
				if here := name == "Safari on Mac"; strings.Contains(row[0], "this browser") != here || (row[1] == "") != here || !here && !strings.Contains(row[0], "2 hours ago") {
					t.Errorf("%v", row)
				}
			}
		}
	}
	if len(at) != 3 || strings.Contains(mine.heard.String(), "<script>alert") {
		t.Fatalf("%v", rows)
	}

	// The page asks for the password, and does nothing without it.
	path := at["Safari on iPhone"]
	if a := mine.get(path); a.Code != http.StatusOK || !a.Page.Has("p.lede", "Safari on iPhone") || len(a.Page.All("script")) > 0 && strings.Contains(a.Body, "alert(1)") {
		t.Errorf("%d %s", a.Code, a.Page.Text())
	}
	for _, given := range []string{"", "a guess"} {
		if a := mine.change(path, map[string]string{"present": given}); a.Code != http.StatusUnprocessableEntity || !a.Page.Has("form", "not your password") {
			t.Errorf("with %q: %d %s", given, a.Code, a.Page.Text())
		}
	}
	if a := lost.get("/portal"); a.Code != http.StatusOK {
		t.Errorf("signed out by a guess: %d", a.Code)
	}
	mine.goes(mine.change(path, map[string]string{"present": ada["password"]}), selfPath+"?browser")
	lost.goes(lost.get("/portal"), "/signin")
	for _, b := range []*browser{mine, evil, third} {
		if a := b.get("/portal"); a.Code != http.StatusOK {
			t.Errorf("another was signed out, too: %d", a.Code)
		}
	}
	// It is gone, and so is its page.
	for _, a := range []answer{mine.get(path), mine.post(path, url.Values{"present": {ada["password"]}})} {
		if a.Code != http.StatusNotFound || !a.Page.Has("main", "not any more") {
			t.Errorf("%d %s", a.Code, a.Page.Text())
		}
	}
	if now := mine.seen(); len(now) != len(rows)-1 {
		t.Errorf("%v", now)
	}

	others := browsersPath + credential.OtherSessions
	if a := mine.change(others, map[string]string{"present": "a guess"}); a.Code != http.StatusUnprocessableEntity || !a.Page.Has("h1", "everywhere else") {
		t.Errorf("%d %s", a.Code, a.Page.Text())
	}
	mine.goes(mine.change(others, map[string]string{"present": ada["password"]}), selfPath+"?others")
	for _, b := range []*browser{evil, third} {
		b.goes(b.get("/portal"), "/signin")
	}
	if now := mine.seen(); len(now) != 1 || !strings.HasPrefix(now[0][0], "Safari on Mac") || mine.get(selfPath).Page.Has("a[href="+others+"]", "") {
		t.Errorf("%v", now)
	}
	if log := s.log.String(); !strings.Contains(log, "signed out elsewhere") || !strings.Contains(log, string(p.ID)) || strings.Contains(log, "Safari") {
		t.Errorf("%s", log)
	}

	// A session that is over is none.
	s.clk.Set(before.Add(2 * time.Hour).Add(account.SessionIdle))
	late := s.here("")
	s.clk.Set(before.Add(3 * time.Hour).Add(account.SessionIdle))
	if now := late.seen(); len(now) != 1 {
		t.Errorf("%v", now)
	}
}

// Another's sessions are as none; another site's form, and who has not signed in, end none.
func TestNobodyElseSignsAPersonOut(t *testing.T) {
	s, p := mailed(t)
	mine := s.here("")
	s.sells("tok-2", gracesBuyer(2))
	other := s.browser()
	other.signUp("tok-2", grace)
	hers := s.elsewhere(p.ID, ada["email"], ada["password"])
	path := browsersPath + hers.ID()
	for _, a := range []answer{other.get(path), other.post(path, url.Values{"present": {grace["password"]}}), other.post(browsersPath+hers.Hash, url.Values{"present": {grace["password"]}})} {
		if a.Code != http.StatusNotFound || strings.Contains(a.Body, hers.ID()) {
			t.Errorf("%d %s", a.Code, a.Page.Text())
		}
	}
	other.goes(other.post(browsersPath+credential.OtherSessions, url.Values{"present": {grace["password"]}}), selfPath+"?others")
	stranger := s.browser()
	stranger.goes(stranger.post(path, url.Values{"present": {ada["password"]}}), "/signin")
	for _, to := range []string{path, browsersPath + credential.OtherSessions} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+to, strings.NewReader(url.Values{"present": {ada["password"]}}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		if a := mine.do(req); a.Code != http.StatusForbidden {
			t.Errorf("another site: %d", a.Code)
		}
	}
	all, err := s.accounts.Sessions(t.Context(), p.ID)
	if err != nil || len(all) < 2 || all[len(all)-1].ID() != hers.ID() {
		t.Errorf("%+v, %v", all, err)
	}
	// Its id opens nothing.
	jar, _ := cookiejar.New(nil)
	at, _ := url.Parse(s.URL)
	jar.SetCookies(at, []*http.Cookie{{Name: sessionCookie, Value: hers.ID()}})
	stranger.client.Jar = jar
	stranger.goes(stranger.get("/portal"), "/signin")
}
