package crash

import (
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/pgtest"
	"souk.dev/souk/test/harness"
)

// nextVersion is the program of a version that is yet to come: its schema has a step more.
const nextVersion = "souk_next"

// TestNodesAreUpgradedUnderLoad brings the schema to the next version's while two nodes run, and then replaces one after the other
// by that version, while programs report events and hours pass. Nothing is lost, none of the nodes misses anything in the schema, and
// one of the version before, started by mistake, works beside the new one.
func TestNodesAreUpgradedUnderLoad(t *testing.T) {
	t.Parallel()
	events, seed := number(t, "SOUK_CRASH_EVENTS", 20_000), number(t, "SOUK_CRASH_SEED", int(time.Now().UnixNano()%1e6))
	t.Logf("%d events, with SOUK_CRASH_SEED=%d", events, seed)
	next := harness.Tagged(t, nextVersion)
	h := newTorture(t, uint64(seed), pgtest.Start(t).Database(t))
	h.join("gateway-1")

	replace := func(node *node, binary string) {
		node.Proc.Stop()
		node.Binary = binary
		node.Again()
	}
	steps := []func(){
		func() {
			made := harness.StartProgram(t, next, nil, "migrate", "--database", h.gateway.Database)
			if code := made.Wait(); code != 0 || !strings.Contains(made.Output(), "9000") {
				t.Errorf("souk migrate ends with %d: %s%s", code, made.Output(), made.Log())
			}
		},
		func() { replace(h.nodes[0], next) },
		func() { replace(h.nodes[1], next) },
		func() { replace(h.nodes[0], "") }, // back: a version is no one-way street as long as its schema only added
	}
	n, nodes := 0, h.nodes
	h.run(len(steps), events, func() {
		steps[n]()
		n++
	})
	for i, node := range nodes {
		if log := node.Proc.Log(); strings.Contains(log, "SQLSTATE 42") { // the class of what a schema does not have
			t.Errorf("node %d does not work with the schema: %s", i, log)
		}
	}
}
