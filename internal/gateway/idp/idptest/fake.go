// Package idptest has identity providers for tests: one of somebody else's make, which does all as it should, and one that
// does whatever a test wants.
package idptest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Fake is a provider that lets everybody through at once, and says and does what a test wants. Fields are set before it is asked
// for anything, or between two askings.
type Fake struct {
	URL string
	// Claims changes what an ID token says, which is otherwise right; UserInfo is what the userinfo endpoint says, nil for none.
	Claims   func(map[string]any)
	UserInfo map[string]any
	// Answer changes what the browser brings back; Discovery what the provider says of itself.
	Answer    func(url.Values)
	Discovery func(map[string]any)
	// Token answers at the token endpoint in the provider's stead, if it is set.
	Token http.HandlerFunc
	// Away makes it answer nothing but an outage.
	Away bool
	// Stranger signs with a key that is not published.
	Stranger bool

	t      *testing.T
	clock  func() time.Time
	key    *ecdsa.PrivateKey
	mu     sync.Mutex
	codes  map[string]url.Values // what was asked for, by the code that was given; each good once
	looked int
}

// NewFake starts one, by whose clock tokens are made.
func NewFake(t *testing.T, now func() time.Time) *Fake {
	t.Helper()
	f := &Fake{t: t, clock: now, key: newKey(t), codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", f.discovery)
	mux.HandleFunc("GET /keys", f.keys)
	mux.HandleFunc("GET /authorize", f.authorize)
	mux.HandleFunc("POST /token", f.token)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) { answer(w, f.UserInfo) })
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.Away {
			http.Error(w, "out", http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	f.URL = s.URL
	return f
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// refuse answers as RFC 6749, section 5.2, has it.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	answer(w, map[string]string{"error": code})
}

// Looked is how often the discovery document was read.
func (f *Fake) Looked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.looked
}

func (f *Fake) discovery(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	f.looked++
	f.mu.Unlock()
	d := map[string]any{"issuer": f.URL, "authorization_endpoint": f.URL + "/authorize", "token_endpoint": f.URL + "/token", "jwks_uri": f.URL + "/keys",
		"id_token_signing_alg_values_supported": []string{"ES256"}}
	if f.UserInfo != nil {
		d["userinfo_endpoint"] = f.URL + "/userinfo"
	}
	if f.Discovery != nil {
		f.Discovery(d)
	}
	answer(w, d)
}

func (f *Fake) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: f.key.Public(), KeyID: "k", Algorithm: "ES256", Use: "sig"}}})
}

func (f *Fake) authorize(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query()
	code := rand.Text()
	f.mu.Lock()
	f.codes[code] = asked
	f.mu.Unlock()
	back := url.Values{"code": {code}, "state": {asked.Get("state")}}
	if f.Answer != nil {
		f.Answer(back)
	}
	http.Redirect(w, r, asked.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

func (f *Fake) token(w http.ResponseWriter, r *http.Request) {
	if f.Token != nil {
		f.Token(w, r)
		return
	}
	code := r.PostFormValue("code")
	f.mu.Lock()
	asked := f.codes[code]
	delete(f.codes, code)
	f.mu.Unlock()
	id, secret, _ := r.BasicAuth()
	id, _ = url.QueryUnescape(id)
	secret, _ = url.QueryUnescape(secret)
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	switch {
	case id != ClientID || secret != ClientSecret:
		refuse(w, http.StatusUnauthorized, "invalid_client")
	case asked == nil || asked.Get("code_challenge_method") != "S256" || asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) || r.PostFormValue("redirect_uri") != asked.Get("redirect_uri"):
		refuse(w, http.StatusBadRequest, "invalid_grant")
	default:
		answer(w, map[string]any{"access_token": "at", "token_type": "Bearer", "expires_in": 300, "id_token": f.idToken(asked.Get("nonce"))})
	}
}

func (f *Fake) idToken(nonce string) string {
	now := f.clock()
	said := map[string]any{"iss": f.URL, "sub": "person-1", "aud": ClientID, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "nonce": nonce,
		"email": "ada@inkwell.example", "email_verified": true, "name": "Ada Lovelace", "groups": []string{"staff"}}
	if f.Claims != nil {
		f.Claims(said)
	}
	key := f.key
	if f.Stranger {
		key = newKey(f.t)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, nil)
	if err != nil {
		panic(err)
	}
	token, err := jwt.Signed(signer).Claims(said).Serialize()
	if err != nil {
		panic(err)
	}
	return token
}
