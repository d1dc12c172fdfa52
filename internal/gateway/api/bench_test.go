package api_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
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
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/job"
)

// nothing takes events, checks them as the intake does, and keeps none.
type nothing struct {
	rules usage.Rules
	clk   clock.Clock
}

func (n nothing) Accept(_ context.Context, source string, es []usage.Event) (usage.Result, error) {
	check := usage.Checker{Rules: &n.rules, Source: source, Now: n.clk.Now()}
	var kept usage.Entry
	for i := range es {
		if _, err := check.Check(&es[i], &kept); err != nil {
			return usage.Result{}, err
		}
	}
	return usage.Result{Accepted: len(es)}, nil
}

// subscriber is a directory of one licence.
type subscriber license.License

func (s subscriber) All(yield func(license.License) bool)               { yield(license.License(s)) }
func (s subscriber) OnChange(func(license.License))                     {}
func (s subscriber) ByBuyer(string, core.ProductCode) []license.License { return nil }
func (s subscriber) ByID(id core.LicenseID) (license.License, bool) {
	return license.License(s), id == s.ID
}
func (s subscriber) ByARN(arn core.LicenseARN) (license.License, bool) {
	return license.License(s), arn == s.ARN
}

// BenchmarkEvents measures POST /v1/events against the same server storing nothing, and against a usual one that stores
// nothing, with the load generator beside it. They take turns, so that a busy machine slows all alike: read the ratios.
func BenchmarkEvents(b *testing.B) {
	for _, s := range []struct {
		name           string
		conns, events  int
		open, sep, end string
		contentType    string
	}{
		{"singles/64", 64, 1, "", "", "", "application/json"},
		{"hundreds/16", 16, 100, "[", ",", "]", "application/json"},
		{"lines-of-1000/8", 8, 1000, "", "\n", "", "application/x-ndjson"},
	} {
		b.Run(s.name, func(b *testing.B) {
			stores, empty, usual := newServer(b, true), newServer(b, false), newUsual(b, checks(clock.NewVirtual(begin)))
			body := func(first int) []byte {
				text := []byte(s.open)
				for i := range s.events {
					if i > 0 {
						text = append(text, s.sep...)
					}
					text = fmt.Appendf(text, `{"id":"%x","license":"arn:aws:license-manager::294406891311:license:l-1","dimension":"gb","quantity":"1.25","time":"2026-11-01T12:00:00Z","tags":{"BusinessUnit":"Operations"}}`,
						id(first+i))
				}
				return append(text, s.end...)
			}
			const turns = 8
			each := b.N/turns + s.conns*s.events
			var took, cpu [3]time.Duration
			b.ResetTimer()
			for turn := range turns {
				first := turn * (each + s.events)
				for i, srv := range []*server{stores, empty, usual} {
					before := spent()
					took[i] += srv.load(b, s.conns, s.events, each, s.contentType, func(n int) []byte { return body(first + n) })
					cpu[i] += spent() - before
				}
			}
			b.ReportMetric(float64(each*turns)/took[0].Seconds(), "events/s")
			b.ReportMetric(float64(each*turns)/took[1].Seconds(), "empty-events/s")
			b.ReportMetric(100*took[1].Seconds()/took[0].Seconds(), "%empty")
			b.ReportMetric(100*cpu[1].Seconds()/cpu[0].Seconds(), "%empty-cpu")
			b.ReportMetric(float64(each*turns)/took[2].Seconds(), "usual-events/s")
			b.ReportMetric(100*took[2].Seconds()/took[0].Seconds(), "%usual")
			b.ReportMetric(float64(cpu[0].Nanoseconds())/float64(each*turns), "cpu-ns/event")
			b.ReportMetric(float64(stores.slowest(0.99).Microseconds())/1000, "p99-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// server is a door with one call, and what its callers saw.
type server struct {
	*httptest.Server
	client *http.Client
	key    string

	mu   sync.Mutex
	took []time.Duration
}

var begin = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// sold is the licence that all events are of.
var sold = subscriber{ID: "lic_1", ARN: "arn:aws:license-manager::294406891311:license:l-1", ProductCode: "p", Customer: "111122223333", Standing: license.Standing{State: license.Active}}

func checks(clk clock.Clock) nothing {
	return nothing{usage.Rules{Licenses: sold, MaxAhead: time.Minute, MaxAge: time.Hour}, clk}
}

func openDB(b *testing.B) *store.DB {
	db, err := store.Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "souk.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	if _, err := db.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	return db
}

// newServer is a door with one call, and a gateway's jobs behind it.
func newServer(b *testing.B, keeps bool) *server {
	db, clk := openDB(b), clock.NewVirtual(begin)
	if !keeps {
		return serve(b, db, checks(clk), clk)
	}
	var run *job.Runner
	in, err := usage.New(b.Context(), usage.Config{Store: store.NewUsage(db), Licenses: sold, Clock: clk, Wake: func(name string) { run.Wake(name) }})
	if err != nil {
		b.Fatal(err)
	}
	run = job.New(clk, slog.New(slog.DiscardHandler), in.Jobs()...)
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { run.Run(ctx) })
	b.Cleanup(func() { stop(); wg.Wait() })
	return serve(b, db, in, clk)
}

// load sends all events over conns connections and tells how long it took.
func (s *server) load(b *testing.B, conns, events, all int, contentType string, body func(n int) []byte) time.Duration {
	var next atomic.Int64
	elapsed := clock.Stopwatch()
	var wg sync.WaitGroup
	for range conns {
		wg.Go(func() {
			var mine []time.Duration
			for {
				n := int(next.Add(int64(events))) - events
				if n >= all {
					break
				}
				took := clock.Stopwatch()
				if err := s.post(contentType, body(n)); err != nil {
					b.Error(err)
					break
				}
				mine = append(mine, took())
			}
			s.mu.Lock()
			s.took = append(s.took, mine...)
			s.mu.Unlock()
		})
	}
	wg.Wait()
	return elapsed()
}

func (s *server) post(contentType string, body []byte) error {
	r, err := http.NewRequest("POST", s.URL+"/v1/events", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "Bearer "+s.key)
	resp, err := s.client.Do(r)
	if err != nil {
		return err
	}
	answer, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err == nil && (resp.StatusCode != 200 || !bytes.Contains(answer, []byte(`"duplicates":0,"rejected":[]`))) {
		err = fmt.Errorf("%s: %s", resp.Status, answer)
	}
	return err
}

// slowest is the time that a share of the answers took at most.
func (s *server) slowest(share float64) time.Duration {
	slices.Sort(s.took)
	return s.took[int(share*float64(len(s.took)-1))]
}

// id is 16 bytes for each number, which look random.
func id(n int) []byte {
	b := make([]byte, 0, 16)
	for _, v := range [2]uint64{uint64(n), ^uint64(n)} {
		v *= 0x9e3779b97f4a7c15
		v = (v ^ v>>30) * 0xbf58476d1ce4e5b9
		v = (v ^ v>>27) * 0x94d049bb133111eb
		b = binary.BigEndian.AppendUint64(b, v^v>>31)
	}
	return b
}
