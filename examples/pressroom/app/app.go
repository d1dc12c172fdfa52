// Package app is Pressroom, a small product sold through AWS Marketplace that keeps the accounts of its customers itself:
// the gateway does what AWS asks of a seller, and sends the browser here with a handle.
//
//   - welcome.go takes a buyer from the handle to an account, new or known, and gives the account the license;
//   - app.go asks the gateway what each license gives access to;
//   - accounts.go is Pressroom's own: who its customers are, kept in memory, as a database would in earnest.
package app

import (
	"bytes"
	"context"
	"embed"
	"html/template"
	"log/slog"
	"net/http"
	"strings"

	"souk.dev/souk/client"
)

//go:embed pages.html
var files embed.FS

var pages = template.Must(template.ParseFS(files, "pages.html"))

// App is a running Pressroom.
type App struct {
	souk     *client.Client
	product  string // its product code
	accounts *accounts
	log      *slog.Logger
	http.Handler
}

// New makes Pressroom, which is sold under the product code, ready to serve.
func New(souk *client.Client, product string, log *slog.Logger) *App {
	a := &App{souk: souk, product: product, accounts: newAccounts(), log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /welcome", a.getWelcome)
	mux.HandleFunc("GET /account", a.getAccount)
	mux.HandleFunc("POST /signup", a.postSignUp)
	mux.HandleFunc("POST /signin", a.postSignIn)
	mux.HandleFunc("POST /signout", a.postSignOut)
	mux.HandleFunc("GET /{$}", a.getHome)
	guarded := http.NewCrossOriginProtection().Handler(mux)
	a.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer") // the address of /welcome has the handle in it
		h.Set("Cache-Control", "no-store")
		guarded.ServeHTTP(w, r)
	})
	return a
}

// view is what every page may show.
type view struct {
	Page    string // account, home or message
	Title   string
	Who     *customer
	Says    string // what went wrong
	Buyer   string // the AWS account that the registration in this browser is of; empty: there is none
	Entered struct{ Email, Name string }

	Subscriptions []client.License
}

// show writes a page whole, or none of it.
func (a *App) show(w http.ResponseWriter, status int, v view) {
	var out bytes.Buffer
	if err := pages.ExecuteTemplate(&out, "frame", v); err != nil {
		a.log.Error("a page cannot be shown", "page", v.Page, "err", err)
		http.Error(w, "Pressroom has a fault of its own just now; please try again.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // a reader who has gone will come back
}

// getHome shows a customer's subscriptions, as the gateway knows them this moment.
func (a *App) getHome(w http.ResponseWriter, r *http.Request) {
	s := a.accounts.session(r)
	if s.customer == nil {
		http.Redirect(w, r, "/account", http.StatusSeeOther)
		return
	}
	all, err := a.licenses(r.Context(), s.customer)
	if err != nil {
		a.log.Error("the gateway does not answer", "err", err)
		a.show(w, http.StatusServiceUnavailable, view{Page: "message", Title: "One moment", Who: s.customer, Says: "We cannot look up your subscription right now. Please reload this page."})
		return
	}
	a.show(w, http.StatusOK, view{Page: "home", Title: "Your press", Who: s.customer, Subscriptions: all})
}

func (a *App) licenses(ctx context.Context, c *customer) (all []client.License, err error) {
	for _, id := range a.accounts.licensesOf(c) {
		l, err := a.souk.License(ctx, id)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

func (a *App) postSignOut(w http.ResponseWriter, r *http.Request) {
	a.accounts.end(w, r)
	http.Redirect(w, r, "/account", http.StatusSeeOther)
}

// secure reports whether the browser came by https, itself or to a proxy before us.
func secure(r *http.Request) bool {
	return r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}
