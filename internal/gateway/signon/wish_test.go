package signon

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

var sellers = Applications{
	{ID: "inkwell", Name: "Inkwell", Secrets: []string{credential.HashOf("secret")}, Redirects: []string{"https://app.example.com/back", "http://127.0.0.1:4720/back?x=1"}},
	{ID: "bindery", Name: "Bindery", Redirects: []string{"https://bindery.example.com/back"}},
}

// asks is a query that nothing is wrong with, after change.
func asks(change ...string) url.Values {
	q := url.Values{"client_id": {"inkwell"}, "redirect_uri": {"https://app.example.com/back"}, "response_type": {"code"}, "scope": {"openid email made_up"}, "state": {"s&1"},
		"nonce": {"n"}, "code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"}}
	for i := 0; i < len(change); i += 2 {
		if q.Set(change[i], change[i+1]); change[i+1] == "" {
			q.Del(change[i])
		}
	}
	return q
}

func TestWhatAnApplicationMayAsk(t *testing.T) {
	w, err := sellers.Read(asks("prompt", "login consent", "max_age", "3600", "login_hint", "ada@example.com"))
	if err != nil || w.Application.ID != "inkwell" || !slices.Equal(w.Scopes, []string{ScopeOpenID, ScopeEmail}) || !w.Anew || w.Silent || w.MaxAge != time.Hour || w.Hint != "ada@example.com" {
		t.Errorf("%+v, %v", w, err)
	}
	if back := w.Back("https://buy.example.com", "c", nil); back != "https://app.example.com/back?code=c&iss=https%3A%2F%2Fbuy.example.com&state=s%261" {
		t.Error(back)
	}
	twice := asks()
	twice.Add("scope", "openid")
	for name, c := range map[string]struct {
		q    url.Values
		code string
	}{
		"nothing new": {asks("prompt", "none"), ""}, "another of its addresses": {asks("redirect_uri", "http://127.0.0.1:4720/back?x=1"), ""},
		"no PKCE": {asks("code_challenge", ""), InvalidRequest}, "plain PKCE": {asks("code_challenge_method", "plain"), InvalidRequest}, "PKCE that does not say how": {asks("code_challenge_method", ""), InvalidRequest},
		"a challenge that is none": {asks("code_challenge", "abc"), InvalidRequest}, "no openid": {asks("scope", "email"), "invalid_scope"}, "no scope": {asks("scope", ""), "invalid_scope"},
		"tokens at once": {asks("response_type", "id_token"), "unsupported_response_type"}, "code and token": {asks("response_type", "code token"), "unsupported_response_type"},
		"a fragment": {asks("response_mode", "fragment"), InvalidRequest}, "a request object": {asks("request", "e30.e30."), "request_not_supported"}, "one elsewhere": {asks("request_uri", "https://x.example"), "request_uri_not_supported"},
		"silent and asking": {asks("prompt", "none login"), InvalidRequest}, "an unknown prompt": {asks("prompt", "create"), InvalidRequest}, "an age that is none": {asks("max_age", "-1"), InvalidRequest},
		"twice": {twice, InvalidRequest}, "too long": {asks("nonce", strings.Repeat("n", maxNonce+1)), InvalidRequest}, "much too long": {asks("state", strings.Repeat("n", maxWish)), InvalidRequest},
	} {
		w, err := sellers.Read(c.q)
		refusal, _ := errors.AsType[*Refusal](err)
		if c.code == "" && err != nil || c.code != "" && (refusal == nil || refusal.Code != c.code || w.Redirect != c.q.Get("redirect_uri")) {
			t.Errorf("%s: %v", name, err)
		}
		if refusal != nil && !strings.Contains(w.Back("https://buy.example.com", "", refusal), "error="+c.code) {
			t.Errorf("%s: told at %s", name, w.Back("https://buy.example.com", "", refusal))
		}
	}
}

// Where a request cannot be believed in who asks and where that is, nobody is led anywhere.
func TestNobodyIsLedElsewhere(t *testing.T) {
	twice := asks()
	twice.Add("redirect_uri", "https://app.example.com/back")
	for name, q := range map[string]url.Values{
		"unknown": asks("client_id", "evil"), "none": asks("client_id", ""), "no address": asks("redirect_uri", ""), "another's": asks("redirect_uri", "https://bindery.example.com/back"),
		"below": asks("redirect_uri", "https://app.example.com/back/x"), "above": asks("redirect_uri", "https://app.example.com/"), "upper case": asks("redirect_uri", "https://APP.example.com/back"),
		"a query more": asks("redirect_uri", "https://app.example.com/back?x=1"), "a query less": asks("redirect_uri", "http://127.0.0.1:4720/back"), "another port": asks("redirect_uri", "http://127.0.0.1:4721/back?x=1"), "twice": twice,
	} {
		w, err := sellers.Read(q)
		if _, told := errors.AsType[*Refusal](err); !fail.Is(err, fail.Invalid) || told || w.Redirect != "" {
			t.Errorf("%s: %+v, %v", name, w, err)
		}
	}
}

