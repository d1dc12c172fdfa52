package provider_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/signon"
)

// said are the claims that are told of a person.
type said struct {
	Subject  string `json:"sub"`
	Name     string
	Email    string
	Verified *bool `json:"email_verified"`
	Account  struct{ ID, Company, Role string }
	Licenses []struct{ ID, ProductCode, State, LicenseARN string }
	AuthTime int64 `json:"auth_time"`
}

// ago is how long ago, for applications, the person signed in.
func ago(s said) time.Duration { return clock.System{}.Now().Sub(time.Unix(s.AuthTime, 0)) }

func (s *said) read(t *testing.T, claims func(any) error) {
	t.Helper()
	var raw map[string]json.RawMessage
	if err := errors.Join(claims(s), claims(&raw)); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]any{"https://souk.dev/claims/account": &s.Account, "https://souk.dev/claims/licenses": &s.Licenses} {
		if raw[name] == nil {
			continue
		}
		if err := json.Unmarshal(raw[name], to); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSigningOn(t *testing.T) {
	h := newHouse(t)
	h.owned[h.ada.Account.ID] = []license.License{{ID: "lic_1", ProductCode: "ink", ARN: "arn:1", Standing: license.Standing{State: license.Active}}, {ID: "lic_2", ProductCode: "bindery", Standing: license.Standing{State: license.Ended}}}
	b := h.browser()
	ink := h.inkwell("profile", "email", "licenses", "offline_access")
	before := clock.System{}.Now()
	tok, id := b.signsOn(ink)
	var got said
	got.read(t, id.Claims)
	if got.Subject != string(h.ada.ID) || got.Name != "Ada Lovelace" || got.Email != "Ada@example.com" || got.Verified == nil || *got.Verified || got.Account.ID != string(h.ada.Account.ID) || got.Account.Role != "owner" || got.Account.Company != "Engines" || len(got.Licenses) != 2 ||
		got.Licenses[0].State != "active" || got.Licenses[0].LicenseARN != "arn:1" {
		t.Errorf("%+v", got)
	}
	if id.Issuer != h.URL || id.IssuedAt.Before(before.Add(-time.Minute)) || time.Unix(got.AuthTime, 0).Before(before.Add(-time.Minute)) || tok.TokenType != "Bearer" || tok.RefreshToken == "" {
		t.Errorf("%+v, %+v", id, tok)
	}
	info, err := ink.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(tok))
	if err != nil || info.Subject != got.Subject || info.Email != got.Email {
		t.Errorf("%+v, %v", info, err)
	}

	// Another application asks nothing of a person who is signed in, and is told only what it asked for and what is its own.
	h.clk.Set(noon.Add(time.Hour))
	_, id = b.signsOn(h.client("bindery", "", spaBack, "licenses"), oauth2.SetAuthURLParam("prompt", "none"))
	var other said
	other.read(t, id.Claims)
	if other.Subject != got.Subject || other.Name != "" || other.Email != "" || other.Verified != nil || other.Account.Company != "" || len(other.Licenses) != 1 || other.Licenses[0].ID != "lic_2" {
		t.Errorf("%+v", other)
	}
	if ago := ago(other); ago < time.Hour-time.Minute {
		t.Errorf("signed in an hour ago, and told as %s", ago)
	}
}

func TestRefreshTokensAreGoodOnce(t *testing.T) {
	h := newHouse(t)
	ink, b := h.inkwell("offline_access"), h.browser()
	first, _ := b.signsOn(ink)
	second, err := ink.renew(t, first.RefreshToken)
	if err != nil || second.RefreshToken == first.RefreshToken || second.AccessToken == first.AccessToken {
		t.Fatal(second, err)
	}
	if id, err := ink.verifier.Verify(t.Context(), second.Extra("id_token").(string)); err != nil || id.Subject != string(h.ada.ID) {
		t.Error(id, err)
	}
	if _, err := ink.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(second)); err != nil {
		t.Error(err)
	}
	if _, err := ink.renew(t, first.RefreshToken); codeOf(err) != "invalid_grant" {
		t.Errorf("one that was replaced: %v", err)
	}
	if _, err := ink.renew(t, second.RefreshToken); codeOf(err) != "invalid_grant" {
		t.Errorf("its successor, after that: %v", err)
	}
	if _, err := ink.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(second)); err == nil {
		t.Error("the access token is still good")
	}

	third, _ := b.signsOn(ink)
	if _, err := h.client("other", secret, back).renew(t, third.RefreshToken); codeOf(err) != "invalid_grant" {
		t.Errorf("another application's: %v", err)
	}
	if tok, _ := b.signsOn(h.inkwell()); tok.RefreshToken != "" {
		t.Error("one was given that was not asked for")
	}
}

// codeOf is the code of a refusal, as RFC 6749 has it.
func codeOf(err error) string {
	if e, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return e.ErrorCode
	}
	return ""
}

