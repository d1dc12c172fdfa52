// Package app is Bindery, a small product sold through AWS Marketplace whose customers sign in with the account that they have
// at the gateway, by OpenID Connect: Bindery keeps no passwords, and knows nothing of souk but its URL.
//
//   - signin.go sends the browser to the gateway and believes what it brings back, after proof; and signs out there, too;
//   - app.go keeps who is signed in here, in memory, and shows the one page.
package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

//go:embed page.html
var files embed.FS

var page = template.Must(template.ParseFS(files, "page.html"))

// Config says where Bindery is, and where its customers' accounts are.
type Config struct {
	Issuer                 string // the gateway's URL
	ClientID, ClientSecret string // as the gateway knows Bindery; without a secret it is a public client
	URL                    string // how browsers reach Bindery
	Log                    *slog.Logger
}

// App is a running Bindery.
type App struct {
	Config
	oauth      oauth2.Config
	verifier   *oidc.IDTokenVerifier
	endSession string // where the gateway signs people out
	http.Handler

	mu       sync.Mutex
	sessions map[string]session // by what the browser holds
}

// session is one browser's being signed in.
type session struct {
	customer customer
	idToken  string // shows the gateway at sign-out whom we speak of
}

// New asks the gateway how it signs people in, and makes Bindery ready to serve.
func New(ctx context.Context, c Config) (*App, error) {
	provider, err := oidc.NewProvider(ctx, c.Issuer)
	if err != nil {
		return nil, fmt.Errorf("ask %q how people sign in there: %w", c.Issuer, err)
	}
	var more struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, fmt.Errorf("read what %q says of itself: %w", c.Issuer, err)
	}
	endpoint := provider.Endpoint()
	if endpoint.AuthStyle = oauth2.AuthStyleInHeader; c.ClientSecret == "" { // said, so that no code is spent on finding out
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	a := &App{Config: c, endSession: more.EndSession, verifier: provider.Verifier(&oidc.Config{ClientID: c.ClientID}), sessions: map[string]session{},
		oauth: oauth2.Config{ClientID: c.ClientID, ClientSecret: c.ClientSecret, Endpoint: endpoint, RedirectURL: c.URL + "/callback",
			Scopes: []string{oidc.ScopeOpenID, "profile", "email", "licenses"}}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.getHome)
	mux.HandleFunc("GET /signin", a.getSignIn)
	mux.HandleFunc("GET /callback", a.getCallback)
	mux.HandleFunc("POST /signout", a.postSignOut)
	guarded := http.NewCrossOriginProtection().Handler(mux)
	a.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' "+c.Issuer+"; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		guarded.ServeHTTP(w, r)
	})
	return a, nil
}

// view is what the page shows.
type view struct {
	Title string
	Who   *customer // nil: nobody is signed in
	Says  string    // what went wrong
}

// show writes the page whole, or none of it.
func (a *App) show(w http.ResponseWriter, status int, v view) {
	var out bytes.Buffer
	if err := page.Execute(&out, v); err != nil {
		a.Log.Error("the page cannot be shown", "err", err)
		http.Error(w, "Bindery has a fault of its own just now; please try again.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // a reader who has gone will come back
}

// getHome shows who is signed in, and what they have bought as it was when they signed in. What costs something would ask the
// gateway at that moment (GET /v1/licenses/{id}/check), as examples/inkwell does.
func (a *App) getHome(w http.ResponseWriter, r *http.Request) {
	s, ok := a.session(r)
	if !ok {
		a.show(w, http.StatusOK, view{Title: "Bindery"})
		return
	}
	a.show(w, http.StatusOK, view{Title: "Your bindery", Who: &s.customer})
}

const sessionCookie = "bindery_session"

// begin signs the browser in, under a name that nobody has seen before.
func (a *App) begin(w http.ResponseWriter, r *http.Request, s session) {
	a.end(w, r)
	id := rand.Text()
	a.mu.Lock()
	a.sessions[id] = s
	a.mu.Unlock()
	a.setCookie(w, sessionCookie, id, 0)
}

func (a *App) session(r *http.Request) (session, bool) {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return session{}, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.sessions[c.Value]
	return s, ok
}

func (a *App) end(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(sessionCookie); err == nil {
		a.mu.Lock()
		delete(a.sessions, c.Value)
		a.mu.Unlock()
	}
	a.setCookie(w, sessionCookie, "", -1)
}

// setCookie keeps value in the browser for seconds; 0 until it is closed, less than 0 not at all.
func (a *App) setCookie(w http.ResponseWriter, name, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(a.URL, "https:")})
}
