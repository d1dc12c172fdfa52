package store_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"souk.dev/souk/internal/gateway/store"
)

// sqliteSchema and postgresSchema tell of each column and index what it is, in the words of the migrations.
const (
	sqliteSchema = `select m.name || '.' || c.name, c.type || case when c."notnull" = 1 or c.pk > 0 then ' not null' else '' end || coalesce(' default ' || c.dflt_value, '')
			from sqlite_schema m, pragma_table_info(m.name) c where m.type = 'table' and m.name not like 'sqlite_%'
		union all
		select m.name, 'index of ' || m.tbl_name || ' (' || (select group_concat(i.name, ', ') from (select name from pragma_index_info(m.name) order by seqno) i) || ')'
				|| case when m.sql like '% where %' then ' partial' else '' end
			from sqlite_schema m where m.type = 'index' and m.sql is not null`
	postgresSchema = `select table_name || '.' || column_name, data_type || case is_nullable when 'NO' then ' not null' else '' end || coalesce(' default ' || column_default, '')
				|| case when data_type = 'text' and collation_name is distinct from 'C' then ' in the order of a language' else '' end
			from information_schema.columns where table_schema = current_schema()
		union all
		select i.relname, 'index of ' || t.relname || ' (' || (select string_agg(a.attname, ', ' order by k.n) from unnest(x.indkey) with ordinality k (attnum, n)
					join pg_attribute a on a.attrelid = t.oid and a.attnum = k.attnum) || ')' || case when x.indpred is not null then ' partial' else '' end
			from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
			where t.relnamespace = current_schema()::regnamespace and not exists (select 1 from pg_constraint c where c.conindid = i.oid)`
)

// schemaOf reads what is in db, without the migrations' own table.
func schemaOf(t *testing.T, db *store.DB, query string) map[string]string {
	t.Helper()
	rows, err := db.Read().QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	has := map[string]string{}
	for rows.Next() {
		var name, what string
		if err := rows.Scan(&name, &what); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(name, "goose_db_version") {
			has[name] = strings.ReplaceAll(strings.ToLower(what), "::text", "")
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return has
}

// A migration must do to one engine what it does to the other: every statement of this package is for both.
func TestBothEnginesHaveTheSameSchema(t *testing.T) {
	sqlite, postgres := schemaOf(t, openSQLite(t), sqliteSchema), schemaOf(t, openPostgres(t), postgresSchema)
	if len(sqlite) < 200 || sqlite["usage_cut_undone"] != "index of usage_cut (part, hour) partial" || sqlite["metering_record.per"] != "text not null default '1'" {
		t.Fatalf("this test does not see the schema: %d columns and indexes, %q", len(sqlite), sqlite["usage_cut_undone"])
	}
	for _, name := range slices.Sorted(maps.Keys(sqlite)) {
		if what, there := postgres[name]; what != sqlite[name] {
			t.Errorf("%s is %q on SQLite and %s on PostgreSQL. A step that is in NAME.sqlite.sql needs its NAME.postgres.sql; in NAME.sql it is for both.",
				name, sqlite[name], or(there, fmt.Sprintf("%q", what), "not"))
		}
		delete(postgres, name)
	}
	for _, name := range slices.Sorted(maps.Keys(postgres)) {
		t.Errorf("%s is %q on PostgreSQL and not on SQLite. A step that is in NAME.postgres.sql needs its NAME.sqlite.sql; in NAME.sql it is for both.", name, postgres[name])
	}
}

func or(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}
