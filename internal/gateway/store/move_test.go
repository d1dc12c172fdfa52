package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/gateway/usage"
)

const rowsOfEach = 3

// filled is an SQLite database with rows in every table there is: a table that a later migration makes is moved, or this
// test tells.
func filled(t *testing.T) (db *store.DB, url string) {
	t.Helper()
	url = storetest.File(t, filepath.Join(storetest.Dir(t), "souk.db"))
	db = storetest.OpenURL(t, url)
	tables, err := db.Tables(t.Context())
	if err != nil || len(tables) < 30 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	for _, tab := range tables {
		for i := range rowsOfEach {
			var holes []string
			var values []any
			for n, c := range tab.Columns {
				holes = append(holes, fmt.Sprint("$", n+1))
				switch c.Kind {
				case "text":
					values = append(values, fmt.Sprintf("é'\t\"%d", i)) // the same everywhere, so that what is referred to is there
				case "bigint":
					values = append(values, int64(i)<<40-1)
				case "boolean":
					values = append(values, i%2 == 0)
				case "bytea":
					values = append(values, []byte{0, 255, byte(i)})
				default:
					t.Fatalf("%s.%s is of the type %q", tab.Name, c.Name, c.Kind)
				}
			}
			if _, err := store.Raw(db).ExecContext(t.Context(), "insert into "+tab.Name+" values ("+strings.Join(holes, ", ")+")", values...); err != nil {
				t.Fatalf("%s: %v", tab.Name, err)
			}
		}
	}
	// Migrations have put an empty text there.
	if _, err := store.Raw(db).ExecContext(t.Context(), `update usage_segment set licenses = '' where seq < 0`); err != nil {
		t.Fatal(err)
	}
	return db, url
}

func moving(t *testing.T, from *store.DB, url string) store.Moving {
	t.Helper()
	return store.Moving{From: from, To: storetest.OpenURL(t, url), Name: store.NameOf(url), Now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}
}

