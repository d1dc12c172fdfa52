package store_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/gateway/usage"
)

// sharding says of each table by what it would be spread over shards: the column of its distribution key, which is then in its
// primary key and in every other key that must be unique (no engine that shards checks one that has it not); or why not.
var sharding = map[string]string{
	"usage_segment": "part", "usage_ids": "part", "usage_run": "part", "usage_cut": "part", "usage_log": "part", "metering_log": "part",

	"metering_total": "license", "metering_balance": "license", "metering_writeoff": "license", "license_fact": "license_id",
	"entitlement": "license_id", "entitlement_line": "license_id", "usage_threshold": "license_id",

	"metering_record": "later", "metering_attempt": "later", "metering_count": "later",
	"outbox_event": "later", "delivery": "later", "delivery_attempt": "later",
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
	rows, err := db.Read().QueryContext(t.Context(), keysOf)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	keys := map[string][]string{}
	for rows.Next() {
		var table, columns string
		var primary bool
		if err := rows.Scan(&table, &primary, &columns); err != nil {
			t.Fatal(err)
		}
		keys[table] = append(keys[table], columns)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
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
		if !strings.Contains(told, "`"+table+"`") {
			t.Errorf("docs/scale.md does not say by what %s is spread", table)
		}
		spread := true
		for _, columns := range keys[table] {
			spread = spread && slices.ContainsFunc(strings.Fields(columns), func(c string) bool {
				return c == by || by == "later" && (c == "part" || strings.HasPrefix(c, "license"))
			})
		}
		switch {
		case by == "later" && spread:
			t.Errorf("every key of %s has a shard's column now: say so here and in docs/scale.md", table)
		case by != "later" && !spread:
			t.Errorf("a key of %s has no %s: %q", table, by, keys[table])
		}
	}
	for table := range keys {
		if large := strings.HasPrefix(table, "usage_") || strings.HasPrefix(table, "metering_"); large && sharding[table] == "" {
			t.Errorf("say by what %s is spread over shards, here and in docs/scale.md", table)
		}
	}
}

// Every statement about the log names one partition: on shards it goes to one of them. What is heard here is all that the suite
// for engines does, on the path of an event and beside it.
func TestStatementsOfTheLogNameAPartition(t *testing.T) {
	var mu sync.Mutex
	heard := map[string]bool{}
	storetest.Usage(t, func(t *testing.T) usage.Store {
		db, err := store.OpenHeard(t.Context(), storetest.Postgres(t), func(query string) {
			mu.Lock()
			defer mu.Unlock()
			heard[query] = true
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		return store.NewUsage(db)
	})
	statements := 0
	for query := range heard {
		all, bare := namesPart(query)
		if statements += all; bare > 0 {
			t.Errorf("this one asks all shards: %s", query)
		}
	}
	if statements < 20 {
		t.Errorf("only %d mentions of the log were heard", statements)
	}
	for query, want := range map[string]int{
		`select 1 from usage_run where run = $1`:                                                                              1,
		`select 1 from usage_run where part = $1 and run in (select run from usage_ids)`:                                      1,
		`select 1 from usage_run r join usage_ids i on i.run = r.run where r.part = $1`:                                       1,
		`delete from usage_cut where hour < $1`:                                                                               1,
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
	readsLog  = regexp.MustCompile(`(?:from|join|update) usage_\w+`)
	writesLog = regexp.MustCompile(`insert into usage_\w+`)
	onePart   = regexp.MustCompile(`\bpart = (?:\$\d+|\d+\b)`)
	partFirst = regexp.MustCompile(`insert into usage_\w+ \(part\b`)
)

// namesPart counts how often a statement mentions a table of the log, and how often without saying which partition.
func namesPart(query string) (all, bare int) {
	query = strings.Join(strings.Fields(strings.ToLower(query)), " ")
	count := func(re *regexp.Regexp) int { return len(re.FindAllString(query, -1)) }
	all = count(readsLog) + count(writesLog)
	return all, max(0, count(readsLog)-count(onePart)) + count(writesLog) - count(partFirst)
}
