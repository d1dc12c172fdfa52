package provider_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/portal"
	"souk.dev/souk/internal/gateway/provider"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/gateway/seal"
	"souk.dev/souk/internal/gateway/signon"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

const (
	secret   = "a secret: with+signs %2F"
	back     = "https://app.example.com/back"
	spaBack  = "http://localhost:9/back"
	left     = "https://app.example.com/left"
	password = "correct horse battery staple"
)

// owned has what accounts have bought.
type owned map[core.AccountID][]license.License

// Licenses implements provider.Owned.
func (o owned) Licenses(_ context.Context, id core.AccountID) ([]license.License, error) {
	return o[id], nil
}

// house is a portal and the door, with a database, under a clock that is set by hand.
type house struct {
	*httptest.Server
	t        *testing.T
	clk      *clock.Virtual
	db       *store.DB
	accounts *account.Service
	keys     *signon.Keys
	config   provider.Config // of its door
	owned    owned
	ada      account.Who
}

func newHouse(t *testing.T) *house {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	log := slog.New(slog.DiscardHandler)
	h := &house{t: t, clk: clock.NewVirtual(noon), db: storetest.Open(t), owned: owned{}}
	var mux *http.ServeMux
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { mux.ServeHTTP(w, r) }))
	t.Cleanup(h.Close)
	applications := signon.Applications{
		{ID: "inkwell", Name: "Inkwell", Secrets: []string{credential.HashOf("the one before"), credential.HashOf(secret)}, Redirects: []string{back}, SignedOut: []string{left}},
		{ID: "bindery", Name: "Bindery", Product: "bindery", Redirects: []string{spaBack}},
		{ID: "other", Name: "Other", Secrets: []string{credential.HashOf(secret)}, Redirects: []string{back}},
	}
	must(applications.Check(h.URL, nil))
	box, err := seal.New(t.Context(), h.db.Settings(), h.clk)
	must(err)
	h.accounts = account.New(h.db.Accounts(), h.clk, log)
	h.keys, err = signon.OpenKeys(t.Context(), h.db.Settings(), box, h.clk)
	must(err)
	service := signon.New(signon.Config{Store: h.db.SignOns(), Sessions: h.accounts, Seal: box, Clock: h.clk, Log: log})
	h.config = provider.Config{BaseURL: h.URL, Applications: applications, SignOns: service, Keys: h.keys, Owned: h.owned, Clock: h.clk, Outside: clock.System{},
		AuthorizePath: portal.AuthorizePath, SignOutPath: portal.SignOutPath}
	door := provider.New(h.config)
	book, err := license.OpenBook(t.Context(), h.db.Licenses(), h.clk, nil)
	must(err)
	pages, err := portal.New(portal.Config{BaseURL: h.URL, Register: register.New(h.db.Registrations(), book, nil, nil, h.clk, log), Accounts: h.accounts, Seal: box, Clock: h.clk, Log: log,
		SignOns: &portal.SignOns{Service: service, Applications: applications, Issuer: door.Issuer(), Hint: door.ReadHint}})
	must(err)
	mux = http.NewServeMux()
	pages.Mount(mux)
	door.Mount(mux)
	h.ada, err = h.accounts.SignUp(t.Context(), account.SignUp{Email: "Ada@example.com", Name: "Ada Lovelace", Company: "Engines", Password: password}, "127.0.0.1")
	must(err)
	return h
}

// client is an application's OpenID Connect, as coreos/go-oidc does it.
type client struct {
	oauth2.Config
	provider *oidc.Provider
	verifier *oidc.IDTokenVerifier
}

