package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite", in pure Go: a fresh machine has no C compiler

	"souk.dev/souk/internal/fail"
)

//go:embed migrations/*.sql
var migrations embed.FS

// DB is an open database.
type DB struct {
	write *sql.DB // one connection on SQLite, which has one writer
	read  *sql.DB
	url   string

	snapshot *sql.Tx // of one that only reads, see Snapshot, which has nothing else

	checkpoints *checkpointer // nil in memory

	readStmts, writeStmts statements
}

// writerCache is how much of the database the writer keeps in memory, in KiB: the inner pages of all indexes that an
// hour's records go into. SQLite's own default is 2 MiB.
const writerCache = 64 << 10

// Open opens the database that url names, without looking at its schema: "sqlite:PATH", or "sqlite::memory:" for
// tests.
func Open(ctx context.Context, dbURL string) (*DB, error) {
	return Driver{Name: "sqlite"}.Open(ctx, dbURL)
}

// Driver is how package database/sql comes to SQLite. [Open] has the one that souk ships with; tests have others.
type Driver struct {
	Name   string
	Params map[string]string // to be opened with
}

// Open is [Open] with the driver.
func (d Driver) Open(ctx context.Context, dbURL string) (*DB, error) {
	path, ok := strings.CutPrefix(dbURL, "sqlite:")
	if !ok || path == "" {
		scheme, _, _ := strings.Cut(dbURL, ":")
		return nil, fail.New(fail.Invalid, "database_url", "The database URL starts with %q; give sqlite:PATH.", scheme)
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
	// In a URI, a path may hold neither %, # nor ? as they are.
	dsn := "file:" + strings.NewReplacer("%", "%25", "#", "%23", "?", "%3f").Replace(path) + "?" + pragmas.Encode()
	w, err := sql.Open(d.Name, fmt.Sprintf("%s&_pragma=cache_size(-%d)", dsn, writerCache))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	w.SetMaxOpenConns(1)
	db := &DB{write: w, read: w, url: dbURL}
	if path != ":memory:" {
		if db.read, err = sql.Open(d.Name, dsn); err != nil {
			return nil, fmt.Errorf("open %s: %w", path, err)
		}
		db.read.SetMaxOpenConns(5) // one of them moves pages, see checkpointer
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

// Close releases the database.
func (db *DB) Close() error {
	db.checkpoints.close()
	if db.read != db.write {
		return errors.Join(db.read.Close(), db.write.Close())
	}
	return db.write.Close()
}

// Read is for queries outside a transaction.
func (db *DB) Read() Reads {
	if db.snapshot != nil {
		return db.snapshot
	}
	return db.read
}

// Tx runs f in one write transaction, which is durable when Tx returns nil. f may run more than once and must touch
// nothing outside the transaction.
func (db *DB) Tx(ctx context.Context, f func(tx *sql.Tx) error) error {
	if db.snapshot != nil {
		return errSnapshot
	}
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	db.checkpoints.committed()
	return nil
}

func (db *DB) provider() (*goose.Provider, error) {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, db.write, dir)
}

// Migration is one step of the schema.
type Migration struct {
	Version int64
	Name    string
	Applied bool
}

// Migrations lists the schema's steps in order. A database that knows more steps than this program is refused with
// fail.Conflict: it was written by a newer souk.
func (db *DB) Migrations(ctx context.Context) ([]Migration, error) {
	p, err := db.provider()
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	status, err := p.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the schema's version: %w", err)
	}
	var ms []Migration
	var newest int64
	for _, s := range status {
		ms = append(ms, Migration{s.Source.Version, filepath.Base(s.Source.Path), s.State == goose.StateApplied})
		newest = s.Source.Version
	}
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the schema's version: %w", err)
	}
	if have > newest {
		return nil, fail.New(fail.Conflict, "newer_schema", "The database has schema %d and this souk knows only %d; run the souk that wrote it, or a newer one.", have, newest)
	}
	return ms, nil
}

// Migrate brings the schema up to date and returns what it applied.
func (db *DB) Migrate(ctx context.Context) ([]Migration, error) {
	if _, err := db.Migrations(ctx); err != nil {
		return nil, err
	}
	p, err := db.provider()
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	results, err := p.Up(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate the schema: %w", err)
	}
	var done []Migration
	for _, r := range results {
		done = append(done, Migration{r.Source.Version, filepath.Base(r.Source.Path), true})
	}
	return done, nil
}

// us and fromUS convert instants; the zero time is stored as 0.
func us(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromUS(v int64) time.Time {
	if v == 0 {
		return time.Time{}
	}
	return time.UnixMicro(v).UTC()
}
