package console

import (
	"bytes"
	"encoding/base64"
	"image/png"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"souk.dev/souk/internal/gateway/operator"
)

// codeOf is what a telephone that knows secret shows now.
func (d *desk) codeOf(secret string) string {
	d.t.Helper()
	code, err := totp.GenerateCode(strings.ReplaceAll(secret, " ", ""), d.clk.Now())
	if err != nil {
		d.t.Fatal(err)
	}
	return code
}

// enrol adds a second factor in the browser, and returns its secret and recovery codes.
func (b *browser) enrol() (secret string, recovery []string) {
	b.d.t.Helper()
	page := b.get(factorPath)
	in := page.Page.Form(b.d.t, factorPath).Fields()
	secret = page.Page.All("main")[0].All("code")[0].Text()
	in.Set("code", b.d.codeOf(secret))
	made := b.post(factorPath, in)
	made.shows(b.d.t, http.StatusCreated, "Keep these codes")
	for _, code := range made.Page.All("li") {
		if text := code.Text(); strings.Count(text, "-") == 3 {
			recovery = append(recovery, strings.TrimSpace(text))
		}
	}
	if len(recovery) != 10 {
		b.d.t.Fatalf("%d recovery codes", len(recovery))
	}
	return secret, recovery
}

func (d *desk) later(by time.Duration) { d.clk.Set(d.clk.Now().Add(by)) }

// knocks signs in by the password, which leads to the code's page and no further.
func (d *desk) knocks(p operator.Person, then string) *browser {
	d.t.Helper()
	b := d.browser()
	in := credentials(p.Email, password)
	in.Set("then", then)
	if a := b.post("/console/signin", in); a.Location != codePath {
		d.t.Fatalf("the password leads to %d %s", a.Code, a.Location)
	}
	if a := b.get("/console"); a.Code != http.StatusSeeOther {
		d.t.Fatalf("the password alone opens: %d", a.Code)
	}
	return b
}

func TestASecondFactorIsAskedFor(t *testing.T) {
	d := newDesk(t)
	p := d.add(operator.Admin)
	first := d.as(p)
	secret, recovery := first.enrol()
	first.get("/console").shows(t, http.StatusOK, "Overview")
	d.later(time.Minute)

	b := d.knocks(p, "/console/log")
	b.post(codePath, url.Values{"code": {"000000"}}).shows(t, http.StatusUnauthorized, "not right")
	if a := b.post(codePath, url.Values{"code": {d.codeOf(secret)}}); a.Code != http.StatusSeeOther || a.Location != "/console/log" {
		t.Fatalf("%d %s: %s", a.Code, a.Location, a.Body)
	}
	b.get("/console/log").shows(t, http.StatusOK, "factor.add")

	again := d.knocks(p, "")
	again.post(codePath, url.Values{"code": {d.codeOf(secret)}}).shows(t, http.StatusUnauthorized, "used before")
	if a := again.post(codePath, url.Values{"code": {recovery[0]}}); a.Location != "/console" {
		t.Errorf("a recovery code: %d %s", a.Code, a.Body)
	}
	d.knocks(p, "").post(codePath, url.Values{"code": {recovery[0]}}).shows(t, http.StatusUnauthorized, "used before")
	again.get("/console/log").shows(t, http.StatusOK, "factor.recover")

	nobody := d.browser() // who has given no password
	if a := nobody.post(codePath, url.Values{"code": {recovery[1]}}); a.Location != "/console/signin" {
		t.Errorf("a code without a password: %d %s", a.Code, a.Location)
	}
	late := d.knocks(p, "")
	d.later(codeLife)
	if a := late.post(codePath, url.Values{"code": {recovery[1]}}); a.Location != "/console/signin" {
		t.Errorf("a code five minutes after the password: %d %s", a.Code, a.Location)
	}
}

