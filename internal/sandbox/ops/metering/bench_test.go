package metering

import (
	"fmt"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"souk.dev/souk/internal/sandbox/world"
)

// BenchmarkBatchMeterUsage sends requests of 25 new records through the whole front door, with nothing in the ledger
// and with a million records in it.
func BenchmarkBatchMeterUsage(b *testing.B) {
	for _, stored := range []int{0, 1_000_000} {
		b.Run(fmt.Sprintf("stored=%d", stored), func(b *testing.B) {
			s := open(b, nil)
			licenses := make([]world.Agreement, 5000)
			for i := range licenses {
				licenses[i] = s.buy(acme, inkwell)
			}
			bodies := &stream{stand: s, licenses: licenses}
			s.Clock.Set(s.Clock.Now().Add(12 * time.Hour))
			before := heap()
			for n := 0; n < stored; n += 25 {
				if _, err := s.World.MeterBatch(s.Clock.Now(), bodies.batch()); err != nil {
					b.Fatal(err)
				}
			}
			kept := heap() - before
			for b.Loop() {
				b.StopTimer()
				r := request("BatchMeterUsage", bodies.text())
				w := httptest.NewRecorder()
				b.StartTimer()
				s.ServeHTTP(w, r)
				if w.Code != 200 {
					b.Fatalf("%s", w.Body)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
			if stored > 0 {
				b.ReportMetric(float64(kept)/float64(stored), "B/record")
			}
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// stream makes records that were never sent before: hour by hour, license by license.
type stream struct {
	*stand
	licenses []world.Agreement
	next     int
}

func (s *stream) batch() world.Batch {
	b := world.Batch{Seller: "444455556666", Region: "us-east-1"}
	at := s.Clock.Now().Truncate(time.Hour)
	for range 25 {
		a := s.licenses[s.next%len(s.licenses)]
		dim := []string{"pages", "gb_stored"}[s.next/len(s.licenses)%2]
		b.Usage = append(b.Usage, world.Usage{Timestamp: at, Dimension: dim, Quantity: int64(s.next % 1000), BuyerAccount: acme, LicenseARN: a.License.ARN})
		if s.next++; s.next%(2*len(s.licenses)) == 0 {
			s.Clock.Set(s.Clock.Now().Add(time.Hour))
			at = s.Clock.Now().Truncate(time.Hour)
		}
	}
	return b
}

func (s *stream) text() string {
	b := s.batch()
	records := make([]map[string]any, len(b.Usage))
	for i, u := range b.Usage {
		records[i] = map[string]any{"Timestamp": u.Timestamp.Unix(), "Dimension": u.Dimension, "Quantity": u.Quantity, "CustomerAWSAccountId": u.BuyerAccount, "LicenseArn": u.LicenseARN}
	}
	return batch("", records...)
}
