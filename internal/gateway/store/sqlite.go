package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite", in pure Go: a fresh machine has no C compiler

	"souk.dev/souk/internal/fail"
)

// sqlite writes one transaction at a time, so that none fails because of another.
var sqlite = &engine{
	schema:  schema{name: "sqlite", dialect: goose.DialectSQLite3},
	reading: &sql.TxOptions{ReadOnly: true},
	again:   func(error) bool { return false },
	shrinks: true,
	own:     true,
}

// writerCache is how much of the database the writer keeps in memory, in KiB: the inner pages of all indexes that an
// hour's records go into. SQLite's own default is 2 MiB.
const writerCache = 64 << 10

// Driver is how package database/sql comes to SQLite. [Open] has the one that souk ships with; tests have others.
type Driver struct {
	Name   string
	Params map[string]string // to be opened with
}

// Open is [Open] with the driver, of an SQLite database.
func (d Driver) Open(ctx context.Context, dbURL string) (*DB, error) {
	path, ok := strings.CutPrefix(dbURL, "sqlite:")
	if !ok || path == "" {
		return nil, fail.New(fail.Invalid, "database_url", "The database URL %q names no file; give sqlite:PATH.", dbURL)
	}
	if path != ":memory:" {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("make the database's folder: %w", err)
		}
	}
	// FULL: an acknowledged commit survives a power cut. IMMEDIATE: a write transaction never fails half-way for
	// want of the lock.
	// INCREMENTAL: space that is not used any more can be given back. It must be the first, and takes effect in a new
	// database only.
	pragmas := url.Values{"_pragma": {"auto_vacuum(INCREMENTAL)", "journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)", "foreign_keys(ON)",
		fmt.Sprintf("wal_autocheckpoint(%d)", backstopPages)}, "_txlock": {"immediate"}}
	for k, v := range d.Params {
		pragmas.Set(k, v)
	}
	dsn := "file:" + escaped(path) + "?" + pragmas.Encode()
	w, err := sql.Open(d.Name, fmt.Sprintf("%s&_pragma=cache_size(-%d)", dsn, writerCache))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	w.SetMaxOpenConns(1)
	db := &DB{engine: sqlite, folders: folders, write: w, read: w}
	if path != ":memory:" {
		if db.read, err = sql.Open(d.Name, dsn); err != nil {
			return nil, fmt.Errorf("open %s: %w", path, err)
		}
		db.read.SetMaxOpenConns(sqliteReaders)
		db.read.SetMaxIdleConns(sqliteReaders) // each has read the schema and has pages in memory
	}
	if err := w.PingContext(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("open the database %s: %w", path, err)
	}
	if db.read != db.write {
		db.checkpoints = startCheckpointer(db.read, db.write)
	}
	return db, nil
}

// sqliteReaders is how many connections read. One of them moves pages, see checkpointer; four are enough for the pages of filters that
// events are told from repetitions by.
const sqliteReaders = 5

// escaped is a path as a URI has it, which may hold neither %, # nor ? as they are.
func escaped(path string) string {
	return strings.NewReplacer("%", "%25", "#", "%23", "?", "%3f").Replace(path)
}
