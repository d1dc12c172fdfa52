package crash

import (
	"testing"
	"time"

	"souk.dev/souk/internal/pgtest"
)

// TestOnPostgresEverythingIsKilled kills PostgreSQL, souk, or both before each step of the journey, in turn, and lets
// PostgreSQL's administrator restart it. Souk is told of none of it.
func TestOnPostgresEverythingIsKilled(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	url := server.Database(t)
	w := newWorld(t, "--database", url)
	w.books = url
	for n, s := range steps {
		switch n % 4 {
		case 0:
			server.Kill()
			server.Again(t)
		case 1:
			w.crash()
		case 2:
			server.Stop()
			server.Again(t)
		case 3:
			server.Kill()
			w.up.Proc.Kill()
			server.Again(t)
			w.crash()
		}
		w.try(s)
	}
	w.compare()
	w.audit()
}

// TestOnPostgresTheServerIsKilledAllTheTime kills PostgreSQL, the gateway, or both at random moments, while events come in
// and hours pass; the marketplace's books are the sums of the events, exactly. SOUK_CRASH_KILLS and SOUK_CRASH_EVENTS make
// it longer.
func TestOnPostgresTheServerIsKilledAllTheTime(t *testing.T) {
	kills, events, seed := number(t, "SOUK_CRASH_KILLS", 6), number(t, "SOUK_CRASH_EVENTS", 30_000), number(t, "SOUK_CRASH_SEED", int(time.Now().UnixNano()%1e6))
	t.Logf("%d kills over %d events, with SOUK_CRASH_SEED=%d", kills, events, seed)
	server := pgtest.Start(t)
	h := newTorture(t, uint64(seed), server.Database(t))
	n := 0
	h.run(kills, events, func() {
		switch n++; n % 3 {
		case 0:
			server.Kill()
			server.Again(t)
		case 1:
			h.gateway.Proc.Kill()
			h.gateway.Again()
		case 2:
			server.Kill()
			h.gateway.Proc.Kill()
			server.Again(t)
			h.gateway.Again()
		}
	})
}
