package store

import (
	"database/sql"
	"strings"
	"testing"

	"souk.dev/souk/internal/pgtest"
)

// PostgreSQL reads pages of filters by their whole key also where it knows nothing of the table, and has planned for any arguments.
func TestPagesOfFiltersAreReadByTheirKey(t *testing.T) {
	server := pgtest.Start(t)
	db, err := Open(t.Context(), server.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.write.ExecContext(t.Context(), `insert into usage_ids select 0, run, chunk, decode(repeat('ab', 3968), 'hex') from generate_series(1, 3) run, generate_series(-2000, -1) chunk`); err != nil {
		t.Fatal(err)
	}
	c, err := db.write.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for query, numbers := range map[string]string{somePages: strings.Repeat(", -7", pagesAtOnce), pagesBetween: ", -300, -45"} {
		for _, q := range []string{`set plan_cache_mode = force_generic_plan`, `prepare pages as ` + query} {
			if _, err := c.ExecContext(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		}
		var plan []string
		err := scan(t.Context(), c, func(rows *sql.Rows) error {
			var line string
			err := rows.Scan(&line)
			plan = append(plan, line)
			return err
		}, `explain execute pages (0, 2`+numbers+`)`)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range plan {
			if strings.Contains(line, "Seq Scan") || strings.Contains(line, "Filter:") || strings.Contains(line, "Index Cond:") && !strings.Contains(line, "(chunk ") {
				t.Errorf("%.80s…\n is done as\n%s", query, strings.Join(plan, "\n"))
				break
			}
		}
		if _, err := c.ExecContext(t.Context(), `deallocate pages`); err != nil {
			t.Fatal(err)
		}
	}
}
