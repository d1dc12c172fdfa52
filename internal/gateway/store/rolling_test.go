package store_test

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
)

// Steps that a next version might have: one that only adds, and one that takes away.
const (
	adds  = "-- souk:works-from 230\n-- +goose Up\ncreate table later (id text primary key);\n"
	takes = "-- +goose Up\ndrop table later;\n"
)

// A program goes on working on a schema that a later one has added to, and is refused by one on which it does not.
func TestProgramsOfTwoVersions(t *testing.T) {
	for engine, url := range map[string]string{"SQLite": "sqlite:" + t.TempDir() + "/x.db", "PostgreSQL": storetest.Postgres(t)} {
		t.Run(engine, func(t *testing.T) {
			old, next, last := storetest.OpenURL(t, url), storetest.OpenURL(t, url), storetest.OpenURL(t, url)
			next.KnowStep("9000_adds.sql", adds)
			last.KnowStep("9000_adds.sql", adds)
			last.KnowStep("9001_takes.sql", takes)
			if _, err := old.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if done, err := next.Migrate(t.Context()); err != nil || len(done) != 1 || done[0].Version != 9000 {
				t.Fatalf("%v, %v", done, err)
			}
			if s, err := old.Schema(t.Context()); err != nil || s.Behind != 0 || s.Empty() {
				t.Errorf("the old one sees %+v, %v", s, err)
			}
			if done, err := old.Migrate(t.Context()); err != nil || len(done) != 0 {
				t.Errorf("the old one migrates %v, %v", done, err)
			}
			if done, err := last.Migrate(t.Context()); err != nil || len(done) != 1 {
				t.Fatalf("%v, %v", done, err)
			}
			for name, db := range map[string]*store.DB{"old": old, "next": next} {
				if _, err := db.Schema(t.Context()); !fail.Is(err, fail.Conflict) || fail.CodeOf(err) != "newer_schema" || !strings.Contains(err.Error(), "9001") {
					t.Errorf("the %s one: %v", name, err)
				}
			}
			if s, err := last.Schema(t.Context()); err != nil || s.Behind != 0 {
				t.Errorf("the last one sees %+v, %v", s, err)
			}
		})
	}
}

// A database that says nothing is one whose schema works with nobody who knows less.
func TestASchemaThatSaysNothingIsForItsOwn(t *testing.T) {
	old := openPostgres(t)
	if _, err := store.Raw(old).ExecContext(t.Context(), `insert into goose_db_version (version_id, is_applied) values (9000, true);
		delete from setting where name = 'schema.oldest'`); err != nil {
		t.Fatal(err)
	}
	if _, err := old.Schema(t.Context()); fail.CodeOf(err) != "newer_schema" {
		t.Error(err)
	}
}

