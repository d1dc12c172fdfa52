package storetest

import (
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/store"
)

// OnTheWay puts four records into db, as they are found in a backup: one that AWS has honoured, and three that were on their
// way, of which AWS takes one, with a quantity of 7, no more at now.
func OnTheWay(t testing.TB, db *store.DB, now time.Time) {
	t.Helper()
	hour := core.HourOf(now.Add(-25 * time.Hour))
	of := func(i core.Hour, quantity int64, state metering.State, deadline time.Time) metering.Record {
		r := record("r", hour+i, "gb")
		r.Line.Quantity, r.State, r.Deadline, r.Expires = quantity, state, deadline, deadline
		return r
	}
	err := store.NewMetering(db).Seal(t.Context(), metering.Sealing{Records: []metering.Record{
		of(0, 7, metering.Waiting, now), of(1, 8, metering.Parked, now.Add(time.Hour)), of(2, 9, metering.Waiting, now.Add(time.Hour)), of(3, 10, metering.Honoured, now),
	}})
	if err != nil {
		t.Fatal(err)
	}
}
