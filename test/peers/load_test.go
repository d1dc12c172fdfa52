package peers

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// records is how many a call has: the most that AWS takes.
const records = 25

// target is a server under load. call tells which request is call number n, and the timestamp of its records, so that
// no call before it had the same.
type target struct {
	addr string
	call func(n int64) (*request, int64)
	made atomic.Int64 // calls so far
}

// request is a call's bytes, made before anything is measured: only the records' timestamps are written during it.
type request struct {
	text   []byte
	stamps []int // where the timestamps stand, stampDigits each
}

// stampDigits is how long a timestamp is, from 2001 to 2286.
const stampDigits = 10

// blank holds a timestamp's place in a body.
const blank = 1_000_000_000

// post is a POST of body to addr. It has a signature's form; neither server looks further.
func post(addr string, body []byte) *request {
	r := &request{text: fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: %s\r\n"+
		"X-Amz-Target: AWSMPMeteringService.BatchMeterUsage\r\nContent-Type: application/x-amz-json-1.1\r\n"+
		"Authorization: AWS4-HMAC-SHA256 Credential=AKID/20261110/us-east-1/aws-marketplace/aws4_request, SignedHeaders=host;x-amz-date, Signature=00\r\n"+
		"Content-Length: %d\r\n\r\n", addr, len(body))}
	at := len(r.text)
	r.text = append(r.text, body...)
	mark := strconv.AppendInt([]byte(`"Timestamp":`), blank, 10)
	for {
		i := bytes.Index(r.text[at:], mark)
		if i < 0 {
			return r
		}
		at += i + len(mark)
		r.stamps = append(r.stamps, at-stampDigits)
	}
}

// stamped appends r's bytes to b, with that timestamp in every record.
func (r *request) stamped(b []byte, stamp int64) []byte {
	from := len(b)
	b = append(b, r.text...)
	for _, at := range r.stamps {
		strconv.AppendInt(b[from+at:from+at], stamp, 10) // into b itself: it is as long as what stands there
	}
	return b
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
	var made, done atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	began := time.Now()
	for range connections {
		wg.Go(func() {
			c := &conn{addr: g.addr}
			defer c.close()
			for failed.Load() == nil && more(began, made.Add(1)) {
				r, stamp := g.call(g.made.Add(1) - 1)
				if err := c.send(r, stamp); err != nil {
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
