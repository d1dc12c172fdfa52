package metering_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/usage"
)

// keeping is a world whose events are kept for so long, on a disk in memory: it lives for weeks.
func keeping(t *testing.T, events time.Duration) *world {
	w := newWorld(t, begin)
	w.ucfg.KeepEvents = events
	w.license("a")
	w.fact("a", license.Activated, begin.Add(-time.Hour))
	return w
}

// useEvery6Hours tells an event with another tag each time, and lets the time go on. It returns the hours of the events.
func (w *world) useEvery6Hours(times int) (hours []core.Hour) {
	for i := range times {
		w.events++
		hours = append(hours, core.HourOf(w.clk.Now()))
		w.tell(usage.Event{ID: fmt.Sprint("e", w.events), License: usage.Ref{Name: "a"}, Dimension: "gb", Quantity: "1.5", Tags: map[string]string{"who": fmt.Sprint(i)}},
			usage.Result{Accepted: 1})
		w.pass(6 * time.Hour)
	}
	return hours
}

// The books must go on to add up when events are dropped, whatever the meter, and say what is gone.
func TestDroppedEventsStayInTheBooks(t *testing.T) {
	for _, meter := range []core.Meter{core.Sum, core.Max, core.Average, "unique:who"} {
		t.Run(string(meter), func(t *testing.T) {
			w := keeping(t, 72*time.Hour)
			w.cfg.Products = core.Catalogue{{Code: "prod", Dimensions: []core.Measure{{Key: "gb", Meter: meter}}}}
			w.ucfg.Products = w.cfg.Products
			w.open()
			hours := w.useEvery6Hours(24)
			w.reopen()
			hours = append(hours, w.useEvery6Hours(24)...)
			before := w.sound("a", "gb")
			if before.Events != 48 || before.Dropped < 48-4*5 || before.Dropped > 48-4*3 {
				t.Errorf("%d of %d events were dropped, want those that are older than 3 days, but for a day and a half", before.Dropped, before.Events)
			}
			w.billed(w.dir.all[0], "gb", before.Honoured.Floor(1<<40))
			w.reopen()
			if after := w.sound("a", "gb"); after.Accepted != before.Accepted || after.Dropped != before.Dropped {
				t.Errorf("after a restart: %+v, before: %+v", after, before)
			}
			rep, err := w.eng.Audit(t.Context())
			if err != nil || rep.Dropped.Events != before.Dropped || rep.Dropped.Seq == 0 || rep.Dropped.Bytes == 0 {
				t.Errorf("the books have %+v dropped, %v", rep.Dropped, err)
			}
			if gone := w.recordsWithoutEvents(hours); gone != int(before.Dropped) {
				t.Errorf("%d records say that their events were dropped, want %d", gone, before.Dropped)
			}
		})
	}
}

// recordsWithoutEvents looks at the records of hours with one event each: a record has its event, or says that it was dropped.
func (w *world) recordsWithoutEvents(hours []core.Hour) (gone int) {
	for _, h := range hours {
		rs, err := w.eng.Records(w.t.Context(), metering.Query{License: "a", From: h, To: h, Limit: 10})
		if err != nil || len(rs) != 1 {
			w.t.Fatalf("%s has %d records, %v", h, len(rs), err)
		}
		d, err := w.eng.Record(w.t.Context(), rs[0].ID)
		if err != nil {
			w.t.Fatal(err)
		}
		n := 0
		if err := w.eng.Events(w.t.Context(), d.Record, func(*usage.Entry) error { n++; return nil }); err != nil {
			w.t.Fatal(err)
		}
		if d.EventsDropped {
			gone++
		} else if n != 1 {
			w.t.Errorf("the record of %s has %d events", h, n)
		}
	}
	return gone
}

// holding is a log beside which something is not settled.
type holding struct {
	usage.Store
	from core.Hour
}

func (h *holding) Unsettled(context.Context) (core.Hour, bool, error) { return h.from, true, nil }

// What is not settled keeps its events, and all that came after them.
func TestEventsOfWhatIsNotSettledAreKept(t *testing.T) {
	w := keeping(t, 48*time.Hour)
	hold := &holding{from: core.HourOf(begin)}
	w.wrap = func(u usage.Store, m metering.Store) (usage.Store, metering.Store) { hold.Store = u; return hold, m }
	w.open()
	w.useEvery6Hours(16)
	if line := w.sound("a", "gb"); line.Dropped != 0 {
		t.Fatalf("%d events were dropped of a time that is not settled", line.Dropped)
	}
	hold.from = core.HourOf(begin.AddDate(1, 0, 0))
	w.pass(12 * time.Hour)
	if line := w.sound("a", "gb"); line.Dropped < 6 || line.Dropped > 10 {
		t.Errorf("once it is settled, %d events were dropped, want those of two days", line.Dropped)
	}
}

