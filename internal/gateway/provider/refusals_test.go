package provider_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/oauth2"

	"souk.dev/souk/internal/gateway/provider"
	"souk.dev/souk/internal/gateway/signon"
)

// posts sends a form as an application does, with a secret in the Authorization header unless id is empty.
func (h *house) posts(path string, form url.Values, id, secret string, change ...func(*http.Request)) (status int, header http.Header, body map[string]any) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id != "" {
		req.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	}
	for _, f := range change {
		f(req)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(text, &body); err != nil {
			h.t.Fatalf("%s: %v", text, err)
		}
	}
	return res.StatusCode, res.Header, body
}

// TestWhatIsNotRedeemed tries each thing that could be wrong with a code, which is good for one try.
func TestWhatIsNotRedeemed(t *testing.T) {
	h := newHouse(t)
	ink, b := h.inkwell("offline_access"), h.browser()
	for name, c := range map[string]struct {
		id, secret string
		form       url.Values // over what is right
		status     int
		code       string
		spent      bool // the code is gone after that
	}{
		"another's secret":        {"inkwell", "guess", nil, 401, "invalid_client", false},
		"no secret":               {"", "", url.Values{"client_id": {"inkwell"}}, 401, "invalid_client", false},
		"nobody's":                {"nobody", secret, nil, 401, "invalid_client", false},
		"no name":                 {"", "", nil, 400, "invalid_request", false},
		"two proofs":              {"inkwell", secret, url.Values{"client_id": {"inkwell"}, "client_secret": {secret}}, 400, "invalid_request", false},
		"an assertion":            {"", "", url.Values{"client_id": {"inkwell"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {"e30.e30."}}, 401, "invalid_client", false},
		"a public one's name":     {"", "", url.Values{"client_id": {"bindery"}}, 400, "invalid_grant", true},
		"another application":     {"other", secret, nil, 400, "invalid_grant", true},
		"no verifier":             {"inkwell", secret, url.Values{"code_verifier": nil}, 400, "invalid_grant", true},
		"another verifier":        {"inkwell", secret, url.Values{"code_verifier": {oauth2.GenerateVerifier()}}, 400, "invalid_grant", true},
		"the challenge itself":    {"inkwell", secret, url.Values{"code_verifier": {"CHALLENGE"}}, 400, "invalid_grant", true},
		"another address":         {"inkwell", secret, url.Values{"redirect_uri": {left}}, 400, "invalid_grant", true},
		"no address":              {"inkwell", secret, url.Values{"redirect_uri": nil}, 400, "invalid_request", false},
		"a code that is none":     {"inkwell", secret, url.Values{"code": {"sgn_none.x"}}, 400, "invalid_grant", false},
		"no code":                 {"inkwell", secret, url.Values{"code": nil}, 400, "invalid_request", false},
		"the code as a refresh":   {"inkwell", secret, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"CODE"}}, 400, "invalid_grant", true},
		"a password":              {"inkwell", secret, url.Values{"grant_type": {"password"}}, 400, "unsupported_grant_type", false},
		"on one's own behalf":     {"inkwell", secret, url.Values{"grant_type": {"client_credentials"}}, 400, "unauthorized_client", false},
		"nothing":                 {"inkwell", secret, url.Values{"grant_type": nil}, 400, "invalid_request", false},
		"the secret before, fine": {"inkwell", "the one before", nil, 200, "", true},
	} {
		p := newProof()
		code := b.code(ink, p)
		form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {back}, "code_verifier": {p.verifier}}
		for k, v := range c.form {
			if form[k] = v; v == nil {
				delete(form, k)
			}
			if form.Get(k) == "CODE" {
				form.Set(k, code)
			}
			if form.Get(k) == "CHALLENGE" {
				form.Set(k, oauth2.S256ChallengeFromVerifier(p.verifier))
			}
		}
		status, header, body := h.posts("/oauth/token", form, c.id, c.secret)
		got, _ := body["error"].(string)
		if status != c.status || got != c.code || header.Get("Cache-Control") != "no-store" || status == 401 && !strings.HasPrefix(header.Get("WWW-Authenticate"), "Basic") {
			t.Errorf("%s: %d %v %v", name, status, body, header)
		}
		_, err := ink.Exchange(t.Context(), code, oauth2.VerifierOption(p.verifier))
		if spent := codeOf(err) == "invalid_grant"; spent != c.spent || !spent && err != nil {
			t.Errorf("%s: then the right one: %v", name, err)
		}
	}
}

