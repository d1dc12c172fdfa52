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

// turns is how often the two servers take turns. The median counts.
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
						ours = append(ours, s.rate(b, connections, time.Second))
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
	return &target{url: "http://" + addr, write: func(w *bytes.Buffer, n int64) {
		w.WriteString(`{"ProductCode":"p","UsageRecords":[`)
		for i := n * records; i < (n+1)*records; i++ {
			if i > n*records {
				w.WriteByte(',')
			}
			fmt.Fprintf(w, `{"Timestamp":%d,"CustomerIdentifier":"c%d","Dimension":"pages","Quantity":1}`, 1_800_000_000+i, i%customers)
		}
		w.WriteString(`]}`)
	}}
}

// souk starts a sandbox in which one buyer has so many subscriptions. Time goes on by half a day whenever the records of
// the last half have been used up: a call that was on its way then is still within AWS's 24 hours.
func souk(b *testing.B) *target {
	const half = 12 // hours
	s := harness.StartSandbox(b, "")
	s.Advance(22 * 24 * time.Hour) // so that no month ends soon
	p, buyer := s.Product("license"), s.Buyers()[0]
	var dimensions []string
	for _, d := range p.Dimensions {
		dimensions = append(dimensions, d.Key)
	}
	licenses := make([]string, customers)
	for i := range licenses {
		licenses[i] = s.Buy(buyer, p).LicenseARN
	}
	began := s.Now().Truncate(time.Hour).Add(time.Hour)
	s.Advance(half * time.Hour)                                            // the purchases' notices are on their way before anything is measured
	each, hour := int64(len(dimensions)), customers*int64(len(dimensions)) // records of a license, and of all, in an hour
	var moving sync.Mutex
	moved := int64(1) // halves of a day
	return &target{url: s.URL, write: func(w *bytes.Buffer, n int64) {
		first := n * records
		moving.Lock()
		for ; moved <= first/(hour*half); moved++ {
			s.Advance(half * time.Hour)
		}
		moving.Unlock()
		w.WriteString(`{"UsageRecords":[`)
		for i := first; i < first+records; i++ {
			if i > first {
				w.WriteByte(',')
			}
			fmt.Fprintf(w, `{"Timestamp":%d,"CustomerAWSAccountId":"%s","LicenseArn":"%s","Dimension":"%s","Quantity":1}`,
				began.Add(time.Duration(i/hour)*time.Hour).Unix(), buyer.AccountID, licenses[i%hour/each], dimensions[i%each])
		}
		w.WriteString(`]}`)
	}}
}