func (h *house) client(id, secret, back string, scopes ...string) client {
	h.t.Helper()
	p, err := oidc.NewProvider(h.t.Context(), h.URL)
	if err != nil {
		h.t.Fatal(err)
	}
	endpoint := p.Endpoint()
	if endpoint.AuthStyle = oauth2.AuthStyleInHeader; secret == "" {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return client{oauth2.Config{ClientID: id, ClientSecret: secret, Endpoint: endpoint, RedirectURL: back, Scopes: append([]string{oidc.ScopeOpenID}, scopes...)}, p, p.Verifier(&oidc.Config{ClientID: id})}
}

func (h *house) inkwell(scopes ...string) client { return h.client("inkwell", secret, back, scopes...) }

// renew brings a refresh token.
func (c client) renew(t *testing.T, refresh string) (*oauth2.Token, error) {
	return c.TokenSource(t.Context(), &oauth2.Token{RefreshToken: refresh}).Token()
}

// browser is one person's.
type browser struct {
	h *house
	*http.Client
}

func (h *house) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &browser{h, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// opens goes to an address and, as long as that leads on within the house, further; it is where it ends, and the page there. A
// form, where there is one, is posted to the first.
func (b *browser) opens(address string, form url.Values) (at *url.URL, status int) {
	b.h.t.Helper()
	for range 10 {
		method, body := http.MethodGet, strings.NewReader("")
		if form != nil {
			method, body = http.MethodPost, strings.NewReader(form.Encode())
		}
		req, err := http.NewRequestWithContext(b.h.t.Context(), method, address, body)
		if err != nil {
			b.h.t.Fatal(err)
		}
		if form != nil {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		res, err := b.Do(req)
		if err != nil {
			b.h.t.Fatal(err)
		}
		res.Body.Close()
		form = nil
		to, err := res.Location()
		if err != nil {
			return res.Request.URL, res.StatusCode
		}
		if address = to.String(); !strings.HasPrefix(address, b.h.URL) {
			return to, res.StatusCode
		}
	}
	b.h.t.Fatal("this leads in circles: " + address)
	return nil, 0
}

// reads is the page at path.
func (b *browser) reads(path string) string {
	b.h.t.Helper()
	res, err := b.Get(b.h.URL + path)
	if err != nil {
		b.h.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		b.h.t.Fatalf("%s: %s, %v", path, res.Status, err)
	}
	return string(text)
}

// signsIn fills in the sign-in page at which the browser is.
func (b *browser) signsIn(at *url.URL, password string) (*url.URL, int) {
	b.h.t.Helper()
	if at.Path != "/signin" {
		b.h.t.Fatalf("this is no sign-in page: %s", at)
	}
	return b.opens(b.h.URL+"/signin", url.Values{"email": {"ada@example.com"}, "password": {password}, "authorize": {at.Query().Get("authorize")}})
}

// proof is PKCE's verifier and what an application asks with.
type proof struct{ verifier, state, nonce string }

func newProof() proof {
	return proof{oauth2.GenerateVerifier(), credential.NewSecret(), credential.NewSecret()}
}

func (c client) asks(p proof, more ...oauth2.AuthCodeOption) string {
	return c.AuthCodeURL(p.state, append(more, oauth2.S256ChallengeOption(p.verifier), oidc.Nonce(p.nonce))...)
}

// code is what an application gets of a person who signs in, or is signed in.
func (b *browser) code(c client, p proof, more ...oauth2.AuthCodeOption) string {
	b.h.t.Helper()
	at, _ := b.opens(c.asks(p, more...), nil)
	if at.Path == "/signin" {
		at, _ = b.signsIn(at, password)
	}
	q := at.Query()
	if q.Get("code") == "" || q.Get("state") != p.state || q.Get("iss") != b.h.URL || !strings.HasPrefix(at.String(), c.RedirectURL+"?") {
		b.h.t.Fatalf("led to %s", at)
	}
	return q.Get("code")
}

// signsOn is all of it: the tokens of a person who signs in.
func (b *browser) signsOn(c client, more ...oauth2.AuthCodeOption) (*oauth2.Token, *oidc.IDToken) {
	b.h.t.Helper()
	p := newProof()
	tok, err := c.Exchange(b.h.t.Context(), b.code(c, p, more...), oauth2.VerifierOption(p.verifier))
	if err != nil {
		b.h.t.Fatal(err)
	}
	id, err := c.verifier.Verify(b.h.t.Context(), tok.Extra("id_token").(string))
	if err != nil || id.Nonce != p.nonce {
		b.h.t.Fatal(id, err)
	}
	if err := id.VerifyAccessToken(tok.AccessToken); err != nil {
		b.h.t.Fatal(err)
	}
	return tok, id
}
