package provider

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/rs/cors"
	"github.com/zitadel/oidc/v3/pkg/op"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/signon"
	"souk.dev/souk/internal/webui"
)

// Addresses below the gateway's base URL. AuthorizePath and SignOutPath are the portal's.
const (
	discoveryPath  = "/.well-known/openid-configuration"
	keysPath       = "/oauth/keys"
	tokenPath      = "/oauth/token"
	userInfoPath   = "/oauth/userinfo"
	introspectPath = "/oauth/introspect"
	revokePath     = "/oauth/revoke"
)

// Owned tells what an account has bought. It is fulfilled by register.Service.
type Owned interface {
	Licenses(ctx context.Context, account core.AccountID) ([]license.License, error)
}

// Config is what the door is made of.
type Config struct {
	BaseURL      string // the gateway's own, which is its name as an issuer
	Applications signon.Applications
	SignOns      *signon.Service
	Keys         *signon.Keys
	Owned        Owned
	Clock        clock.Clock // business time
	Outside      clock.Clock // the time that applications know: the system's
	// AuthorizePath and SignOutPath are where the portal has the endpoints for people.
	AuthorizePath, SignOutPath string
}

// Door is the door. Make it with [New].
type Door struct {
	Config
	handler http.Handler
	secure  bool
}

// New makes the door. Its applications have been checked ([signon.Applications.Check]).
func New(c Config) *Door {
	d := &Door{Config: c, secure: strings.HasPrefix(c.BaseURL, "https:")}
	d.handler = op.RegisterServer(&server{Door: d}, op.Endpoints{
		JwksURI: op.NewEndpoint(keysPath), Token: op.NewEndpoint(tokenPath), Userinfo: op.NewEndpoint(userInfoPath), Introspection: op.NewEndpoint(introspectPath),
		Revocation: op.NewEndpoint(revokePath),
	}, op.WithServerCORSOptions(&cors.Options{AllowedOrigins: d.origins(), AllowedMethods: []string{http.MethodGet, http.MethodPost}, AllowedHeaders: []string{"Authorization", "Content-Type"}}))
	return d
}

// Issuer is what the gateway calls itself towards applications.
func (c Config) Issuer() string { return strings.TrimRight(c.BaseURL, "/") }

// origins are the sites whose scripts may call: those of applications, which may run in a browser.
func (d *Door) origins() (all []string) {
	for _, a := range d.Applications {
		for _, address := range a.Redirects {
			if u, err := url.Parse(address); err == nil {
				all = append(all, u.Scheme+"://"+u.Host)
			}
		}
	}
	return all
}

// Mount adds the door's addresses to mux.
func (d *Door) Mount(mux *http.ServeMux) {
	for path, methods := range map[string]string{
		discoveryPath: http.MethodGet, keysPath: http.MethodGet, tokenPath: http.MethodPost, introspectPath: http.MethodPost, revokePath: http.MethodPost,
		userInfoPath: http.MethodGet + " " + http.MethodPost,
	} {
		mux.Handle(path, webui.StrictTransport(d.secure, d.guard(methods)))
	}
}

// maxBody bounds a request's body, in bytes.
const maxBody = 16 << 10

// guard answers what no endpoint takes, and sets what every answer has.
func (d *Door) guard(methods string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store") // the documents say otherwise themselves
		taken := strings.Fields(methods)
		if r.Method == http.MethodHead && taken[0] == http.MethodGet {
			r.Method = http.MethodGet // net/http leaves the body out
		}
		switch {
		case r.Method != http.MethodOptions && !strings.Contains(methods, r.Method):
			h.Set("Allow", strings.Join(append(taken, http.MethodOptions), ", "))
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		case r.Method == http.MethodPost && !form(r):
			refuse(w, r, "the parameters are in the body, as application/x-www-form-urlencoded, each once, and not in the address")
			return
		case r.Method == http.MethodGet && strings.Contains(methods, http.MethodPost) && r.URL.RawQuery != "":
			refuse(w, r, "a token in an address is not taken; send it as Authorization: Bearer")
			return
		}
		d.handler.ServeHTTP(&challenged{ResponseWriter: w, path: r.URL.Path}, r)
	})
}

// form reports whether r brings a form as OAuth wants it (RFC 6749, section 3.2), and reads it.
func form(r *http.Request) bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if r.URL.RawQuery != "" || !strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded") && r.ContentLength != 0 {
		return false
	}
	r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		return false
	}
	for _, values := range r.PostForm {
		if len(values) > 1 {
			return false
		}
	}
	return true
}

// challenged says with every 401 how one proves oneself there (RFC 6749, section 5.2; RFC 6750, section 3).
type challenged struct {
	http.ResponseWriter
	path string
}

// WriteHeader implements [http.ResponseWriter].
func (w *challenged) WriteHeader(status int) {
	if status == http.StatusUnauthorized {
		says := `Basic realm="applications"`
		if w.path == userInfoPath {
			says = `Bearer realm="userinfo", error="invalid_token"`
		}
		w.Header().Set("WWW-Authenticate", says)
	}
	w.ResponseWriter.WriteHeader(status)
}
