package store_test

import (
	"os"
	"slices"
	"strconv"
	"testing"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/usage"
)

// beforeParts is the last step of the schema before the ledger had partitions in its keys.
const beforeParts = 310

// A ledger from before its keys had the shard's column is afterwards what it was, row for row, and goes on: what was taken is taken still.
// SOUK_MIGRATE_RECORDS says how many records it has; docs/scale.md has what a million takes.
func TestALedgerGetsAShardsKey(t *testing.T) {
	records := 300
	if s := os.Getenv("SOUK_MIGRATE_RECORDS"); s != "" {
		records, _ = strconv.Atoi(s)
	}
	for engine, open := range map[string]func(*testing.T) *store.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(engine, func(t *testing.T) {
			db := open(t)
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			must(db.MigrateDown(t.Context(), beforeParts))
			for _, q := range []string{
				`insert into metering_record (id, license, dimension, hour, product, customer, license_arn, customer_identifier, stamp_s, quantity, state, reason, why, since_us, expires_us, deadline_us, retry_us, tries, most, unsure, attempt, receipt)
					with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < $1)
					select 'rec_' || i, 'lic_' || (i % 100), 'd', i / 100, 'p', 'c', 'arn', '', i, i, case when i % 7 = 0 then 'waiting' else 'honoured' end, '', '', i, i, i, i, 1, 25, false, 'req_' || (i / 20), 'r' from n`,
				`insert into metering_total (hour, license, dimension, reason, amount, events, late, carried_in, carried_out) select hour, license, dimension, '', '1.5', 1, 0, '0', '0.5' from metering_record where $1 > 0`,
				`insert into metering_attempt (id, at_us, records, request, answered_us, outcome, code, answer) select distinct attempt, 1, '[]', '{}', 2, 'answered', '', '{}' from metering_record where $1 > 0`,
				`insert into metering_balance (license, dimension, amount, since_us, level, cover_used) select distinct license, dimension, '0.5', 1, '2', '3' from metering_record where $1 > 0`,
				`insert into metering_writeoff (license, dimension, at_us, hour, amount, reason, moved_to) select distinct license, dimension, 1, 2, '0.25', 'ended', '' from metering_record where $1 > 0`,
				`update metering_count set records = $1 where state = 'all'`,
				`insert into outbox_event (id, kind, at_us, license_id, account_id, data, spread_us) select id, 'license.updated', hour, case when hour = 0 then '' else license end, '', '{}', 1 from metering_record where quantity < $1 / 2`,
				`insert into delivery (id, event_id, channel, target, form, lane, state, why, created_us, since_us, due_us, tries, lease) select id, id, 'webhook', 'w', '', 'w', 'pending', '', 1, 1, 1, 1, '' from outbox_event where $1 > 0`,
				`insert into delivery_attempt (delivery_id, number, at_us, took_us, status, say) select id, 1, 1, 1, 503, '' from delivery where $1 > 0`,
			} {
				_, err := store.Raw(db).ExecContext(t.Context(), q, records)
				must(err)
			}
			kept := func() (rows []string) {
				for _, q := range []string{
					`select id, license, dimension, hour, quantity, state, attempt, per, allocations from metering_record order by id`,
					`select hour, license, dimension, reason, amount, carried_out, covered from metering_total order by hour, license`,
					`select id, records, outcome from metering_attempt order by id`,
					`select license, dimension, amount, since_us, level_at_us, level, cover_period, cover_bought, cover_used, cover_waiting from metering_balance order by license`,
					`select license, dimension, amount from metering_writeoff order by license`,
					`select state, records from metering_count order by state`,
					`select id, license_id from outbox_event order by id`,
					`select id, event_id, state, tries from delivery order by id`,
					`select delivery_id, number, status from delivery_attempt order by delivery_id`,
				} {
					rows = append(append(rows, q), held(t, db, q)...)
				}
				return rows
			}
			var was []string
			if records < 10_000 {
				was = kept()
			}
			took := clock.Stopwatch()
			_, err := db.Migrate(t.Context())
			must(err)
			t.Logf("with %d records the schema is migrated in %s", records, took())
			if records >= 10_000 {
				return
			}
			if is := kept(); !slices.Equal(is, was) {
				t.Errorf("it is not what it was:\n%q\n%q", is, was)
			}

			ledger, told := store.NewMetering(db), db.Outbox()
			r, err := ledger.Record(t.Context(), "rec_7")
			if err != nil || r.License != "lic_7" || r.State != metering.Waiting {
				t.Errorf("%+v, %v", r, err)
			}
			r.ID = "rec_another"
			if err := ledger.Seal(t.Context(), metering.Sealing{Records: []metering.Record{r}}); !fail.Is(err, fail.Conflict) {
				t.Errorf("an hour that has a record is given another: %v", err)
			}
			must(ledger.Seal(t.Context(), metering.Sealing{Balances: []metering.Balance{{Pair: metering.Pair{License: "lic_7", Dimension: "d"}, Amount: usage.Whole(9)}}}))
			if bs, err := ledger.Balances(t.Context()); err != nil || len(bs) != 100 || !slices.ContainsFunc(bs, func(b metering.Balance) bool { return b.License == "lic_7" && b.Amount == usage.Whole(9) }) {
				t.Errorf("%d balances, %v", len(bs), err)
			}
			of, err := told.Deliveries(t.Context(), outbox.Query{License: "lic_7", Limit: 10})
			if err != nil || len(of) != 1 || of[0].License != core.LicenseID("lic_7") || of[0].Event != outbox.EventID(of[0].ID) {
				t.Errorf("%+v, %v", of, err)
			}
			if tries, err := told.Attempts(t.Context(), "rec_7"); err != nil || len(tries) != 1 {
				t.Errorf("%+v, %v", tries, err)
			}

			was = kept()
			must(db.MigrateDown(t.Context(), beforeParts))
			if is := kept(); !slices.Equal(is, was) {
				t.Errorf("and back: it is not what it was:\n%q\n%q", is, was)
			}
		})
	}
}