// A step that only adds is made beside a node that runs. One with which that would not work waits until it has ended, and
// changes nothing before.
func TestNodesThatRunAreNotBroken(t *testing.T) {
	url := storetest.Postgres(t)
	old, next, last := storetest.OpenURL(t, url), storetest.OpenURL(t, url), storetest.OpenURL(t, url)
	next.KnowStep("9000_adds.sql", adds)
	last.KnowStep("9000_adds.sql", adds)
	last.KnowStep("9001_takes.sql", takes)
	join(t, old, "old")
	owned(t, old)
	if _, err := next.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := store.NewUsage(old).Append(t.Context(), segment(1)); err != nil {
		t.Errorf("the one that runs can write no more: %v", err)
	}
	if done, err := last.Migrate(t.Context()); fail.CodeOf(err) != "nodes_behind" || !strings.Contains(err.Error(), "old (http://old)") || len(done) > 0 {
		t.Errorf("beside a node that would not work: %v, %v", done, err)
	}
	if err := old.Confirm(t.Context()); err != nil {
		t.Error(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	if done, err := last.Migrate(t.Context()); err != nil || len(done) != 1 {
		t.Errorf("when it has ended: %v, %v", done, err)
	}
	if err := next.Join(t.Context(), store.Node{Name: "next"}, slog.New(slog.DiscardHandler)); fail.CodeOf(err) != "newer_schema" {
		t.Errorf("one that does not know the new schema enters: %v", err)
	}
}

// A node that hung while the schema was changed hears of it when it goes on, and does nothing more.
func TestANodeThatHungThroughAMigration(t *testing.T) {
	db := openPostgres(t)
	join(t, db, "a")
	owned(t, db)
	if _, err := store.Raw(db).ExecContext(t.Context(), `insert into setting (name, value) values ('schema.oldest', '9001')
		on conflict (name) do update set value = excluded.value`); err != nil {
		t.Fatal(err)
	}
	if err := <-db.Lost(); fail.CodeOf(err) != "newer_schema" {
		t.Errorf("it hears %v", err)
	}
}

// Of a node that enters and a step with which it does not work, one comes first and the other is refused.
func TestANodeThatEntersDuringAMigration(t *testing.T) {
	for range 4 {
		url := storetest.Postgres(t)
		old, last := storetest.OpenURL(t, url), storetest.OpenURL(t, url)
		last.KnowStep("9000_adds.sql", strings.Replace(adds, "230", "9000", 1))
		var wg sync.WaitGroup
		var entered, migrated error
		wg.Go(func() { entered = old.Join(t.Context(), store.Node{Name: "old"}, slog.New(slog.DiscardHandler)) })
		wg.Go(func() { _, migrated = last.Migrate(t.Context()) })
		wg.Wait()
		switch {
		case entered == nil && fail.CodeOf(migrated) == "nodes_behind":
		case migrated == nil && fail.CodeOf(entered) == "newer_schema":
		default:
			t.Errorf("the node enters: %v; the schema is migrated: %v", entered, migrated)
		}
	}
}

// What a step may be made of that programs of before do not notice.
var (
	comment = regexp.MustCompile(`(?m)--.*$`)
	created = regexp.MustCompile(`^create table (\w+) `)
	// added are statements that programs of before do not notice.
	added = []*regexp.Regexp{
		created,
		regexp.MustCompile(`^alter table \w+ add column \w+ \w+( not null default \S+| default \S+)?$`),
		regexp.MustCompile(`^create index concurrently \w+ on `),
		regexp.MustCompile(`^insert into \w+ \(`),
	}
)

// onlyAdds reports what a step does that programs of before may notice.
func onlyAdds(text string) (notices []string) {
	up, _, _ := strings.Cut(text, "-- +goose Down")
	tables := map[string]bool{}
	for s := range strings.SplitSeq(comment.ReplaceAllString(up, ""), ";") {
		s = strings.Join(strings.Fields(strings.ToLower(s)), " ")
		ok := s == ""
		for _, like := range added {
			ok = ok || like.MatchString(s)
		}
		if m := created.FindStringSubmatch(s); m != nil {
			tables[m[1]] = true
		}
		if on := regexp.MustCompile(`^create (?:unique )?index \w+ on (\w+)`).FindStringSubmatch(s); on != nil {
			ok = tables[on[1]] // of a large one it would hold up whoever writes
		}
		if !ok {
			notices = append(notices, s)
		}
	}
	return notices
}

// A step that says that programs of before work with it must only add: the database's word is taken for it.
func TestStepsThatWorkWithProgramsOfBeforeOnlyAdd(t *testing.T) {
	for text, ok := range map[string]bool{
		"create table t (a text); create index i on t (a)":          true,
		"alter table t add column a bigint not null default 0":      true,
		"alter table t add column a text":                           true,
		"create index concurrently i on t (a)":                      true,
		"insert into setting (name, value) values ('a', 'b')":       true,
		"-- drop table t\n":                                         true,
		"alter table t add column a bigint not null":                false,
		"alter table t drop column a":                               false,
		"alter table t rename column a to b":                        false,
		"alter table t alter column a type text":                    false,
		"drop table t":                                              false,
		"drop index i":                                              false,
		"create index i on t (a)":                                   false,
		"create unique index i on t (a)":                            false,
		"update t set a = 1":                                        false,
		"delete from t":                                             false,
		"create trigger x before insert on t begin select 1; end":   false,
		"alter table t add column a text; alter table t drop a":     false,
		"create table t (a text);\n-- +goose Down\ndrop table t":    true,
		"alter table t add column a text unique":                    false,
		"alter table t add column a text not null default '' check": false,
	} {
		if got := onlyAdds(text); (len(got) == 0) != ok {
			t.Errorf("%q: %q", text, got)
		}
	}
	says := regexp.MustCompile(`(?m)^-- souk:works-from \d+$`)
	said := 0
	for _, dir := range []string{"migrations", "testdata/next"} {
		files, err := fs.Glob(os.DirFS(dir), "*.sql")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(dir + "/" + f)
			if err != nil {
				t.Fatal(err)
			}
			if !says.Match(text) {
				continue
			}
			said++
			if got := onlyAdds(string(text)); len(got) > 0 {
				t.Errorf("%s says that programs of before work with it, and does: %q", f, got)
			}
		}
	}
	if said < 2 {
		t.Errorf("%d steps say with whom they work", said)
	}
}

// Programs of before work beside a new column only if no statement means all columns.
func TestNoStatementMeansAllColumns(t *testing.T) {
	all := regexp.MustCompile(`(?i)select \*|returning \*|insert into \w+ (values|select)`)
	files, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil || len(files) < 40 {
		t.Fatal(len(files), err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		if found := all.FindAll(text, -1); len(found) > 0 {
			t.Errorf("%s has %q: name the columns", f, found)
		}
	}
}

func TestAStepThatCannotBe(t *testing.T) {
	for name, text := range map[string]string{"adds.sql": adds, "0001_early.sql": "-- souk:works-from 2\n"} {
		db := openSQLite(t)
		db.KnowStep(name, text)
		if _, err := db.Migrate(t.Context()); err == nil || !strings.Contains(fmt.Sprint(err), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
