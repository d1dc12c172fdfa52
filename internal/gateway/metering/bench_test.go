package metering_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/usage"
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

// BenchmarkHour seals and sends hours in which each of b.N pairs of licence and dimension was used, with the pace
// lifted.
func BenchmarkHour(b *testing.B) {
	db, err := store.Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "souk.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	if _, err := db.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	dir, clk, log := crowd(b.N), clock.NewVirtual(begin), store.NewUsage(db)
	in, err := usage.New(b.Context(), usage.Config{Store: log, Licenses: dir, Clock: clk})
	if err != nil {
		b.Fatal(err)
	}
	eng, err := metering.New(b.Context(), metering.Config{Store: store.NewMetering(db), Log: log, Intake: in, Licenses: dir, Meter: willing{}, Clock: clk,
		CallsPerSecond: -1, Parallel: 40})
	if err != nil {
		b.Fatal(err)
	}
	var es []usage.Event
	for id := range dir {
		es = append(es, usage.Event{ID: "e" + string(id), License: usage.Ref{Name: string(id)}, Dimension: "gb", Quantity: "12.5", Time: begin})
	}
	if res, err := in.Accept(b.Context(), "", es); err != nil || res.Accepted != b.N {
		b.Fatalf("%+v, %v", res, err)
	}
	jobs := eng.Jobs()
	b.ResetTimer()
	clk.Set(begin.Add(time.Hour)) // one hour is over, and its settling time
	for i, what := range []string{"sealed/s", "sent/s"} {
		took := clock.Stopwatch()
		for {
			at, ok, err := jobs[i].Due(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			if !ok || at.After(clk.Now()) {
				break
			}
			if _, err := jobs[i].Run(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/took().Seconds(), what)
	}
	b.StopTimer()
	b.ReportMetric(0, "ns/op")
	rs, err := eng.Records(b.Context(), metering.Query{State: metering.Honoured, Limit: b.N + 1})
	if err != nil || len(rs) != b.N {
		b.Fatalf("%d of %d records honoured, %v", len(rs), b.N, err)
	}
}
