package store

import (
	"context"
	"database/sql"
	"slices"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"souk.dev/souk/internal/gateway/core"
)

// HurryClaim makes a claim that another process has be refused soon.
func (db *DB) HurryClaim() { db.node.patience = 100 * time.Millisecond }

// HurryName makes a node be refused soon whose name another one has.
func (db *DB) HurryName() { db.node.namePatience = 100 * time.Millisecond }

// KnowStep makes db's program one that knows a step of the schema more.
func (db *DB) KnowStep(name, text string) {
	db.folders = append(slices.Clone(db.folders), folder{fstest.MapFS{"later/" + name: {Data: []byte(text)}}, "later"})
}

// OpenHeard opens a PostgreSQL database and tells hear of every statement.
func OpenHeard(ctx context.Context, url string, hear func(query string)) (*DB, error) {
	c, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	c.Tracer = hearer{hear}
	return openConfig(ctx, c)
}

type hearer struct{ hear func(string) }

func (h hearer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	h.hear(d.SQL)
	return ctx
}
func (hearer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (h hearer) TracePrepareStart(ctx context.Context, _ *pgx.Conn, d pgx.TracePrepareStartData) context.Context {
	h.hear(d.SQL)
	return ctx
}
func (hearer) TracePrepareEnd(context.Context, *pgx.Conn, pgx.TracePrepareEndData) {}

// LeaseTime is how long db believes that an owner lives which it does not hear of. With 0 it takes the books over from one
// that lives, as from one that was stopped, goes on where it was, and hears of it later.
func (db *DB) LeaseTime(d time.Duration) { db.node.leaseTime = d }

// StuckTime is how long db lets a transaction stand still that keeps the books from it.
func (db *DB) StuckTime(d time.Duration) { db.node.stuck = d }

// Soon is a transaction that does not wait for the disk.
func Soon(ctx context.Context, db *DB, f func(tx *sql.Tx) error) error { return db.soon(ctx, f) }

// NoteChange writes down that a licence changes, and changes nothing.
func (db *DB) NoteChange(ctx context.Context, tx *sql.Tx, id core.LicenseID) error {
	return db.noteChange(ctx, tx, id)
}

// Raw is the database's writer, for tests that do what this package never does.
func Raw(db *DB) *sql.DB { return db.write }

// MigrateDown takes back all steps of the schema after the one with that version.
func (db *DB) MigrateDown(ctx context.Context, version int64) error {
	p, err := db.provider()
	if err == nil {
		_, err = p.DownTo(ctx, version)
	}
	return err
}

// Depart puts up the fence of a move, and no more of it.
func (db *DB) Depart(ctx context.Context, d Departure) error { return db.depart(ctx, d) }

// TableOf is a table of the schema.
type TableOf struct {
	Name    string
	Columns []struct{ Name, Kind string }
}

// Tables are those that are moved, each after those that it needs.
func (db *DB) Tables(ctx context.Context) (all []TableOf, err error) {
	tables, err := db.tables(ctx)
	for _, t := range tables {
		of := TableOf{Name: t.name}
		for _, c := range t.columns {
			of.Columns = append(of.Columns, struct{ Name, Kind string }{c.name, c.kind})
		}
		all = append(all, of)
	}
	return all, err
}
