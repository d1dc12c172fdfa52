package portal

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/register"
)

func with(form map[string]string, changes ...string) map[string]string {
	f := maps.Clone(form)
	for i := 0; i < len(changes); i += 2 {
		f[changes[i]] = changes[i+1]
	}
	return f
}

func (b *browser) license() string {
	b.s.t.Helper()
	regs := b.s.registrations()
	return string(regs[len(regs)-1].License)
}

func TestMistakesAreShownBesideTheirFieldsAndNothingIsLost(t *testing.T) {
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	b := s.browser()
	b.land("tok-1")
	form := b.get("/register/account")
	for field, bad := range map[string]string{"email": "ada@", "name": "", "company": strings.Repeat("x", 200), "password": "short"} {
		a := b.post("/register/signup", b.fill(form, "/register/signup", with(ada, field, bad, "company", map[bool]string{true: bad, false: "Engines"}[field == "company"])))
		if a.Code != http.StatusUnprocessableEntity || !a.Page.Has("p#"+field+"-error", "") {
			t.Errorf("%s: %d, no word beside the field", field, a.Code)
			continue
		}
		if n := len(a.Page.All("p.field-error")); n != 1 {
			t.Errorf("%s: %d fields are marked", field, n)
		}
		kept := a.Page.Form(t, "/register/signup").Fields()
		if field != "name" && kept.Get("name") != "Ada Lovelace" || field != "email" && kept.Get("email") != ada["email"] {
			t.Errorf("%s: what was entered is lost: %v", field, kept)
		}
		if kept.Get("password") != "" || strings.Contains(a.Body, ada["password"]) {
			t.Errorf("%s: the password is on the page", field)
		}
	}
	if list, _ := s.accounts.Accounts(t.Context(), "", 10); len(list) != 0 {
		t.Errorf("%d accounts were made", len(list))
	}
	b.goes(b.post("/register/signup", b.fill(form, "/register/signup", ada)), "/portal/licenses/"+b.license()+"?new")
}

func TestLicenceWithAnAccountLeadsToSignIn(t *testing.T) {
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	s.browser().signUp("tok-1", ada)

	b := s.browser() // another day, another browser
	s.sells("tok-2", buyer(1))
	b.goes(b.land("tok-2"), "/register/account")
	b.goes(b.get("/register/account"), "/signin?registered")
	page := b.get("/signin?registered")
	if !page.Page.Has("p", "You have an account already") {
		t.Errorf("%s", page.Page.Text())
	}
	b.goes(b.post("/signin", b.fill(page, "/signin", map[string]string{"email": ada["email"], "password": ada["password"]})), "/register/account")
	b.goes(b.get("/register/account"), "/portal/licenses/"+b.license())
	if regs := s.registrations(); len(regs) != 1 {
		t.Errorf("%d registrations", len(regs))
	}
}

func TestSecondLicenceIsAskedAndLinked(t *testing.T) {
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	s.sells("tok-2", buyer(2)) // the same AWS account buys once more
	b := s.browser()
	b.signUp("tok-1", ada)
	b.goes(b.land("tok-2"), "/register/account")
	ask := b.get("/register/account")
	if !ask.Page.Has("h1", "Add this subscription") || !ask.Page.Has("dd", ada["email"]) {
		t.Fatalf("%s", ask.Page.Text())
	}
	if regs := s.registrations(); regs[1].Account != "" {
		t.Error("linked without being asked")
	}
	b.goes(b.post("/register/link", b.fill(ask, "/register/link", nil)), "/portal/licenses/"+b.license()+"?new")
	if home := b.get("/portal"); len(home.Page.All("article")) != 2 {
		t.Errorf("%s", home.Page.Text())
	}
}

func TestUseAnotherAccountInstead(t *testing.T) {
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	s.sells("tok-2", buyer(2))
	b := s.browser()
	b.signUp("tok-1", ada)
	b.land("tok-2")
	ask := b.get("/register/account")
	var out url.Values
	for _, f := range ask.Page.All("main") {
		out = f.Form(t, "/signout").Fields()
	}
	b.goes(b.post("/signout", out), "/register/account")
	a := b.post("/register/signup", b.fill(b.get("/register/account"), "/register/signup", with(ada, "email", "grace@example.com")))
	b.goes(a, "/portal/licenses/"+b.license()+"?new")
	if home := b.get("/portal"); len(home.Page.All("article")) != 1 {
		t.Errorf("%s", home.Page.Text())
	}
}

func TestAnotherAccountsLicenceIsSaidToBe(t *testing.T) {
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	s.sells("tok-2", buyer(2))
	s.browser().signUp("tok-1", ada)
	b := s.browser()
	b.signUp("tok-2", with(ada, "email", "grace@example.com"))
	b.land("tok-1")
	page := b.get("/register/account")
	if !page.Page.Has("h1", "belongs to another account") || strings.Contains(page.Body, "Ada.Lovelace") {
		t.Errorf("%s", page.Page.Text())
	}
	link := url.Values{"registration": {string(s.registrations()[0].ID)}}
	b.goes(b.post("/register/link", link), "/register/account")
	if regs := s.registrations(); regs[0].Account == regs[1].Account {
		t.Error("the licence changed hands")
	}
}