func TestGuessingCodesIsSlowedDown(t *testing.T) {
	d := newDesk(t)
	p := d.add(operator.Admin)
	secret, _ := d.as(p).enrol()
	d.later(time.Minute)
	b := d.knocks(p, "")
	codes := map[int]int{}
	for range 9 {
		codes[b.post(codePath, url.Values{"code": {"000000"}}).Code]++
	}
	if codes[http.StatusUnauthorized] != 5 || codes[http.StatusTooManyRequests] != 4 {
		t.Errorf("nine guesses: %v", codes)
	}
	if a := b.post(codePath, url.Values{"code": {d.codeOf(secret)}}); a.Code != http.StatusTooManyRequests {
		t.Errorf("the right one at once: %d", a.Code)
	}
	// The password, which is known, does not take the brake off.
	b = d.knocks(p, "")
	if a := b.post(codePath, url.Values{"code": {d.codeOf(secret)}}); a.Code != http.StatusTooManyRequests {
		t.Errorf("after the password once more: %d", a.Code)
	}
}

// The secret that a page offers is its reader's alone, for a while, and a telephone's camera reads the same one.
func TestTheKeyIsItsReadersAlone(t *testing.T) {
	d := newDesk(t)
	ada, bob := d.as(d.add(operator.Admin)), d.as(d.add(operator.Viewer))
	page := ada.get(factorPath)
	in := page.Page.Form(t, factorPath).Fields()
	secret := page.Page.All("main")[0].All("code")[0].Text()
	in.Set("code", d.codeOf(secret))
	bob.post(factorPath, in).shows(t, http.StatusUnprocessableEntity, "took too long")
	picture, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(page.Page.All("img")[0].Attr("src"), "data:image/png;base64,"))
	if err != nil {
		t.Fatal(err)
	}
	if img, err := png.Decode(bytes.NewReader(picture)); err != nil || img.Bounds().Dx() != 232 {
		t.Errorf("the picture is none: %v", err)
	}
	wrong := url.Values{"sealed": in["sealed"], "code": {"000000"}}
	if again := ada.post(factorPath, wrong); again.Code != http.StatusUnprocessableEntity || again.Page.All("main")[0].All("code")[0].Text() != secret {
		t.Errorf("a wrong code brings another key: %d", again.Code)
	}
	d.later(secretLife)
	in.Set("code", d.codeOf(secret))
	ada.post(factorPath, in).shows(t, http.StatusUnprocessableEntity, "took too long")
}

func TestASecondFactorIsRemovedByWhoKnowsThePassword(t *testing.T) {
	d := newDesk(t)
	p := d.add(operator.Viewer)
	b := d.as(p)
	b.enrol()
	b.post(factorPath+"/remove", url.Values{"present": {"a wrong one"}}).shows(t, http.StatusUnprocessableEntity, "not your password")
	if a := d.browser().post("/console/signin", credentials(p.Email, password)); a.Location != codePath {
		t.Errorf("it is gone: %s", a.Location)
	}
	if a := b.post(factorPath+"/remove", url.Values{"present": {password}}); a.Location != factorPath+"?removed" {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	d.as(p)
	b.enrol()
	admin := d.as(d.add(operator.Admin))
	admin.get("/console/operators").shows(t, http.StatusOK, "with a second factor")
	if a := admin.post("/console/operators/"+string(p.ID)+"/factor/remove", nil); a.Location != "/console/operators" {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	d.as(p)
}

// Where second factors are wanted of all, who has none may add one, sign out, and nothing else.
func TestASecondFactorCanBeWanted(t *testing.T) {
	d := newDesk(t)
	p := d.add(operator.Admin)
	b := d.as(p)
	d.console.Operators.Open(operator.Ways{Passwords: true, SecondFactor: true})
	places := d.places(p.ID)
	for _, rt := range d.console.routes() {
		method, path := split(rt.pattern, places)
		if strings.HasPrefix(path, factorPath) || strings.HasSuffix(path, "/signout") {
			continue
		}
		if a := b.do(method, path, url.Values{}); a.Code != http.StatusSeeOther || a.Location != factorPath {
			t.Errorf("%s: %d %s", rt.pattern, a.Code, a.Location)
		}
	}
	b.get(factorPath).shows(t, http.StatusOK, "to go on")
	b.enrol()
	b.get("/console").shows(t, http.StatusOK, "Overview")
}
