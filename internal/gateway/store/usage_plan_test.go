package store

import (
	"database/sql"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// However long the log is, the queries that look for some of it must go by an index with all of its bounds.
func TestTheLogIsNotReadFromItsBeginning(t *testing.T) {
	db, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "souk.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string][]string{
		segmentsSince:   {"usage_segment_hour (part=? AND last_hour>?)"},
		segmentsBetween: {"(part=? AND seq>? AND seq<?)"},
		segmentFilters:  {"usage_segment_hour (part=? AND last_hour>? AND last_hour<?)", "usage_segment_wide (part=? AND last_hour>?)"},
		spansAfter:      {"(part=? AND seq>?)"},
	} {
		var searches []string
		err := scan(t.Context(), db.read, func(rows *sql.Rows) error {
			var id, parent, unused int
			var detail string
			err := rows.Scan(&id, &parent, &unused, &detail)
			if strings.Contains(detail, "usage_segment") || strings.Contains(detail, "TEMP B-TREE FOR ORDER BY") {
				searches = append(searches, detail)
			}
			return err
		}, "explain query plan "+query, 1, 2, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !slices.ContainsFunc(searches, func(s string) bool { return strings.HasSuffix(s, w) }) {
				t.Errorf("%s\n is done as %q, want one that ends with %q", query, searches, w)
			}
		}
		if len(searches) != len(want) {
			t.Errorf("%s\n is done as %q, want %d searches", query, searches, len(want))
		}
	}
}
