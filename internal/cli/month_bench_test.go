package cli

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// BenchmarkMonth advances thirty days with a gateway that follows: each hour is closed, sealed into a record, sent through the
// AWS SDK and settled in SQLite, by as many subscriptions as are running.
func BenchmarkMonth(b *testing.B) {
	const days = 30
	for _, subscriptions := range []int{1, 20} {
		b.Run(fmt.Sprintf("subscriptions=%d", subscriptions), func(b *testing.B) {
			played := 0
			for b.Loop() {
				b.StopTimer()
				z := openTestBazaar(b, b.TempDir())
				market := marketplaceAt(z.Sandbox)
				var buyers struct{ Items []struct{ AccountID string } }
				if err := market.call(b.Context(), http.MethodGet, "buyers", nil, &buyers); err != nil {
					b.Fatal(err)
				}
				for range subscriptions {
					how := map[string]any{"buyerAccountId": buyers.Items[0].AccountID, "productCode": z.Product}
					if err := market.call(b.Context(), http.MethodPost, "agreements", how, nil); err != nil {
						b.Fatal(err)
					}
				}
				if err := market.call(b.Context(), http.MethodPost, "clock", map[string]any{"frozen": true}, nil); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				var clock struct{ Silent []string }
				err := market.call(b.Context(), http.MethodPost, "clock", map[string]any{"advance": fmt.Sprint(days * 24 * time.Hour)}, &clock)
				b.StopTimer()
				if err != nil || len(clock.Silent) > 0 {
					b.Fatal(err, clock.Silent)
				}
				played++
				b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(played*days*24), "ms/hour")
				if err := z.close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}
