package sandbox

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"souk.dev/souk/internal/sandbox/world"
)

// BenchmarkMeteringOverHTTP sends requests of 25 new records over kept-alive connections, load generator included,
// with nothing kept and with a journal.
func BenchmarkMeteringOverHTTP(b *testing.B) {
	for _, connections := range []int{1, 16} {
		for _, kept := range []bool{false, true} {
			b.Run(fmt.Sprintf("connections=%d/journal=%v", connections, kept), func(b *testing.B) {
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
				load(b, s, connections)
			})
		}
	}
}

func load(b *testing.B, s *Sandbox, connections int) {
	licenses := make([]string, 10_000) // enough for 19,200 requests; what comes after repeats
	for i := range licenses {
		a, err := s.world.Subscribe(noon, world.Subscribe{BuyerAccount: acme, Product: inkwell})
		if err != nil {
			b.Fatal(err)
		}
		licenses[i] = a.License.ARN
	}
	if _, err := s.time.Advance(b.Context(), noon.Add(24*time.Hour-time.Minute)); err != nil {
		b.Fatal(err)
	}
	srv := httptest.NewServer(s.Handler())
	defer srv.Close()
	hc := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	var next atomic.Int64
	b.SetParallelism((connections + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		var body bytes.Buffer
		for pb.Next() {
			body.Reset()
			writeRequest(&body, licenses, next.Add(25)-25)
			req, err := http.NewRequest(http.MethodPost, srv.URL, bytes.NewReader(body.Bytes()))
			if err != nil {
				b.Error(err)
				return
			}
			if err := perform(hc, req); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

// perform sends a request for BatchMeterUsage, all of whose records must be honoured.
func perform(hc *http.Client, req *http.Request) error {
	req.Header.Set("X-Amz-Target", "AWSMPMeteringService.BatchMeterUsage")
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20261110/us-east-1/aws-marketplace/aws4_request, SignedHeaders=host;x-amz-date, Signature=00")
	res, err := hc.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if n := bytes.Count(answer, []byte(`"Success"`)); n != 25 || res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s, %d honoured: %s", res.Status, n, answer)
	}
	return nil
}

// writeRequest writes the 25 records from number n on: one for each license, dimension and hour of a day in turn.
func writeRequest(w *bytes.Buffer, licenses []string, n int64) {
	w.WriteString(`{"UsageRecords":[`)
	for i := n; i < n+25; i++ {
		if i > n {
			w.WriteByte(',')
		}
		per := int64(len(licenses))
		at := noon.Add(time.Duration(i/per/2%24) * time.Hour)
		fmt.Fprintf(w, `{"Timestamp":%d,"Dimension":"%s","Quantity":1,"CustomerAWSAccountId":"%s","LicenseArn":"%s"}`,
			at.Unix(), []string{"pages", "gb_stored"}[i/per%2], acme, licenses[i%per])
	}
	w.WriteString(`]}`)
}
