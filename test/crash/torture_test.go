package crash

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"souk.dev/souk/test/harness"
)

// batch is how many events travel together.
const batch = 500

// TestTheGatewayIsKilledAllTheTime kills the gateway at random moments, while events come in, hours pass, and AWS fails
// now and then in every way. In the end the marketplace's books are the sums of the events, exactly.
//
// SOUK_CRASH_KILLS and SOUK_CRASH_EVENTS make it longer: 200 kills and 1,000,000 events take about ten minutes.
func TestTheGatewayIsKilledAllTheTime(t *testing.T) {
	kills, events, seed := number(t, "SOUK_CRASH_KILLS", 6), number(t, "SOUK_CRASH_EVENTS", 30_000), number(t, "SOUK_CRASH_SEED", int(time.Now().UnixNano()%1e6))
	t.Logf("%d kills over %d events, with SOUK_CRASH_SEED=%d", kills, events, seed)
	h := newTorture(t, uint64(seed), "sqlite:"+filepath.Join(t.TempDir(), "gateway.db"))
	h.run(kills, events, func() {
		h.gateway.Proc.Kill()
		h.gateway.Again()
	})
}

// run reports events while something is killed so many times, and compares the books in the end.
func (h *torture) run(kills, events int, kill func()) {
	h.t.Helper()
	defer h.stop()
	batches := (events + batch - 1) / batch
	for n := range kills {
		h.release(batches*(n+1)/kills - batches*n/kills)
		time.Sleep(time.Duration(h.rand.IntN(300)) * time.Millisecond)
		kill()
	}
	h.finish(batches)
	h.compare()
}

