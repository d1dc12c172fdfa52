package api_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway"
	"souk.dev/souk/internal/gateway/api"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/keys"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/usage"
)

// crowd is a directory of many licences, each with its own ARN.
type crowd map[core.LicenseID]license.License

func (c crowd) ByID(id core.LicenseID) (l license.License, ok bool) { l, ok = c[id]; return l, ok }
func (c crowd) ByARN(arn core.LicenseARN) (license.License, bool)   { return c.ByID(core.LicenseID(arn)) }
func (crowd) ByBuyer(string, core.ProductCode) []license.License    { return nil }
func (crowd) OnChange(func(license.License))                        {}
func (c crowd) All(yield func(license.License) bool) {
	for _, l := range c {
		if !yield(l) {
			return
		}
	}
}

// away is AWS that is not there: nothing is sent.
type away struct{}

func (away) Send(context.Context, metering.Request) (metering.Answer, error) {
	return metering.Answer{}, &metering.Fault{Class: metering.Unreached, Code: "network"}
}

// BenchmarkLatency offers 5,000 single events a second, b.N of them, whether or not the answers keep up, and tells how
// long the answers take from the instant at which their request was due: first by themselves, then while an hour of many
// records is closed and sealed.
func BenchmarkLatency(b *testing.B) {
	const (
		rate  = 5_000
		pairs = 100_000
	)
	dir := crowd{}
	for i := range pairs {
		id := core.LicenseID(fmt.Sprintf("lic_%06d", i))
		dir[id] = license.License{ID: id, ProductCode: "p", ARN: core.LicenseARN("arn:" + id), Customer: "111122223333",
			Standing: license.Standing{State: license.Active, ActivatedAt: begin.AddDate(0, -1, 0)}}
	}
	db := openDB(b)
	clk := clock.NewVirtual(begin)
	in, err := usage.New(b.Context(), usage.Config{Store: store.NewUsage(db), Licenses: dir, Clock: clk})
	if err != nil {
		b.Fatal(err)
	}
	eng, err := metering.New(b.Context(), metering.Config{Store: store.NewMetering(db), Log: store.NewUsage(db), Intake: in, Licenses: dir, Meter: away{}, Clock: clk})
	if err != nil {
		b.Fatal(err)
	}
	var es []usage.Event
	for id := range dir {
		es = append(es, usage.Event{ID: "first" + string(id), License: usage.Ref{Name: string(id)}, Dimension: "gb", Quantity: "12.5", Time: begin})
	}
	if res, err := in.Accept(b.Context(), "", es); err != nil || res.Accepted != pairs {
		b.Fatalf("%+v, %v", res, err)
	}
	s := serve(b, db, in, clk)
	body := func(n int) []byte {
		return fmt.Appendf(nil, `{"id":"%x","license":"lic_%06d","dimension":"gb","quantity":"1.25"}`, id(n), n%pairs)
	}
	es = nil
	runtime.GC() // what was needed to get here would put off all collections of the quiet time, and none of the closing's
	b.ResetTimer()
	quiet := s.offer(b, rate, b.N, body)

	clk.Set(begin.Add(time.Hour + 5*time.Minute))
	seal := eng.Jobs()[0]
	var sealing atomic.Bool
	sealing.Store(true)
	var wg sync.WaitGroup
	var took time.Duration
	wg.Go(func() {
		watch := clock.Stopwatch()
		for sealing.Load() {
			at, ok, err := seal.Due(b.Context())
			if err == nil && ok && !at.After(clk.Now()) {
				_, err = seal.Run(b.Context())
			} else if err == nil {
				break
			}
			if err != nil {
				b.Error(err)
				break
			}
		}
		took = watch()
		sealing.Store(false)
	})
	busy := s.offer(b, rate, b.N, func(n int) []byte {
		if !sealing.Load() {
			return nil
		}
		return body(n + b.N)
	})
	sealing.Store(false)
	wg.Wait()
	for _, m := range []struct {
		name string
		of   []time.Duration
	}{{"", quiet}, {"-closing", busy}} {
		if len(m.of) == 0 {
			b.Fatalf("nothing was measured%s", m.name)
		}
		slices.Sort(m.of)
		b.ReportMetric(ms(m.of[len(m.of)/2]), "p50-ms"+m.name)
		b.ReportMetric(ms(m.of[len(m.of)*99/100]), "p99-ms"+m.name)
	}
	b.ReportMetric(ms(busy[len(busy)*99/100])/ms(quiet[len(quiet)*99/100]), "p99-x")
	b.ReportMetric(took.Seconds(), "s-closing")
	b.ReportMetric(0, "ns/op")
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// offer sends n requests, rate of them a second, over as many connections as it takes, until body has none; it tells how
// long each answer took from the instant at which its request was due.
func (s *server) offer(b *testing.B, rate, n int, body func(n int) []byte) []time.Duration {
	type due struct {
		no int
		at time.Duration
	}
	queue := make(chan due, n)
	took := make([]time.Duration, n)
	now := clock.Stopwatch()
	var answered atomic.Int64
	var wg sync.WaitGroup
	for range 128 {
		wg.Go(func() {
			for d := range queue {
				text := body(d.no)
				if text == nil {
					continue
				}
				if err := s.post("application/json", text); err != nil {
					b.Error(err)
					return
				}
				took[answered.Add(1)-1] = now() - d.at
			}
		})
	}
	gap := time.Second / time.Duration(rate)
	for sent := 0; sent < n; {
		for ; sent < n && now() >= time.Duration(sent)*gap; sent++ {
			queue <- due{sent, time.Duration(sent) * gap}
		}
		if err := clock.Sleep(b.Context(), 500*time.Microsecond); err != nil {
			b.Fatal(err)
		}
	}
	close(queue)
	wg.Wait()
	return took[:answered.Load()]
}

// serve is a door with POST /v1/events alone, in a process that is set as the gateway's own.
func serve(b *testing.B, db *store.DB, taker api.Acceptor, clk clock.Clock) *server {
	b.Cleanup(gateway.Tune(slog.New(slog.DiscardHandler)))
	key, _, err := keys.Create(b.Context(), db.Keys(), clk, "bench")
	if err != nil {
		b.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	s := &server{Server: httptest.NewServer(api.NewDoor(keys.NewRing(db.Keys(), clk, log), db.Answers(), audit.New(db.Audit(), clk), clk, log, api.Events{Intake: taker})), key: key,
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 128}}}
	b.Cleanup(s.Close)
	return s
}
