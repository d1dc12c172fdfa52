package portal

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/license"
)

// ask sends what the route's pattern says: a form of ours, or none.
func (b *browser) ask(method, path string, form url.Values) answer {
	b.s.t.Helper()
	if method == http.MethodPost {
		return b.post(path, form)
	}
	if len(form) > 0 {
		path += "?" + form.Encode()
	}
	return b.get(path)
}

// address fills what a pattern leaves open with places, which are named by the part before, such as "licenses/{id}". It fails
// the test for a pattern that leaves something else open: whose that is, and that it is nobody else's, has to be said there.
func address(t *testing.T, pattern string, places map[string]string) (method, path string, open bool) {
	t.Helper()
	method, path, _ = strings.Cut(pattern, " ")
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if !strings.HasPrefix(part, "{") {
			continue
		}
		name := parts[i-1] + "/" + part
		value, known := places[name]
		if !known {
			t.Fatalf("%s: this test knows no %s of another customer's", pattern, name)
		}
		parts[i], open = value, true
	}
	return method, strings.Join(parts, "/"), open
}

// placesOf are addresses' open parts, for one licence, session and passkey.
func placesOf(id core.LicenseID, session, passkey string) map[string]string {
	return map[string]string{"licenses/{id}": string(id), "statements/{month}": "2026-11", "browsers/{session}": session, "passkeys/{passkey}": passkey}
}

// elsewhere is the session of another browser in which the person is signed in.
func (s *site) elsewhere(id core.PersonID, email, password string) credential.Session {
	s.t.Helper()
	b := s.browser()
	b.goes(b.signIn(email, password), "/portal")
	all, err := s.accounts.Sessions(s.t.Context(), id)
	if err != nil || len(all) < 2 {
		s.t.Fatal(all, err)
	}
	return all[len(all)-1]
}

var grace = with(ada, "email", "grace@example.com", "name", "Grace Hopper")

// gracesBuyer is a buyer with another AWS account than Ada's.
func gracesBuyer(n int) license.Buyer {
	b := buyer(n)
	b.Customer = "444455556666"
	return b
}

// hasPasskey gives the person a passkey that nobody holds.
func (s *site) hasPasskey(id core.PersonID) string {
	s.t.Helper()
	if err := s.accounts.AddPasskey(s.t.Context(), id, credential.Passkey{Credential: "held by nobody", PublicKey: []byte{1}}, "lovelace's telephone"); err != nil {
		s.t.Fatal(err)
	}
	all, err := s.accounts.Passkeys(s.t.Context(), id)
	if err != nil || len(all) != 1 {
		s.t.Fatal(all, err)
	}
	return all[0].ID
}

// TestAnotherCustomersPagesDoNotExist asks each page with an id in its address: it is its owner's, to another customer it is as one
// that does not exist, and who has not signed in has to.
func TestAnotherCustomersPagesDoNotExist(t *testing.T) {
	s := newSite(t, func(c *Config) { c.Statements, c.Budgets, c.BaseURL = statementsOf{}, &budgets{}, localhost })
	s.sells("tok-1", buyer(1))
	s.sells("tok-2", gracesBuyer(2))
	owner, other := s.browser(), s.browser()
	owner.signUp("tok-1", ada)
	other.signUp("tok-2", grace)
	hers := s.registrations()[0].License
	her, err := s.accounts.ByEmail(t.Context(), ada["email"])
	if err != nil {
		t.Fatal(err)
	}
	session, passkey := s.elsewhere(her[0].ID, ada["email"], ada["password"]).ID(), s.hasPasskey(her[0].ID)
	asked := 0
	for _, rt := range s.portal.routes() {
		method, path, open := address(t, rt.pattern, placesOf(hers, session, passkey))
		if !open {
			continue
		}
		asked++
		_, nowhere, _ := address(t, rt.pattern, placesOf("lic_nothing", "ses_nothing", "pky_nothing"))
		unknown := other.ask(method, nowhere, nil)
		if a := other.ask(method, path, nil); a.Code != http.StatusNotFound || a.Page.Text() != unknown.Page.Text() || strings.Contains(a.Body, string(hers)) || strings.Contains(a.Body, session) || strings.Contains(a.Body, passkey) {
			t.Errorf("another customer, %s: %d %s", rt.pattern, a.Code, a.Body)
		}
		stranger := s.browser()
		stranger.goes(stranger.ask(method, path, nil), "/signin")
		if a := owner.ask(method, path, nil); a.Code >= http.StatusBadRequest && a.Code != http.StatusUnprocessableEntity { // an empty form may be refused
			t.Errorf("its owner, %s: %d %s", rt.pattern, a.Code, a.Body)
		}
	}
	if asked < 8 {
		t.Errorf("only %d routes have an id in their address", asked)
	}
	stranger := s.browser()
	stranger.goes(stranger.get("/portal"), "/signin")
}