// An audit must notice what is gone and not booked as dropped, and books that say more than is gone.
func TestAnAuditSeesWhatIsMissingBesideWhatWasDropped(t *testing.T) {
	for name, spoil := range map[string]string{
		"nothing":                 "",
		"a segment":               `delete from usage_segment where seq = (select min(seq) + 2 from usage_segment)`,
		"the oldest that is left": `delete from usage_segment where seq = (select min(seq) from usage_segment)`,
		"an event of the books":   `update usage_log set dropped_events = dropped_events - 1`,
		"the books":               `delete from usage_log`,
		"a total":                 `delete from metering_total where hour = (select min(hour) from metering_total where events > 0)`,
		"an event of a total":     `update metering_total set events = 0 where hour = (select min(hour) from metering_total where events > 0)`,
		"a part of a late total":  `update metering_total set amount = '1' where hour = (select max(hour) from metering_total where events > 0)`,
	} {
		t.Run(name, func(t *testing.T) {
			w := keeping(t, 48*time.Hour)
			w.open()
			w.useEvery6Hours(16)
			if err := w.db.Tx(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec(spoil); return err }); err != nil {
				t.Fatal(err)
			}
			rep, err := w.eng.Audit(t.Context())
			if err != nil || rep.Dropped.Events == 0 && name != "the books" || (len(rep.Breaches) > 0) != (spoil != "") {
				t.Errorf("breaches %q, %+v dropped, %v", rep.Breaches, rep.Dropped, err)
			}
		})
	}
}

// dropping is a ledger beside which the log's oldest events are dropped while it is read.
type dropping struct {
	metering.Store
	drop func() error
}

func (d dropping) EachTotal(ctx context.Context, yield func(metering.SealedTotal) error) error {
	if err := d.drop(); err != nil {
		return err
	}
	return d.Store.EachTotal(ctx, yield)
}

// An audit of one instant does not see what is dropped meanwhile, neither in the log nor in the books.
func TestAnAuditBesideADropSeesNoHalfOfIt(t *testing.T) {
	w := keeping(t, 72*time.Hour)
	w.open()
	w.useEvery6Hours(12)
	audit := func(db *store.DB) metering.Report {
		t.Helper()
		l := metering.Ledger{Store: store.NewMetering(db), Log: store.NewUsage(db)}
		l.Store = dropping{l.Store, func() error {
			return store.NewUsage(w.db).Drop(t.Context(), 0, 3, w.clk.Now().UnixMicro())
		}}
		rep, err := l.Audit(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return rep
	}
	err := w.db.Snapshot(t.Context(), func(db *store.DB) error {
		if rep := audit(db); len(rep.Breaches) != 0 || rep.Dropped.Seq != 0 || rep.Segments != 12 {
			t.Errorf("of one instant: %q, %+v", rep.Breaches, rep)
		}
		if err := db.Tx(t.Context(), func(*sql.Tx) error { return nil }); err == nil {
			t.Error("a snapshot can be written to")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if line := w.sound("a", "gb"); line.Dropped != 3 || line.Events != 12 {
		t.Errorf("afterwards: %+v", line)
	}
}

// Requests leave when their time is over, and the books say which: an audit tells them from those that are missing.
func TestOldRequestsAreDroppedAndBooked(t *testing.T) {
	w := keeping(t, 72*time.Hour)
	w.cfg.KeepRequests = 72 * time.Hour
	w.open()
	hours := w.useEvery6Hours(24)
	rep, err := w.eng.Audit(t.Context())
	if err != nil || len(rep.Breaches) > 0 || rep.Gone.Count == 0 || rep.Gone.Count+rep.Requests != rep.Records {
		t.Fatalf("%q, %+v and %d requests of %d records, %v", rep.Breaches, rep.Gone, rep.Requests, rep.Records, err)
	}
	of := func(h core.Hour) metering.Detail {
		t.Helper()
		rs, err := w.eng.Records(t.Context(), metering.Query{License: "a", From: h, To: h, Limit: 10})
		if err != nil || len(rs) != 1 {
			t.Fatalf("%s has %d records, %v", h, len(rs), err)
		}
		d, err := w.eng.Record(t.Context(), rs[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if old := of(hours[0]); old.Request != nil || !old.RequestDropped || old.Receipt == "" {
		t.Errorf("an old record: %+v", old)
	}
	if late := of(hours[20]); late.Request == nil || late.RequestDropped {
		t.Errorf("a newer record: %+v", late)
	}
	for _, spoil := range []string{
		`delete from metering_attempt where id = (select max(id) from metering_attempt)`,
		`delete from metering_attempt where id = (select min(id) from metering_attempt)`,
	} {
		if err := w.db.Tx(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec(spoil); return err }); err != nil {
			t.Fatal(err)
		}
		before := len(rep.Breaches)
		if rep, err = w.eng.Audit(t.Context()); err != nil || len(rep.Breaches) != before+1 {
			t.Errorf("after %s: %q, %v", spoil, rep.Breaches, err)
		}
	}
}

// Requests stay while a record that may have been in one is not settled.
func TestRequestsOfWhatIsNotSettledAreKept(t *testing.T) {
	w := keeping(t, 48*time.Hour)
	w.cfg.KeepRequests = 48 * time.Hour
	hold := &holding{from: core.HourOf(begin)}
	w.wrap = func(u usage.Store, m metering.Store) (usage.Store, metering.Store) { hold.Store = u; return hold, m }
	w.open()
	w.useEvery6Hours(16)
	rep, err := w.eng.Audit(t.Context())
	if err != nil || rep.Gone.Count != 0 {
		t.Errorf("%+v of a time that is not settled, %v", rep.Gone, err)
	}
}