// Whoever asks anew or for a recent sign-in gets one that was made after the asking, or one that is recent.
func TestWhatIsEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.Custom(func(t *rapid.T) time.Time {
			return noon.Add(time.Duration(rapid.IntRange(-1000, 0).Draw(t, "s")) * time.Second)
		})
		w := Wish{Anew: rapid.Bool().Draw(t, "anew"), MaxAge: time.Duration(rapid.IntRange(-1, 1000).Draw(t, "age")) * time.Second}
		in, since := at.Draw(t, "in"), time.Time{}
		if rapid.Bool().Draw(t, "sent") {
			since = at.Draw(t, "since")
		}
		got := w.Enough(in, since, noon)
		after := !since.IsZero() && !in.Before(since)
		recent := w.MaxAge < 0 || noon.Sub(in) <= w.MaxAge
		if want := after || !w.Anew && recent; got != want {
			t.Fatalf("%+v, signed in %s, sent %s: %t", w, in, since, got)
		}
	})
}

func TestApplicationsThatCannotBe(t *testing.T) {
	good := func(change func(*Application)) Applications {
		a := Application{ID: "inkwell", Name: "Inkwell", Product: "ink", Secrets: []string{credential.HashOf("s")}, Redirects: []string{"https://app.example.com/back"}}
		change(&a)
		return Applications{a}
	}
	products := core.Catalogue{{Code: "ink"}, {Code: "press", SignUpURL: "https://press.example.com/signup"}}
	for name, as := range map[string]Applications{
		"no id": good(func(a *Application) { a.ID = "" }), "an id that basic auth cannot carry": good(func(a *Application) { a.ID = "a:b" }), "no name": good(func(a *Application) { a.Name = "" }),
		"a product that is none": good(func(a *Application) { a.Product = "x" }), "accounts elsewhere": good(func(a *Application) { a.Product = "press" }), "a secret in the clear": good(func(a *Application) { a.Secrets = []string{"secret"} }),
		"nowhere to go": good(func(a *Application) { a.Redirects = nil }), "no TLS": good(func(a *Application) { a.Redirects = []string{"http://app.example.com/back"} }), "a fragment": good(func(a *Application) { a.Redirects = []string{"https://app.example.com/#"} }),
		"a scheme of its own": good(func(a *Application) { a.Redirects = []string{"inkwell:/back"} }), "no TLS after": good(func(a *Application) { a.SignedOut = []string{"http://app.example.com/"} }), "no host": good(func(a *Application) { a.Redirects = []string{"https:///back"} }),
		"a script": good(func(a *Application) { a.Redirects = []string{"javascript:alert(1)"} }), "somebody's": good(func(a *Application) { a.Redirects = []string{"https://app.example.com@evil.example/"} }),
		"twice": append(good(func(*Application) {}), good(func(*Application) {})...),
	} {
		if err := as.Check("https://buy.example.com", products); !fail.Is(err, fail.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	fine := good(func(a *Application) { a.Redirects = append(a.Redirects, "http://[::1]:9/back", "http://localhost/") })
	if err := fine.Check("https://buy.example.com", products); err != nil {
		t.Error(err)
	}
	if err := fine.Check("http://buy.example.com", products); !fail.Is(err, fail.Invalid) {
		t.Errorf("tokens in the clear: %v", err)
	}
	if a := fine[0]; !a.Proves("s") || a.Proves("") || a.Proves("t") || a.Public() {
		t.Error("its secret")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(asks().Encode())
	f.Add(asks("prompt", "none", "max_age", "99999999999999999999", "code_challenge", "é").Encode())
	f.Add("client_id=inkwell&redirect_uri=https://app.example.com/back&state=%00&state=2")
	f.Fuzz(func(t *testing.T, query string) {
		q, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		w, err := sellers.Read(q)
		refusal, told := errors.AsType[*Refusal](err)
		if err != nil && !told {
			if !fail.Is(err, fail.Invalid) || w.Redirect != "" {
				t.Errorf("%+v, %v", w, err)
			}
			return
		}
		if !slices.Contains(w.Application.Redirects, w.Redirect) || err == nil && (w.Challenge == "" || !slices.Contains(w.Scopes, ScopeOpenID)) {
			t.Errorf("%q is read as %+v", query, w)
		}
		registered, _ := url.Parse(w.Redirect)
		back, err := url.Parse(w.Back("https://buy.example.com", "c", refusal))
		if err != nil || back.Scheme != registered.Scheme || back.Host != registered.Host || back.Path != registered.Path {
			t.Errorf("%q leads to %s, %v", query, back, err)
		}
	})
}
