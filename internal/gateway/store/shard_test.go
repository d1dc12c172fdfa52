package store_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/gateway/usage"
)

// sharding says of each large table by what it would be spread over shards: the column of its distribution key, which is in its
// primary key and in every other key that must be unique (no engine that shards checks one that has it not). All others are small.
var sharding = map[string]string{
	"usage_segment": "part", "usage_ids": "part", "usage_run": "part", "usage_cut": "part", "usage_log": "part",
	"metering_total": "part", "metering_balance": "part", "metering_writeoff": "part", "metering_record": "part",
	"metering_attempt": "part", "metering_count": "part", "metering_log": "part",

	"license_fact": "license_id", "entitlement": "license_id", "entitlement_line": "license_id", "usage_threshold": "license_id",
	"outbox_event": "license_id", "delivery": "license_id", "delivery_attempt": "license_id",
}

// keysOf reads the columns of each table's primary and unique keys, a line for each key.
const keysOf = `select t.relname, x.indisprimary, string_agg(a.attname, ' ' order by k.n)
	from pg_index x join pg_class t on t.oid = x.indrelid, unnest(x.indkey) with ordinality k (attnum, n)
	join pg_attribute a on true
	where x.indisunique and t.relnamespace = current_schema()::regnamespace and a.attrelid = x.indrelid and a.attnum = k.attnum
	group by t.relname, x.indexrelid, x.indisprimary`

// docs/scale.md says by what each large table is spread; the catalogue says whether that can be.
func TestLargeTablesHaveAShardsKey(t *testing.T) {
	db := openPostgres(t)
	keys := map[string][]string{}
	catalogue(t, db, keysOf, func(scan func(...any) error) error {
		var table, columns string
		var primary bool
		err := scan(&table, &primary, &columns)
		keys[table] = append(keys[table], columns)
		return err
	})
	page, err := os.ReadFile("../../../docs/scale.md")
	if err != nil {
		t.Fatal(err)
	}
	_, told, _ := strings.Cut(string(page), "## The key to shard by")
	told, _, _ = strings.Cut(told, "\nStatements on the path")
	for _, table := range slices.Sorted(maps.Keys(sharding)) {
		by := sharding[table]
		if len(keys[table]) == 0 {
			t.Errorf("there is no table %s, or it has no key", table)
		}
		if !regexp.MustCompile("(?m)^\\|.*`" + table + "`.*\\| `" + by + "`").MatchString(told) {
			t.Errorf("docs/scale.md does not say that %s is spread by %s", table, by)
		}
		for _, columns := range keys[table] {
			if !slices.Contains(strings.Fields(columns), by) {
				t.Errorf("a key of %s has no %s: %q", table, by, columns)
			}
		}
	}
	for table := range keys {
		if large := strings.HasPrefix(table, "usage_") || strings.HasPrefix(table, "metering_"); large && sharding[table] == "" {
			t.Errorf("say by what %s is spread over shards, here and in docs/scale.md", table)
		}
	}
}

