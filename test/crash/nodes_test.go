package crash

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/pgtest"
	"souk.dev/souk/test/harness"
)

// TestNodesAreDisturbedAllTheTime kills and stops three nodes, and their PostgreSQL, in every way that [disturbances] has,
// while programs report events to all of the nodes, each again to another one until it is taken, hours pass, and AWS
// fails. In the end the marketplace's books are the sums of the events, exactly, and souk audit is content.
//
// SOUK_CRASH_KILLS=120 SOUK_CRASH_EVENTS=1000000 go test -run NodesAreDisturbed -timeout 2h -v ./test/crash is the long
// form; SOUK_CRASH_SEED chooses the order, the moments and the nodes.
func TestNodesAreDisturbedAllTheTime(t *testing.T) {
	t.Parallel()
	times, events, seed := number(t, "SOUK_CRASH_KILLS", often), number(t, "SOUK_CRASH_EVENTS", 30_000), number(t, "SOUK_CRASH_SEED", int(time.Now().UnixNano()%1e6))
	t.Logf("%d disturbances over %d events and more, with SOUK_CRASH_SEED=%d", times, events, seed)
	c := newCluster(t, uint64(seed))
	defer c.stop()
	c.pause = 600 * time.Millisecond // each of the programs reports some hundred times a minute, all the while
	began := time.Now()
	for n := range times {
		d := c.next()
		t.Logf("%4.0f s, %d batches taken: disturbance %d: %s", time.Since(began).Seconds(), c.acked.Load(), n+1, d.what)
		c.keepBusy(func() {
			time.Sleep(time.Duration(c.rand.IntN(1500)) * time.Millisecond)
			d.do(c)
		})
	}
	c.release(max(0, (events+batch-1)/batch-c.released))
	c.finish(c.released)
	c.compare()
	t.Logf("%.0f s, %d events, taken after %d attempts that had to be repeated; %d owners of the books; %s", time.Since(began).Seconds(), int(c.acked.Load())*batch, c.retries.Load(), c.epoch, c.summary())
}

// cluster is a torture of three nodes on a PostgreSQL of their own.
type cluster struct {
	*torture
	server *pgtest.Server
	epoch  int64          // the newest owner's number that was seen
	order  []disturbance  // that are to come
	done   map[string]int // how often each disturbance was done
}

func newCluster(t *testing.T, seed uint64) *cluster {
	server := pgtest.Start(t)
	return clusterOf(server, newTorture(t, seed, server.Database(t)))
}

// clusterOf adds two nodes to the one of h.
func clusterOf(server *pgtest.Server, h *torture) *cluster {
	h.join("gateway-1")
	h.join("gateway-2")
	return &cluster{torture: h, server: server, done: map[string]int{}}
}

// often is how many of the disturbances a short run has.
const often = 6

// next is the disturbance that comes now. Each comes once before one comes again; those of short runs come first.
func (c *cluster) next() disturbance {
	if len(c.order) == 0 {
		c.order = slices.Clone(disturbances)
		c.shuffle(c.order)
		if len(c.done) == 0 {
			first := slices.Clone(disturbances[:often])
			c.shuffle(first)
			c.order = append(first, disturbances[often:]...)
		}
	}
	d := c.order[0]
	c.order = c.order[1:]
	c.done[d.what]++
	return d
}

func (c *cluster) shuffle(of []disturbance) {
	c.rand.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
}

// keepBusy lets the programs report batches for as long as do takes.
func (c *cluster) keepBusy(do func()) {
	over, fed := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(fed)
		for {
			if len(c.todo) == 0 {
				c.release(4)
			}
			select {
			case <-over:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	defer func() {
		close(over)
		<-fed
	}()
	do()
}

// any is the number of a node other than not.
func (c *cluster) any(not int) int {
	for {
		if i := c.rand.IntN(len(c.nodes)); i != not {
			return i
		}
	}
}

// back kills a node and starts it again.
func (c *cluster) back(i int) {
	c.nodes[i].Proc.Kill()
	c.nodes[i].Again()
}

// wake lets a node go on that was the owner with that number, and waits until it has found out that it is no more.
func (c *cluster) wake(i int, epoch int64) {
	c.t.Helper()
	c.nodes[i].Proc.Resume()
	harness.Eventually(c.t, c.nodes[i].name+" finds that it does not keep the books", func() error {
		if now := c.ownership(i, nil); now == epoch {
			return fmt.Errorf("it says that it is owner number %d", now)
		}
		return nil
	})
}

// owner is the number of the node that keeps the books, and the number of its ownership.
func (c *cluster) owner() (i int, epoch int64) { return c.after(c.epoch - 1) }

// after is owner, of an ownership after epoch; nobody asks the nodes that do not answer.
func (c *cluster) after(epoch int64, silent ...int) (i int, now int64) {
	c.t.Helper()
	harness.Eventually(c.t, fmt.Sprintf("a node keeps the books after owner number %d", epoch), func() error {
		for n := range c.nodes {
			if e := c.ownership(n, silent); e > now {
				i, now = n, e
			}
		}
		if now <= epoch {
			return fmt.Errorf("the newest that is known is %d", now)
		}
		return nil
	})
	c.epoch = now
	return i, now
}

var ownership = regexp.MustCompile(`it keeps the books, as owner number (\d+)`)

// ownership is the number under which a node says that it keeps the books; 0: it does not.
func (c *cluster) ownership(i int, silent []int) int64 {
	if slices.Contains(silent, i) {
		return 0
	}
	var said struct {
		Checks struct{ Node struct{ Reason string } }
	}
	if err := c.nodes[i].DoWithin(10*time.Second, http.MethodGet, "/readyz", nil, &said); err != nil {
		return 0
	}
	m := ownership.FindStringSubmatch(said.Checks.Node.Reason)
	if m == nil {
		return 0
	}
	epoch, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		c.t.Fatal(err)
	}
	return epoch
}

// summary tells how often each disturbance was done.
func (c *cluster) summary() string {
	var text []string
	for _, what := range slices.Sorted(maps.Keys(c.done)) {
		text = append(text, fmt.Sprintf("%d × %s", c.done[what], what))
	}
	return strings.Join(text, "; ")
}
