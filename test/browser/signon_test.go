package browser

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"souk.dev/souk/examples/bindery/app"
	"souk.dev/souk/test/harness"
)

// TestSingleSignOn is a customer who uses an application with the account that a purchase has made, by OpenID Connect: in a browser
// that keeps to our pages' policy on where forms may lead.
func TestSingleSignOn(t *testing.T) {
	// Bindery asks the gateway who it is, which needs Bindery's address.
	var handler atomic.Value
	bindery := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.Load().(http.Handler).ServeHTTP(w, r) }))
	t.Cleanup(bindery.Close)
	addr := harness.FreeAddress(t)
	s := harness.StartSandbox(t, "", "--fulfillment-url", "http://"+addr+"/register")
	product := s.Product("license")
	made := harness.Start(t, nil, "applications", "secret", "--json")
	if code := made.Wait(); code != 0 {
		t.Fatalf("souk applications secret ends with %d: %s", code, made.Log())
	}
	var secret struct{ ClientSecret, ClientSecretHash string }
	if err := json.Unmarshal([]byte(made.Output()), &secret); err != nil {
		t.Fatal(err)
	}
	listed, err := json.Marshal([]map[string]any{{"clientId": "bindery", "name": "Bindery", "clientSecretHashes": []string{secret.ClientSecretHash},
		"redirectUris": []string{bindery.URL + "/callback"}, "postLogoutRedirectUris": []string{bindery.URL + "/"}}})
	if err != nil {
		t.Fatal(err)
	}
	g := harness.StartGateway(t, s, addr, "sqlite:"+filepath.Join(t.TempDir(), "souk.db"), "--applications", string(listed))
	a, err := app.New(t.Context(), app.Config{Issuer: g.URL, ClientID: "bindery", ClientSecret: secret.ClientSecret, URL: bindery.URL, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	handler.Store(a)
	up := harness.Together(s, g)

	v := newVisitor(t, false)
	subscribe(v, up, product)
	setUp(v, product, false)
	signUp(v)
	s.Advance(5 * time.Minute)

	v.open(bindery.URL + "/") // who has just made an account is signed in
	v.press("Sign in to Bindery")
	v.sees("Good to see you, Ada Lovelace", "active", email)
	if strings.Contains(v.where(), "code=") {
		t.Errorf("the address has the code: %s", v.where())
	}
	v.press("Sign out") // here and there
	v.sees("We bind what you print")
	v.open(g.URL + "/portal")
	v.sees("Sign in")

	v.open(bindery.URL + "/")
	v.press("Sign in to Bindery")
	v.sees("Sign in to Bindery", "Password")
	v.fill("E-mail address", email)
	v.fill("Password", "not the password at all")
	v.press("Sign in")
	v.sees("do not belong together")
	v.fill("Password", password)
	v.press("Sign in")
	v.sees("Good to see you, Ada Lovelace")

	v.open(bindery.URL + "/callback?code=x&state=y") // somebody's link
	v.sees("Sign-in was not begun here")
}
