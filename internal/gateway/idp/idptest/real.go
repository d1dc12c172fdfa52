package idptest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
)

// Of the client, and of the person who has an account at the provider of [Real].
const (
	ClientID     = "souk"
	ClientSecret = "a secret: with+signs %2F"
	Email        = "test-user@zitadel.ch" // proven
	Name         = "Test User"

	username, password = "test-user@127.0.0.1", "verysecure"
)

// Real starts a provider of somebody else's make: the example server of zitadel/oidc, a certified one. It sends browsers back to
// redirect alone.
func Real(t *testing.T, redirect string) (issuer string) {
	t.Helper()
	var door http.Handler
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { door.ServeHTTP(w, r) }))
	t.Cleanup(s.Close)
	storage.RegisterClients(storage.WebClient(ClientID, ClientSecret, redirect))
	door = exampleop.SetupServer(s.URL, storage.NewStorage(storage.NewUserStore(s.URL)), nil, false)
	return s.URL
}

// SignIn signs the person in at the page of [Real] to which address leads, and returns where the browser is sent back to.
func SignIn(t *testing.T, address string) (back string) {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	page := next(t, client, address, nil)
	at, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	id := at.Query().Get("authRequestID")
	if id == "" {
		t.Fatalf("%s leads to no sign-in page, but to %s", address, page)
	}
	to := next(t, client, at.ResolveReference(&url.URL{Path: "/login/username"}).String(), url.Values{"id": {id}, "username": {username}, "password": {password}})
	return next(t, client, to, nil)
}

// next asks for address, with a form if there is one, and returns where the answer leads.
func next(t *testing.T, client *http.Client, address string, form url.Values) string {
	t.Helper()
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	to, err := res.Location()
	if err != nil {
		t.Fatalf("%s answers %s and leads nowhere", address, res.Status)
	}
	return to.String()
}
