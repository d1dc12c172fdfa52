package portal

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/register"
)

func coreARN(n int) core.LicenseARN {
	return core.LicenseARN(fmt.Sprintf("arn:aws:license-manager::294406891311:license:l-%032x", n))
}

func TestPeerA18_FromTheTokenToTheApplicationWithoutACustomerIdentifier(t *testing.T) {
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	b := s.browser()
	page := b.signUp("tok-1", ada)
	if page.Code != http.StatusOK || !page.Page.Has("span.badge-info", "Being confirmed") || !page.Page.Has("p", "Your account is ready") {
		t.Fatalf("%d: %s", page.Code, page.Page.Text())
	}
	if !page.Page.Has("noscript", "refresh") && len(page.Page.All("script[src]")) == 0 {
		t.Error("the waiting page does not look again")
	}
	if page.Page.Has("a", "Open Inkwell Pages") {
		t.Error("the application is offered before AWS has said that the subscription is active (law 4)")
	}
	s.clk.Set(noon.Add(time.Minute))
	s.tell(license.Activated, buyer(1))
	reg := s.registrations()[0]
	page = b.get("/portal/licenses/" + string(reg.License))
	if !page.Page.Has("span.badge-success", "Active") || !page.Page.Has("a[href=http://127.0.0.1:4720/]", "Open Inkwell Pages") {
		t.Fatalf("%s", page.Page.Text())
	}
	if lic, _ := s.book.ByID(reg.License); lic.Account != reg.Account || reg.Account == "" {
		t.Errorf("the licence has account %q, the registration %q", lic.Account, reg.Account)
	}
	if home := b.get("/portal"); !home.Page.Has("h2", "Inkwell Pages") {
		t.Errorf("%s", home.Page.Text())
	}
}

func TestPeerA17_ANoticeBeforeTheLanding(t *testing.T) {
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	s.tell(license.Activated, buyer(1))
	s.clk.Set(noon.Add(21 * time.Second))
	if page := s.browser().signUp("tok-1", ada); !page.Page.Has("a", "Open Inkwell Pages") {
		t.Errorf("%s", page.Page.Text())
	}
}

// Law 5: the token's text is nowhere after POST /register has answered, whatever it answered.
func TestPeerA23_TheTokenIsSeenOnce(t *testing.T) {
	const token = "Zx9+/=tOk%3Aen:~secret-Text_0123456789/=="
	for name, prepare := range map[string]func(*site){
		"resolved":       func(s *site) { s.sells(token, buyer(1)) },
		"unknown to AWS": func(*site) {},
		"expired":        func(s *site) { s.aws.fault = func(int) string { return contract.ExpiredToken } },
		"throttled":      func(s *site) { s.aws.fault = func(int) string { return contract.Throttling } },
		"refused":        func(s *site) { s.aws.fault = func(int) string { return contract.AccessDenied } },
		"AWS broken":     func(s *site) { s.aws.fault = func(int) string { return contract.InternalServiceError } },
		"another product's": func(s *site) {
			s.sells(token, license.Buyer{ProductCode: "foreign", ARN: coreARN(9), Customer: "111122223333"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			prepare(s)
			b := s.browser()
			a := b.land(token)
			if s.aws.calls == 0 {
				t.Fatal("AWS was not asked")
			}
			if a.Code == http.StatusSeeOther {
				b.post("/register/signup", b.fill(b.get("/register/account"), "/register/signup", ada))
				b.get("/portal")
			}
			b.get("/register?" + url.Values{contract.TokenField: {token}}.Encode()) // a set-up that puts it into the address
			seen := map[string]string{"an answer": withoutRequests(b.heard.String()), "the log": s.log.String()}
			files, err := filepath.Glob(filepath.Join(s.dir, "*"))
			if err != nil || len(files) < 2 { // the database and its write-ahead log
				t.Fatalf("%v, %v", files, err)
			}
			for _, f := range files {
				body, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				seen[filepath.Base(f)] = string(body)
			}
			for where, text := range seen {
				for _, spelling := range []string{token, url.QueryEscape(token), url.PathEscape(token), token[:12], token[len(token)-12:], "secret-Text"} {
					if strings.Contains(text, spelling) {
						t.Errorf("%s has %q in it", where, spelling)
					}
				}
			}
			if s.log.Len() == 0 {
				t.Error("nothing was logged: the search proves nothing")
			}
		})
	}
}

// withoutRequests takes the test's own lines (method and address) out of what a browser heard.
func withoutRequests(heard string) string {
	var kept []string
	for line := range strings.Lines(heard) {
		if !strings.HasPrefix(line, "GET http") && !strings.HasPrefix(line, "POST http") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func TestBadLandingsHaveTheirOwnPages(t *testing.T) {
	field := contract.TokenField + "="
	for _, c := range []struct {
		name, contentType, body string
		status                  int
		title                   string
	}{
		{"nothing", "application/x-www-form-urlencoded", "", 400, "sent no registration"},
		{"another field", "application/x-www-form-urlencoded", "token=x", 400, "sent no registration"},
		{"empty", "application/x-www-form-urlencoded", field, 400, "sent no registration"},
		{"two", "application/x-www-form-urlencoded", field + "a&" + field + "b", 400, "more than one"},
		{"too long", "application/x-www-form-urlencoded", field + strings.Repeat("a", maxToken+1), 400, "too long"},
		{"too much", "application/x-www-form-urlencoded", field + strings.Repeat("a", maxLanding), 413, "too large"},
		{"bad escape", "application/x-www-form-urlencoded", field + "%zz", 400, "arrived broken"},
		{"not text", "application/x-www-form-urlencoded", field + "%ff%fe", 400, "does not know"},
		{"garbled", "application/x-www-form-urlencoded", field + "garbled", 400, "does not know"},
		{"JSON", "application/json", `{"x-amzn-marketplace-token":"t"}`, 415, "expected a form"},
		{"no type", "", field + "t", 415, "expected a form"},
		{"multipart", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"x-amzn-marketplace-token\"\r\n\r\nt\r\n--x--", 415, "format we do not take"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t)
			req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/register", strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if c.contentType != "" {
				req.Header.Set("Content-Type", c.contentType)
			}
			a := s.browser().do(req)
			if a.Code != c.status || !a.Page.Has("h1", c.title) {
				t.Errorf("%d %q, want %d with %q", a.Code, a.Page.One(t, "h1").Text(), c.status, c.title)
			}
			if !a.Page.Has("strong", "Set up your account") || a.Header.Get("Set-Cookie") != "" || len(s.registrations()) != 0 {
				t.Error("no way on is shown, or something was kept")
			}
		})
	}
}

