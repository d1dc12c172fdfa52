package crash

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"souk.dev/souk/internal/pgtest"
	"souk.dev/souk/test/harness"
)

// newBenchCluster is three nodes on a PostgreSQL, at which one buyer has bought.
func newBenchCluster(b *testing.B, settings ...string) *cluster {
	server := pgtest.Start(b, settings...)
	c := clusterOf(server, newStand(b, 1, server.Database(b)))
	c.arns = []string{c.market.Buy(c.market.Buyers()[0], c.market.Product("license")).LicenseARN}
	c.market.Advance(5 * time.Minute)
	return c
}

// BenchmarkTakeover measures how long nobody's events are taken when the owner is killed, and when it hangs: from then until a
// client has its answer that goes on sending one to another node.
func BenchmarkTakeover(b *testing.B) {
	c := newBenchCluster(b)
	sent := 0
	for _, s := range []struct {
		name  string
		upset func(i int)
		mend  func(i int, epoch int64)
	}{
		{"killed", func(i int) { c.nodes[i].Proc.Kill() }, func(i int, _ int64) { c.nodes[i].Again() }},
		{"hangs", func(i int) { c.nodes[i].Proc.Pause() }, func(i int, epoch int64) { c.wake(i, epoch) }},
	} {
		b.Run(s.name, func(b *testing.B) {
			var took []time.Duration
			for range b.N {
				c.settled()
				i, epoch := c.owner()
				other := c.nodes[c.any(i)]
				s.upset(i)
				began := time.Now()
				for sent++; !c.deliver([]used{{fmt.Sprintf("event %d", sent), c.arns[0], c.dims[0], 1}}, other, time.Minute); {
					time.Sleep(20 * time.Millisecond)
				}
				took = append(took, time.Since(began))
				s.mend(i, epoch)
			}
			slices.Sort(took)
			b.ReportMetric(took[len(took)/2].Seconds(), "median-s")
			b.ReportMetric(took[len(took)-1].Seconds(), "worst-s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkNodes measures POST /v1/events on PostgreSQL, which waits for its disk, by clients that know one, two or four of four
// nodes, the owner always among them, beside a gateway on SQLite; and the processor time that an event takes of the owner when it is
// asked itself, and when another node is. All take turns, so that a busy machine slows all alike.
func BenchmarkNodes(b *testing.B) {
	c := newBenchCluster(b, "-c", "fsync=on", "-c", "full_page_writes=on", "-c", "shared_buffers=256MB", "-c", "max_wal_size=4GB")
	c.join("gateway-3")
	other := newStand(b, 1, "sqlite:"+b.TempDir()+"/gateway.db")
	other.arns = []string{other.market.Buy(other.market.Buyers()[0], other.market.Product("license")).LicenseARN}
	other.market.Advance(5 * time.Minute)
	c.settled()
	for _, s := range []struct {
		name            string
		callers, events int
	}{{"singles/64", 64, 1}, {"hundreds/16", 16, 100}} {
		b.Run(s.name, func(b *testing.B) {
			i, _ := c.owner()
			nodes := []*node{c.nodes[i]}
			for n, other := range c.nodes {
				if n != i {
					nodes = append(nodes, other)
				}
			}
			load := &nodeLoad{b: b, run: fmt.Sprintf("%s %d", s.name, b.N), callers: s.callers, events: s.events,
				client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: s.callers}}}
			const turns = 6
			each := b.N/turns + s.callers*s.events
			var took [4]time.Duration
			var owners, direct, others float64 // seconds of processor time: of the owner, asked itself or another node; and of that one
			b.ResetTimer()
			for range turns {
				direct -= processorTime(b, nodes[0])
				took[0] += load.send(each, nodes[:1], c.arns[0], c.dims[0])
				direct += processorTime(b, nodes[0])
				owners, others = owners-processorTime(b, nodes[0]), others-processorTime(b, nodes[1])
				load.send(each, nodes[1:2], c.arns[0], c.dims[0])
				owners, others = owners+processorTime(b, nodes[0]), others+processorTime(b, nodes[1])
				took[1] += load.send(each, nodes[:2], c.arns[0], c.dims[0])
				took[2] += load.send(each, nodes, c.arns[0], c.dims[0])
				took[3] += load.send(each, other.nodes, other.arns[0], other.dims[0])
			}
			for i, unit := range []string{"one-events/s", "two-events/s", "four-events/s", "sqlite-events/s"} {
				b.ReportMetric(float64(each*turns)/took[i].Seconds(), unit)
			}
			for unit, seconds := range map[string]float64{"own-cpu-us": direct, "owner-cpu-us": owners, "other-cpu-us": others} {
				b.ReportMetric(seconds*1e6/float64(each*turns), unit)
			}
			b.ReportMetric(direct/owners, "xowner")
			b.ReportMetric(took[0].Seconds()/took[1].Seconds(), "xtwo")
			b.ReportMetric(took[0].Seconds()/took[2].Seconds(), "xfour")
			b.ReportMetric(100*took[3].Seconds()/took[0].Seconds(), "%sqlite")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// processorTime is how many seconds of processor time a node says that it has had.
func processorTime(b *testing.B, n *node) float64 {
	b.Helper()
	res, err := http.Get(n.Gateway.URL + "/metrics")
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(res.Body); err != nil {
		b.Fatal(err)
	}
	m := processorSeconds.FindSubmatch(text.Bytes())
	if m == nil {
		b.Fatalf("%s does not say how much processor time it has had", n.Gateway.URL)
	}
	seconds, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return seconds
}

var processorSeconds = regexp.MustCompile(`(?m)^process_cpu_seconds_total (\S+)$`)

// nodeLoad is programs that report to nodes over connections that they keep.
type nodeLoad struct {
	b               *testing.B
	run             string // makes ids another run's
	callers, events int    // events in a request
	client          *http.Client
	sent            atomic.Int64
}

// send has nodes take so many events, and gives how long that took.
func (l *nodeLoad) send(events int, nodes []*node, arn, dimension string) time.Duration {
	l.b.Helper()
	began := time.Now()
	var wg sync.WaitGroup
	for caller := range l.callers {
		wg.Go(func() {
			for range events / l.callers / l.events {
				body := []byte("[")
				last := l.sent.Add(int64(l.events))
				for n := last - int64(l.events); n < last; n++ {
					body = l.event(body, n, arn, dimension)
				}
				if err := l.post(nodes[caller%len(nodes)].Gateway, append(body[:len(body)-1], ']')); err != nil {
					l.b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if l.b.Failed() {
		l.b.FailNow()
	}
	return time.Since(began)
}

func (l *nodeLoad) event(to []byte, n int64, arn, dimension string) []byte {
	return fmt.Appendf(to, `{"id":"%s %d","license":%q,"dimension":%q,"quantity":"1.25","tags":{"BusinessUnit":"Operations"}},`, l.run, n, arn, dimension)
}

func (l *nodeLoad) post(to *harness.Gateway, body []byte) error {
	req, err := http.NewRequest(http.MethodPost, to.URL+"/v1/events", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+to.Key)
	res, err := l.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", to.URL, res.Status)
	}
	var answer bytes.Buffer
	_, err = answer.ReadFrom(res.Body) // so that the connection is used again
	return err
}