// Who brings a code a second time ends what the first has got for it.
func TestAReplayedCodeEndsItsTokens(t *testing.T) {
	h := newHouse(t)
	ink, b, p := h.inkwell("offline_access"), h.browser(), newProof()
	code := b.code(ink, p)
	tok, err := ink.Exchange(t.Context(), code, oauth2.VerifierOption(p.verifier))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ink.Exchange(t.Context(), code, oauth2.VerifierOption(p.verifier)); codeOf(err) != "invalid_grant" {
		t.Errorf("again: %v", err)
	}
	if _, err := ink.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(tok)); err == nil {
		t.Error("the access token is good")
	}
	if _, err := ink.renew(t, tok.RefreshToken); codeOf(err) != "invalid_grant" {
		t.Errorf("the refresh token: %v", err)
	}
}

// Secrets and tokens are not taken from where they are written down: an address, or twice.
func TestHowRequestsCome(t *testing.T) {
	h := newHouse(t)
	tok, _ := h.browser().signsOn(h.inkwell())
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}
	for name, c := range map[string]struct {
		path   string
		form   url.Values
		change func(*http.Request)
		status int
	}{
		"as it should":                    {"/oauth/token", form, func(*http.Request) {}, 400},
		"by GET":                          {"/oauth/token", nil, func(r *http.Request) { r.Method = "GET" }, 405},
		"by GET, with all in the address": {"/oauth/introspect?token=x", nil, func(r *http.Request) { r.Method = "GET" }, 405},
		"in the address":                  {"/oauth/token?" + form.Encode(), nil, func(*http.Request) {}, 400},
		"twice":                           {"/oauth/token", url.Values{"grant_type": {"refresh_token", "authorization_code"}}, func(*http.Request) {}, 400},
		"as JSON":                         {"/oauth/token", form, func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, 400},
		"too much":                        {"/oauth/token", url.Values{"refresh_token": {strings.Repeat("x", 20<<10)}}, func(*http.Request) {}, 400},
		"a token in the address":          {"/oauth/userinfo?access_token=" + tok.AccessToken, nil, func(r *http.Request) { r.Method = "GET" }, 400},
		"a token in the header":           {"/oauth/userinfo", nil, func(r *http.Request) { r.Method = "GET"; r.Header.Set("Authorization", "Bearer "+tok.AccessToken) }, 200},
		"a token in the body":             {"/oauth/userinfo", url.Values{"access_token": {tok.AccessToken}}, func(r *http.Request) { r.Header.Del("Authorization") }, 200},
		"no token":                        {"/oauth/userinfo", nil, func(r *http.Request) { r.Method = "GET"; r.Header.Del("Authorization") }, 401},
		"an ID token for an access token": {"/oauth/userinfo", nil, func(r *http.Request) {
			r.Method = "GET"
			r.Header.Set("Authorization", "Bearer "+tok.Extra("id_token").(string))
		}, 401},
	} {
		if status, header, body := h.posts(c.path, c.form, "inkwell", secret, c.change); status != c.status || status == 401 && !strings.HasPrefix(header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
	// A script of an application's site may call, and none else; no cookies go along.
	for origin, want := range map[string]string{"http://localhost:9": "http://localhost:9", "https://evil.example": ""} {
		_, header, _ := h.posts("/oauth/token", form, "", "", func(r *http.Request) { r.Header.Set("Origin", origin) })
		if got := header.Get("Access-Control-Allow-Origin"); got != want || header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %q", origin, got)
		}
	}
}

func TestIntrospectionAndRevocation(t *testing.T) {
	h := newHouse(t)
	ink, b := h.inkwell("offline_access"), h.browser()
	tok, _ := b.signsOn(ink)
	active := func(token, id string) bool {
		status, _, body := h.posts("/oauth/introspect", url.Values{"token": {token}}, id, secret)
		is, _ := body["active"].(bool)
		if status != 200 || is && (body["sub"] != string(h.ada.ID) || body["client_id"] != id) || !is && len(body) != 1 {
			t.Errorf("%d %v", status, body)
		}
		return is
	}
	if !active(tok.AccessToken, "inkwell") || !active(tok.RefreshToken, "inkwell") || active(tok.AccessToken, "other") || active("x", "inkwell") {
		t.Error("who is told what of a token")
	}
	for _, who := range [][2]string{{"", ""}, {"inkwell", "guess"}} {
		if status, _, body := h.posts("/oauth/introspect", url.Values{"token": {tok.AccessToken}, "client_id": {"bindery"}}, who[0], who[1]); status < 400 || body["active"] != nil {
			t.Errorf("%v: %d %v", who, status, body)
		}
	}
	revoke := func(token, id string) {
		if status, _, body := h.posts("/oauth/revoke", url.Values{"token": {token}}, id, secret); status != 200 {
			t.Errorf("%d %v", status, body)
		}
	}
	revoke(tok.RefreshToken, "other")
	revoke("x", "inkwell")
	if !active(tok.AccessToken, "inkwell") {
		t.Error("another application has revoked it")
	}
	revoke(tok.RefreshToken, "inkwell")
	if active(tok.AccessToken, "inkwell") || active(tok.RefreshToken, "inkwell") {
		t.Error("it is good after revocation")
	}
	second, _ := b.signsOn(ink)
	revoke(second.AccessToken, "inkwell")
	if active(second.RefreshToken, "inkwell") {
		t.Error("a sign-on goes on without its access token")
	}
}

