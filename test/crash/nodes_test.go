package crash

import (
	"testing"
	"time"

	"souk.dev/souk/internal/pgtest"
	"souk.dev/souk/test/harness"
)

// longer is how long a node is paused: longer than its lease, so that another one takes the books over and the paused one
// goes on where it was.
const longer = 8 * time.Second

// TestNodesAreKilledAllTheTime kills, stops for longer than a lease, and restarts one of three nodes after the other, and now
// and then PostgreSQL, while programs report events to all of them and hours pass; the marketplace's books are the sums of
// the events, exactly. SOUK_CRASH_KILLS and SOUK_CRASH_EVENTS make it longer.
func TestNodesAreKilledAllTheTime(t *testing.T) {
	t.Parallel()
	kills, events, seed := number(t, "SOUK_CRASH_KILLS", 6), number(t, "SOUK_CRASH_EVENTS", 30_000), number(t, "SOUK_CRASH_SEED", int(time.Now().UnixNano()%1e6))
	t.Logf("%d kills over %d events, with SOUK_CRASH_SEED=%d", kills, events, seed)
	server := pgtest.Start(t)
	h := newTorture(t, uint64(seed), server.Database(t))
	for i := range 2 {
		h.nodes = append(h.nodes, harness.StartGateway(t, h.market, "", h.gateway.Database, "--instance", nodeName(i+1)))
	}
	n := 0
	h.run(kills, events, func() {
		node := h.nodes[h.rand.IntN(len(h.nodes))]
		if i := h.owner(); i >= 0 && n%2 == 0 { // every other time it is the one whom it hurts
			node = h.nodes[i]
		}
		switch n++; n % 6 {
		case 1, 4:
			node.Proc.Kill()
			node.Again()
		case 2, 5:
			node.Proc.Pause()
			time.Sleep(longer)
			node.Proc.Resume()
		case 3:
			node.Proc.Pause()
			time.Sleep(longer)
			node.Proc.Kill()
			node.Again()
		case 0:
			server.Kill()
			server.Again(t)
		}
	})
}
