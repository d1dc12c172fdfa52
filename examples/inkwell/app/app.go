package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"souk.dev/souk/client"
)

// Config is what Inkwell needs to be told.
type Config struct {
	Gateway     string   // the gateway's URL
	APIKey      string   // made with `souk keys create`
	Products    []string // Inkwell's product codes on AWS Marketplace, the one most people buy first
	Dimension   string   // the API name of the dimension that counts pages
	URL         string   // where browsers reach Inkwell
	Marketplace string   // where buyers look after their subscriptions
	Data        string   // a folder that Inkwell keeps notes, sessions and unreported usage in

	// Stamp gives each usage event the time at which it happened. Leave it out only with a sandbox whose clock may be
	// moved: there, only the gateway knows the hour, and counts usage when it arrives.
	Stamp bool
	Log   *slog.Logger `json:"-"`
}

// FromEnv reads the configuration from the environment. All that is wrong with it is in the error.
func FromEnv(env func(string) string) (Config, error) {
	c := Config{
		Gateway:     env("SOUK_GATEWAY"),
		APIKey:      env("SOUK_API_KEY"),
		Products:    strings.FieldsFunc(env("INKWELL_PRODUCTS"), func(r rune) bool { return r == ',' || r == ' ' }),
		Dimension:   or(env("INKWELL_DIMENSION"), "pages"),
		URL:         strings.TrimRight(or(env("INKWELL_URL"), "http://127.0.0.1:4720"), "/"),
		Marketplace: or(env("INKWELL_MARKETPLACE"), "https://console.aws.amazon.com/marketplace/home#/subscriptions"),
		Data:        or(env("INKWELL_DATA"), "inkwell-data"),
		Stamp:       env("INKWELL_STAMP") != "no",
	}
	var missing []error
	for name, value := range map[string]string{"SOUK_GATEWAY": c.Gateway, "SOUK_API_KEY": c.APIKey, "INKWELL_PRODUCTS": strings.Join(c.Products, ",")} {
		if value == "" {
			missing = append(missing, fmt.Errorf("%s is not set", name))
		}
	}
	return c, errors.Join(missing...)
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// App is a running Inkwell.
type App struct {
	cfg      Config
	souk     *client.Client // for pages, which people wait for: gives up soon
	patient  *client.Client // for the outbox, which nobody waits for
	notes    *notebook
	outbox   *outbox
	sessions *sessions
	mux      *http.ServeMux
	log      *slog.Logger
}

// New opens Inkwell's folder and makes it ready to serve.
func New(cfg Config) (*App, error) {
	a := &App{cfg: cfg, log: cfg.Log, mux: http.NewServeMux()}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	soon := &http.Client{Timeout: 3 * time.Second}
	var err error
	if a.souk, err = client.New(cfg.Gateway, cfg.APIKey, client.WithHTTPClient(soon), client.WithRetries(2, 50*time.Millisecond, 200*time.Millisecond), client.WithUserAgent("inkwell")); err != nil {
		return nil, err
	}
	if a.patient, err = client.New(cfg.Gateway, cfg.APIKey, client.WithUserAgent("inkwell-outbox")); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make Inkwell's folder: %w", err)
	}
	if a.notes, err = openNotebook(filepath.Join(cfg.Data, "notes")); err != nil {
		return nil, err
	}
	if a.outbox, err = openOutbox(filepath.Join(cfg.Data, "outbox")); err != nil {
		return nil, err
	}
	if a.sessions, err = openSessions(filepath.Join(cfg.Data, "sessions.json")); err != nil {
		return nil, err
	}
	a.mux.HandleFunc("GET /{$}", a.getDesk)
	a.mux.HandleFunc("GET /signin", a.getSignIn)
	a.mux.HandleFunc("GET /signed-in", a.getSignedIn)
	a.mux.HandleFunc("POST /signout", a.postSignOut)
	a.mux.HandleFunc("POST /publish", a.postPublish)
	a.mux.HandleFunc("GET /notes/{id}", a.getNote)
	a.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	a.mux.Handle("GET /static/", http.FileServerFS(assets))
	return a, nil
}

// Handler serves Inkwell's pages.
func (a *App) Handler() http.Handler {
	guarded := http.NewCrossOriginProtection().Handler(a.mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		guarded.ServeHTTP(w, r)
	})
}

// Run delivers usage that could not be reported at once, until ctx ends.
func (a *App) Run(ctx context.Context) { a.outbox.run(ctx, a.patient, a.log) }
