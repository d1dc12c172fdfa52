package portal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/letter"
)

// change fills in the page of one change, and sends it.
func (b *browser) change(path string, entered map[string]string) answer {
	b.s.t.Helper()
	return b.post(path, b.fill(b.get(path), path, entered))
}

// addressLink is what the mail to the address carries that the person asked for.
func (s *site) addressLink(p account.Person) string {
	s.t.Helper()
	wish, ok, err := s.accounts.AskedAddress(s.t.Context(), p.ID)
	if err != nil || !ok {
		s.t.Fatalf("no address is asked for: %v", err)
	}
	secret, err := s.accounts.IssueAddressChange(s.t.Context(), wish.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	return letter.AddressPage + "?proof=" + secret
}

func TestPeopleChangeWhatTheySignInWith(t *testing.T) {
	s, p := mailed(t)
	b, other := s.browser(), s.browser()
	for _, v := range []*browser{b, other} {
		v.goes(v.signIn(ada["email"], ada["password"]), "/portal")
	}
	for _, path := range []string{selfPath, namePath, emailPath, passwordPath} {
		stranger := s.browser()
		stranger.goes(stranger.get(path), "/signin")
		if path != selfPath {
			stranger.goes(stranger.post(path, url.Values{"name": {"Eve"}, "password": {"another long password"}, "present": {ada["password"]}}), "/signin")
		}
	}
	b.goes(b.change(namePath, map[string]string{"name": "Ada King"}), selfPath+"?name")
	if a := b.get(selfPath + "?name"); !a.Page.Has("td", "Ada King") || !a.Page.Has("main", "Your name is changed") {
		t.Errorf("%s", a.Page.Text())
	}
	if a := b.change(namePath, map[string]string{"name": " "}); a.Code != http.StatusUnprocessableEntity || !a.Page.Has("form", "Enter your name") {
		t.Errorf("%d %s", a.Code, a.Page.Text())
	}

	if a := b.change(passwordPath, map[string]string{"password": "short", "present": ada["password"]}); a.Code != http.StatusUnprocessableEntity || !a.Page.Has("form", "12 characters") || strings.Contains(a.Body, ada["password"]) {
		t.Errorf("%d %s", a.Code, a.Page.Text())
	}
	if a := b.change(passwordPath, map[string]string{"password": "another long password", "present": "a guess"}); a.Code != http.StatusUnprocessableEntity || !a.Page.Has("form", "not your password") || strings.Contains(a.Body, "another long password") {
		t.Errorf("%d %s", a.Code, a.Page.Text())
	}
	other.get("/portal")
	b.goes(b.change(passwordPath, map[string]string{"password": "another long password", "present": ada["password"]}), selfPath+"?password")
	if a := b.get(selfPath + "?password"); a.Code != http.StatusOK || !a.Page.Has("main", "signed out everywhere else") {
		t.Errorf("%d %s", a.Code, a.Page.Text())
	}
	other.goes(other.get("/portal"), "/signin")
	other.goes(other.signIn(ada["email"], "another long password"), "/portal")

	if a := b.change(emailPath, map[string]string{"email": "king@", "present": "another long password"}); a.Code != http.StatusUnprocessableEntity || !a.Page.Has("form", "Enter an e-mail address") {
		t.Errorf("%d %s", a.Code, a.Page.Text())
	}
	b.goes(b.change(emailPath, map[string]string{"email": "king@example.com", "present": "another long password"}), selfPath+"?asked")
	if a := b.get(selfPath); !a.Page.Has("form", "king@example.com is not yours yet") || !a.Page.Has("td", ada["email"]) {
		t.Errorf("%s", a.Page.Text())
	}
	void := s.addressLink(p)
	b.goes(b.post(emailPath+"/drop", nil), selfPath+"?dropped")
	if a := b.get(void); a.Code != http.StatusNotFound {
		t.Errorf("the link of what was taken back: %d", a.Code)
	}
	b.goes(b.change(emailPath, map[string]string{"email": "king@example.com", "present": "another long password"}), selfPath+"?asked")
	link := s.addressLink(p)

	// A mistyped address' mailbox is a stranger's, who is nobody here.
	stranger := s.browser()
	a := stranger.get(link)
	if a.Code != http.StatusOK || !a.Page.Has("a[href=/signin]", "Sign in") || a.Page.Has("form[action=/address]", "") || strings.Contains(a.Body, ada["email"]) {
		t.Errorf("%d %s", a.Code, a.Page.Text())
	}
	proof := url.Values{"proof": {strings.TrimPrefix(link, letter.AddressPage+"?proof=")}}
	stranger.goes(stranger.post(letter.AddressPage, proof), letter.AddressPage)

	// Who has to sign in first comes back.
	stranger.goes(stranger.signIn(ada["email"], "another long password"), letter.AddressPage)
	stranger.goes(stranger.post(letter.AddressPage, stranger.fill(stranger.get(letter.AddressPage), letter.AddressPage, nil)), selfPath+"?email")
	if a := stranger.get(selfPath + "?email"); !a.Page.Has("td", "king@example.com") || a.Page.Has("td", "not confirmed") {
		t.Errorf("%s", a.Page.Text())
	}
	b.goes(b.get("/portal"), "/signin")
	if a := b.signIn(ada["email"], "another long password"); a.Code != http.StatusUnprocessableEntity {
		t.Errorf("with the address before: %d %s", a.Code, a.Location)
	}
	b.goes(b.signIn("king@example.com", "another long password"), "/portal")
	if a := stranger.post(letter.AddressPage, proof); a.Code != http.StatusNotFound {
		t.Errorf("the link once more: %d", a.Code)
	}
	for _, secret := range []string{"king@example.com", ada["email"], "another long password", proof.Get("proof")} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log has %s", secret)
		}
	}
}