func TestFormIsDecodedOnceAndOtherFieldsAreIgnored(t *testing.T) {
	s := newSite(t)
	s.sells("a+b/c=%3D:", buyer(1))
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/register",
		strings.NewReader("other=1&x-amzn-marketplace-token=a%2Bb%2Fc%3D%253D%3A&x-amzn-marketplace-offer-type=free-trial&another=2"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=ISO-8859-1")
	b := s.browser()
	b.goes(b.do(req), "/register/account")
	if page := b.get("/register/account"); !page.Page.Has("p.lede", "free trial") {
		t.Errorf("%s", page.Page.Text())
	}
}

func TestAWSAwayLosesNothing(t *testing.T) {
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	for _, code := range []string{contract.InternalServiceError, contract.Throttling, contract.DisabledAPI, contract.AccessDenied} {
		s.aws.fault = func(int) string { return code }
		b := s.browser()
		a := b.land("tok-1")
		if a.Code != http.StatusServiceUnavailable || !a.Page.Has("p", "Nothing is lost") || !a.Page.Has("h2", "Try again from here") || a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %s", code, a.Code, a.Page.Text())
		}
		s.aws.fault = nil
		b.goes(b.land("tok-1"), "/register/account") // a reload sends the same form
	}
	if n := len(s.registrations()); n != 1 {
		t.Errorf("%d registrations", n)
	}
}

func TestPassingFaultsAreNotSeen(t *testing.T) {
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	s.aws.fault = func(call int) string {
		return []string{contract.InternalServiceError, contract.Throttling, ""}[min(call-1, 2)]
	}
	b := s.browser()
	b.goes(b.land("tok-1"), "/register/account")
	if s.aws.calls != 3 {
		t.Errorf("%d calls, want 3", s.aws.calls)
	}
}

func TestExpiredToken(t *testing.T) {
	s := newSite(t)
	s.aws.fault = func(int) string { return contract.ExpiredToken }
	a := s.browser().land("old")
	if a.Code != http.StatusGone || !a.Page.Has("h1", "expired") || s.aws.calls != 1 {
		t.Errorf("%d after %d calls: %s", a.Code, s.aws.calls, a.Page.Text())
	}
}