// Whatever ends a session ends what applications have of it, at once.
func TestTokensEndWithTheSession(t *testing.T) {
	for name, end := range map[string]func(h *house, b *browser){
		"signed out": func(h *house, b *browser) { b.opens(h.URL+"/signout", url.Values{}) },
		"erased": func(h *house, _ *browser) {
			if _, err := h.accounts.Erase(h.t.Context(), h.ada.Account.ID); err != nil {
				h.t.Fatal(err)
			}
		},
		"idle": func(h *house, _ *browser) { h.clk.Set(noon.Add(account.SessionIdle)) },
		"signed in anew": func(h *house, b *browser) {
			b.signsOn(h.client("bindery", "", spaBack), oauth2.SetAuthURLParam("prompt", "login"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			ink, b := h.inkwell("offline_access"), h.browser()
			tok, _ := b.signsOn(ink)
			h.clk.Set(noon.Add(time.Second))
			end(h, b)
			if _, err := ink.renew(t, tok.RefreshToken); codeOf(err) != "invalid_grant" {
				t.Errorf("its refresh token: %v", err)
			}
			if _, err := ink.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(tok)); err == nil {
				t.Error("its access token is good")
			}
		})
	}
}

func TestWhatExpires(t *testing.T) {
	h := newHouse(t)
	ink, b, p := h.inkwell("offline_access"), h.browser(), newProof()
	code := b.code(ink, p)
	h.clk.Set(noon.Add(signon.CodeLife))
	if _, err := ink.Exchange(t.Context(), code, oauth2.VerifierOption(p.verifier)); codeOf(err) != "invalid_grant" {
		t.Errorf("a code after a minute: %v", err)
	}
	tok, _ := b.signsOn(ink)
	h.clk.Set(h.clk.Now().Add(signon.AccessLife))
	if _, err := ink.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(tok)); err == nil {
		t.Error("an access token after a quarter of an hour")
	}
	if _, err := ink.renew(t, tok.RefreshToken); err != nil {
		t.Errorf("its refresh token: %v", err)
	}
}

// Who is asked for the password again must give it again, however the request comes back.
func TestAskingAnew(t *testing.T) {
	for name, more := range map[string]oauth2.AuthCodeOption{
		"prompt": oauth2.SetAuthURLParam("prompt", "login"), "account": oauth2.SetAuthURLParam("prompt", "select_account"), "age": oauth2.SetAuthURLParam("max_age", "60"), "no age": oauth2.SetAuthURLParam("max_age", "0"),
	} {
		h := newHouse(t)
		ink, b := h.inkwell(), h.browser()
		b.signsOn(ink)
		h.clk.Set(noon.Add(time.Hour))
		p := newProof()
		at, _ := b.opens(ink.asks(p, more), nil)
		if at.Path != "/signin" {
			t.Errorf("%s: %s", name, at)
			continue
		}
		round, _ := b.opens(h.URL+"/oauth/authorize?"+at.Query().Get("authorize"), nil) // without signing in
		if round.Path != "/signin" {
			t.Errorf("%s, and straight back: %s", name, round)
		}
		made, _ := url.ParseQuery(at.Query().Get("authorize"))
		made.Set(signon.Since, "AQAAAAA")
		if round, _ := b.opens(h.URL+"/oauth/authorize?"+made.Encode(), nil); round.Path != "/signin" {
			t.Errorf("%s, with a seal of one's own: %s", name, round)
		}
		at, _ = b.signsIn(at, "not the password at all")
		if at.Path != "/signin" {
			t.Fatalf("%s, with a wrong password: %s", name, at)
		}
		var got said
		_, id := b.signsOn(ink, more)
		got.read(t, id.Claims)
		if ago := ago(got); ago > time.Minute {
			t.Errorf("%s: signed in %s ago", name, ago)
		}
	}
	h := newHouse(t)
	at, _ := h.browser().opens(h.inkwell().asks(newProof(), oauth2.SetAuthURLParam("prompt", "none")), nil)
	if at.Host != "app.example.com" || at.Query().Get("error") != "login_required" || at.Query().Get("iss") != h.URL {
		t.Errorf("asking nobody: %s", at)
	}
}

