package store_test

import (
	"crypto/rand"
	"path/filepath"
	"testing"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/gateway/usage"
)

// BenchmarkRetention drops b.N events that are older than the retention, as the job that keeps the log small does: a mebibyte at a
// time, each in a transaction, with what is dropped written into the books. They are packed as they are after days: ten thousand a
// segment, 16 bytes an event that cannot be made smaller.
func BenchmarkRetention(b *testing.B) {
	const (
		events  = 10_000
		atOnce  = 1 << 20 / (16 * events) // segments
		written = `select pg_current_wal_insert_lsn() - '0/0'`
	)
	for engine, open := range map[string]func() string{
		"sqlite": func() string { return "sqlite:" + filepath.Join(b.TempDir(), "souk.db") }, "postgres": func() string { return storetest.Postgres(b) },
	} {
		b.Run(engine, func(b *testing.B) {
			db := storetest.OpenURL(b, open())
			if _, err := db.Migrate(b.Context()); err != nil {
				b.Fatal(err)
			}
			log := store.NewUsage(db)
			segments := int64(b.N / events)
			body := make([]byte, 16*events)
			for seq := range segments {
				_, _ = rand.Read(body)
				s := usage.Segment{First: seq + 1, Seq: seq + 1, FirstHour: core.Hour(seq), LastHour: core.Hour(seq), Events: events, At: seq + 1, Licenses: []byte{1}, Body: body}
				if err := log.Append(b.Context(), s); err != nil {
					b.Fatal(err)
				}
			}
			wal := func() (bytes float64) {
				if engine == "postgres" {
					if err := db.Read().QueryRowContext(b.Context(), written).Scan(&bytes); err != nil {
						b.Fatal(err)
					}
				}
				return bytes
			}
			var worst float64
			before, all := wal(), clock.Stopwatch()
			b.ResetTimer()
			for last := int64(0); last < segments; {
				spans, err := log.Spans(b.Context(), 0, 0, atOnce)
				if err != nil || len(spans) == 0 {
					b.Fatal(len(spans), err)
				}
				last = spans[len(spans)-1].Seq
				one := clock.Stopwatch()
				if err := log.Drop(b.Context(), 0, last, 1); err != nil {
					b.Fatal(err)
				}
				worst = max(worst, one().Seconds()*1000)
			}
			b.StopTimer()
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(all().Seconds(), "s")
			b.ReportMetric(worst, "worst-ms")
			b.ReportMetric((wal()-before)/1e6, "wal-MB")
			if d, err := log.Dropped(b.Context(), 0); err != nil || d.Events != segments*events {
				b.Fatalf("%d of %d events are booked as dropped, %v", d.Events, segments*events, err)
			}
		})
	}
}
