package peers

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// records is how many a call has: the most that AWS takes.
const records = 25

// target is a server under load. write makes the body of call number n, with records that no call before it had.
type target struct {
	url   string
	write func(w *bytes.Buffer, n int64)
	calls atomic.Int64 // made so far
}

// authorization is a signature's form; neither server looks further.
const authorization = "AWS4-HMAC-SHA256 Credential=AKID/20261110/us-east-1/aws-marketplace/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"

// send makes one call and wants all its records honoured.
func (g *target) send(hc *http.Client, body *bytes.Buffer) error {
	body.Reset()
	g.write(body, g.calls.Add(1)-1)
	req, err := http.NewRequest(http.MethodPost, g.url, bytes.NewReader(body.Bytes()))
	if err != nil {
		return err
	}
	req.Header.Set("X-Amz-Target", "AWSMPMeteringService.BatchMeterUsage")
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("Authorization", authorization)
	res, err := hc.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if n := bytes.Count(answer, []byte(`"Success"`)); n != records || res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s, %d records honoured: %.300s", res.Status, n, answer)
	}
	return nil
}

// rate drives g over so many connections for a while and gives the calls in a second.
func (g *target) rate(b *testing.B, connections int, while time.Duration) float64 {
	b.Helper()
	return g.drive(b, connections, func(began time.Time, _ int64) bool { return time.Since(began) < while })
}

// fill makes so many calls.
func (g *target) fill(b *testing.B, calls int64) {
	b.Helper()
	g.drive(b, 16, func(_ time.Time, made int64) bool { return made <= calls })
}

// drive makes calls over so many connections until more says that it is enough. A call that has begun is counted.
func (g *target) drive(b *testing.B, connections int, more func(began time.Time, made int64) bool) float64 {
	b.Helper()
	hc := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	defer hc.CloseIdleConnections()
	var made, done atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	began := time.Now()
	for range connections {
		wg.Go(func() {
			var body bytes.Buffer
			for failed.Load() == nil && more(began, made.Add(1)) {
				if err := g.send(hc, &body); err != nil {
					failed.Store(&err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	if err := failed.Load(); err != nil {
		b.Fatal(*err)
	}
	return float64(done.Load()) / took.Seconds()
}

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}
