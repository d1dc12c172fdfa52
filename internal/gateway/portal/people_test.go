package portal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/letter"
)

// team is a site that sends mails, and Ada's browser, who owns the account.
func team(t *testing.T) (*site, *browser) {
	t.Helper()
	s := newSite(t, func(c *Config) { c.Mails = true })
	s.sells("tok-1", buyer(1))
	b := s.browser()
	b.signUp("tok-1", ada)
	return s, b
}

// invite has Ada's browser invite an address, and returns what its mail's link carries.
func (b *browser) invite(email string, role account.Role) (secret string) {
	b.s.t.Helper()
	b.goes(b.post(peoplePath+"/invite", url.Values{"email": {email}, "role": {string(role)}}), peoplePath+"?invited")
	return b.s.mailOf(email)
}

// mailOf sends the invitation to an address, and returns what its link carries.
func (s *site) mailOf(email string) (secret string) {
	s.t.Helper()
	list, err := s.accounts.Invitations(s.t.Context(), s.registrations()[0].Account)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, n := range list {
		if n.Email != email {
			continue
		}
		if secret, err = s.accounts.IssueInvitation(s.t.Context(), n.ID); err != nil {
			s.t.Fatal(err)
		}
		return secret
	}
	s.t.Fatalf("nobody invited %s: %+v", email, list)
	return ""
}

// join accepts an invitation as somebody new.
func (b *browser) join(secret, name string) {
	b.s.t.Helper()
	page := b.get(letter.JoinPage + "?proof=" + secret)
	b.goes(b.post(letter.JoinPage, b.fill(page, letter.JoinPage, map[string]string{"name": name, "password": "engines of difference"})), peoplePath+"?joined")
}

func (s *site) person(email string) account.Who {
	s.t.Helper()
	seats, err := s.accounts.ByEmail(s.t.Context(), email)
	if err != nil {
		s.t.Fatal(err)
	}
	return seats[0]
}

func TestAColleagueIsInvitedAndSeesWhatTheAccountHas(t *testing.T) {
	s, owner := team(t)
	hers := "/portal/licenses/" + string(s.registrations()[0].License)
	secret := owner.invite("ben@example.com", account.RoleMember)
	if a := owner.get(peoplePath); !a.Page.Has("td", "ben@example.com") {
		t.Errorf("not listed: %s", a.Page.Text())
	}
	ben := s.browser()
	page := ben.get(letter.JoinPage + "?proof=" + secret)
	for _, bad := range []map[string]string{{"name": "", "password": "engines of difference"}, {"name": "Ben", "password": "short"}} {
		if a := ben.post(letter.JoinPage, ben.fill(page, letter.JoinPage, bad)); a.Code != http.StatusUnprocessableEntity || strings.Contains(a.Body, "engines of difference") {
			t.Errorf("%v: %d %s", bad, a.Code, a.Page.Text())
		}
	}
	ben.join(secret, "Ben Bolt")
	for _, path := range []string{"/portal", hers, hers + "/cancel", peoplePath} {
		if a := ben.get(path); a.Code != http.StatusOK {
			t.Errorf("%s: %d", path, a.Code)
		}
	}
	if who := s.person("ben@example.com"); who.Role != account.RoleMember || who.VerifiedAt.IsZero() || who.Account.ID != s.registrations()[0].Account {
		t.Errorf("joined as %+v", who)
	}
	// A link works once.
	if a := s.browser().get(letter.JoinPage + "?proof=" + secret); a.Code != http.StatusNotFound {
		t.Errorf("again: %d", a.Code)
	}

	// A member decides nothing, whatever is sent.
	me, adasID := s.person("ben@example.com"), string(s.person(ada["email"]).ID)
	for path, form := range map[string]url.Values{"/invite": {"email": {"eve@example.com"}, "role": {"owner"}}, "/role": {"person": {string(me.ID)}, "role": {"owner"}}, "/remove": {"person": {adasID}},
		"/invite-again": {"invitation": {"inv_x"}}, "/revoke": {"invitation": {"inv_x"}}} {
		if a := ben.post(peoplePath+path, form); a.Code < 400 || a.Code >= 500 {
			t.Errorf("%s: %d", path, a.Code)
		}
	}
	if who := s.person("ben@example.com"); who.Role != account.RoleMember {
		t.Errorf("became %+v", who)
	}

	// Who is removed is out at once, in every browser.
	owner.goes(owner.post(peoplePath+"/remove", url.Values{"person": {string(me.ID)}}), peoplePath+"?removed")
	ben.goes(ben.get(hers), "/signin")
	if a := ben.signIn("ben@example.com", "engines of difference"); a.Code != http.StatusUnprocessableEntity {
		t.Errorf("signs in again: %d", a.Code)
	}
}

func TestAnAccountKeepsAnOwner(t *testing.T) {
	s, owner := team(t)
	adas := string(s.person(ada["email"]).ID)
	for path, form := range map[string]url.Values{"/remove": {"person": {adas}}, "/role": {"person": {adas}, "role": {"member"}}, "/role#": {"person": {adas}, "role": {"king"}}} {
		if a := owner.post(peoplePath+strings.TrimSuffix(path, "#"), form); a.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", path, a.Code)
		}
	}
	ben := s.browser()
	ben.join(owner.invite("ben@example.com", account.RoleOwner), "Ben Bolt")
	owner.goes(owner.post(peoplePath+"/remove", url.Values{"person": {adas}}), peoplePath+"?removed") // she leaves
	owner.goes(owner.get("/portal"), "/signin")
	if a, err := s.accounts.Account(t.Context(), s.registrations()[0].Account); err != nil || a.Email != "ben@example.com" {
		t.Errorf("whom to ask: %+v, %v", a, err)
	}
	if a := ben.get("/portal"); a.Code != http.StatusOK {
		t.Errorf("the other owner: %d", a.Code)
	}
}

