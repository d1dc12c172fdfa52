package metering_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/job"
)

// fixed is a directory of many licences that stand where they stand; the tests' own looks for each in a list.
type fixed map[core.LicenseID]license.License

func (f fixed) ByID(id core.LicenseID) (l license.License, ok bool) { l, ok = f[id]; return }
func (f fixed) ByARN(arn core.LicenseARN) (license.License, bool)   { return f.ByID(core.LicenseID(arn)) }
func (fixed) ByBuyer(string, core.ProductCode) []license.License    { return nil }
func (fixed) OnChange(func(license.License))                        {}
func (f fixed) All(yield func(license.License) bool) {
	for _, l := range f {
		if !yield(l) {
			return
		}
	}
}

func crowd(n int) fixed {
	f := fixed{}
	for i := range n {
		id := core.LicenseID(fmt.Sprintf("lic_%07d", i))
		f[id] = license.License{ID: id, ProductCode: "prod", ARN: core.LicenseARN("arn:aws:license-manager::294406891311:license:l-" + id), Customer: "111122223333",
			Standing: license.Standing{State: license.Active, ActivatedAt: begin.AddDate(0, -1, 0)}}
	}
	return f
}

// willing is AWS that takes everything at once.
type willing struct{}

func (willing) Send(_ context.Context, r metering.Request) (a metering.Answer, err error) {
	for _, l := range r.UsageRecords {
		a.Results = append(a.Results, metering.Result{UsageRecord: l, Status: "Success", MeteringRecordID: "r"})
	}
	return a, nil
}

// slow is AWS that takes everything, after a while.
type slow struct {
	willing
	after time.Duration
	taken atomic.Int64
}

func (s *slow) Send(ctx context.Context, r metering.Request) (metering.Answer, error) {
	if err := clock.Sleep(ctx, s.after); err != nil {
		return metering.Answer{}, &metering.Fault{Class: metering.Unreached, Code: "network"}
	}
	s.taken.Add(int64(len(r.UsageRecords)))
	return s.willing.Send(ctx, r)
}