// catalogue calls row for each row of a query.
func catalogue(t *testing.T, db *store.DB, query string, row func(scan func(...any) error) error) {
	t.Helper()
	rows, err := db.Read().QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// foreignKeysOf reads what refers to what, column by column.
const foreignKeysOf = `select t.relname, r.relname, string_agg(a.attname || '=' || b.attname, ' ' order by k.n)
	from pg_constraint c join pg_class t on t.oid = c.conrelid join pg_class r on r.oid = c.confrelid,
		unnest(c.conkey, c.confkey) with ordinality k (here, there, n)
	join pg_attribute a on true join pg_attribute b on true
	where c.contype = 'f' and t.relnamespace = current_schema()::regnamespace
		and a.attrelid = c.conrelid and a.attnum = k.here and b.attrelid = c.confrelid and b.attnum = k.there
	group by t.relname, r.relname, c.oid`

// What a row refers to is on its own shard, or in a small table, which all shards have; and nothing small refers to what is spread. That
// is what an engine that shards can check by itself.
func TestNoForeignKeyCrossesShards(t *testing.T) {
	seen := 0
	catalogue(t, openPostgres(t), foreignKeysOf, func(scan func(...any) error) error {
		var table, refers, columns string
		if err := scan(&table, &refers, &columns); err != nil {
			return err
		}
		seen++
		here, there := sharding[table], sharding[refers]
		switch {
		case there == "":
		case here == "":
			t.Errorf("%s is on every shard and refers to %s, which is on one", table, refers)
		case !slices.Contains(strings.Fields(columns), here+"="+there):
			t.Errorf("%s refers to %s by %s, without the shard", table, refers, columns)
		}
		return nil
	})
	if seen < 10 {
		t.Errorf("only %d foreign keys were seen", seen)
	}
}

// heardFrom are the statements of what play does with a database.
func heardFrom(t *testing.T, play func(t *testing.T, open func(t *testing.T) *store.DB)) []string {
	t.Helper()
	var mu sync.Mutex
	heard := map[string]bool{}
	play(t, func(t *testing.T) *store.DB {
		db, err := store.OpenHeard(t.Context(), storetest.Postgres(t), func(query string) {
			mu.Lock()
			defer mu.Unlock()
			heard[strings.Join(strings.Fields(strings.ToLower(query)), " ")] = true
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		return db
	})
	return slices.Sorted(maps.Keys(heard))
}

// Every statement about the log and the ledger names one partition: on shards it goes to one of them, and so does every transaction
// of the path of an event. What is heard here is all that the suites for engines do, on that path and beside it.
func TestStatementsOfTheLedgerNameAPartition(t *testing.T) {
	heard := heardFrom(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Usage(t, func(t *testing.T) usage.Store { return store.NewUsage(open(t)) })
		storetest.Metering(t, func(t *testing.T) metering.Store { return store.NewMetering(open(t)) })
	})
	statements := 0
	for _, query := range heard {
		all, bare := namesPart(query)
		if statements += all; bare > 0 {
			t.Errorf("this one asks all shards: %s", query)
		}
	}
	if statements < 60 {
		t.Errorf("only %d mentions of the log and the ledger were heard", statements)
	}
	for query, want := range map[string]int{
		`select 1 from usage_run where run = $1`:                                                                              1,
		`select 1 from usage_run where part = $1 and run in (select run from usage_ids)`:                                      1,
		`select 1 from usage_run r join usage_ids i on i.run = r.run where r.part = $1`:                                       1,
		`delete from usage_cut where hour < $1`:                                                                               1,
		`update metering_record set state = $1 where id = $2`:                                                                 1,
		`update metering_record set state = $1 where part = $2 and id = $3`:                                                   0,
		`select hour from metering_total where part = $1 union select hour from metering_record where hour = $2`:              1,
		`insert into usage_ids (run, body) values ($1, $2)`:                                                                   1,
		`insert into usage_ids (part, run, body) values ($1, $2, $3) on conflict (part, run) do update set body = $4`:         0,
		`select 1 from usage_run r join usage_ids i on i.run = r.run where r.part = $1 and i.part = $1 and usage_run.run = 1`: 0,
	} {
		if _, bare := namesPart(query); bare != want {
			t.Errorf("%d mentions without a partition, want %d: %s", bare, want, query)
		}
	}
}

var (
	readsLog  = regexp.MustCompile(`(?:from|join|update) (?:usage|metering)_\w+`)
	writesLog = regexp.MustCompile(`insert into (?:usage|metering)_\w+`)
	onePart   = regexp.MustCompile(`\bpart = (?:\$\d+|\d+\b)`)
	partFirst = regexp.MustCompile(`insert into (?:usage|metering)_\w+ \(part\b`)
)

// namesPart counts how often a statement mentions a table of the log, and how often without saying which partition.
func namesPart(query string) (all, bare int) {
	query = strings.Join(strings.Fields(strings.ToLower(query)), " ")
	count := func(re *regexp.Regexp) int { return len(re.FindAllString(query, -1)) }
	all = count(readsLog) + count(writesLog)
	return all, max(0, count(readsLog)-count(onePart)) + count(writesLog) - count(partFirst)
}

// Whatever writes what is told of a licence, on the way of a telling, names the licence. What is due next is looked for on every shard,
// and people find deliveries by other marks.
func TestTellingsAreWrittenByLicence(t *testing.T) {
	heard := heardFrom(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Outbox(t, func(t *testing.T) storetest.OutboxStores { return outboxStores(open(t)) })
	})
	writes := 0
	for _, query := range heard {
		if writesTelling.MatchString(query) && !strings.Contains(query, "where id in (select") { // sent again as a person has chosen
			if writes++; !namesLicence.MatchString(query) {
				t.Errorf("this one writes on all shards: %s", query)
			}
		}
		if strings.Contains(query, "join outbox_event e") && !strings.Contains(query, "e.license_id = d.license_id") {
			t.Errorf("this one joins what may be on two shards: %s", query)
		}
	}
	if writes < 6 {
		t.Errorf("only %d statements that write were heard", writes)
	}
}

var (
	writesTelling = regexp.MustCompile(`^(?:insert into|update) (?:outbox_event|delivery|delivery_attempt)\b`)
	namesLicence  = regexp.MustCompile(`^insert into \w+ \([^)]*\blicense_id\b|\bwhere license_id = \$\d`)
)