func number(t *testing.T, name string, usual int) int {
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// torture is a marketplace, a gateway that dies, and programs that report usage to it.
type torture struct {
	t       testing.TB
	rand    *rand.Rand
	market  *harness.Sandbox
	gateway *harness.Gateway
	nodes   []*node // on the same database; the one called gateway is the first
	arns    []string
	dims    []string

	todo     chan int // batches to report, by number
	released int
	pause    time.Duration // that a program makes after a batch, at most
	retries  atomic.Int64
	acked    atomic.Int64
	quit     chan struct{}
	wg       sync.WaitGroup
}

// node is a gateway with the name under which it follows the clock.
type node struct {
	*harness.Gateway
	name string
}

// join starts one more node, which is called so.
func (h *torture) join(name string) {
	h.t.Helper()
	h.nodes = append(h.nodes, &node{harness.StartGateway(h.t, h.market, "", h.gateway.Database, "--instance", name), name})
}

// newStand starts a marketplace, with these arguments, and a gateway on that database. Nothing has been bought, and nobody reports.
func newStand(t testing.TB, seed uint64, database string, market ...string) *torture {
	h := &torture{t: t, rand: rand.New(rand.NewPCG(seed, 1)), market: harness.StartSandbox(t, "", market...), todo: make(chan int, 1<<20), quit: make(chan struct{})}
	h.gateway = harness.StartGateway(t, h.market, "", database)
	h.nodes = []*node{{h.gateway, "gateway"}}
	h.market.Followed()
	for _, d := range h.market.Product("license").Dimensions {
		h.dims = append(h.dims, d.Key)
	}
	return h
}

// newTorture is a stand at which each buyer has bought, calls to AWS fail, and programs report usage while hours pass.
func newTorture(t *testing.T, seed uint64, database string) *torture {
	h := newStand(t, seed, database)
	p := h.market.Product("license")
	for _, b := range h.market.Buyers() {
		h.arns = append(h.arns, h.market.Buy(b, p).LicenseARN)
	}
	h.market.Advance(5 * time.Minute)
	h.failCalls(seed)
	for range 4 {
		h.wg.Go(h.report)
	}
	h.wg.Go(h.passTime)
	return h
}

// failCalls lets every third call that meters fail, in one of the ways in which a service or a network fails.
func (h *torture) failCalls(seed uint64) {
	for i, kind := range []string{"throttle", "error", "error-after-commit", "unprocessed", "drop-connection", "drop-after-commit", "truncate"} {
		h.market.Post("/_sandbox/faults", map[string]any{"operation": "BatchMeterUsage", "kind": kind, "probability": 0.05, "seed": seed + uint64(i)}, nil)
	}
}

// release lets the programs report n more batches.
func (h *torture) release(n int) {
	for range n {
		h.todo <- h.released
		h.released++
	}
}

// report reports batches, each until it is taken, as a good client does.
func (h *torture) report() {
	for {
		select {
		case <-h.quit:
			return
		case n := <-h.todo:
			if !h.repeat(n, func(to *node, limit time.Duration) bool { return h.take(n, to, limit) }) {
				return
			}
			h.acked.Add(1)
			if h.pause > 0 && !h.rest(rand.N(h.pause)) {
				return
			}
		}
	}
}

// repeat asks one node after the other, n first, until one answers; false: all is over.
func (h *torture) repeat(n int, ask func(to *node, limit time.Duration) bool) bool {
	for try := 0; !ask(h.nodes[(n+try)%len(h.nodes)], min(time.Duration(try+1)*patience, mostPatience)); try++ {
		h.retries.Add(1)
		if !h.rest(20 * time.Millisecond) {
			return false
		}
	}
	return true
}

// A program that has no answer for so long asks another node, and the more patiently the more often it had none.
const (
	patience     = 2 * time.Second
	mostPatience = time.Minute
)

// rest waits, and reports false if all is over.
func (h *torture) rest(d time.Duration) bool {
	select {
	case <-h.quit:
		return false
	case <-time.After(d):
		return true
	}
}

// use is the i-th event of batch n.
func (h *torture) use(n, i int) (arn, dimension string, quantity int64) {
	k := n*batch + i
	return h.arns[k%len(h.arns)], h.dims[k/len(h.arns)%len(h.dims)], int64(k % 7)
}

// take has a node take a batch, and reports false if it has not said within limit that it did.
func (h *torture) take(n int, to *node, limit time.Duration) bool {
	events := make([]used, batch)
	for i := range events {
		arn, dim, q := h.use(n, i)
		events[i] = used{fmt.Sprintf("batch %d event %d", n, i), arn, dim, q}
	}
	return h.deliver(events, to, limit)
}

// used is a usage event of this moment.
type used struct {
	ID        string `json:"id"`
	License   string `json:"license"`
	Dimension string `json:"dimension"`
	Quantity  int64  `json:"quantity"`
}

// deliver has a node take events, and reports false if it has not said within limit that it did.
func (h *torture) deliver(events []used, to *node, limit time.Duration) bool {
	var said struct {
		Accepted, Duplicates int
		Rejected             []any
	}
	if err := to.DoWithin(limit, http.MethodPost, "/v1/events", events, &said); err != nil {
		return false // nobody answered, or not yet: again
	}
	if said.Accepted+said.Duplicates != len(events) || len(said.Rejected) > 0 {
		h.t.Errorf("%s and %d more: %+v", events[0].ID, len(events)-1, said)
	}
	return true
}

// passTime lets business time go on, so that hours close and records are sent all the while.
func (h *torture) passTime() {
	for h.rest(300 * time.Millisecond) {
		// While nobody follows, because the gateway is being started again, AWS's windows must not pass unused.
		var clock struct{ Followers []string }
		if err := h.market.Do(http.MethodGet, "/_sandbox/clock", nil, &clock); err != nil || len(clock.Followers) == 0 {
			continue
		}
		// The one who followed may have gone by now.
		_ = h.market.Do(http.MethodPost, "/_sandbox/clock", map[string]any{"advance": "17m"}, nil)
	}
}

// finish waits until all is reported and billed.
func (h *torture) finish(batches int) {
	h.t.Helper()
	for deadline := time.Now().Add(10 * time.Minute); h.acked.Load() < int64(batches); {
		if time.Now().After(deadline) {
			h.t.Fatalf("%d of %d batches were taken", h.acked.Load(), batches)
		}
		time.Sleep(50 * time.Millisecond)
	}
	h.stop()
	h.market.Mend()
	h.alone()
	h.market.Advance(4 * time.Hour)
	h.market.Advance(4 * time.Hour)
}

// alone ends all nodes but the first, so that time, which goes in leaps from then on, is never without a follower.
func (h *torture) alone() {
	h.t.Helper()
	h.settled()
	for _, n := range h.nodes[1:] {
		n.Proc.Stop()
	}
	h.nodes = h.nodes[:1]
	h.settled()
}

// settled waits until all nodes are ready and the clock is followed by the one that keeps the books.
func (h *torture) settled() {
	h.t.Helper()
	harness.Eventually(h.t, "the nodes agree", func() error {
		var clock struct{ Followers []string }
		if err := h.market.Do(http.MethodGet, "/_sandbox/clock", nil, &clock); err != nil {
			return err
		}
		owner := keeper(h.nodes)
		if owner < 0 || !slices.Contains(clock.Followers, h.nodes[owner].name) {
			return fmt.Errorf("the clock is followed by %q, and the books are kept by node %d", clock.Followers, owner)
		}
		return nil
	})
}

// keeper is the number of the node that keeps the books; -1 while not all are ready, or it is not one.
func keeper(nodes []*node) int {
	owner := -1
	for i, n := range nodes {
		var said struct {
			Checks struct{ Clock *struct{ Reason string } }
		}
		switch err := n.Do(http.MethodGet, "/readyz", nil, &said); {
		case err != nil:
			return -1
		case said.Checks.Clock == nil: // it stands by, and follows no clock
		case owner >= 0:
			return -1
		default:
			owner = i
		}
	}
	return owner
}

// stop ends the programs and the passing of time.
func (h *torture) stop() {
	select {
	case <-h.quit:
	default:
		close(h.quit)
	}
	h.wg.Wait()
}

// compare adds up what was reported and what the marketplace bills, for each licence and dimension.
func (h *torture) compare() {
	h.t.Helper()
	used, billed := map[use]int64{}, map[use]int64{}
	for n := range int(h.acked.Load()) {
		for i := range batch {
			arn, dim, q := h.use(n, i)
			used[use{arn, dim}] += q
		}
	}
	for _, r := range h.market.Records("") {
		billed[use{r.LicenseARN, r.Dimension}] += r.Quantity
	}
	for p, want := range used {
		if billed[p] != want {
			h.t.Errorf("%v: %d were reported and %d are billed", p, want, billed[p])
		}
	}
	for _, n := range h.nodes {
		n.Proc.Stop()
	}
	audit := harness.Start(h.t, nil, "audit", "--database", h.gateway.Database)
	if code := audit.Wait(); code != 0 {
		h.t.Errorf("souk audit ends with %d: %s", code, audit.Output())
	}
}
