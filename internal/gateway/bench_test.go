package gateway

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/keys"
	"souk.dev/souk/internal/gateway/license"
)

// BenchmarkCheck measures the check beside a handler that does nothing, both over HTTP on the same server.
func BenchmarkCheck(b *testing.B) {
	const arn = core.LicenseARN("arn:aws:license-manager::294406891311:license:l-0123456789abcdef0123456789abcdef")
	c := Config{DatabaseURL: "sqlite:" + filepath.Join(b.TempDir(), "gateway.db"), BaseURL: "http://127.0.0.1:4710", Endpoint: "http://127.0.0.1:1",
		AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secret", Log: slog.New(slog.DiscardHandler), Products: core.Catalogue{{Code: "p", Title: "P", Pricing: core.Contract}}}
	g, err := New(b.Context(), c) // makes the schema
	if err != nil {
		b.Fatal(err)
	}
	key, _, err := keys.Create(b.Context(), g.db.Keys(), clock.System{}, "bench")
	if err != nil {
		b.Fatal(err)
	}
	book, err := license.OpenBook(b.Context(), g.db.Licenses(), g.clk, c.Products)
	if err != nil {
		b.Fatal(err)
	}
	now := g.clk.Now()
	v, err := book.Note(b.Context(), license.Note{ID: "n1", Kind: license.Activated, At: now, About: license.Ref{ProductCode: "p", ARN: arn, Customer: "111122223333"}})
	if err != nil {
		b.Fatal(err)
	}
	l, _ := book.ByID(v.License)
	subject, _ := entitlement.SubjectOf(l)
	err = g.db.Entitlements().KeepEntitlements(b.Context(), entitlement.Knowledge{License: l.ID, Subject: subject, ActivatedAt: l.Standing.ActivatedAt, ChangedAt: now, ListedAt: now, DueAt: now.AddDate(1, 0, 0),
		Answer: entitlement.Answer{At: now, Entitlements: []entitlement.Entitlement{{Dimension: "users", Value: entitlement.Integer(10), ExpiresAt: now.AddDate(1, 0, 0)}}}}, true)
	if err != nil {
		b.Fatal(err)
	}
	if err := g.Close(); err != nil {
		b.Fatal(err)
	}
	if g, err = New(b.Context(), c); err != nil { // and knows what was kept
		b.Fatal(err)
	}
	defer g.Close()

	mux := http.NewServeMux()
	mux.Handle("/", g.Handler())
	mux.HandleFunc("GET /empty", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}\n") })
	srv := httptest.NewServer(mux)
	defer srv.Close()
	for _, path := range []string{"/empty", "/v1/licenses/" + string(v.License) + "/check?dimension=users&quantity=10"} {
		name := "empty"
		if path != "/empty" {
			name = "check"
		}
		b.Run(name, func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				transport := &http.Transport{}
				defer transport.CloseIdleConnections()
				for pb.Next() {
					req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, srv.URL+path, nil)
					if err != nil {
						b.Error(err)
						return
					}
					req.Header.Set("Authorization", "Bearer "+key)
					res, err := transport.RoundTrip(req)
					if err != nil {
						b.Error(err)
						return
					}
					if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
						b.Errorf("%s, %v", res.Status, err)
					}
					_ = res.Body.Close()
				}
			})
		})
		b.Run(name+"/handler", func(b *testing.B) {
			b.ReportAllocs()
			req := httptest.NewRequest(http.MethodGet, path, nil)
			req.Header.Set("Authorization", "Bearer "+key)
			for b.Loop() {
				w := blank{header: http.Header{}}
				mux.ServeHTTP(&w, req)
				if w.status != 0 {
					b.Fatalf("status %d", w.status)
				}
			}
		})
	}
}

// blank is a response that is thrown away.
type blank struct {
	header http.Header
	status int
}

func (b *blank) Header() http.Header            { return b.header }
func (b *blank) WriteHeader(status int)         { b.status = status }
func (b *blank) Write(text []byte) (int, error) { return len(text), nil }
