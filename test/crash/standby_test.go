package crash

import (
	"net/url"
	"testing"
	"time"

	"souk.dev/souk/internal/pgtest"
)

// TestAStandbyIsPromotedUnderLoad kills PostgreSQL, with all it has, while events come in and hours pass, and promotes its
// synchronous standby. The gateway is told of nothing: it finds the other server by its database's URL. The marketplace's books
// are the sums of the events, exactly: nothing that was acknowledged is lost.
func TestAStandbyIsPromotedUnderLoad(t *testing.T) {
	events, seed := number(t, "SOUK_CRASH_EVENTS", 20_000), number(t, "SOUK_CRASH_SEED", int(time.Now().UnixNano()%1e6))
	t.Logf("%d events, with SOUK_CRASH_SEED=%d", events, seed)
	primary := pgtest.Start(t)
	made, err := url.Parse(primary.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	standby := primary.Standby(t)
	h := newTorture(t, uint64(seed), primary.URLOfBoth(standby, made.Path[1:]))
	h.run(1, events, func() {
		primary.Kill()
		standby.Promote(t)
	})
}
