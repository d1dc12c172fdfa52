package crash

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/pgtest"
	"souk.dev/souk/test/harness"
)

// TestAMoveIsKilledUntilItArrives moves the books of a gateway that runs, while events come in, hours pass and AWS fails, from
// SQLite to PostgreSQL; souk move is killed at random moments and run again. Then a gateway goes on with what has arrived, at
// the same address. In the end the marketplace's books are the sums of the events, exactly.
func TestAMoveIsKilledUntilItArrives(t *testing.T) {
	kills, events, seed := number(t, "SOUK_CRASH_KILLS", 4), number(t, "SOUK_CRASH_EVENTS", 15_000), number(t, "SOUK_CRASH_SEED", int(time.Now().UnixNano()%1e6))
	t.Logf("%d kills over %d events, with SOUK_CRASH_SEED=%d", kills, events, seed)
	target := pgtest.Start(t).Database(t)
	left := "sqlite:" + filepath.Join(t.TempDir(), "gateway.db")
	h := newTorture(t, uint64(seed), left)
	defer h.stop()
	move := func() *harness.Process {
		return harness.Start(t, nil, "move", "--database", left, "--to", target, "--json")
	}
	batches := (events + batch - 1) / batch
	for n := range kills {
		h.release(batches*(n+1)/(2*kills) - batches*n/(2*kills))
		time.Sleep(time.Duration(h.rand.IntN(300)) * time.Millisecond)
		p := move()
		time.Sleep(time.Duration(h.rand.IntN(600)) * time.Millisecond)
		p.Kill()
		if n%2 == 0 { // the gateway goes on for a while, unless the move was done
			undo := harness.Start(t, nil, "move", "--database", left, "--to", target, "--undo")
			undo.Wait()
		}
	}
	harness.Eventually(t, "the move", func() error {
		if p := move(); p.Wait() != 0 && !strings.Contains(p.Log(), "have moved to") { // the one that was killed may have been done
			return &harness.StatusError{Status: 1, Body: p.Log()}
		}
		return nil
	})

	h.gateway.Proc.Kill()
	again := harness.Start(t, nil, "gateway", "--listen", "127.0.0.1:0", "--database", left)
	if code := again.Wait(); code != 1 || !strings.Contains(again.Log(), "have moved to") {
		t.Errorf("a gateway on the database that was left ends with %d: %s", code, again.Log())
	}
	moved := harness.StartGateway(t, h.market, strings.TrimPrefix(h.gateway.URL, "http://"), target)
	h.gateway.Proc, h.gateway.Database = moved.Proc, target
	h.market.Followed()
	h.release(batches - h.released)
	h.finish(batches)
	h.compare()
}
