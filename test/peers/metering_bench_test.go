package peers

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

var million = flag.Int("million", 1_000_000, "how many records BenchmarkAfterAMillion stores first")

// turns is how often the two servers take turns, for the same time each. The median counts.
const turns = 3

// BenchmarkBesideMoto sends BatchMeterUsage to moto's server and to the sandbox in turns, with nothing stored and with
// 10,000 records, over one connection and over 16.
func BenchmarkBesideMoto(b *testing.B) {
	for _, stored := range []int{0, 10_000} {
		for _, connections := range []int{1, 16} {
			b.Run(fmt.Sprintf("stored=%d/connections=%d", stored, connections), func(b *testing.B) {
				var theirs, ours []float64
				for b.Loop() {
					for range turns {
						theirs = append(theirs, moto(b, stored).rate(b, connections, 3*time.Second))
						s := souk(b)
						s.fill(b, int64(stored/records))
						ours = append(ours, s.rate(b, connections, 3*time.Second))
					}
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(median(theirs), "moto-calls/s")
				b.ReportMetric(median(ours), "souk-calls/s")
				b.ReportMetric(median(ours)/median(theirs), "ratio")
			})
		}
	}
}

// BenchmarkAfterAMillion compares an empty sandbox with one that has a million records, in turns.
func BenchmarkAfterAMillion(b *testing.B) {
	full := souk(b)
	full.fill(b, int64(*million/records))
	for _, connections := range []int{1, 16} {
		b.Run(fmt.Sprintf("connections=%d", connections), func(b *testing.B) {
			var before, after []float64
			for b.Loop() {
				for range 2*turns + 1 {
					after = append(after, full.rate(b, connections, time.Second))
					before = append(before, souk(b).rate(b, connections, time.Second))
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(before), "empty-calls/s")
			b.ReportMetric(median(after), "full-calls/s")
			b.ReportMetric(100*(1-median(after)/median(before)), "%slower")
		})
	}
}

// customers is how many subscriptions there are to meter for.
const customers = 2000

// moto starts moto's server with that many records, each of which it compares with all that come.
func moto(b *testing.B, stored int) *target {
	python, err := exec.LookPath("python3")
	if err != nil || exec.Command(python, "-c", "import moto.server").Run() != nil {
		b.Skip("python3 has no moto with its server here (pip install 'moto[server]')")
	}
	addr := harness.FreeAddress(b)
	_, port, _ := strings.Cut(addr, ":")
	cmd := exec.Command(python, "filled.py", port, strconv.Itoa(customers), strconv.Itoa(stored))
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	harness.Eventually(b, "moto answers", func() error {
		res, err := http.Get("http://" + addr + "/moto-api/")
		if err == nil {
			res.Body.Close()
		}
		return err
	})
	calls := make([]*request, customers/records)
	for i := range calls {
		var body bytes.Buffer
		body.WriteString(`{"ProductCode":"p","UsageRecords":[`)
		for j := range records {
			fmt.Fprintf(&body, `%s{"Timestamp":%d,"CustomerIdentifier":"c%d","Dimension":"pages","Quantity":1}`, comma(j), blank, i*records+j)
		}
		body.WriteString(`]}`)
		calls[i] = post(addr, body.Bytes())
	}
	return &target{addr: addr, call: func(n int64) (*request, int64) {
		return calls[n%int64(len(calls))], 1_800_000_000 + n
	}}
}

// comma separates the elements of a list.
func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}

// souk starts a sandbox in which one buyer has so many subscriptions. Time goes on by half a day whenever the records of
// the last half have been used up: a call that was on its way then is still within AWS's 24 hours.
func souk(b *testing.B) *target {
	const half = 12 // hours
	s := harness.StartSandbox(b, "")
	s.Advance(22 * 24 * time.Hour)          // so that no month ends soon
	dimensions := make([]map[string]any, 8) // enough records for the month, however fast it gets
	for i := range dimensions {
		dimensions[i] = map[string]any{"key": fmt.Sprintf("pages_%d", i), "name": "Pages", "unit": "Units", "description": "One printed page",
			"kinds": []string{"metered"}, "prices": map[string]string{"usage": "0.02"}}
	}
	var p harness.Product
	s.Post("/_sandbox/products", map[string]any{"title": "Press", "pricing": "subscription", "identity": "license", "dimensions": dimensions}, &p)
	buyer := s.Buyers()[0]
	licenses := make([]string, customers)
	for i := range licenses {
		licenses[i] = s.Buy(buyer, p).LicenseARN
	}
	began := s.Now().Truncate(time.Hour).Add(time.Hour)
	s.Advance(half * time.Hour) // the purchases' notices are on their way before anything is measured
	addr := strings.TrimPrefix(s.URL, "http://")
	calls := make([]*request, customers*len(p.Dimensions)/records) // of an hour
	for i := range calls {
		var body bytes.Buffer
		body.WriteString(`{"UsageRecords":[`)
		for j := range records {
			at := i*records + j
			fmt.Fprintf(&body, `%s{"Timestamp":%d,"CustomerAWSAccountId":"%s","LicenseArn":"%s","Dimension":"%s","Quantity":1}`,
				comma(j), blank, buyer.AccountID, licenses[at/len(p.Dimensions)], p.Dimensions[at%len(p.Dimensions)].Key)
		}
		body.WriteString(`]}`)
		calls[i] = post(addr, body.Bytes())
	}
	var moving sync.Mutex
	moved := int64(1) // halves of a day
	return &target{addr: addr, call: func(n int64) (*request, int64) {
		hour := n / int64(len(calls))
		moving.Lock()
		for ; moved <= hour/half; moved++ {
			s.Advance(half * time.Hour)
		}
		moving.Unlock()
		return calls[n%int64(len(calls))], began.Add(time.Duration(hour) * time.Hour).Unix()
	}}
}