// Whose address it is learns it from the mail alone, and nothing is taken from anybody.
func TestAnAddressThatHasASignInOfItsOwn(t *testing.T) {
	s, p := mailed(t)
	s.sells("tok-2", gracesBuyer(2))
	s.browser().signUp("tok-2", grace)
	b := s.browser()
	b.goes(b.signIn(ada["email"], ada["password"]), "/portal")
	free := b.change(emailPath, map[string]string{"email": "nobody@example.com", "present": ada["password"]})
	taken := b.change(emailPath, map[string]string{"email": grace["email"], "present": ada["password"]})
	if free.Code != taken.Code || free.Location != taken.Location || free.Body != taken.Body {
		t.Errorf("%d %s %q, %d %s %q", free.Code, free.Location, free.Body, taken.Code, taken.Location, taken.Body)
	}
	link := s.addressLink(p)
	if a := b.post(letter.AddressPage, b.fill(b.get(link), letter.AddressPage, nil)); a.Code != http.StatusConflict || !a.Page.Has("h1", "sign-in of its own") {
		t.Errorf("%d %s", a.Code, a.Page.Text())
	}
	b.goes(s.browser().signIn(grace["email"], grace["password"]), "/portal")
	b.goes(s.browser().signIn(ada["email"], ada["password"]), "/portal")
}

// Who has a second factor is asked for it; where no mails are sent an address cannot be proven.
func TestChangesWantWhatSignInWants(t *testing.T) {
	s, _, recovery := guarded(t)
	b := s.browser()
	b.goes(b.signIn(ada["email"], ada["password"]), codePath)
	b.goes(b.post(codePath, url.Values{"code": {recovery[0]}}), "/portal")
	for _, code := range []string{"", "000000", recovery[0]} {
		if a := b.change(passwordPath, map[string]string{"password": "another long password", "present": ada["password"], "code": code}); a.Code != http.StatusUnprocessableEntity || !a.Page.Has("form", "code") {
			t.Errorf("with %q: %d %s", code, a.Code, a.Page.Text())
		}
	}
	b.goes(b.change(passwordPath, map[string]string{"password": "another long password", "present": ada["password"], "code": recovery[1]}), selfPath+"?password")
	if a := b.get(selfPath); a.Page.Has("a[href="+emailPath+"]", "") || !a.Page.Has("p", "cannot be changed by yourself") || !a.Page.Has("td", "a code is asked for") {
		t.Errorf("%s", a.Page.Text())
	}
	for _, a := range []answer{b.get(emailPath), b.post(emailPath, url.Values{"email": {"king@example.com"}, "present": {"another long password"}, "code": {recovery[2]}})} {
		if a.Code != http.StatusNotFound || !a.Page.Has("main", "No mails are sent from here") {
			t.Errorf("%d %s", a.Code, a.Page.Text())
		}
	}
}
