package store_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/powerloss"
)

// What did not wait for the disk may be lost in a power cut, the newest first; once anything behind it has waited, nothing is.
func TestWhatIsSoonOnTheDiskIsThereBeforeWhatFollows(t *testing.T) {
	lost := 0
	for seed := range uint64(5) {
		disk := powerloss.New(seed)
		url := "sqlite:" + filepath.Join(t.TempDir(), "souk.db")
		db := openOn(t, disk, url)
		if _, err := store.Raw(db).Exec(`create table step (n integer)`); err != nil {
			t.Fatal(err)
		}
		note := func(n int) func(*sql.Tx) error {
			return func(tx *sql.Tx) error { _, err := tx.Exec(`insert into step (n) values ($1)`, n); return err }
		}
		const waited, all = 6, 12
		for n := range all {
			var err error
			if n == waited {
				err = db.Tx(t.Context(), note(n))
			} else {
				err = store.Soon(t.Context(), db, note(n))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		disk.Cut()
		_ = db.Close()
		if err := disk.Restore(); err != nil {
			t.Fatal(err)
		}
		db = openOn(t, disk, url)
		steps := column(t, db, `select n from step order by n`)
		for n, is := range steps {
			if n != is {
				t.Fatalf("seed %d: of the steps there are %v", seed, steps)
			}
		}
		if len(steps) <= waited {
			t.Errorf("seed %d: of the steps there are %v, and %d has waited for the disk", seed, steps, waited)
		}
		lost += all - len(steps)
		_ = db.Close()
	}
	if lost == 0 {
		t.Error("nothing was ever lost: every step has waited for the disk")
	}
}

// Whatever becomes of it, the next transaction waits for the disk.
func TestOnlyTheOneIsSoonOnTheDisk(t *testing.T) {
	db := openOn(t, powerloss.New(1), "sqlite:"+filepath.Join(t.TempDir(), "souk.db"))
	defer db.Close()
	for _, c := range []struct {
		name string
		f    func(stop func()) error
		want error
	}{
		{"is done", func(func()) error { return nil }, nil},
		{"fails", func(func()) error { return sql.ErrNoRows }, sql.ErrNoRows},
		{"is given up", func(stop func()) error { stop(); return nil }, context.Canceled},
	} {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		if err := store.Soon(ctx, db, func(*sql.Tx) error { return c.f(stop) }); !errors.Is(err, c.want) {
			t.Errorf("one that %s: %v", c.name, err)
		}
		if is := column(t, db, `pragma synchronous`); len(is) != 1 || is[0] != 2 {
			t.Errorf("after one that %s commits wait for the disk as %v says, want 2: FULL", c.name, is)
		}
	}
}

func openOn(t *testing.T, disk *powerloss.Disk, url string) *store.DB {
	t.Helper()
	db, err := disk.Driver().Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// column asks the writer for numbers.
func column(t *testing.T, db *store.DB, query string) (all []int) {
	t.Helper()
	rows, err := store.Raw(db).Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		all = append(all, n)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
