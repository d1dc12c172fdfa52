package storetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/pgtest"
)

// migrated is the file of an SQLite database with the present schema and nothing in it. It is made once in a process: every
// step of the schema is a transaction, and all of them together take longer than most tests.
var migrated = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp(MemoryDir(), "souk-fresh-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "fresh.db")
	if err := migrate(context.Background(), "sqlite:"+path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func migrate(ctx context.Context, url string) error {
	db, err := store.Open(ctx, url)
	if err != nil {
		return fmt.Errorf("make a database: %w", err)
	}
	_, err = db.Migrate(ctx)
	return errors.Join(err, db.Close())
}

// File makes an empty SQLite database with the present schema at path, where nothing is yet, and returns its URL.
func File(t testing.TB, path string) (url string) {
	t.Helper()
	file, err := migrated()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

// Open opens an empty SQLite database with the present schema. It goes with the test.
func Open(t testing.TB) *store.DB {
	t.Helper()
	return OpenURL(t, File(t, filepath.Join(Dir(t), "souk.db")))
}

// OpenURL opens the database at url until the test ends.
func OpenURL(t testing.TB, url string) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// Postgres makes an empty PostgreSQL database with the present schema and returns its URL. The package's TestMain must call
// [pgtest.Main].
var Postgres = pgtest.Template(migrate)

// Dir makes a folder that goes with the test: in memory where there is such a place, because in most tests the process dies
// and not the machine, and syncing a disk only costs time.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp(MemoryDir(), "souk-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// MemoryDir is a folder in memory; empty where there is none.
func MemoryDir() string {
	if st, err := os.Stat("/dev/shm"); err == nil && st.IsDir() {
		return "/dev/shm"
	}
	return ""
}