func TestNeverTwoAccountsForOneLicence(t *testing.T) {
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	var browsers []*browser
	var forms []url.Values
	for _, who := range []string{"a@example.com", "b@example.com", "c@example.com"} {
		b := s.browser()
		b.land("tok-1")
		browsers = append(browsers, b)
		forms = append(forms, b.fill(b.get("/register/account"), "/register/signup", with(ada, "email", who)))
	}
	places := make([]string, len(browsers))
	var wg sync.WaitGroup
	for i, b := range browsers {
		wg.Go(func() { places[i] = b.post("/register/signup", forms[i]).Location })
	}
	wg.Wait()
	won := 0
	for _, p := range places {
		if strings.HasPrefix(p, "/portal/licenses/") {
			won++
		} else if p != "/register/account" {
			t.Errorf("led to %q", p)
		}
	}
	if won != 1 {
		t.Errorf("%d of %v got the licence", won, places)
	}
}

func TestFormOfAnotherTabDoesNotClaimThisTabsLicence(t *testing.T) {
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	s.sells("tok-2", buyer(2))
	b := s.browser()
	b.land("tok-1")
	first := b.fill(b.get("/register/account"), "/register/signup", ada)
	b.land("tok-2")
	b.goes(b.post("/register/signup", first), "/register/account")
	for _, reg := range s.registrations() {
		if reg.Account != "" {
			t.Errorf("%s was claimed", reg.ID)
		}
	}
}

func TestSameFormTwiceIsOneAccount(t *testing.T) {
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	b := s.browser()
	b.land("tok-1")
	form := b.fill(b.get("/register/account"), "/register/signup", ada)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { b.post("/register/signup", form) })
	}
	wg.Wait()
	if list, _ := s.accounts.Accounts(t.Context(), "", 10); len(list) != 1 {
		t.Errorf("%d accounts", len(list))
	}
	if a := b.get("/portal"); a.Code != http.StatusOK || len(a.Page.All("article")) != 1 {
		t.Errorf("%d %s", a.Code, a.Page.Text())
	}
}

func TestKnownAddressWithAnotherPassword(t *testing.T) {
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	s.sells("tok-2", buyer(2))
	s.browser().signUp("tok-1", ada)
	b := s.browser()
	b.land("tok-2")
	page := b.get("/register/account")
	a := b.post("/register/signup", b.fill(page, "/register/signup", with(ada, "email", "ADA.LOVELACE@GMAIL.COM", "password", "another password")))
	if a.Code != http.StatusUnprocessableEntity || !a.Page.Has("p#email-error", "sign in with it") {
		t.Errorf("%d %s", a.Code, a.Page.Text())
	}
	// The right one is a sign-in: filling in the form once more is no mistake.
	b.goes(b.post("/register/signup", b.fill(page, "/register/signup", ada)), "/portal/licenses/"+b.license()+"?new")
	if list, _ := s.accounts.Accounts(t.Context(), "", 10); len(list) != 1 {
		t.Errorf("%d accounts", len(list))
	}
}

func TestSignInBesideTheForm(t *testing.T) {
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	s.sells("tok-2", buyer(2))
	s.browser().signUp("tok-1", ada)
	b := s.browser()
	b.land("tok-2")
	page := b.get("/register/account")
	wrong := b.post("/register/signin", b.fill(page, "/register/signin", map[string]string{knownEmail: ada["email"], knownPassword: "wrong password"}))
	if wrong.Code != http.StatusUnprocessableEntity || wrong.Page.Form(t, "/register/signin").Fields().Get(knownEmail) != ada["email"] {
		t.Errorf("%d %s", wrong.Code, wrong.Page.Text())
	}
	b.goes(b.post("/register/signin", b.fill(page, "/register/signin", map[string]string{knownEmail: ada["email"], knownPassword: ada["password"]})),
		"/portal/licenses/"+b.license()+"?new")
}

