package app_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"souk.dev/souk/examples/bindery/app"
)

// gateway describes itself, and redeems nothing.
func gateway(t *testing.T) (url string, asked *int) {
	asked = new(int)
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/token" {
			*asked++
			w.WriteHeader(http.StatusBadRequest)
			json.NewEncoder(w).Encode(map[string]string{"error": "invalid_grant"})
			return
		}
		json.NewEncoder(w).Encode(map[string]string{"issuer": s.URL, "authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token", "jwks_uri": s.URL + "/keys"})
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

// Nobody is signed in by what a browser brings that was not sent away for it, or that another has written. How it goes where all is
// as it should be is played against a gateway, in test/browser.
func TestWhatIsNotBelieved(t *testing.T) {
	issuer, asked := gateway(t)
	a, err := app.New(t.Context(), app.Config{Issuer: issuer, ClientID: "bindery", URL: "http://127.0.0.1:4740", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	bindery := httptest.NewServer(a)
	t.Cleanup(bindery.Close)
	for name, c := range map[string]struct {
		away    bool // the browser was sent away
		change  func(url.Values)
		redeems bool
		says    string
	}{
		"not sent away":           {false, func(url.Values) {}, false, "not begun here"},
		"another state":           {true, func(q url.Values) { q.Set("state", "x") }, false, "did not work"},
		"no state":                {true, func(q url.Values) { q.Del("state") }, false, "did not work"},
		"another provider":        {true, func(q url.Values) { q.Set("iss", "https://evil.example") }, false, "did not work"},
		"no provider":             {true, func(q url.Values) { q.Del("iss") }, false, "did not work"},
		"a refusal":               {true, func(q url.Values) { q.Set("error", "access_denied") }, false, "did not work"},
		"a code that is not good": {true, func(url.Values) {}, true, "did not work"},
	} {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		b := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		q := url.Values{"code": {"c"}, "iss": {issuer}}
		if c.away {
			res, err := b.Get(bindery.URL + "/signin")
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			to, err := res.Location()
			if err != nil || !strings.HasPrefix(to.String(), issuer+"/authorize?") || to.Query().Get("code_challenge_method") != "S256" {
				t.Fatalf("sent to %s, %v", to, err)
			}
			q.Set("state", to.Query().Get("state"))
		}
		*asked = 0
		c.change(q)
		for _, again := range []bool{false, true} { // the second time the browser is not on its way any more
			res, err := b.Get(bindery.URL + "/callback?" + q.Encode())
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(res.Body)
			res.Body.Close()
			want := c.says
			if again {
				want = "not begun here"
			}
			if res.StatusCode < 400 || !strings.Contains(string(text), want) {
				t.Errorf("%s (again: %t): %d %s", name, again, res.StatusCode, text)
			}
		}
		if (*asked == 1) != c.redeems {
			t.Errorf("%s: the gateway was asked %d times", name, *asked)
		}
		res, err := b.Get(bindery.URL + "/")
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if !strings.Contains(string(text), "Sign in to Bindery") {
			t.Errorf("%s: somebody is signed in: %s", name, text)
		}
	}
}