func TestSigningOut(t *testing.T) {
	h := newHouse(t)
	ink := h.inkwell()
	var meta struct {
		End string `json:"end_session_endpoint"`
	}
	if err := ink.provider.Claims(&meta); err != nil {
		t.Fatal(err)
	}
	out := func(token string, more ...string) string {
		q := url.Values{"post_logout_redirect_uri": {left}, "state": {"s"}}
		if token != "" {
			q.Set("id_token_hint", token)
		}
		for i := 0; i < len(more); i += 2 {
			q.Set(more[i], more[i+1])
		}
		return meta.End + "?" + q.Encode()
	}
	in := func(b *browser) bool { at, _ := b.opens(h.URL+"/portal", nil); return at.Path == "/portal" }

	b := h.browser()
	tok, _ := b.signsOn(ink)
	token := tok.Extra("id_token").(string)
	if at, _ := b.opens(out(token), nil); at.String() != left+"?state=s" || in(b) {
		t.Errorf("with its own token: %s", at)
	}
	if at, _ := b.opens(out(token), nil); at.String() != left+"?state=s" {
		t.Errorf("signed out already: %s", at)
	}
	if at, _ := b.opens(meta.End, url.Values{"id_token_hint": {token}, "post_logout_redirect_uri": {left}}); at.String() != left {
		t.Errorf("by a form: %s", at)
	}

	b.signsOn(ink) // another session: the token before does not speak of it
	for name, address := range map[string]string{"an older token": out(token), "no token": out("", "client_id", "inkwell"), "a token that is none": out("e30.e30.e30", "client_id", "inkwell")} {
		at, status := b.opens(address, nil)
		if at.Path != "/oauth/signout" || status != http.StatusOK || !in(b) {
			t.Errorf("%s: %d %s", name, status, at)
		}
		query := at.RawQuery
		if at, _ := b.opens(h.URL+"/signout", url.Values{"after": {query}}); at.String() != left+"?state=s" || in(b) {
			t.Errorf("%s, and yes: %s", name, at)
		}
		b.signsOn(ink)
	}
	for name, address := range map[string]string{
		"elsewhere": out(token, "post_logout_redirect_uri", "https://evil.example/"), "back, which is for signing in": out(token, "post_logout_redirect_uri", back), "for another": out(token, "client_id", "other"),
		"of nobody": out(""), "of another": out("", "client_id", "bindery"),
	} {
		at, status := b.opens(address, nil)
		if status != http.StatusBadRequest || !strings.HasPrefix(at.String(), h.URL) || !in(b) {
			t.Errorf("%s: %d %s", name, status, at)
		}
	}
}

// The provider describes itself as it is, to a client that takes its word.
func TestKeysTurnUnderAClient(t *testing.T) {
	h := newHouse(t)
	ink, b := h.inkwell(), h.browser()
	_, first := b.signsOn(ink)
	for range 3 {
		due, _, err := h.keys.Job().Due(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		h.clk.Set(due)
		if _, err := h.keys.Job().Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.clk.Set(due.Add(signon.KeyAhead))
		if _, id := b.signsOn(ink); id.Subject != first.Subject {
			t.Error(id)
		}
	}
	if n := len(h.keys.Known()); n < 2 {
		t.Errorf("%d keys", n)
	}
}

// A person sees where their account is open, and ends it; another's they neither see nor end.
func TestAPersonEndsAnApplicationsAccess(t *testing.T) {
	h := newHouse(t)
	ink, b, phone := h.inkwell("offline_access"), h.browser(), h.browser()
	tok, _ := b.signsOn(ink)
	onPhone, _ := phone.signsOn(ink)
	b.code(h.client("bindery", "", spaBack), newProof()) // not redeemed
	if page := b.reads("/portal/applications"); !strings.Contains(page, "<h2>Inkwell</h2>") || !strings.Contains(page, "in 2 browsers") || strings.Contains(page, "Bindery") {
		t.Errorf("%s", page)
	}

	grace, err := h.accounts.SignUp(t.Context(), account.SignUp{Email: "grace@example.com", Name: "Grace Hopper", Password: password}, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	other := h.browser()
	at, _ := other.opens(h.URL+"/signin", url.Values{"email": {grace.Email}, "password": {password}})
	if page := other.reads("/portal/applications"); at.Path != "/portal" || strings.Contains(page, "Inkwell</h2>") {
		t.Errorf("another's: %s, %s", at, page)
	}
	other.opens(h.URL+"/portal/applications/end", url.Values{"application": {"inkwell"}})
	if _, err := ink.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(tok)); err != nil {
		t.Errorf("another has ended it: %v", err)
	}

	if at, _ := b.opens(h.URL+"/portal/applications/end", url.Values{"application": {"inkwell"}}); at.RequestURI() != "/portal/applications?ended" {
		t.Errorf("led to %s", at)
	}
	for _, tok := range []*oauth2.Token{tok, onPhone} {
		if _, err := ink.renew(t, tok.RefreshToken); codeOf(err) != "invalid_grant" {
			t.Errorf("its refresh token: %v", err)
		}
		if _, err := ink.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(tok)); err == nil {
			t.Error("its access token is good")
		}
	}
	if page := b.reads("/portal/applications"); !strings.Contains(page, "No application at this moment") {
		t.Errorf("%s", page)
	}
	b.signsOn(ink) // and opens it again without a word, being signed in
}
