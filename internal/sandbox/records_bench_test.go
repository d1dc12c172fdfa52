package sandbox

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/sandbox/world"
)

// connections is how many [BenchmarkHourOfRecords] sends over.
const connections = 4

// BenchmarkHourOfRecords meters an hour of a thousand subscriptions, through BatchMeterUsage over HTTP, and lets the hour
// go by: -benchtime 8760x is a year, of 8.76 million records. It tells the records in a second, the memory and the
// journal's bytes for each.
func BenchmarkHourOfRecords(b *testing.B) {
	for _, kept := range []bool{false, true} {
		b.Run(fmt.Sprintf("journal=%v", kept), func(b *testing.B) {
			c := Config{Now: noon}
			if kept {
				c.Data = b.TempDir()
			}
			s, err := New(b.Context(), c)
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			s.time.Change(b.Context(), 0, true)
			srv := httptest.NewServer(s.Handler())
			defer srv.Close()
			hc := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
			licenses := subscriptions(b, s, 1000)
			heapBefore, diskBefore := heap(), disk(b, c.Data)
			b.ResetTimer()
			for range b.N {
				hourOfRecords(b, s, hc, srv.URL, licenses)
			}
			b.StopTimer()
			n := float64(b.N * len(licenses))
			b.ReportMetric(n/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64(heap()-heapBefore)/n, "B/record")
			if kept {
				b.ReportMetric(float64(disk(b, c.Data)-diskBefore)/n, "disk-B/record")
			}
		})
	}
}

func subscriptions(b *testing.B, s *Sandbox, n int) []string {
	licenses := make([]string, n)
	for i := range licenses {
		a, err := s.world.Subscribe(noon, world.Subscribe{BuyerAccount: acme, Product: inkwell})
		if err != nil {
			b.Fatal(err)
		}
		licenses[i] = a.License.ARN
	}
	if _, err := s.time.Advance(b.Context(), noon.Add(time.Hour)); err != nil {
		b.Fatal(err)
	}
	return licenses
}

// hourOfRecords sends one record for each licence, 25 a call, and moves time on by an hour.
func hourOfRecords(b *testing.B, s *Sandbox, hc *http.Client, url string, licenses []string) {
	now := s.clock.Now()
	calls := make(chan []string, len(licenses)/25)
	for i := 0; i+25 <= len(licenses); i += 25 {
		calls <- licenses[i : i+25]
	}
	close(calls)
	var wg sync.WaitGroup
	for range connections {
		wg.Go(func() {
			var body bytes.Buffer
			for batch := range calls {
				body.Reset()
				for i, arn := range batch {
					body.WriteString([]string{`{"UsageRecords":[`, `,`}[min(i, 1)])
					fmt.Fprintf(&body, `{"Timestamp":%d,"Dimension":"pages","Quantity":1,"CustomerAWSAccountId":"%s","LicenseArn":"%s"}`, now.Unix(), acme, arn)
				}
				body.WriteString(`]}`)
				if err := meterOnce(hc, url, body.Bytes()); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if b.Failed() {
		b.FailNow()
	}
	if _, err := s.time.Advance(b.Context(), now.Add(time.Hour)); err != nil {
		b.Fatal(err)
	}
}

// meterOnce sends one request whose 25 records must all be honoured.
func meterOnce(hc *http.Client, url string, body []byte) error {
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	return perform(hc, req)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// disk is how many bytes a folder holds; 0 for none.
func disk(b *testing.B, dir string) (n int64) {
	if dir == "" {
		return 0
	}
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		n += info.Size()
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return n
}