func TestInvitationsAreSentAgainAndTakenBack(t *testing.T) {
	s, owner := team(t)
	first := owner.invite("ben@example.com", account.RoleMember)
	list, _ := s.accounts.Invitations(t.Context(), s.registrations()[0].Account)
	id := url.Values{"invitation": {string(list[0].ID)}}
	owner.goes(owner.post(peoplePath+"/invite-again", id), peoplePath+"?invited")
	second := s.mailOf("ben@example.com")
	if a := s.browser().get(letter.JoinPage + "?proof=" + first); a.Code != http.StatusNotFound {
		t.Errorf("the link before: %d", a.Code)
	}
	s.clk.Set(noon.Add(account.InvitationLife))
	if a := s.browser().get(letter.JoinPage + "?proof=" + second); a.Code != http.StatusNotFound {
		t.Errorf("after a week: %d", a.Code)
	}
	owner = owner.signsInAgain(ada)
	third := owner.invite("ben@example.com", account.RoleMember)
	for range 10 { // a stranger's mailbox is not filled
		if a := owner.post(peoplePath+"/invite-again", id); a.Code == http.StatusTooManyRequests {
			break
		} else if a.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", a.Code, a.Page.Text())
		}
	}
	if a := owner.post(peoplePath+"/invite-again", id); a.Code != http.StatusTooManyRequests {
		t.Errorf("mails without end: %d", a.Code)
	}
	owner.goes(owner.post(peoplePath+"/revoke", id), peoplePath+"?revoked")
	if a := s.browser().get(letter.JoinPage + "?proof=" + third); a.Code != http.StatusNotFound {
		t.Errorf("taken back: %d", a.Code)
	}
	for _, bad := range []url.Values{{"email": {ada["email"]}, "role": {"member"}}, {"email": {"ben@"}, "role": {"member"}}, {"email": {"x@example.com"}, "role": {"king"}}} {
		if a := owner.post(peoplePath+"/invite", bad); a.Code != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d", bad, a.Code)
		}
	}
}

// Whose address has a sign-in uses it to accept, and is in both accounts then, at one of them at a time.
func TestWhoHasASignInJoinsWithIt(t *testing.T) {
	s, owner := team(t)
	s.sells("tok-2", gracesBuyer(2))
	other := s.browser()
	other.signUp("tok-2", grace)
	secret := owner.invite(grace["email"], account.RoleMember)

	// Somebody else who has the link, signed in or not, gets no further than to sign in.
	for name, b := range map[string]*browser{"Ada": owner, "nobody": s.browser()} {
		a := b.get(letter.JoinPage + "?proof=" + secret)
		if a.Code != http.StatusOK || len(a.Page.All("input[name=password]")) > 0 {
			t.Errorf("%s: %d %s", name, a.Code, a.Page.Text())
		}
		b.goes(b.post(letter.JoinPage, url.Values{"proof": {secret}, "name": {"Eve"}, "password": {"engines of difference"}}), letter.JoinPage)
	}
	b := s.browser()
	b.get(letter.JoinPage + "?proof=" + secret)
	b.goes(b.signIn(grace["email"], grace["password"]), letter.JoinPage)
	page := b.get(letter.JoinPage)
	b.goes(b.post(letter.JoinPage, b.fill(page, letter.JoinPage, nil)), peoplePath+"?joined")
	adas, graces := "/portal/licenses/"+string(s.registrations()[0].License), "/portal/licenses/"+string(s.registrations()[1].License)
	if a := b.get(adas); a.Code != http.StatusOK {
		t.Errorf("the account that she joined: %d", a.Code)
	}
	if a := b.get(graces); a.Code != http.StatusNotFound {
		t.Errorf("her own, while she is at another: %d", a.Code)
	}
	b.goes(b.post("/portal/account", url.Values{"account": {string(s.registrations()[1].Account)}}), "/portal")
	if a := b.get(graces); a.Code != http.StatusOK {
		t.Errorf("her own: %d", a.Code)
	}
	if a := owner.post("/portal/account", url.Values{"account": {string(s.registrations()[1].Account)}}); a.Code != http.StatusNotFound {
		t.Errorf("an account that is nothing to her: %d", a.Code)
	}
}

// What people enter stands on the pages of their colleagues as text.
func TestNoScriptReachesColleagues(t *testing.T) {
	s := newSite(t, func(c *Config) { c.Mails = true })
	s.sells("tok-1", buyer(1))
	b := s.browser()
	evil := `"><script>alert(1)</script>`
	b.signUp("tok-1", with(ada, "name", evil, "company", evil))
	secret := b.invite("ben@example.com", account.RoleMember)
	for _, a := range []answer{b.get(peoplePath), s.browser().get(letter.JoinPage + "?proof=" + secret)} {
		if a.Code != http.StatusOK || len(a.Page.All("script")) != 0 || !strings.Contains(a.Page.Text(), evil) {
			t.Errorf("%d %s", a.Code, a.Body)
		}
	}
}
