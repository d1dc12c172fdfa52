package gateway

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/keys"
	"souk.dev/souk/internal/gateway/store/storetest"
)

func config(t *testing.T) Config {
	return Config{DatabaseURL: storetest.File(t, filepath.Join(storetest.Dir(t), "gateway.db")), BaseURL: "http://127.0.0.1:4710",
		Endpoint: "http://127.0.0.1:1", AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secret", Log: slog.New(slog.DiscardHandler)}
}

func open(t *testing.T, c Config) *Gateway {
	t.Helper()
	g, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

func get(g *Gateway, path, key string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	w := httptest.NewRecorder()
	g.Handler().ServeHTTP(w, r)
	return w
}

func TestDoorsAreMounted(t *testing.T) {
	g := open(t, config(t))
	key, _, err := keys.Create(t.Context(), g.db.Keys(), clock.System{}, "test")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path, key string
		status    int
		holds     string
	}{
		{"/healthz", "", 200, `"ok"`},
		{"/readyz", "", 200, `"none is configured: no notice from AWS is read"`},
		{"/metrics", "", 200, `souk_licenses{state="active"} 0`},
		{"/openapi.json", "", 200, `"openapi"`},
		{"/v1/licenses", "", 401, `no_key`},
		{"/v1/licenses", "souk_wrong", 401, `bad_key`},
		{"/v1/licenses", key, 200, `{"items":[]}`},
		{"/v1/licenses?limit=0", key, 400, `bad_limit`},
		{"/v1/licenses?cursor=zzz", key, 400, `bad_cursor`},
		{"/v1/licenses/nope", key, 404, `unknown_license`},
		{"/v1/licenses/nope/check", key, 404, `unknown_license`},
		{"/v1/notifications", key, 200, `{"items":[]}`},
		{"/v1/registrations", key, 200, `{"items":[]}`},
		{"/v1/accounts", key, 200, `{"items":[]}`},
		{"/v1/nonsense", key, 404, `no_such_call`},
		{"/register", "", 200, `AWS Marketplace`},
		{"/", "", 303, ``},
		{"/nowhere", "", 404, `nothing_here`},
	} {
		w := get(g, c.path, c.key)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.holds) {
			t.Errorf("GET %s: %d %s; want %d with %s", c.path, w.Code, w.Body, c.status, c.holds)
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Content-Type") == "" {
			t.Errorf("GET %s: a browser may take the answer for what it likes: %v", c.path, w.Header())
		}
	}
}

// A browser that asks for what is not there gets a page, a program a problem document.
func TestNowhereIsAPageForPeople(t *testing.T) {
	g := open(t, config(t))
	for accept, want := range map[string]string{"text/html,application/xhtml+xml,*/*;q=0.8": "text/html; charset=utf-8", "application/json": "application/problem+json", "": "application/problem+json"} {
		r := httptest.NewRequest("GET", "/nowhere", nil)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		g.Handler().ServeHTTP(w, r)
		if w.Code != http.StatusNotFound || w.Header().Get("Content-Type") != want {
			t.Errorf("%q: %d %s", accept, w.Code, w.Header().Get("Content-Type"))
		}
	}
}

func TestOpenAPIIsJSONAndNamesEveryCall(t *testing.T) {
	g := open(t, config(t))
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]any
	}
	if err := json.Unmarshal(get(g, "/openapi.json", "").Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("openapi %q", doc.OpenAPI)
	}
}

func TestClockIsFollowedOnlyOfTheSandboxMeteredTo(t *testing.T) {
	c := config(t)
	c.Endpoint, c.ClockURL = "https://metering.marketplace.us-east-1.amazonaws.com", "http://127.0.0.1:4700"
	_, err := New(t.Context(), c)
	if !fail.Is(err, fail.Invalid) || fail.CodeOf(err) != "foreign_clock" {
		t.Errorf("%v", err)
	}
	c.Endpoint, c.ClockURL = "", "http://127.0.0.1:4700"
	if _, err := New(t.Context(), c); fail.CodeOf(err) != "foreign_clock" {
		t.Errorf("with AWS's own endpoint: %v", err)
	}
}

func TestOlderSchemaIsLeftToMigrate(t *testing.T) {
	c := config(t)
	g := open(t, c)
	if _, err := g.db.Read().ExecContext(t.Context(), "delete from goose_db_version where version_id = 20"); err != nil {
		t.Fatal(err)
	}
	if _, err := New(t.Context(), c); fail.CodeOf(err) != "older_schema" {
		t.Errorf("%v", err)
	}
}

func TestPanicIsAnsweredAndLogged(t *testing.T) {
	var log strings.Builder
	h := survive(slog.New(slog.NewTextHandler(&log, nil)), http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") }))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/x", nil))
	if w.Code != 500 || strings.Contains(w.Body.String(), "boom") || !strings.Contains(log.String(), "boom") {
		t.Errorf("%d %s; log %s", w.Code, w.Body, log.String())
	}
}

// What cannot be opened says why, and lets go of the database.
func TestASettingThatCannotBe(t *testing.T) {
	c := config(t)
	c.BaseURL = "nowhere"
	if _, err := New(t.Context(), c); fail.CodeOf(err) != "base_url" {
		t.Errorf("%v", err)
	}
}
