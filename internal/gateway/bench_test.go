package gateway

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/keys"
	"souk.dev/souk/internal/gateway/license"
)

// checked is a gateway that knows what a licence has bought, beside a handler that does nothing, and a path of each.
func checked(b *testing.B) (h http.Handler, key, check string) {
	const arn = core.LicenseARN("arn:aws:license-manager::294406891311:license:l-0123456789abcdef0123456789abcdef")
	c := Config{DatabaseURL: "sqlite:" + filepath.Join(b.TempDir(), "gateway.db"), BaseURL: "http://127.0.0.1:4710", Endpoint: "http://127.0.0.1:1",
		AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secret", Log: slog.New(slog.DiscardHandler), Products: core.Catalogue{{Code: "p", Title: "P", Pricing: core.Contract}}}
	g, err := New(b.Context(), c) // makes the schema
	if err != nil {
		b.Fatal(err)
	}
	key, _, err = keys.Create(b.Context(), g.db.Keys(), clock.System{}, "bench")
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
	b.Cleanup(func() { _ = g.Close() })
	mux := http.NewServeMux()
	mux.Handle("/", g.Handler())
	mux.HandleFunc("GET /empty", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}\n") })
	return mux, key, "/v1/licenses/" + string(v.License) + "/check?dimension=users&quantity=10"
}

// BenchmarkCheck measures the check, over HTTP with its load beside it, against a handler of the same server that does
// nothing: at saturation, and how late answers are at 2,000 requests a second.
func BenchmarkCheck(b *testing.B) {
	h, key, check := checked(b)
	srv := httptest.NewServer(h)
	defer srv.Close()
	load := checkLoad{b: b, key: key, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	paths := [2]string{srv.URL + check, srv.URL + "/empty"}

	// Both take turns, so that a busy machine slows both alike.
	const turns = 8
	each := b.N/turns + 1
	var took [2]time.Duration
	b.ResetTimer()
	for range turns {
		for i, path := range paths {
			took[i] += load.saturate(path, each)
		}
	}
	b.ReportMetric(float64(each*turns)/took[0].Seconds(), "checks/s")
	b.ReportMetric(float64(each*turns)/took[1].Seconds(), "empty/s")
	b.ReportMetric(100*took[1].Seconds()/took[0].Seconds(), "%empty")

	var late [2][]time.Duration
	for range turns {
		for i, path := range paths {
			late[i] = append(late[i], load.offer(path, 2_000, 1_000)...)
		}
	}
	for i, unit := range []string{"p99-ms", "empty-p99-ms"} {
		slices.Sort(late[i])
		b.ReportMetric(float64(late[i][len(late[i])*99/100].Microseconds())/1000, unit)
	}
	b.ReportMetric(0, "ns/op")
}

// checkLoad asks, over HTTP, as a seller's application does.
type checkLoad struct {
	b      *testing.B
	key    string
	client *http.Client
}

func (l checkLoad) get(url string) {
	req, err := http.NewRequestWithContext(l.b.Context(), http.MethodGet, url, nil)
	if err != nil {
		l.b.Error(err)
		return
	}
	req.Header.Set("Authorization", "Bearer "+l.key)
	res, err := l.client.Do(req)
	if err != nil {
		l.b.Error(err)
		return
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
		l.b.Errorf("%s, %v", res.Status, err)
	}
	_ = res.Body.Close()
}

// saturate sends n requests over 16 connections, each as soon as the one before is answered, and tells how long it took.
func (l checkLoad) saturate(url string, n int) time.Duration {
	var next atomic.Int64
	var wg sync.WaitGroup
	took := clock.Stopwatch()
	for range 16 {
		wg.Go(func() {
			for next.Add(1) <= int64(n) && !l.b.Failed() {
				l.get(url)
			}
		})
	}
	wg.Wait()
	return took()
}

// offer sends n requests, rate of them a second, whether or not the answers keep up, and tells how long each answer took
// from the instant at which its request was due.
func (l checkLoad) offer(url string, rate, n int) []time.Duration {
	gap := time.Second / time.Duration(rate)
	due := make(chan int, n)
	took := make([]time.Duration, n)
	now := clock.Stopwatch()
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for i := range due {
				l.get(url)
				took[i] = now() - time.Duration(i)*gap
			}
		})
	}
	for sent := 0; sent < n; {
		for ; sent < n && now() >= time.Duration(sent)*gap; sent++ {
			due <- sent
		}
		if err := clock.Sleep(l.b.Context(), 200*time.Microsecond); err != nil {
			l.b.Error(err)
			break
		}
	}
	close(due)
	wg.Wait()
	return took
}

// BenchmarkCheckHandler measures the check without the network.
func BenchmarkCheckHandler(b *testing.B) {
	h, key, check := checked(b)
	b.ReportAllocs()
	req := httptest.NewRequest(http.MethodGet, check, nil)
	req.Header.Set("Authorization", "Bearer "+key)
	for b.Loop() {
		w := blank{header: http.Header{}}
		h.ServeHTTP(&w, req)
		if w.status != 0 {
			b.Fatalf("status %d", w.status)
		}
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
