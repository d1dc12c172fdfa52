package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/operator"
)

// with is a browser of that User-Agent in which p has signed in.
func (d *desk) with(p operator.Person, agent string) *browser {
	d.t.Helper()
	b := d.browser()
	if a := b.do(http.MethodPost, "/console/signin", url.Values{"email": {p.Email}, "password": {password}}, "User-Agent", agent); a.Code != http.StatusSeeOther {
		d.t.Fatalf("signing in answers %d", a.Code)
	}
	return b
}

// newestEntry is the audit log's last.
func (d *desk) newestEntry() audit.Entry {
	d.t.Helper()
	es, err := d.log.Entries(d.t.Context(), 0, 1)
	if err != nil || len(es) != 1 {
		d.t.Fatal(es, err)
	}
	return es[0]
}

func TestOperatorsSeeWhereTheyAreSignedInAndEndIt(t *testing.T) {
	d := newDesk(t)
	p, other := d.add(operator.Viewer), d.add(operator.Admin)
	mine := d.with(p, "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Firefox/145.0")
	lost := d.with(p, `<script>alert(1)</script> (Windows NT 10.0) Chrome/149.0.0.0 Safari/537.36`)
	third := d.as(p)
	theirs := d.as(other)
	d.clk.Set(noon.Add(time.Hour))

	a := mine.get("/console/me")
	a.shows(t, http.StatusOK, "Firefox on Linux this browser")
	a.shows(t, http.StatusOK, "Chrome on Windows")
	if strings.Contains(a.Body, "alert(1)") {
		t.Error("what the browser calls itself is shown")
	}
	path := ""
	for _, link := range a.Page.All("a") {
		if strings.HasPrefix(link.Attr("href"), browsersPath) && strings.Contains(link.Text(), "Chrome on Windows") {
			path = link.Attr("href")
		}
	}
	if path == "" {
		t.Fatal(a.Page.Text())
	}
	theirs.get(path).shows(t, http.StatusNotFound, "not any more")
	theirs.post(path, url.Values{"present": {password}}).shows(t, http.StatusNotFound, "not any more")
	mine.get(path).shows(t, http.StatusOK, "Chrome on Windows")
	mine.post(path, url.Values{"present": {"a guess"}}).shows(t, http.StatusUnprocessableEntity, "This is not your password")
	if a := lost.get("/console"); a.Code != http.StatusOK {
		t.Errorf("signed out by a guess: %d", a.Code)
	}
	if a := mine.post(path, url.Values{"present": {password}}); a.Code != http.StatusSeeOther || a.Location != "/console/me?signed-out" {
		t.Fatalf("%d %s", a.Code, a.Location)
	}
	if e := d.newestEntry(); e.Action != audit.SignedOutThere || e.By.ID != string(p.ID) || e.Subject != string(p.ID) || e.Detail != "Chrome on Windows" {
		t.Errorf("the log says %+v", e)
	}
	if a := lost.get("/console"); a.Code != http.StatusSeeOther {
		t.Errorf("still signed in: %d", a.Code)
	}
	mine.get(path).shows(t, http.StatusNotFound, "not any more")

	all := browsersPath + credential.OtherSessions
	if a := mine.post(all, url.Values{"present": {password}}); a.Code != http.StatusSeeOther {
		t.Fatalf("%d", a.Code)
	}
	if e := d.newestEntry(); e.Action != audit.SignedOutThere || e.Detail != credential.OtherSessions {
		t.Errorf("the log says %+v", e)
	}
	if a := third.get("/console"); a.Code != http.StatusSeeOther {
		t.Errorf("still signed in elsewhere: %d", a.Code)
	}
	mine.get("/console/me?signed-out").shows(t, http.StatusOK, "You are signed out there")
	if a := theirs.get("/console"); a.Code != http.StatusOK {
		t.Errorf("another operator is signed out: %d", a.Code)
	}
}

// Whom a provider vouches for has no password that could be asked for.
func TestWhoIsVouchedForEndsSessionsWithoutAPassword(t *testing.T) {
	d := newDesk(t)
	issuer := "https://id.example.com"
	d.console.Operators.Open(operator.Ways{Issuer: issuer})
	p, err := d.console.Operators.Admit(t.Context(), operator.Identity{Issuer: issuer, Subject: "1", Email: "otto@inkwell.example", Name: "Otto", Role: operator.Viewer}, "")
	if err != nil {
		t.Fatal(err)
	}
	var in []*browser
	home, _ := url.Parse(d.URL)
	for range 2 {
		secret, err := d.console.Operators.StartSession(t.Context(), p, "", "", "")
		if err != nil {
			t.Fatal(err)
		}
		b := d.browser()
		b.client.Jar.SetCookies(home, []*http.Cookie{{Name: sessionCookie, Value: secret}})
		in = append(in, b)
	}
	a := in[0].get(browsersPath + credential.OtherSessions)
	if a.Code != http.StatusOK || len(a.Page.All("input[name=present]")) > 0 {
		t.Errorf("%d %s", a.Code, a.Page.Text())
	}
	if a := in[0].post(browsersPath+credential.OtherSessions, nil); a.Code != http.StatusSeeOther {
		t.Errorf("%d", a.Code)
	}
	if a, b := in[0].get("/console"), in[1].get("/console"); a.Code != http.StatusOK || b.Code != http.StatusSeeOther {
		t.Errorf("%d, %d", a.Code, b.Code)
	}
}