// A process that dies between the account and the claim, or between the claim and the licence, loses nothing.
func TestKilledBetweenTheSteps(t *testing.T) {
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	b := s.browser()
	b.land("tok-1")
	form := b.fill(b.get("/register/account"), "/register/signup", ada)
	made, err := s.accounts.SignUp(t.Context(), account.SignUp{Email: ada["email"], Name: ada["name"], Password: ada["password"]}, "") // and killed
	if err != nil {
		t.Fatal(err)
	}
	b.goes(b.post("/register/signup", form), "/portal/licenses/"+b.license()+"?new")
	if reg := s.registrations()[0]; reg.Account != made.Account.ID {
		t.Errorf("claimed by %s, want %s", reg.Account, made.Account.ID)
	}

	s.sells("tok-2", buyer(2))
	s.browser().land("tok-2")
	reg := s.registrations()[1]
	if _, err := s.db.Registrations().Claim(t.Context(), register.Registration{ID: reg.ID, Account: made.Account.ID, ClaimedAt: noon}, outbox.Event{ID: "evt_1"}); err != nil { // and killed
		t.Fatal(err)
	}
	job := s.register.Attach()
	if at, due, err := job.Due(t.Context()); err != nil || !due || at.After(noon) {
		t.Fatalf("due %v at %v, %v", due, at, err)
	}
	if did, err := job.Run(t.Context()); err != nil || !did {
		t.Fatalf("did %v, %v", did, err)
	}
	if lic, _ := s.book.ByID(reg.License); lic.Account != made.Account.ID {
		t.Errorf("the licence has account %q", lic.Account)
	}
	if _, due, _ := job.Due(t.Context()); due {
		t.Error("still due")
	}
}

func TestStatesInPlainWords(t *testing.T) {
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	b := s.browser()
	b.signUp("tok-1", ada)
	page := "/portal/licenses/" + b.license()
	s.clk.Set(noon.Add(time.Minute))
	s.tell(license.Activated, buyer(1))
	s.clk.Set(noon.Add(2 * time.Hour))
	s.tell(license.Deprovisioned, buyer(1))
	a := b.get(page)
	if !a.Page.Has("p.notice-title", "Cancellation in progress until 1 Nov 2026, 15:00 UTC") || !a.Page.Has("p", "Only AWS Marketplace can confirm that charges end") ||
		!a.Page.Has("a", "Open Inkwell Pages") || !a.Page.Has("dd", "The last records go to AWS") {
		t.Errorf("%s", a.Page.Text())
	}
	cancel := b.get(page + "/cancel")
	if !cancel.Page.Has("a[href=http://127.0.0.1:4700/subscriptions]", "AWS Marketplace") || !cancel.Page.Has("p", "Only AWS Marketplace can confirm") {
		t.Errorf("%s", cancel.Page.Text())
	}
	_, err := s.book.Note(t.Context(), license.Note{ID: "why", Kind: license.AgreementEnded, Reason: license.Expired, At: s.clk.Now(),
		About: license.Ref{ProductCode: buyer(1).ProductCode, ARN: buyer(1).ARN, Customer: buyer(1).Customer}})
	if err != nil {
		t.Fatal(err)
	}
	if a := b.get(page); !a.Page.Has("p.notice-title", "The term is over; final usage is reported until 1 Nov 2026, 15:00 UTC") || !a.Page.Has("p", "It ended on 1 November 2026, 14:00 UTC, because its term was over.") ||
		a.Page.Has("p.notice-title", "Cancellation") || !a.Page.Has("dd", "The agreement's term was over.") {
		t.Errorf("%s", a.Page.Text())
	}
	s.clk.Set(noon.Add(3 * time.Hour))
	if a := b.get(page); !a.Page.Has("p.notice-title", "has ended") || !a.Page.Has("p", "because its term was over") || a.Page.Has("a", "Open Inkwell Pages") || a.Page.Has("a", "How to cancel") {
		t.Errorf("%s", a.Page.Text())
	}
}

func TestPeerA20_HostileInputIsEscaped(t *testing.T) {
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	b := s.browser()
	evil := `"><script>alert(1)</script>`
	page := b.signUp("tok-1", with(ada, "name", evil, "company", evil))
	for _, a := range []answer{page, b.get("/portal"), b.get("/signout")} {
		for _, script := range a.Page.All("script") {
			if script.Attr("src") == "" {
				t.Errorf("a script came in: %s", script.Text())
			}
		}
	}
	s.sells("tok-2", buyer(2))
	out := s.browser()
	out.land("tok-2")
	a := out.post("/register/signup", out.fill(out.get("/register/account"), "/register/signup", with(ada, "name", evil, "email", evil)))
	if a.Page.Form(t, "/register/signup").Fields().Get("name") != evil || len(a.Page.All("script")) != 0 {
		t.Errorf("%s", a.Body)
	}
}

func TestRegistrationNeedsItsCookie(t *testing.T) {
	s := newSite(t)
	s.sells("tok-1", buyer(1))
	s.browser().land("tok-1")
	stranger := s.browser()
	form := url.Values{"registration": {string(s.registrations()[0].ID)}}
	for name, value := range ada {
		form.Set(name, value)
	}
	stranger.goes(stranger.post("/register/signup", form), "/register")
	at, _ := url.Parse(s.URL)
	stranger.client.Jar.SetCookies(at, []*http.Cookie{{Name: registrationCookie, Value: string(s.registrations()[0].ID)}})
	stranger.goes(stranger.post("/register/signup", form), "/register")
	if s.registrations()[0].Standing().State != register.Open {
		t.Error("claimed without the seal")
	}
}