// An ID token that somebody else has made, or none has signed, signs nobody out.
func TestForgedHintsSignNobodyOut(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	tok, _ := b.signsOn(h.inkwell())
	parts := strings.Split(tok.Extra("id_token").(string), ".")
	known := h.keys.Signing()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: jose.JSONWebKey{Key: known.Private.N.Bytes(), KeyID: known.ID}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	mac, err := jwt.Signed(signer).Claims(map[string]any{"iss": h.URL, "aud": "inkwell"}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"alg none": "eyJhbGciOiJub25lIn0." + parts[1] + ".", "no signature": parts[0] + "." + parts[1] + ".", "other claims": parts[0] + ".e30." + parts[2], "the public key as a secret": mac,
	} {
		at, status := b.opens(h.URL+"/oauth/signout?"+url.Values{"id_token_hint": {token}}.Encode(), nil)
		if status != 200 || at.Path != "/oauth/signout" {
			t.Errorf("%s: %d %s", name, status, at)
		}
	}
	if at, _ := b.opens(h.URL+"/portal", nil); at.Path != "/portal" {
		t.Error("she is signed out")
	}
}

// What an application asks wrongly it is told at its own address, and nobody is led anywhere else.
func TestHowApplicationsAreRefused(t *testing.T) {
	h := newHouse(t)
	ink, b := h.inkwell(), h.browser()
	b.signsOn(ink)
	for name, c := range map[string]struct {
		more []oauth2.AuthCodeOption
		code string // empty: a page of ours
	}{
		"no PKCE":           {[]oauth2.AuthCodeOption{oauth2.SetAuthURLParam("code_challenge", "")}, signon.InvalidRequest},
		"plain PKCE":        {[]oauth2.AuthCodeOption{oauth2.SetAuthURLParam("code_challenge_method", "plain")}, signon.InvalidRequest},
		"a token at once":   {[]oauth2.AuthCodeOption{oauth2.SetAuthURLParam("response_type", "id_token")}, "unsupported_response_type"},
		"another address":   {[]oauth2.AuthCodeOption{oauth2.SetAuthURLParam("redirect_uri", "https://evil.example/")}, ""},
		"a longer address":  {[]oauth2.AuthCodeOption{oauth2.SetAuthURLParam("redirect_uri", back+"/x")}, ""},
		"an unknown client": {[]oauth2.AuthCodeOption{oauth2.SetAuthURLParam("client_id", "evil")}, ""},
	} {
		p := newProof()
		address := ink.asks(p) // options of later names win
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		changed, err := url.Parse((&oauth2.Config{}).AuthCodeURL("", c.more...))
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range changed.Query() {
			if k != "client_id" && k != "response_type" || v[0] != "" && v[0] != "code" {
				q[k] = v
			}
		}
		for _, form := range []url.Values{nil, q} { // a link, and a form
			at := h.URL + u.Path
			if form == nil {
				at += "?" + q.Encode()
			}
			to, status := b.opens(at, form)
			told := to.Query().Get("error")
			if c.code == "" && (status != 400 || !strings.HasPrefix(to.String(), h.URL)) || c.code != "" && (told != c.code || to.Host != "app.example.com" || to.Query().Get("state") != p.state || to.Query().Has("code")) {
				t.Errorf("%s: %d %s", name, status, to)
			}
		}
	}
}

// An application that the seller takes off the list gets nothing for what it still has.
func TestAnApplicationOffTheList(t *testing.T) {
	h := newHouse(t)
	tok, _ := h.browser().signsOn(h.inkwell("offline_access", "licenses"))
	h.config.Applications = slices.DeleteFunc(slices.Clone(h.config.Applications), func(a signon.Application) bool { return a.ID == "inkwell" })
	mux := http.NewServeMux()
	provider.New(h.config).Mount(mux)
	for path, form := range map[string]url.Values{"/oauth/userinfo": {"access_token": {tok.AccessToken}}, "/oauth/token": {"grant_type": {"refresh_token"}, "refresh_token": {tok.RefreshToken}},
		"/oauth/introspect": {"token": {tok.AccessToken}}} {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if path != "/oauth/userinfo" {
			r.SetBasicAuth("inkwell", url.QueryEscape(secret))
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), string(h.ada.ID)) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}