// ledger is an intake and an engine on a new database at path, with one event of each licence.
func ledger(b *testing.B, path string, dir fixed, aws metering.Meter, c metering.Config) (*usage.Intake, *metering.Engine, *clock.Virtual) {
	db, err := store.Open(b.Context(), "sqlite:"+path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	if _, err := db.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	clk, log := clock.NewVirtual(begin), store.NewUsage(db)
	in, err := usage.New(b.Context(), usage.Config{Store: log, Licenses: dir, Clock: clk, MaxQueued: len(dir)})
	if err != nil {
		b.Fatal(err)
	}
	c.Store, c.Log, c.Intake, c.Licenses, c.Meter, c.Clock = store.NewMetering(db), log, in, dir, aws, clk
	eng, err := metering.New(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	var es []usage.Event
	for id := range dir {
		es = append(es, usage.Event{ID: "e" + string(id), License: usage.Ref{Name: string(id)}, Dimension: "gb", Quantity: "12.5", Time: begin})
	}
	for part := range slices.Chunk(es, 10_000) {
		if res, err := in.Accept(b.Context(), "", part); err != nil || res.Accepted != len(part) {
			b.Fatalf("%+v, %v", res, err)
		}
	}
	return in, eng, clk
}

// finish runs a job until it has nothing to do now, and tells how long that took.
func finish(b *testing.B, j job.Job, clk clock.Clock) time.Duration {
	took := clock.Stopwatch()
	for {
		at, ok, err := j.Due(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if !ok || at.After(clk.Now()) {
			return took()
		}
		if _, err := j.Run(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHour seals and sends hours in which each of b.N pairs of licence and dimension was used, with the pace
// lifted. The processor time of a record says more than the rate does where the machine has other work.
func BenchmarkHour(b *testing.B) {
	_, eng, clk := ledger(b, filepath.Join(b.TempDir(), "souk.db"), crowd(b.N), willing{}, metering.Config{CallsPerSecond: -1, Parallel: 40})
	b.ResetTimer()
	clk.Set(begin.Add(time.Hour)) // one hour is over, and its settling time
	for i, what := range []string{"sealed", "sent"} {
		before := spent()
		b.ReportMetric(float64(b.N)/finish(b, eng.Jobs()[i], clk).Seconds(), what+"/s")
		b.ReportMetric(float64((spent()-before).Nanoseconds())/1000/float64(b.N), what+"-cpu-us")
	}
	b.StopTimer()
	b.ReportMetric(0, "ns/op")
	rs, err := eng.Records(b.Context(), metering.Query{State: metering.Honoured, Limit: b.N + 1})
	if err != nil || len(rs) != b.N {
		b.Fatalf("%d of %d records honoured, %v", len(rs), b.N, err)
	}
}

// BenchmarkQuota sends for ten seconds at AWS's quota, 10 calls of 25 records a second, with answers that take 150 ms.
func BenchmarkQuota(b *testing.B) {
	const seconds = 10
	for b.Loop() {
		aws := &slow{after: 150 * time.Millisecond}
		_, eng, clk := ledger(b, filepath.Join(b.TempDir(), "souk.db"), crowd(4000), aws, metering.Config{})
		clk.Set(begin.Add(time.Hour))
		finish(b, eng.Jobs()[0], clk)
		clk.Apply(clock.Setting{Now: clk.Now(), Rate: 1})
		ctx, stop := context.WithTimeout(b.Context(), seconds*time.Second)
		took := clock.Stopwatch()
		job.New(clk, slog.New(slog.DiscardHandler), eng.Jobs()[1]).Run(ctx)
		stop()
		full := took().Seconds() * contract.CallsPerSecond * contract.MaxUsageRecords
		b.ReportMetric(100*float64(aws.taken.Load())/full, "%quota")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkGrowth fills a ledger to as many million events as SOUK_GROWTH lists (1,10,50 is what docs/performance.md
// shows), hour after hour, with random ids of 10,000 licences, and at each measures taking half a million events and closing
// an hour of all licences. It takes a while and 100 bytes of disk an event, so it does nothing without being asked.
func BenchmarkGrowth(b *testing.B) {
	list := os.Getenv("SOUK_GROWTH")
	if list == "" {
		b.Skip("set SOUK_GROWTH, such as 1,10,50")
	}
	const (
		licences = 10_000
		batch    = 1000
		sample   = 500_000
		perHour  = 5_000_000
	)
	dir := crowd(licences)
	path := filepath.Join(b.TempDir(), "souk.db")
	in, eng, clk := ledger(b, path, dir, willing{}, metering.Config{NoZeros: true})
	seal, tidy := eng.Jobs()[0], in.Jobs()[0]
	stored, used := licences, licences // used: in the running hour
	take := func(n int) time.Duration {
		took := clock.Stopwatch()
		var wg sync.WaitGroup
		var next atomic.Int64
		for range 8 {
			wg.Go(func() {
				es := make([]usage.Event, batch)
				for first := int(next.Add(batch)); first <= n; first = int(next.Add(batch)) {
					for i := range es {
						no := uint64(stored + first - batch + i)
						es[i] = usage.Event{ID: fmt.Sprintf("%x", id(int(no))), License: usage.Ref{Name: fmt.Sprintf("lic_%07d", no%licences)}, Dimension: "gb", Quantity: "1.25"}
					}
					if res, err := in.Accept(b.Context(), "", es); err != nil || res.Accepted != batch {
						b.Errorf("%+v, %v", res, err)
						return
					}
				}
			})
		}
		wg.Wait()
		stored, used = stored+n, used+n
		return took()
	}
	closeHour := func() time.Duration {
		clk.Set(clk.Now().Add(time.Hour))
		used = 0
		return finish(b, seal, clk)
	}
	for text := range strings.SplitSeq(list, ",") {
		millions, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		for stored < millions*1_000_000 {
			take(min(100_000, millions*1_000_000-stored+batch))
			finish(b, tidy, clk)
			if used >= perHour {
				closeHour()
			}
		}
		closeHour()
		finish(b, tidy, clk)
		if info, err := os.Stat(path); err == nil {
			b.ReportMetric(float64(info.Size())/float64(stored), text+"M-B/event")
		}
		b.ReportMetric(sample/take(sample).Seconds(), text+"M-events/s")
		b.ReportMetric(licences/closeHour().Seconds(), text+"M-sealed/s")
		finish(b, tidy, clk)
	}
	b.ReportMetric(0, "ns/op")
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