func TestDoubleClickIsOneRegistration(t *testing.T) {
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if a := s.browser().land("tok-1"); a.Location != "/register/account" {
				t.Errorf("%d %s", a.Code, a.Location)
			}
		})
	}
	wg.Wait()
	if regs := s.registrations(); len(regs) != 1 || regs[0].Arrivals != 8 {
		t.Errorf("%+v", regs)
	}
}

func TestAbandonedAndResumedWithANewToken(t *testing.T) {
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	first := s.browser()
	first.land("tok-1")
	s.clk.Set(noon.Add(RegistrationLife + time.Second))
	first.goes(first.get("/register/account"), "/register") // the cookie is too old
	if a := first.get("/register"); a.Code != 200 || a.Page.Has("h2", "still open") {
		t.Errorf("%d %s", a.Code, a.Page.Text())
	}
	s.sells("tok-2", buyer(1))
	s.browser().signUp("tok-2", ada)
	if regs := s.registrations(); len(regs) != 1 || regs[0].Standing().State != register.Complete || regs[0].Arrivals != 2 {
		t.Errorf("%+v", regs)
	}
}

func TestGetRegisterExplainsAndCleansTheAddress(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	if a := b.get("/register"); a.Code != 200 || !a.Page.Has("strong", "Set up your account") {
		t.Errorf("%d", a.Code)
	}
	b.goes(b.get("/register?x-amzn-marketplace-token=abc"), "/register")
	s.sells("tok-1", buyer(1))
	b.land("tok-1")
	if a := b.get("/register"); !a.Page.Has("h2", "Your registration for Inkwell Pages is still open") {
		t.Errorf("%s", a.Page.Text())
	}
}

func TestCookiesOnHTTPS(t *testing.T) {
	s := newSite(t, func(c *Config) { c.BaseURL = "https://saas.example.com" })
	s.sells("tok-1", buyer(1))
	a := s.browser().land("tok-1")
	c, err := http.ParseSetCookie(a.Header.Get("Set-Cookie"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Name != "__Host-souk_registration" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 86400 {
		t.Errorf("%+v", c)
	}
	if a.Header.Get("Strict-Transport-Security") == "" {
		t.Error("browsers are not told to stay on https")
	}
	for _, plain := range []string{string(s.registrations()[0].ID), "lic_", "111122223333"} {
		if strings.Contains(c.Value, plain) {
			t.Errorf("the cookie shows %q", plain)
		}
	}
}

func TestFloodOfRubbishDoesNotReachAWS(t *testing.T) {
	g := newGate()
	var at time.Duration
	g.now = func() time.Duration { return at }
	passed := 0
	for range 1000 {
		if g.pass("198.51.100.7") {
			passed++
		}
	}
	if passed != fromBurst {
		t.Errorf("%d of 1000 from one address passed, want %d", passed, fromBurst)
	}
	for i := range 1000 {
		if g.pass(fmt.Sprintf("203.0.113.%d", i)) {
			passed++
		}
	}
	if passed != allBurst {
		t.Errorf("%d in all, want %d", passed, allBurst)
	}
	at = 5 * time.Second
	if !g.pass("198.51.100.7") {
		t.Error("after a pause, still nobody passes")
	}
	for i := range 3 * gateMemory {
		g.pass(fmt.Sprint("net", i))
	}
	if len(g.from) > gateMemory {
		t.Errorf("%d addresses are remembered", len(g.from))
	}
}

// A browser that keeps no cookies is told so, instead of being told again and again to come from where it comes.
func TestWithoutCookiesItIsSaid(t *testing.T) {
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	b := s.browser()
	b.client.Jar = nil
	b.goes(b.land("tok-1"), "/register/account")
	from := func(site string) answer {
		req, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/register/account", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Sec-Fetch-Site", site) // of the whole way: of the form, and of where it led
		return b.do(req)
	}
	if a := from("cross-site"); a.Code != http.StatusBadRequest || !a.Page.Has("h1", "keeps no cookies") || !a.Page.Has("li", "Set up your account") {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	b.goes(from("none"), "/register") // somebody typed it
	b.goes(from("same-origin"), "/register")
}

// Who reloads a form that was answered with its mistakes, by its address, is led back to it.
func TestAFormsOwnAddressLeadsToItsPage(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	for _, path := range []string{"/register/signup", "/register/signin", "/register/link", "/register/nothing"} {
		b.goes(b.get(path), "/register/account")
	}
}
