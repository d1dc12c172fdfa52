package idp

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/idp/idptest"
	"souk.dev/souk/internal/gateway/operator"
)

const base = "http://127.0.0.1:4710"

var staff = Rules{operator.Operator: {"staff"}, operator.Admin: {"ida@inkwell.example"}}

func provider(t *testing.T, c Config) *Provider {
	t.Helper()
	c.ClientID = idptest.ClientID
	if c.ClientSecret == "" {
		c.ClientSecret = idptest.ClientSecret
	}
	p, err := New(c, base, clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A provider of somebody else's make lets its person in, proven, and with what it tells by its userinfo endpoint alone.
func TestARealProviderVouches(t *testing.T) {
	p := provider(t, Config{Issuer: idptest.Real(t, base+CallbackPath), Rules: Rules{operator.Admin: {"Test-User@zitadel.ch"}}})
	to, s, err := p.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	back, err := url.Parse(idptest.SignIn(t, to))
	if err != nil || !strings.HasPrefix(back.String(), base+CallbackPath+"?") {
		t.Fatalf("%s, %v", back, err)
	}
	id, err := p.Finish(t.Context(), s, back.Query())
	want := operator.Identity{Issuer: p.Issuer, Subject: "id1", Email: idptest.Email, EmailVerified: true, Name: idptest.Name, Role: operator.Admin}
	if err != nil || id != want {
		t.Errorf("%+v, %v; want %+v", id, err, want)
	}
	if _, err := p.Finish(t.Context(), s, back.Query()); fail.CodeOf(err) != "code_refused" {
		t.Errorf("the same answer once more: %v", err)
	}
}

// goes sends a browser to the provider, and is what it brings back.
func goes(t *testing.T, p *Provider) (SignIn, url.Values) {
	t.Helper()
	to, s, err := p.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(to)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	back, err := res.Location()
	if err != nil {
		t.Fatal(res.Status, err)
	}
	return s, back.Query()
}

// TestWhatMustNotBeBelieved tries each thing that could be wrong with what comes back, or with who says it.
func TestWhatMustNotBeBelieved(t *testing.T) {
	now := clock.System{}.Now
	claims := func(name string, value any) func(*idptest.Fake) {
		return func(f *idptest.Fake) { f.Claims = func(c map[string]any) { c[name] = value } }
	}
	answer := func(name, value string) func(*idptest.Fake) {
		return func(f *idptest.Fake) { f.Answer = func(v url.Values) { v.Set(name, value) } }
	}
	for name, c := range map[string]struct {
		bend func(*idptest.Fake)
		code string
	}{
		"another state":    {answer("state", "x"), "stray_answer"},
		"no state":         {answer("state", ""), "stray_answer"},
		"another provider": {answer("iss", "https://evil.example"), "other_issuer"},
		"no provider": {func(f *idptest.Fake) {
			f.Discovery = func(d map[string]any) { d["authorization_response_iss_parameter_supported"] = true }
		}, "other_issuer"},
		"a refusal": {answer("error", "access_denied"), "provider_refused"},
		"a refusal of another": {func(f *idptest.Fake) {
			f.Answer = func(v url.Values) { v.Set("error", "access_denied"); v.Set("iss", "https://evil.example") }
		}, "other_issuer"},
		"its trouble":          {answer("error", "server_error"), "provider_trouble"},
		"our set-up":           {answer("error", "invalid_scope"), "provider_setup"},
		"a made-up code":       {answer("code", "x"), "code_refused"},
		"no code":              {answer("code", ""), "code_refused"},
		"another nonce":        {claims("nonce", "x"), "not_proven"},
		"another issuer":       {claims("iss", "https://evil.example"), "not_proven"},
		"another client":       {claims("aud", "other"), "not_proven"},
		"another's among ours": {claims("aud", []string{idptest.ClientID, "other"}), "not_proven"},
		"issued to another":    {claims("azp", "other"), "not_proven"},
		"issued to a number":   {claims("azp", 7), "not_proven"},
		"expired":              {claims("exp", now().Add(-time.Minute).Unix()), "not_proven"},
		"of nobody":            {claims("sub", ""), "not_proven"},
		"of a very long name":  {claims("sub", strings.Repeat("x", 256)), "not_proven"},
		"signed by a stranger": {func(f *idptest.Fake) { f.Stranger = true }, "not_proven"},
		"userinfo of another": {func(f *idptest.Fake) {
			claims("email", "")(f)
			f.UserInfo = map[string]any{"sub": "person-2", "email": "ida@inkwell.example", "email_verified": true}
		}, "not_proven"},
		"no ID token": {func(f *idptest.Fake) { f.Token = says(http.StatusOK, `{"access_token":"at","token_type":"Bearer"}`) }, "not_proven"},
		"a token that is none": {func(f *idptest.Fake) {
			f.Token = says(http.StatusOK, `{"access_token":"at","token_type":"Bearer","id_token":"a.b.c"}`)
		}, "not_proven"},
		"a token endpoint away": {func(f *idptest.Fake) { f.Token = says(http.StatusBadGateway, `<script>`) }, "provider_trouble"},
		"a token endpoint's no": {func(f *idptest.Fake) { f.Token = says(http.StatusUnauthorized, `{"error":"invalid_client"}`) }, "provider_setup"},
	} {
		t.Run(name, func(t *testing.T) {
			f := idptest.NewFake(t, now)
			c.bend(f)
			p := provider(t, Config{Issuer: f.URL, Rules: staff})
			s, back := goes(t, p)
			id, err := p.Finish(t.Context(), s, back)
			if id != (operator.Identity{}) || fail.CodeOf(err) != c.code {
				t.Fatalf("%+v, %v; want %s", id, err, c.code)
			}
			if say := fail.SayOf(err); strings.Contains(say, "evil") || strings.Contains(say, "<") {
				t.Errorf("it says %q", say)
			}
			if code := back.Get("code"); len(code) > 3 && strings.Contains(err.Error(), code) || strings.Contains(err.Error(), s.Verifier) {
				t.Errorf("the failure quotes a secret: %v", err)
			}
		})
	}
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// A sign-in that was begun with another verifier, nonce or state is another's, though all else is right.
func TestAnswersOfTwoSignInsAreNotMixed(t *testing.T) {
	f := idptest.NewFake(t, clock.System{}.Now)
	p := provider(t, Config{Issuer: f.URL, Rules: staff})
	mine, back := goes(t, p)
	other, _ := goes(t, p)
	for name, c := range map[string]struct {
		s    SignIn
		code string
	}{
		"state": {SignIn{other.State, mine.Nonce, mine.Verifier}, "stray_answer"}, "empty": {SignIn{}, "stray_answer"},
		"verifier": {SignIn{mine.State, mine.Nonce, other.Verifier}, "code_refused"},
	} {
		if _, err := p.Finish(t.Context(), c.s, back); fail.CodeOf(err) != c.code {
			t.Errorf("another %s: %v", name, err)
		}
	}
	mine, back = goes(t, p) // the verifier's failure has used the code up
	if _, err := p.Finish(t.Context(), SignIn{mine.State, other.Nonce, mine.Verifier}, back); fail.CodeOf(err) != "not_proven" {
		t.Errorf("another nonce: %v", err)
	}
}

func TestWhatIsSaidOfSomebody(t *testing.T) {
	for name, c := range map[string]struct {
		claims   map[string]any
		userinfo map[string]any
		config   Config
		want     operator.Identity
	}{
		"all of it":             {nil, nil, Config{Rules: staff}, operator.Identity{Email: "ada@inkwell.example", EmailVerified: true, Name: "Ada Lovelace", Role: operator.Operator}},
		"roles by their names":  {map[string]any{"role": "viewer"}, nil, Config{Claim: "role"}, operator.Identity{Email: "ada@inkwell.example", EmailVerified: true, Name: "Ada Lovelace", Role: operator.Viewer}},
		"an unproven address":   {map[string]any{"email": "ida@inkwell.example", "email_verified": false, "groups": nil}, nil, Config{Rules: staff}, operator.Identity{Email: "ida@inkwell.example", Name: "Ada Lovelace"}},
		"proven, as text":       {map[string]any{"email": "ida@inkwell.example", "email_verified": "true"}, nil, Config{Rules: staff}, operator.Identity{Email: "ida@inkwell.example", EmailVerified: true, Name: "Ada Lovelace", Role: operator.Admin}},
		"an address that is no": {map[string]any{"email": `<img src=x>`}, nil, Config{Rules: staff}, operator.Identity{Name: "Ada Lovelace", Role: operator.Operator}},
		"by userinfo alone": {map[string]any{"email": "", "name": "", "email_verified": nil, "groups": nil}, map[string]any{"sub": "person-1", "email": "ida@inkwell.example", "email_verified": true, "groups": []string{"x"}}, Config{Rules: staff},
			operator.Identity{Email: "ida@inkwell.example", EmailVerified: true, Name: "ida@inkwell.example", Role: operator.Admin}},
		"deep":                 {map[string]any{"realm_access": map[string]any{"roles": []string{"staff"}}}, nil, Config{Claim: "realm_access.roles", Rules: staff}, operator.Identity{Email: "ada@inkwell.example", EmailVerified: true, Name: "Ada Lovelace", Role: operator.Operator}},
		"a name of many parts": {map[string]any{"name": "  A\u0000da\n\n<b> \u202e " + strings.Repeat("x", 300)}, nil, Config{Rules: staff}, operator.Identity{Email: "ada@inkwell.example", EmailVerified: true, Name: "A da <b> " + strings.Repeat("x", 111), Role: operator.Operator}},
	} {
		t.Run(name, func(t *testing.T) {
			f := idptest.NewFake(t, clock.System{}.Now)
			f.UserInfo = c.userinfo
			f.Claims = func(m map[string]any) {
				for k, v := range c.claims {
					if m[k] = v; v == nil || v == "" {
						delete(m, k)
					}
				}
			}
			c.config.Issuer = f.URL
			p := provider(t, c.config)
			s, back := goes(t, p)
			got, err := p.Finish(t.Context(), s, back)
			c.want.Issuer, c.want.Subject = f.URL, "person-1"
			if err != nil || got != c.want {
				t.Errorf("%+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

// A gateway starts without its provider, and finds it when somebody wants to sign in; one that is away is not asked by each.
func TestTheProviderIsAskedWhenItIsNeeded(t *testing.T) {
	f := idptest.NewFake(t, clock.System{}.Now)
	f.Away = true
	p := provider(t, Config{Issuer: f.URL, Rules: staff})
	for range 3 {
		if _, _, err := p.Begin(t.Context()); !fail.Is(err, fail.Later) {
			t.Fatalf("away: %v", err)
		}
	}
	f.Away = false
	p.finding.failed = func() time.Duration { return retryEvery }
	for range 3 {
		goes(t, p)
	}
	if n := f.Looked(); n != 1 {
		t.Errorf("it was looked for %d times", n)
	}
	f.Discovery = func(d map[string]any) { d["issuer"] = "https://evil.example" }
	if _, _, err := provider(t, Config{Issuer: f.URL}).Begin(t.Context()); fail.CodeOf(err) != "other_issuer" {
		t.Errorf("one that calls itself otherwise: %v", err)
	}
}

func TestSettingsThatCannotBe(t *testing.T) {
	good := Config{Issuer: "https://id.example.com", ClientID: "souk"}
	for name, c := range map[string]struct {
		config Config
		base   string
		code   string
	}{
		"fine": {good, "https://buy.example.com", ""}, "a trial": {Config{Issuer: "http://localhost:9998/", ClientID: "souk"}, base, ""},
		"no URL": {Config{Issuer: "id.example.com", ClientID: "souk"}, base, "oidc_issuer"}, "no TLS": {Config{Issuer: "http://id.example.com", ClientID: "souk"}, base, "oidc_issuer"},
		"a query": {Config{Issuer: "https://id.example.com/?a=b", ClientID: "souk"}, base, "oidc_issuer"}, "no client": {Config{Issuer: "https://id.example.com"}, base, "oidc_client"},
		"home without TLS": {good, "http://buy.example.com", "base_url"}, "addresses as roles": {Config{Issuer: "https://id.example.com", ClientID: "souk", Claim: "email"}, base, "oidc_role_claim"},
		"a role that is none": {Config{Issuer: "https://id.example.com", ClientID: "souk", Rules: Rules{"king": {"a"}}}, base, "oidc_roles"},
		"a domain that is no": {Config{Issuer: "https://id.example.com", ClientID: "souk", Rules: Rules{operator.Admin: {"*@"}}}, base, "oidc_roles"},
	} {
		if _, err := New(c.config, c.base, clock.System{}); fail.CodeOf(err) != c.code || (err != nil && !fail.Is(err, fail.Invalid)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Nobody has a role by an address that is not proven, nor a higher one than some rule says.
func TestRolesComeFromRulesAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"staff", "ops", "ada@a.example", "*@a.example", "ida@b.example", "viewer"})
		rules := Rules(rapid.MapOf(rapid.SampledFrom(operator.Roles), rapid.SliceOfN(word, 0, 3)).Draw(t, "rules"))
		values := rapid.SliceOfN(rapid.SampledFrom([]string{"staff", "ops", "other", "admin"}), 0, 3).Draw(t, "values")
		email := rapid.SampledFrom([]string{"", "Ada@A.example", "bob@a.example", "x@c.example"}).Draw(t, "email")
		got := rules.role(values, email)
		for _, role := range operator.Roles {
			names := rules[role]
			if len(rules) == 0 {
				names = []string{string(role)}
			}
			has := slices.ContainsFunc(names, func(n string) bool {
				return slices.Contains(values, n) || strings.EqualFold(n, email) || n == "*@a.example" && strings.HasSuffix(strings.ToLower(email), "@a.example")
			})
			if has && !got.May(role) || !has && got == role {
				t.Fatalf("%v, %v, %q: %q, and %q is %t", rules, values, email, got, role, has)
			}
		}
	})
}

func FuzzParseRules(f *testing.F) {
	f.Add(`{"admin":["ada@example.com"],"viewer":["*@example.com","staff"]}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRules(text)
		if err != nil {
			if !fail.Is(err, fail.Invalid) {
				t.Error(err)
			}
			return
		}
		if again, err := ParseRules(r.String()); len(r) > 0 && (err != nil || again.String() != r.String()) {
			t.Errorf("%q is %s, which is %s, %v", text, r, again, err)
		}
	})
}
