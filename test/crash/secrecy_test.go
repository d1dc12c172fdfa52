package crash

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"souk.dev/souk/test/harness"
)

// TestTheTokenIsSeenOnce searches for the text of registration tokens, and for what it looks like encoded, in all that a
// gateway wrote: its database, its logs at the most talkative level, its pages, addresses and cookies (law 5).
func TestTheTokenIsSeenOnce(t *testing.T) {
	t.Parallel()
	sandbox := harness.StartSandbox(t, "", "--fulfillment-url", "http://127.0.0.1:1/register")
	dir := t.TempDir()
	gateway := harness.StartGateway(t, sandbox, "", "sqlite:"+filepath.Join(dir, "gateway.db"), "--log-level", "debug", "--log-format", "json")
	j := newJourney(t, sandbox, &gateway.API)

	var tokens []string
	arrive := func(what, token string, welcome bool) {
		t.Helper()
		tokens = append(tokens, token)
		_, err := j.post("/register", url.Values{"x-amzn-marketplace-token": {token}})
		if (err == nil) != welcome {
			t.Errorf("%s: the landing answers %v", what, err)
		}
		j.search(t, what, dir, gateway.Proc, tokens)
	}

	if err := j.subscribe(); err != nil {
		t.Fatal(err)
	}
	arrive("a token that nobody knows", "forged/by+somebody=0123456789", false)
	for _, kind := range []string{"error", "throttle", "drop-connection", "expired-token", "access-denied", "truncate"} {
		sandbox.Break(harness.Fault{Operation: "ResolveCustomer", Kind: kind, Times: 10})
		arrive("AWS answers "+kind, sandbox.Token(j.bought.AgreementID), false)
		sandbox.Mend()
	}
	// In the address, where it never belongs: it must not be handed on.
	lost := sandbox.Token(j.bought.AgreementID)
	if _, err := j.get("/register?x-amzn-marketplace-token=" + url.QueryEscape(lost)); err != nil {
		t.Errorf("GET with a token: %v", err)
	}
	j.visited = nil // that address was ours
	arrive("the right token", sandbox.Token(j.bought.AgreementID), true)

	for _, s := range steps[1:] { // from landing to the end
		j.try(s)
		tokens = append(tokens, j.token)
		j.search(t, s.name, dir, gateway.Proc, tokens)
	}
	gateway.Proc.Stop() // which writes what was still in memory
	j.search(t, "stopped", dir, gateway.Proc, tokens)
}

// search looks for tokens in all that the gateway wrote and said.
func (j *journey) search(t *testing.T, when, dir string, gateway *harness.Process, tokens []string) {
	t.Helper()
	texts := map[string][]byte{"its log": []byte(gateway.Log()), "its output": []byte(gateway.Output())}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		texts["the file "+filepath.Base(path)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(texts["the file gateway.db"]) == 0 {
		t.Fatal("there is no database to search")
	}
	for _, page := range j.visited {
		texts["what the browser was shown or sent to"] = append(texts["what the browser was shown or sent to"], page...)
	}
	at, err := url.Parse(j.gateway.URL)
	if err != nil {
		t.Fatal(err)
	}
	cookies := j.browser.Jar.Cookies(at)
	for _, c := range cookies {
		texts["the cookie "+c.Name] = []byte(c.Value)
		if raw, err := base64.RawURLEncoding.DecodeString(c.Value); err == nil {
			texts["the cookie "+c.Name+", decoded"] = raw
		}
	}
	for _, token := range tokens {
		for as, text := range map[string]string{
			"as it is":          token,
			"escaped":           url.QueryEscape(token),
			"in base64":         base64.StdEncoding.EncodeToString([]byte(token)),
			"in base64 for web": base64.RawURLEncoding.EncodeToString([]byte(token)),
			"in hex":            hex.EncodeToString([]byte(token)),
		} {
			for where, in := range texts {
				if len(token) >= 16 && bytes.Contains(in, []byte(text)) {
					t.Errorf("%s: %s holds the token %s", when, where, as)
				}
			}
		}
	}
}

// TestCookiesAreSealed sees that what the browser carries is not readable, and cannot be changed.
func TestCookiesAreSealed(t *testing.T) {
	t.Parallel()
	sandbox := harness.StartSandbox(t, "")
	gateway := harness.StartGateway(t, sandbox, "", "sqlite:"+filepath.Join(t.TempDir(), "gateway.db"))
	j := newJourney(t, sandbox, &gateway.API)
	j.try(steps[0])
	j.try(steps[1])
	at, err := url.Parse(gateway.URL)
	if err != nil {
		t.Fatal(err)
	}
	cookies := j.browser.Jar.Cookies(at)
	if len(cookies) == 0 {
		t.Fatal("the landing set no cookie")
	}
	for _, c := range cookies {
		raw, _ := base64.RawURLEncoding.DecodeString(c.Value)
		for _, secret := range []string{j.buyer.AccountID, j.bought.LicenseARN, j.product.ProductCode} {
			if bytes.Contains(append(raw, c.Value...), []byte(secret)) {
				t.Errorf("the cookie %s shows %s", c.Name, secret)
			}
		}
		changed := []byte(c.Value)
		changed[len(changed)/2] ^= 1
		j.browser.Jar.SetCookies(at, []*http.Cookie{{Name: c.Name, Value: string(changed), Path: "/"}})
	}
	page, err := j.get("/register/account")
	if err != nil {
		t.Fatal(err)
	}
	if registration.MatchString(page) {
		t.Error("a changed cookie still opens the registration")
	}
}