// held is what a table has, as this test reads it.
func held(t *testing.T, db *store.DB, query string) (rows []string) {
	t.Helper()
	found, err := db.Read().QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for found.Next() {
		values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := found.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for i := range values { // a boolean is a number on SQLite
			switch values[i].String {
			case "true":
				values[i].String = "1"
			case "false":
				values[i].String = "0"
			}
		}
		rows = append(rows, fmt.Sprint(values))
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestAMoveTakesEverythingAndClosesTheDoor(t *testing.T) {
	url := storetest.Postgres(t)
	from, file := filled(t)
	running := storetest.OpenURL(t, file) // a gateway that knows of nothing
	m := moving(t, from, url)
	tables, err := m.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	for _, tab := range tables {
		total += tab.Rows
		query := "select * from " + tab.Name + " order by 1"
		if tab.Name == "setting" { // what the move has written for itself
			query = "select * from setting where name not like 'moved-%' order by 1"
		}
		was, is := held(t, from, query), held(t, m.To, query)
		if fmt.Sprint(was) != fmt.Sprint(is) || int64(len(was)) != tab.Rows || len(was) < rowsOfEach {
			t.Errorf("%s had %q and has %q", tab.Name, was, is)
		}
	}
	if total < 100 {
		t.Errorf("%d rows were moved", total)
	}

	for what, err := range map[string]error{
		"a segment":     store.NewUsage(running).Append(t.Context(), usage.Segment{Seq: 99, Events: 1, Body: []byte("x")}),
		"a transaction": running.Tx(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec(`delete from account`); return err }),
	} {
		if !fail.Is(err, fail.Later) || fail.CodeOf(err) != "database_moved" {
			t.Errorf("%s is written where the books have been: %v", what, err)
		}
	}
	if err := running.Stays(t.Context()); !fail.Is(err, fail.Conflict) || !strings.Contains(err.Error(), m.Name) {
		t.Errorf("who starts on it hears %v", err)
	}
	if _, err := m.Run(t.Context()); fail.CodeOf(err) != "database_moved" {
		t.Errorf("a second move: %v", err)
	}
	if err := m.Undo(t.Context()); fail.CodeOf(err) != "database_moved" {
		t.Errorf("it was taken back: %v", err)
	}
	if err := m.To.Stays(t.Context()); err != nil {
		t.Errorf("the database that was moved to: %v", err)
	}
	other, _ := filled(t)
	if _, err := moving(t, other, url).Run(t.Context()); fail.CodeOf(err) != "database_not_empty" {
		t.Errorf("other books to the same database: %v", err)
	}
	if err := other.Stays(t.Context()); err != nil {
		t.Errorf("a move that was refused has fenced its books: %v", err)
	}
}

// Whatever goes wrong before the commit, both databases are as before, and the next move works.
func TestAMoveThatFailsMovesNothing(t *testing.T) {
	url := storetest.Postgres(t)
	from, _ := filled(t)
	m := moving(t, from, url)
	write := func() error {
		return from.Tx(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec(`update setting set value = 'x'`); return err })
	}
	for what, c := range map[string]struct {
		spoil, mend func(ctx context.Context) error
		code        string
	}{
		"a check that fails": {func(context.Context) error {
			m.Check = func(context.Context, *store.DB, *store.DB) error {
				if err := write(); fail.CodeOf(err) != "database_moved" {
					t.Errorf("while the books are moved, they are written: %v", err)
				}
				return fail.New(fail.Invalid, "unlike", "They are not alike.")
			}
			return nil
		}, func(context.Context) error { m.Check = nil; return nil }, "unlike"},
		"a text that is none": {func(ctx context.Context) error {
			_, err := store.Raw(from).ExecContext(ctx, `update license set why = 'a' || char(0) where id like '%1'`)
			return err
		}, func(ctx context.Context) error {
			_, err := store.Raw(from).ExecContext(ctx, `update license set why = 'b'`)
			return err
		}, "not_movable"},
		"a table that is in use": {func(ctx context.Context) error {
			_, err := store.Raw(m.To).ExecContext(ctx, `insert into setting (name, value) values ('a', 'b')`)
			return err
		}, func(ctx context.Context) error {
			_, err := store.Raw(m.To).ExecContext(ctx, `delete from setting where name = 'a'`)
			return err
		}, "database_not_empty"},
	} {
		if err := c.spoil(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Run(t.Context()); fail.CodeOf(err) != c.code {
			t.Errorf("%s: %v; want %s", what, err, c.code)
		}
		if err := errors.Join(from.Stays(t.Context()), write()); err != nil {
			t.Errorf("%s: afterwards: %v", what, err)
		}
		if err := c.mend(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if rows := held(t, m.To, `select * from license`); len(rows) > 0 {
		t.Errorf("%d licences have come", len(rows))
	}
	if _, err := m.Run(t.Context()); err != nil {
		t.Error(err)
	}
}

// A process that dies leaves a fence, before the commit or after it. The same move run again ends it, and one that was not
// committed can be taken back.
func TestAMoveThatWasBrokenOff(t *testing.T) {
	url := storetest.Postgres(t)
	from, _ := filled(t)
	m := moving(t, from, url)
	died := store.Departure{ID: "died", To: m.Name, At: m.Now}
	if err := from.Depart(t.Context(), died); err != nil { // and then the process died
		t.Fatal(err)
	}
	if err := from.Stays(t.Context()); fail.CodeOf(err) != "database_moved" {
		t.Errorf("a gateway may start: %v", err)
	}
	elsewhere := moving(t, from, storetest.Postgres(t))
	if _, err := elsewhere.Run(t.Context()); fail.CodeOf(err) != "database_moved" {
		t.Errorf("a move to elsewhere: %v", err)
	}
	if err := elsewhere.Undo(t.Context()); fail.CodeOf(err) != "database_moved" {
		t.Errorf("it was taken back from elsewhere: %v", err)
	}
	if err := errors.Join(m.Undo(t.Context()), from.Stays(t.Context())); err != nil {
		t.Errorf("taken back: %v", err)
	}
	if err := m.Undo(t.Context()); fail.CodeOf(err) != "not_moved" {
		t.Errorf("taken back twice: %v", err)
	}
	if err := from.Depart(t.Context(), died); err != nil {
		t.Fatal(err)
	}
	if tables, err := m.Run(t.Context()); err != nil || len(tables) == 0 {
		t.Fatalf("run again: %d tables, %v", len(tables), err)
	}

	// It is committed; and now it died before it could say so.
	if err := from.Depart(t.Context(), died); err != nil {
		t.Fatal(err)
	}
	if err := m.Undo(t.Context()); fail.CodeOf(err) != "database_moved" {
		t.Errorf("what is in both was taken back: %v", err)
	}
	if tables, err := m.Run(t.Context()); err != nil || tables != nil {
		t.Errorf("run once more: %d tables, %v", len(tables), err)
	}
	if d, gone, err := from.Departure(t.Context()); err != nil || !gone || !d.Done {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestNamesOfDatabasesKeepSecrets(t *testing.T) {
	for url, want := range map[string]string{
		"sqlite:/var/lib/souk.db":                        "/var/lib/souk.db",
		"postgres://souk:geheim@db.example.com/books":    "postgres://db.example.com:5432/books",
		"postgres://souk:geheim@/books?host=/run/pg":     "postgres:///books?host=%2Frun%2Fpg",
		"postgres://souk:ge heim@db.example.com:x/books": "a database whose URL cannot be read",
	} {
		if got := store.NameOf(url); got != want {
			t.Errorf("%s is called %s, want %s", url, got, want)
		}
	}
}