// TestAnotherCustomersIDsTellAndDoNothing sends Ada's ids to every route, wherever one could be looked for, from the browser of
// Grace, who has a registration of her own open.
func TestAnotherCustomersIDsTellAndDoNothing(t *testing.T) {
	s := newSite(t, func(c *Config) {
		c.Statements, c.Mails, c.Budgets, c.BaseURL = statementsOf{}, true, &budgets{}, localhost
	})
	for token, b := range map[string]license.Buyer{"tok-1": buyer(1), "tok-2": gracesBuyer(2), "tok-3": buyer(3), "tok-4": gracesBuyer(4)} {
		s.sells(token, b)
	}
	owner, other := s.browser(), s.browser()
	owner.signUp("tok-1", ada)
	other.signUp("tok-2", grace)
	owner.goes(owner.land("tok-3"), "/register/account")
	other.goes(other.land("tok-4"), "/register/account")
	regs := s.registrations()
	done, open := regs[0], regs[2]
	factor := owner.get(factorPath).Page // offers a key, in the clear for her to type and sealed to come back
	key, sealed := factor.All("main")[0].All("code")[0].Text(), factor.Form(t, factorPath).Fields().Get("sealed")
	hers, err := s.accounts.ByEmail(t.Context(), ada["email"])
	if err != nil {
		t.Fatal(err)
	}
	if err := s.accounts.Invite(t.Context(), hers[0], "ben@lovelace.example", account.RoleMember, ""); err != nil {
		t.Fatal(err)
	}
	asked, err := s.accounts.Invitations(t.Context(), done.Account)
	if err != nil {
		t.Fatal(err)
	}
	session, passkey := s.elsewhere(hers[0].ID, ada["email"], ada["password"]), s.hasPasskey(hers[0].ID)
	ids := url.Values{"session": {session.ID()}, "registration": {string(open.ID)}, "license": {string(done.License)}, "id": {string(done.License)}, "account": {string(done.Account)},
		"who": {string(done.Account)}, "person": {string(hers[0].ID)}, "role": {"owner"}, "invitation": {string(asked[0].ID)}, "proof": {string(done.Account)}, "sealed": {sealed}, "code": {"000000"}}
	theirs := []string{"lovelace", string(buyer(1).ARN), string(buyer(3).ARN), "111122223333", "1111-2222-3333", string(done.License), string(open.License), string(done.Account), key, sealed, session.ID(), session.Hash, passkey}

	for _, rt := range s.portal.routes() {
		method, path, _ := address(t, rt.pattern, placesOf(done.License, session.ID(), passkey))
		form := maps.Clone(ids)
		a := other.signsInAgain(grace).ask(method, path, form)
		if a.Code >= http.StatusInternalServerError {
			t.Errorf("%s: %d %s", rt.pattern, a.Code, a.Body)
		}
		for _, told := range theirs {
			if strings.Contains(strings.ToLower(a.Body), strings.ToLower(told)) || strings.Contains(a.Location, told) {
				t.Errorf("%s tells %q: %d %s %s", rt.pattern, told, a.Code, a.Location, a.Body)
			}
		}
	}

	after := s.registrations()
	if after[0].Account != done.Account || after[2].Account != "" {
		t.Errorf("accounts of Ada's registrations: %q, %q", after[0].Account, after[2].Account)
	}
	if left, err := s.accounts.Invitations(t.Context(), done.Account); err != nil || len(left) != 1 {
		t.Errorf("Ada's invitations: %+v, %v", left, err)
	}
	if members, err := s.accounts.Members(t.Context(), done.Account); err != nil || len(members) != 1 || members[0].Role != account.RoleOwner {
		t.Errorf("who is in Ada's account: %+v, %v", members, err)
	}
	if has, err := s.accounts.HasFactor(t.Context(), hers[0].ID); has || err != nil {
		t.Errorf("Ada has a second factor: %v, %v", has, err)
	}
	if keys, err := s.accounts.Passkeys(t.Context(), hers[0].ID); err != nil || len(keys) != 1 {
		t.Errorf("Ada's passkeys: %+v, %v", keys, err)
	}
	if all, err := s.accounts.Sessions(t.Context(), hers[0].ID); err != nil || len(all) != 2 {
		t.Errorf("Ada was signed out somewhere: %+v, %v", all, err)
	}
	if a := owner.get("/portal"); a.Code != http.StatusOK || !a.Page.Has("a[href=/portal/licenses/"+string(done.License)+"]", "") {
		t.Errorf("Ada is signed out, or has lost her licence: %d %s", a.Code, a.Page.Text())
	}
	if a, err := s.accounts.Person(t.Context(), hers[0].ID); err != nil || !a.QuietAt.IsZero() {
		t.Errorf("Ada's reminders were ended: %+v, %v", a, err)
	}
}
