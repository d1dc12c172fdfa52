package usage_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
)

// BenchmarkFilters takes b.N new events whose ids, at random, are told from twenty million on disk: with all of their filters in memory, with
// half and with none. They take turns, so that a busy machine slows all alike: read the ratio. The files are in the system's
// cache, so what is measured is the work of reading a page and not a disk.
func BenchmarkFilters(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		for _, s := range []struct{ callers, events int }{{64, 1}, {8, 100}} {
			b.Run(fmt.Sprintf("%s/%dx%d", engine, s.callers, s.events), func(b *testing.B) {
				c, _ := config(b)
				url := "sqlite:" + filepath.Join(b.TempDir(), "souk.db")
				if engine == "postgres" {
					url = storetest.Postgres(b)
				}
				db := storetest.OpenURL(b, url)
				if _, err := db.Migrate(b.Context()); err != nil {
					b.Fatal(err)
				}
				c.Store = store.NewUsage(db)
				in := open(b, c)
				for _, millions := range []int{8, 8, 2, 1, 1} {
					if err := in.GrowRun(b.Context(), millions*1_000_000); err != nil {
						b.Fatal(err)
					}
				}
				all := in.Filters().Disk
				bounds := []int64{all, all / 2, 0}
				const turns = 6
				var took [3]time.Duration
				var pages [3]int64
				each, n := b.N/turns+s.callers*s.events, 0
				b.ResetTimer()
				for range turns {
					for i, bound := range bounds {
						in.Allow(bound)
						tidy(b, in)
						before := in.Filters().Read
						took[i] += share(s.callers, s.events, n, each, func(first, n int) { take(b, in, first, n) })
						pages[i] += in.Filters().Read - before
						n += each + s.callers*s.events
					}
				}
				total := float64(each * turns)
				for i, name := range []string{"all", "half", "none"} {
					b.ReportMetric(total/took[i].Seconds(), name+"-events/s")
					b.ReportMetric(float64(pages[i])/total, name+"-pages/event")
				}
				b.ReportMetric(100*took[0].Seconds()/took[1].Seconds(), "%half")
				b.ReportMetric(100*took[0].Seconds()/took[2].Seconds(), "%none")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
